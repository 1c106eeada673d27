"""One message to Slack, on a network that is made up: every answer, and every way to get none."""

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
from tests.slack.fake_webhook import PAYLOAD, URL, Drip, hang, posted

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_httpx import HTTPXMock


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
        (200, '{"ok": false, "error": "no_text"}', "refused it (no_text)"),
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


def test_it_is_over_sooner_where_there_is_less_time(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_callback(hang)

    assert posted(time_limit=4) == ("gave no answer within 4 s", 4.0)


def test_a_second_try_has_only_what_is_left_of_the_ten_seconds(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(status_code=429, headers={"Retry-After": "6"})
    httpx_mock.add_callback(hang)

    assert posted() == ("gave no answer within 10 s", 10.0)


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
    ("name", "value", "told"),
    [
        ("HTTPS_PROXY", "gopher://user:word@proxy", "the variable HTTPS_PROXY is not the address of a proxy"),
        ("SSL_CERT_FILE", "/no/such/file", "the certificate settings of the environment are not usable"),
    ],
)
def test_settings_that_are_not_usable_are_told_without_what_they_hold(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)

    why, _ = posted()

    assert why == f"cannot be asked: {told}"


def test_an_entry_of_no_proxy_that_is_about_others_does_not_matter(
    httpx_mock: HTTPXMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "localhost,[::1],fd00::/8")
    httpx_mock.add_response(text="ok")

    assert posted()[0] is None


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

    refusal = asyncio.run(post(URL, PAYLOAD))

    assert refusal
    assert refusal.why == "could not be reached: 403 No"
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
