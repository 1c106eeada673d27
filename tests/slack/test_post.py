"""One message to Slack, on a network that is made up: every answer, and every way to get none."""

from __future__ import annotations

import asyncio
import json
import logging
import selectors
import socket
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from guard.slack import post as module
from guard.slack.post import post

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from pytest_httpx import HTTPXMock

    Told = tuple[str | None, float]

URL = "https://hooks.example.com/services/a_webhook_for_tests"
PAYLOAD = {"text": "Größe \ud800", "blocks": []}


class Leaping(selectors.SelectSelector):
    """A selector that moves the clock on instead of waiting."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        events = super().select(0)
        if not events:
            self.now += timeout or 0.0
        return events


class LeapingLoop(asyncio.SelectorEventLoop):
    """An event loop on which ten seconds pass in no time."""

    def __init__(self) -> None:
        self._leaping = Leaping()
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.now


def posted(url: str = URL) -> Told:
    """Post the payload, and return what came of it and how many seconds it took."""

    async def main() -> Told:
        return await post(url, PAYLOAD), asyncio.get_running_loop().time()

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        why, seconds = runner.run(main())
    assert not any(part in (why or "") for part in ("hooks", "example", "services", "a_webhook_for_tests"))
    return why, seconds


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
def test_a_message_that_is_accepted_is_sent_once_as_json(httpx_mock: HTTPXMock, answer: str) -> None:
    httpx_mock.add_response(text=answer)

    assert posted() == (None, 0.0)
    [request] = httpx_mock.get_requests()
    assert (request.method, str(request.url), json.loads(request.content)) == ("POST", URL, PAYLOAD)
    assert request.headers["Content-Type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("status", "answer", "why"),
    [
        (403, "invalid_token", "answered 403 (invalid_token)"),
        (404, '{"ok": false, "error": "expired_url"}', "answered 404 (expired_url)"),
        (410, "channel_is_archived\n", "answered 410 (channel_is_archived)"),
        (200, '{"ok": false, "error": "invalid_blocks"}', "refused it (invalid_blocks)"),
        (200, '{"ok": false}', "refused it"),
        (200, '{"ok": false, "error": ["no"]}', "refused it"),
        (204, "", "answered 204"),
        (400, "<html>Bad Request", "answered 400"),
        (400, "[" * 4000, "answered 400"),
        (400, "::error::\x1b[31m", "answered 400"),
        (400, "a_webhook_for_tests", "answered 400"),
        (504, "", "answered 504"),
    ],
)
def test_a_message_that_is_refused_is_not_sent_again(httpx_mock: HTTPXMock, status: int, answer: str, why: str) -> None:
    httpx_mock.add_response(status_code=status, text=answer)

    assert posted() == (why, 0.0)
    assert len(httpx_mock.get_requests()) == 1


def test_bytes_that_are_no_text_are_not_shown(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(status_code=400, content=b"\xff\xfe")

    assert posted()[0] == "answered 400"


def test_a_redirect_is_not_followed(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(status_code=307, headers={"Location": "https://elsewhere.example.com/"})

    assert posted()[0] == "answered 307"


def test_no_more_is_read_than_an_answer_of_slacks_can_be(httpx_mock: HTTPXMock) -> None:
    body = Drip(pause=0)
    httpx_mock.add_callback(lambda _: httpx.Response(403, stream=body))

    assert posted()[0] == "answered 403"
    assert body.sent <= 4096


# How long it may take


@pytest.mark.parametrize("stream", [None, Drip(pause=0.4)], ids=["hangs", "drips"])
def test_it_is_over_after_ten_seconds_and_nobody_is_told_twice(httpx_mock: HTTPXMock, stream: Drip | None) -> None:
    httpx_mock.add_callback(hang if stream is None else lambda _: httpx.Response(200, stream=stream))

    assert posted() == ("gave no answer within 10 s", 10.0)
    assert len(httpx_mock.get_requests()) == 1


def test_a_second_try_has_only_what_is_left_of_the_ten_seconds(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(status_code=429, headers={"Retry-After": "6"})
    httpx_mock.add_callback(hang)

    assert posted() == ("gave no answer within 10 s", 10.0)


# The second try


@pytest.mark.parametrize(
    ("status", "retry_after", "seconds"), [(500, None, 1.0), (503, "3", 3.0), (429, "0", 0.0), (429, "9", 9.0)]
)
def test_what_may_pass_is_tried_once_more_when_the_server_allows_it(
    httpx_mock: HTTPXMock, status: int, retry_after: str | None, seconds: float
) -> None:
    httpx_mock.add_response(status_code=status, headers={} if retry_after is None else {"Retry-After": retry_after})
    httpx_mock.add_response(text="ok")

    assert posted() == (None, seconds)


@pytest.mark.parametrize(
    "retry_after", ["10", "3600", "9" * 5000, "-1", "soon", "1e1", "Mon, 23 Nov 2026 09:00:00 GMT"]
)
def test_what_the_server_wants_later_is_not_tried_again(httpx_mock: HTTPXMock, retry_after: str) -> None:
    httpx_mock.add_response(status_code=429, text="rate_limited", headers={"Retry-After": retry_after})

    assert posted() == ("answered 429 (rate_limited)", 0.0)


def test_there_is_no_third_try(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(status_code=503, is_reusable=True)

    assert posted() == ("answered 503", 1.0)
    assert len(httpx_mock.get_requests()) == 2


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ProxyError])
def test_a_connection_that_fails_is_tried_once_more(httpx_mock: HTTPXMock, error: type[httpx.TransportError]) -> None:
    httpx_mock.add_exception(error("[Errno 111] Connection refused"))
    httpx_mock.add_response(text="ok")

    assert posted() == (None, 1.0)


@pytest.mark.parametrize("error", [httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError])
def test_what_may_have_arrived_is_not_sent_again(httpx_mock: HTTPXMock, error: type[httpx.TransportError]) -> None:
    httpx_mock.add_exception(error(f"broken at {URL}"))

    assert posted() == ("could not be asked, or broke off before its answer was complete", 0.0)
    assert len(httpx_mock.get_requests()) == 1


def test_a_certificate_for_another_host_is_told_without_the_host(httpx_mock: HTTPXMock) -> None:
    text = "Hostname mismatch, certificate is not valid for 'Hooks.Example.com'."
    httpx_mock.add_exception(httpx.ConnectError(text), is_reusable=True)

    assert posted()[0] == "could not be reached: Hostname mismatch, certificate is not valid for 'the host'."


# Where it goes


@pytest.mark.parametrize(
    "url",
    ["http://hooks.example.com/", "ftp://hooks.example.com/", "https://user:word@hooks.example.com/", "hooks", ""],
)
def test_nothing_is_sent_to_an_address_that_anybody_could_read(httpx_mock: HTTPXMock, url: str) -> None:
    why, _ = posted(url)

    assert (why or "").startswith("has an address that ")
    assert httpx_mock.get_requests() == []


@pytest.mark.parametrize(
    ("name", "value"), [("HTTPS_PROXY", "gopher://user:word@proxy"), ("SSL_CERT_FILE", "/no/such/file")]
)
def test_settings_that_are_not_usable_are_told_without_what_they_hold(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    why, _ = posted()

    assert why == "cannot be asked: the proxy or certificate settings of the environment are not usable"


@pytest.fixture
def listening() -> Any:
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


def test_a_proxy_is_asked_for_a_tunnel_and_learns_the_host_alone(
    listening: tuple[Callable[..., None], list[bytes], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with, came, proxy = listening
    answer_with(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", connections=2)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.setattr(module, "_PAUSE", 0.0)

    assert asyncio.run(post(URL, PAYLOAD)) == "could not be reached: 403 No"
    assert [each.split(b"\r\n")[0] for each in came] == [b"CONNECT hooks.example.com:443 HTTP/1.1"] * 2
    assert b"services" not in b"".join(came)


def test_loopback_never_goes_through_a_proxy(
    listening: tuple[Callable[..., None], list[bytes], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with, came, here = listening
    answer_with(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", connections=1)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert asyncio.run(post(f"{here}/hook", PAYLOAD)) is None
    assert came[0].startswith(b"POST /hook HTTP/1.1\r\n")


@pytest.mark.parametrize(("status", "told"), [(200, "accepted"), (403, "answered 403")])
def test_the_log_says_what_came_of_it_and_never_where_it_went(
    httpx_mock: HTTPXMock, caplog: pytest.LogCaptureFixture, status: int, told: str
) -> None:
    caplog.set_level(logging.DEBUG, logger="guard")
    httpx_mock.add_response(status_code=status)

    posted()

    assert caplog.messages == [f"POST to Slack: {told} (0.000 s)"]
