"""One message to Slack, on a network that is made up and with a clock that skips every wait."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from guard.slack import webhook as module
from guard.slack.webhook import post
from tests.blueshift.in_process import leap

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from pytest_httpx import HTTPXMock

    from guard.slack.webhook import Refusal

    Listening = tuple[Callable[..., None], list[bytes], str]

URL = "https://hooks.example.com/services/a_webhook_for_tests"
PAYLOAD = {"text": "Größe \ud800", "blocks": []}


def posted(url: str = URL, **options: float) -> tuple[str | None, float, bool]:
    """Post the payload; return why that was in vain, its seconds, and whether it may have arrived all the same."""

    async def main() -> tuple[Refusal | None, float]:
        return await post(url, PAYLOAD, **options), asyncio.get_running_loop().time()

    refusal, seconds = leap(main())
    assert not any(part in str(refusal) for part in ("hooks", "example", "services", "a_webhook_for_tests"))
    return (refusal.why, seconds, refusal.may_have_arrived) if refusal else (None, seconds, False)


class Drip(httpx.AsyncByteStream):
    """A body without an end, a byte every ``pause`` seconds; ``sent`` counts them."""

    def __init__(self, pause: float) -> None:
        self.pause, self.sent = pause, 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self.sent < 1_000_000:
            await asyncio.sleep(self.pause)
            self.sent += 1
            yield b"x"


async def hang(_request: httpx.Request) -> httpx.Response:
    await asyncio.sleep(3600)
    return httpx.Response(200)


# What is accepted, and what is not


@pytest.mark.parametrize("answer", ["ok", '{"ok": true}', "", "[1]"])
def test_an_accepted_message_is_sent_once(httpx_mock: HTTPXMock, answer: str) -> None:
    httpx_mock.add_response(text=answer)

    assert posted() == (None, 0.0, False)
    [request] = httpx_mock.get_requests()
    assert (request.method, str(request.url), json.loads(request.content)) == ("POST", URL, PAYLOAD)
    assert request.headers["Content-Type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("status", "answer", "why"),
    [
        (403, b"invalid_token", "answered 403 (invalid_token)"),
        (404, b'{"ok": false, "error": "expired_url"}', "answered 404 (expired_url)"),
        (410, b"channel_is_archived\n", "answered 410 (channel_is_archived)"),
        (200, b'{"ok": false, "error": "no_text"}', "refused it (no_text)"),
        (200, b'{"ok": false}', "refused it"),
        (200, b'{"ok": false, "error": ["no"]}', "refused it"),
        (204, b"", "answered 204"),
        (307, b"", "answered 307"),
        (400, b"<html>Bad Request", "answered 400"),
        (400, b"[" * 4000, "answered 400"),
        (400, b"::error::\x1b[31m", "answered 400"),
        (400, b"a_webhook_for_tests", "answered 400"),
        (400, b"\xff\xfe", "answered 400"),
        (504, b"", "answered 504"),
    ],
)
def test_a_refused_message_is_not_sent_again(httpx_mock: HTTPXMock, status: int, answer: bytes, why: str) -> None:
    """A redirect is not followed, and a gateway that gave up says nothing about the message."""
    httpx_mock.add_response(status_code=status, content=answer, headers={"Location": "https://elsewhere.example.com/"})

    assert posted() == (why, 0.0, status == 504)
    assert len(httpx_mock.get_requests()) == 1


def test_a_long_answer_is_not_read_whole(httpx_mock: HTTPXMock) -> None:
    body = Drip(pause=0)
    httpx_mock.add_callback(lambda _: httpx.Response(403, stream=body))

    assert posted()[0] == "answered 403"
    assert body.sent <= 4096


# How long it may take


@pytest.mark.parametrize(
    ("stream", "options", "seconds"),
    [
        pytest.param(None, {}, 10, id="hangs"),
        pytest.param(Drip(pause=0.4), {}, 10, id="drips"),
        pytest.param(None, {"time_limit": 4}, 4, id="hurries"),
    ],
)
def test_it_ends_in_time(httpx_mock: HTTPXMock, stream: Drip | None, options: dict[str, Any], seconds: float) -> None:
    httpx_mock.add_callback(hang if stream is None else lambda _: httpx.Response(200, stream=stream))

    assert posted(**options) == (f"gave no answer within {seconds} s", seconds, True)
    assert len(httpx_mock.get_requests()) == 1


def test_a_second_try_has_the_rest_of_the_time(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(status_code=429, headers={"Retry-After": "6"})
    httpx_mock.add_callback(hang)

    assert posted() == ("gave no answer within 10 s", 10.0, True)


# The second try


@pytest.mark.parametrize(
    ("status", "retry_after", "seconds"), [(500, None, 1.0), (503, "3", 3.0), (429, "0", 0.0), (429, "9", 9.0)]
)
def test_a_short_trouble_is_tried_again(
    httpx_mock: HTTPXMock, status: int, retry_after: str | None, seconds: float
) -> None:
    httpx_mock.add_response(status_code=status, headers={} if retry_after is None else {"Retry-After": retry_after})
    httpx_mock.add_response(text="ok")

    assert posted() == (None, seconds, False)


@pytest.mark.parametrize(
    "retry_after", ["10", "3600", "9" * 5000, "-1", "soon", "1e1", "Mon, 23 Nov 2126 09:00:00 GMT"]
)
def test_a_long_wait_is_not_waited_for(httpx_mock: HTTPXMock, retry_after: str) -> None:
    httpx_mock.add_response(status_code=429, text="rate_limited", headers={"Retry-After": retry_after})

    assert posted() == ("answered 429 (rate_limited)", 0.0, False)


@pytest.mark.parametrize("code", ["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"])
@pytest.mark.parametrize("status", [200, 400, 500])
def test_refused_blocks_are_left_out(httpx_mock: HTTPXMock, status: int, code: str) -> None:
    httpx_mock.add_response(status_code=status, json={"ok": False, "error": code})
    httpx_mock.add_response(text="ok")

    assert posted() == (None, 0.0, False)
    assert json.loads(httpx_mock.get_requests()[1].content) == {"text": PAYLOAD["text"]}


@pytest.mark.parametrize(
    ("status", "answer", "why", "seconds"),
    [
        pytest.param(200, "invalid_blocks", "refused it (invalid_blocks)", 0.0, id="text-refused-too"),
        pytest.param(429, None, "answered 429", 1.0, id="429"),
        pytest.param(500, None, "answered 500", 1.0, id="500"),
        pytest.param(503, None, "answered 503", 1.0, id="503"),
    ],
)
def test_nothing_is_sent_three_times(
    httpx_mock: HTTPXMock, status: int, answer: str | None, why: str, seconds: float
) -> None:
    httpx_mock.add_response(status_code=status, json={"ok": False, "error": answer}, is_reusable=True)

    assert posted() == (why, seconds, False)
    assert len(httpx_mock.get_requests()) == 2


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ProxyError])
def test_a_failed_connection_is_tried_again(httpx_mock: HTTPXMock, error: type[httpx.TransportError]) -> None:
    httpx_mock.add_exception(error("[Errno 111] Connection refused"))
    httpx_mock.add_response(text="ok")

    assert posted() == (None, 1.0, False)


@pytest.mark.parametrize("error", [httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError])
def test_what_may_have_arrived_is_not_sent_again(httpx_mock: HTTPXMock, error: type[httpx.TransportError]) -> None:
    httpx_mock.add_exception(error(f"broken at {URL}"))

    assert posted() == ("could not be asked, or broke off before its answer was complete", 0.0, True)
    assert len(httpx_mock.get_requests()) == 1


def test_a_wrong_certificate_names_no_host(httpx_mock: HTTPXMock) -> None:
    text = "Hostname mismatch, certificate is not valid for 'Hooks.Example.com'."
    httpx_mock.add_exception(httpx.ConnectError(text), is_reusable=True)

    told = "could not be reached: Hostname mismatch, certificate is not valid for 'the host'."
    assert posted() == (told, 1.0, False)


# Where it goes


@pytest.mark.parametrize(
    "url",
    ["http://hooks.example.com/", "ftp://hooks.example.com/", "https://user:word@hooks.example.com/", "hooks", ""],
)
def test_an_unsafe_address_gets_nothing(httpx_mock: HTTPXMock, url: str) -> None:
    assert (posted(url)[0] or "").startswith("has an address that ")
    assert httpx_mock.get_requests() == []


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("HTTPS_PROXY", "gopher://user:word@proxy", "the variable HTTPS_PROXY is not the address of a proxy"),
        ("SSL_CERT_FILE", "/no/such/file", "the certificate settings of the environment are not usable"),
    ],
)
def test_wrong_settings_are_not_shown(monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str) -> None:
    monkeypatch.setenv(name, value)

    assert posted()[0] == f"cannot be asked: {told}"


def test_other_hosts_in_no_proxy_do_not_matter(httpx_mock: HTTPXMock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "localhost,[::1],fd00::/8")
    httpx_mock.add_response(text="ok")

    assert posted()[0] is None


@pytest.fixture
def listening() -> Iterator[Listening]:
    """Listen on loopback, answer every connection's first bytes with the given ones, and collect what came."""
    server = socket.create_server(("127.0.0.1", 0))
    came: list[bytes] = []

    def answer_with(answer: bytes, *, connections: int) -> None:
        def serve() -> None:
            for _ in range(connections):
                connection, _ = server.accept()
                with connection:
                    came.append(connection.recv(65_536))
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()

    with server:
        server.settimeout(5)
        yield answer_with, came, f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_proxy_learns_the_host_alone(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with, came, proxy = listening
    answer_with(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", connections=2)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.setattr(module, "_PAUSE", 0.0)

    refusal = asyncio.run(post(URL, PAYLOAD))

    assert refusal
    assert refusal.why == "could not be reached: 403 No"
    assert [each.split(b"\r\n")[0] for each in came] == [b"CONNECT hooks.example.com:443 HTTP/1.1"] * 2
    assert b"services" not in b"".join(came)


def test_loopback_needs_no_proxy(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with, came, here = listening
    answer_with(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", connections=1)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert asyncio.run(post(f"{here}/hook", PAYLOAD)) is None
    assert came[0].startswith(b"POST /hook HTTP/1.1\r\n")


@pytest.mark.parametrize(("status", "told"), [(200, "accepted"), (403, "answered 403")])
def test_the_log_does_not_say_where_it_went(
    httpx_mock: HTTPXMock, caplog: pytest.LogCaptureFixture, status: int, told: str
) -> None:
    caplog.set_level(logging.DEBUG, logger="guard")
    httpx_mock.add_response(status_code=status)

    posted()

    assert caplog.messages == [f"POST to Slack: {told} (0.000 s)"]
