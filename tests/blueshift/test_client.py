"""One request and its answer over a fake network; real networks are in the end-to-end tests."""

from __future__ import annotations

import base64
import gzip
import logging
import os
import platform
import ssl
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pytest_httpx import IteratorStream

from guard import __version__
from guard.blueshift import client
from guard.blueshift.account import Account, ApiKey, open_account
from guard.blueshift.client import Client, Response
from guard.blueshift.errors import BadAnswerError, RequestError, UnavailableError
from guard.core.errors import UsageError
from guard.core.model import Region
from guard.core.results import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from pytest_httpx import HTTPXMock

    Leap = Callable[[Coroutine[Any, Any, Any]], Any]

ACCOUNT = Account(base_url="https://blueshift.test", region=Region.US, key=ApiKey("a-key-for-tests"))


async def respond(account: Account = ACCOUNT, *, most_bytes: int = 1000) -> Response:
    async with Client(account) as client:
        return await client.get("/counts.json", {"refresh": "true", "channels": "inApp"}, most_bytes=most_bytes)


async def get(account: Account = ACCOUNT) -> bytes:
    return (await respond(account)).body


def answered(httpx_mock: HTTPXMock, body: bytes = b"", **values: Any) -> None:
    httpx_mock.add_response(stream=IteratorStream([body]), **values)


def failure(leap: Leap) -> RequestError:
    with pytest.raises(RequestError) as raised:
        leap(get())
    return raised.value


def test_the_key_is_the_user_name_and_the_password_is_empty(httpx_mock: HTTPXMock, leap: Leap) -> None:
    answered(httpx_mock, b"{}", url="https://blueshift.test/counts.json?refresh=true&channels=inApp")

    assert leap(get()) == b"{}"

    (request,) = httpx_mock.get_requests()
    expected = "Basic " + base64.b64encode(b"a-key-for-tests:").decode()
    assert request.headers["Authorization"] == expected
    assert request.headers["Accept-Encoding"] == "identity"
    assert request.headers["Accept"] == "application/json"
    assert request.headers["User-Agent"] == f"audience-guard/{__version__}"


def test_only_the_whole_request_has_a_time_limit(httpx_mock: HTTPXMock, leap: Leap) -> None:
    answered(httpx_mock, b"{}")

    leap(get())

    (request,) = httpx_mock.get_requests()
    assert set(request.extensions["timeout"].values()) == {None}


@pytest.mark.parametrize(
    ("status", "reason", "transient"),
    [
        (201, Reason.BAD_ANSWER, False),
        (202, Reason.BAD_ANSWER, False),
        (204, Reason.BAD_ANSWER, False),
        (206, Reason.BAD_ANSWER, False),
        (299, Reason.BAD_ANSWER, False),
        (302, Reason.BAD_ANSWER, False),
        (304, Reason.BAD_ANSWER, False),
        (400, Reason.BAD_ANSWER, False),
        (401, Reason.REFUSED_KEY, False),
        (403, Reason.REFUSED_KEY, False),
        (404, Reason.NOT_FOUND, False),
        (407, Reason.NETWORK, False),
        (409, Reason.SERVER_ERROR, True),
        (422, Reason.BAD_ANSWER, False),
        (429, Reason.RATE_LIMITED, True),
        (500, Reason.SERVER_ERROR, True),
        (502, Reason.SERVER_ERROR, True),
        (503, Reason.SERVER_ERROR, True),
        (504, Reason.SERVER_ERROR, True),
        (599, Reason.SERVER_ERROR, True),
    ],
)
def test_other_statuses_than_200_are_errors(
    httpx_mock: HTTPXMock, leap: Leap, status: int, reason: Reason, transient: bool
) -> None:
    answered(httpx_mock, b'{"message": "No"}', status_code=status, headers={"Location": "https://elsewhere.test/"})

    error = failure(leap)

    assert (error.unavailable.reason, error.transient) == (reason, transient)
    assert len(httpx_mock.get_requests()) == 1


def test_an_error_has_the_host_the_status_and_the_request_id(httpx_mock: HTTPXMock, leap: Leap) -> None:
    answered(httpx_mock, b'{"message": "Try later"}', status_code=503, headers={"x-request-id": "abc-1"})

    assert failure(leap).unavailable.detail == (
        'blueshift.test answered 503 Service Unavailable: "Try later" (x-request-id abc-1)'
    )


def test_the_servers_text_is_cut_cleaned_and_scrubbed(httpx_mock: HTTPXMock, leap: Leap) -> None:
    encoded = base64.b64encode(b"a-key-for-tests:").decode()
    echo = '{"message": "\\u001b[31m' + "x" * 150 + f" Basic {encoded} a-key-for-tests" + "y" * 500 + '"}'
    answered(httpx_mock, echo.encode()[:1000], status_code=500, headers={"x-request-id": f"a-key-for-tests{encoded}"})

    detail = failure(leap).unavailable.detail

    assert detail.isprintable()
    assert len(detail) < 500
    assert "a-key" not in detail
    assert encoded[:8] not in detail


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("2", 2.0),
        ("3600", 3600.0),
        ("-1", None),
        ("soon", None),
        ("1e99", None),
        ("1.5", None),
        ("Mon, 23 Nov 2026 12:00:07 GMT", 7.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("Tue, 23 Nov 2027 12:00:00 GMT", 365 * 86_400.0),
    ],
)
def test_retry_after_is_seconds_or_a_date_by_the_servers_clock(
    httpx_mock: HTTPXMock, leap: Leap, text: str, seconds: float | None
) -> None:
    answered(httpx_mock, status_code=429, headers={"Retry-After": text, "Date": "Mon, 23 Nov 2026 12:00:00 GMT"})

    assert failure(leap).retry_after == seconds


def test_without_the_servers_date_a_retry_after_is_by_our_own_clock(httpx_mock: HTTPXMock, leap: Leap) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=60))
    answered(httpx_mock, status_code=429, headers={"Retry-After": soon})

    retry_after = failure(leap).retry_after

    assert retry_after is not None
    assert 50 < retry_after <= 60


CHECK = "check the region and the base URL"


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "Blueshift refused the API key (401 Unauthorized)"),
        *(
            (
                status,
                f"blueshift.test answered {words} with a redirect, and audience-guard follows none; {CHECK}",
            )
            for status, words in ((301, "301 Moved Permanently"), (302, "302 Found"), (308, "308 Permanent Redirect"))
        ),
        (400, "blueshift.test answered 400 Bad Request"),
    ],
)
def test_an_error_says_what_it_means(httpx_mock: HTTPXMock, leap: Leap, status: int, sentence: str) -> None:
    answered(httpx_mock, status_code=status)

    assert failure(leap).unavailable.detail == sentence


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    "body",
    [
        b"Forbidden",
        b"[]",
        b"null",
        b'"Forbidden"',
        b'{"detail": "Forbidden"}',
        b'{"message": 7}',
        b'{"message": "cut of',
        b"\x1f\x8b",
    ],
)
def test_only_the_apis_own_body_means_a_refused_key(
    httpx_mock: HTTPXMock, leap: Leap, status: int, body: bytes
) -> None:
    answered(httpx_mock, body, status_code=status)

    assert failure(leap).unavailable.reason is Reason.NETWORK


@pytest.mark.parametrize("status", [401, 403, 404])
@pytest.mark.parametrize("body", [b"<!doctype html>Blocked", b"\n<p>a-key-for-tests</p>", b"<p>" + b"x" * 70_000])
def test_an_html_page_says_nothing_about_the_key_or_the_segment(
    httpx_mock: HTTPXMock, leap: Leap, status: int, body: bytes
) -> None:
    answered(httpx_mock, body, status_code=status)

    error = failure(leap)

    assert error.unavailable.reason is Reason.NETWORK
    assert "a firewall, a bot check or a proxy may have answered" in error.unavailable.detail
    assert "a-key" not in error.unavailable.detail


@pytest.mark.parametrize(
    ("status", "reason"), [(401, Reason.REFUSED_KEY), (403, Reason.NETWORK), (404, Reason.NOT_FOUND)]
)
def test_without_a_body_403_is_not_blueshifts(httpx_mock: HTTPXMock, leap: Leap, status: int, reason: Reason) -> None:
    answered(httpx_mock, status_code=status)

    assert failure(leap).unavailable.reason is reason


@pytest.mark.parametrize(
    "body",
    [
        b'{"message": "Not authorized"}',
        b'{"message": ""}',
        b'{"success": false, "error": "No"}',
        b'{"errors": {"key": ["is wrong"]}}',
    ],
)
@pytest.mark.parametrize("status", [401, 403])
def test_each_documented_body_means_a_refused_key(httpx_mock: HTTPXMock, leap: Leap, status: int, body: bytes) -> None:
    answered(httpx_mock, body, status_code=status)

    assert failure(leap).unavailable.reason is Reason.REFUSED_KEY


def test_a_body_is_returned_unchanged_with_a_scrubber(httpx_mock: HTTPXMock, leap: Leap) -> None:
    body = rb'{"a": "a-key-for-tests", "b": "\u0061-key\u002dfor-tests", "c": "say \"hi\""}'
    answered(httpx_mock, body)

    response = leap(respond())

    assert response.body == body
    assert response.scrub("it was a-key-for-tests") == "it was ***"
    assert "a-key" not in repr(response)


@pytest.mark.parametrize(
    "echo",
    [
        pytest.param(base64.b64encode(b"a-key-for-tests"), id="base64-of-the-key-alone"),
        pytest.param(rb"\u0061-key\u002dfor-tests", id="by-number"),
        pytest.param(rb"\\u0061-key\\u002dfor-tests", id="by-number-twice"),
    ],
)
def test_an_error_is_quoted_without_the_key_in_any_spelling(httpx_mock: HTTPXMock, leap: Leap, echo: bytes) -> None:
    answered(httpx_mock, b'{"errors": {"a": ["' + echo + b'"]}}', status_code=400)

    assert failure(leap).unavailable.detail.endswith(': "a: ***"')


def test_an_error_in_another_encoding_is_not_quoted(httpx_mock: HTTPXMock, leap: Leap) -> None:
    answered(httpx_mock, '{"message": "a-key-for-tests"}'.encode("utf-16"), status_code=400)

    assert failure(leap).unavailable.detail == "blueshift.test answered 400 Bad Request"


def test_errors_of_httpx_are_scrubbed_too(httpx_mock: HTTPXMock, leap: Leap) -> None:
    key = "an-unspeakable\\key'for-tests"
    httpx_mock.add_exception(httpx.RemoteProtocolError(f"illegal: {bytearray(key.encode())!r}"))

    with pytest.raises(RequestError) as raised:
        leap(get(replace(ACCOUNT, key=ApiKey(key))))

    assert str(raised.value).endswith('illegal: bytearray(b"***")')


def test_a_broken_connection_without_a_message_has_one(httpx_mock: HTTPXMock, leap: Leap) -> None:
    httpx_mock.add_exception(httpx.ReadError(""))

    detail = failure(leap).unavailable.detail

    assert detail == "blueshift.test could not be reached: the connection broke (ReadError)"


def test_only_the_beginning_of_a_long_message_is_scrubbed(httpx_mock: HTTPXMock, leap: Leap) -> None:
    answered(httpx_mock, b'{"message": "<>' + b"a-key-for-tests" * 600 + b' and more"}', status_code=400)

    with pytest.raises(RequestError) as raised:
        leap(respond(most_bytes=10_000))

    assert str(raised.value) == 'blueshift.test answered 400 Bad Request: "<>***"'


def test_a_body_that_is_too_long_is_not_read_completely(httpx_mock: HTTPXMock, leap: Leap) -> None:
    read: list[int] = []

    def endless() -> Any:
        for number in range(1000):
            read.append(number)
            yield b"x" * 400

    httpx_mock.add_response(stream=IteratorStream(endless()))

    with pytest.raises(BadAnswerError, match="longer than 1,000 bytes"):
        leap(get())
    assert len(read) < 100


@pytest.mark.parametrize(
    "body",
    [gzip.compress(b" " * 400_000), gzip.compress(b"{}")[:-9], b"no gzip"],
    ids=["too-long", "cut-off", "none"],
)
def test_a_compressed_body_is_bounded_when_unpacked(httpx_mock: HTTPXMock, leap: Leap, body: bytes) -> None:
    answered(httpx_mock, body, headers={"Content-Encoding": "gzip"})

    with pytest.raises(BadAnswerError):
        leap(get())


def test_a_compressed_body_is_read(httpx_mock: HTTPXMock, leap: Leap) -> None:
    answered(httpx_mock, gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"})

    assert leap(get()) == b"{}"


def test_an_unknown_encoding_is_a_bad_answer(httpx_mock: HTTPXMock, leap: Leap) -> None:
    answered(httpx_mock, b"{}", headers={"Content-Encoding": "br"})

    with pytest.raises(BadAnswerError):
        leap(get())


@pytest.mark.parametrize("encoding", ["", "identity", "IDENTITY"])
def test_a_body_may_say_that_it_is_not_encoded(httpx_mock: HTTPXMock, leap: Leap, encoding: str) -> None:
    answered(httpx_mock, b"{}", headers={"Content-Encoding": encoding})

    assert leap(get()) == b"{}"


@pytest.mark.parametrize("is_packed", [True, False])
def test_a_body_may_have_the_maximum_length(httpx_mock: HTTPXMock, leap: Leap, *, is_packed: bool) -> None:
    body = b" " * 1000
    answered(
        httpx_mock,
        gzip.compress(body) if is_packed else body,
        headers={"Content-Encoding": "gzip"} if is_packed else {},
    )

    assert leap(get()) == body


def test_unpacking_is_limited(httpx_mock: HTTPXMock, leap: Leap) -> None:
    packed = gzip.compress(b" " * 10_000_000)
    answered(httpx_mock, packed, headers={"Content-Encoding": "gzip"})

    tracemalloc.start()
    with pytest.raises(BadAnswerError):
        leap(respond(most_bytes=50_000))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 1_000_000


@pytest.mark.parametrize(("headers", "told"), [({"x-request-id": "abc-1"}, " (x-request-id abc-1)"), ({}, "")])
def test_a_body_that_is_too_long_is_reported_with_its_id(
    httpx_mock: HTTPXMock, leap: Leap, headers: dict[str, str], told: str
) -> None:
    answered(httpx_mock, b" " * 1001, headers=headers)

    with pytest.raises(BadAnswerError) as raised:
        leap(get())

    assert str(raised.value) == f"the answer is longer than 1,000 bytes, or damaged{told}"


def test_an_answer_has_its_id(httpx_mock: HTTPXMock, leap: Leap) -> None:
    answered(httpx_mock, b"{}", headers={"x-request-id": "abc-1"})

    assert leap(respond()).request_id == "abc-1"


@pytest.mark.parametrize(
    ("error", "was_sent"),
    [
        (httpx.ConnectError("refused"), False),
        (httpx.ProxyError("407"), False),
        (httpx.ReadError("reset"), True),
        (httpx.RemoteProtocolError("closed"), True),
    ],
)
def test_a_failed_connection_was_not_sent(
    httpx_mock: HTTPXMock, leap: Leap, error: Exception, *, was_sent: bool
) -> None:
    httpx_mock.add_exception(error)

    assert failure(leap).was_sent is was_sent


@pytest.mark.parametrize(
    "status", [201, 202, 204, 302, 400, 401, 403, 404, 405, 409, 410, 422, 425, 429, 499, 500, 504]
)
def test_any_other_failed_request_was_sent(httpx_mock: HTTPXMock, leap: Leap, status: int) -> None:
    answered(httpx_mock, status_code=status)

    assert failure(leap).was_sent


def test_a_network_error_is_transient(httpx_mock: HTTPXMock, leap: Leap) -> None:
    httpx_mock.add_exception(httpx.ConnectError("no route for a-key-for-tests"))

    error = failure(leap)

    assert (error.unavailable.reason, error.transient) == (Reason.NETWORK, True)
    assert error.unavailable.detail == "blueshift.test could not be reached: no route for ***"


def test_a_request_ends_after_ten_seconds(leap: Leap) -> None:
    import asyncio  # noqa: PLC0415 - this test alone plays with time

    async def drip() -> Any:
        for _ in range(1000):
            await asyncio.sleep(0.4)
            yield b" "

    async def main() -> float:
        transport = httpx.MockTransport(lambda _request: httpx.Response(200, content=drip()))
        async with Client(ACCOUNT, transport=transport) as client:
            with pytest.raises(UnavailableError, match="gave no complete answer within 10 s") as raised:
                await client.get("/", {}, most_bytes=64_000)
        assert raised.value.unavailable.reason is Reason.NETWORK
        return asyncio.get_running_loop().time()

    assert leap(main()) == pytest.approx(10)


@pytest.mark.parametrize("address", ["http://user:unspeakable#x@proxy.example:1", "http://user:unspeakable/x@p:1"])
def test_a_password_with_special_characters_in_a_proxy_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)

    with pytest.raises(UsageError, match=r"^the variable HTTPS_PROXY is not the address of a proxy$") as raised:
        Client(ACCOUNT)

    assert "unspeakable" not in f"{raised.value!r} {raised.value.__cause__!r}"
    assert "%23, %2F and %40 for #, / and @ in a password" in (raised.value.hint or "")


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "ALL_PROXY", "https_proxy"])
def test_a_wrong_proxy_is_reported_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch, leap: Leap, name: str
) -> None:
    monkeypatch.setenv(name, "gopher://proxy.example")

    with pytest.raises(UsageError, match=f"^the variable {name} is not the address of a proxy$"):
        leap(get())


def test_a_missing_certificate_file_is_reported(monkeypatch: pytest.MonkeyPatch, leap: Leap) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file")

    with pytest.raises(UsageError, match="certificate settings") as raised:
        leap(get())
    assert raised.value.hint == "look at SSL_CERT_FILE, SSL_CERT_DIR and SSLKEYLOGFILE"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSLKEYLOGFILE"])
def test_a_pipe_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, leap: Leap, tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setenv(name, str(tmp_path / "pipe"))

    with pytest.raises(
        UsageError, match=f"certificate settings .*: {name} names .*/pipe, which (does not exist or )?is "
    ) as raised:
        leap(get())
    assert raised.value.hint
    assert name in raised.value.hint


@pytest.mark.parametrize("kept", ["key.log", "/dev/null"])
def test_a_log_of_tls_keys_may_be_kept_elsewhere(
    monkeypatch: pytest.MonkeyPatch, leap: Leap, tmp_path: Path, kept: str
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / kept))

    leap(connect(ACCOUNT))


def test_loopback_never_goes_through_a_proxy(monkeypatch: pytest.MonkeyPatch, leap: Leap) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:1")
    monkeypatch.setenv("ALL_PROXY", "http://proxy.example:1")
    account = open_account({"BLUESHIFT_API_KEY": "a-key-for-tests"}, base_url="http://127.0.0.1:1")

    async def pools() -> list[Any]:
        async with Client(account) as client:
            return list(client._http._mounts.values())

    assert leap(pools()) == []


def test_the_log_has_every_request_and_never_the_key(
    httpx_mock: HTTPXMock, leap: Leap, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="guard")
    answered(httpx_mock, b"a-key-for-tests", status_code=500, headers={"x-request-id": "abc a-key-for-tests"})

    failure(leap)

    assert caplog.messages[-1] == (
        "request method=GET path=/counts.json?refresh=true&channels=inApp status=500"
        ' x_request_id="abc ***" seconds=0.000 bytes=15 failure=none'
    )


def test_the_log_has_requests_without_an_answer(
    httpx_mock: HTTPXMock, leap: Leap, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="guard")
    httpx_mock.add_exception(httpx.ConnectError("no route\n for a-key-for-tests"))

    failure(leap)

    assert caplog.messages[-1].endswith(
        'status=none x_request_id=none seconds=0.000 bytes=0 failure="no route\\\\n for ***"'
    )


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "proxies=none certificates=none"),
        ({"HTTP_PROXY": "http://secret.example", "SSL_CERT_FILE": "secret"}, "proxies=http certificates=SSL_CERT_FILE"),
        ({"https_proxy": "http://secret:secret@secret.example:3128"}, "proxies=https certificates=none"),
        ({"ALL_PROXY": "http://secret.example", "NO_PROXY": "secret"}, "proxies=all,no certificates=none"),
        ({"SECRET_PROXY": "http://secret.example", "SSL_CERT_DIR": "secret"}, "proxies=none certificates=SSL_CERT_DIR"),
    ],
)
def test_the_log_names_proxies_and_certificates_without_values(
    leap: Leap,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str],
    told: str,
) -> None:
    caplog.set_level(logging.DEBUG, logger="guard")
    monkeypatch.setattr(client, "authorities", lambda _address: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    leap(connect(ACCOUNT))

    versions = f"version={__version__} python={platform.python_version()} system={platform.system()}"
    assert caplog.messages == [f"connected {versions} host=blueshift.test region=us {told}"]


def test_the_log_names_no_proxy_for_loopback(
    leap: Leap, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG, logger="guard")
    monkeypatch.setenv("ALL_PROXY", "http://proxy.example")

    leap(connect(replace(ACCOUNT, base_url="http://127.0.0.1:1")))

    assert caplog.messages[0].endswith(" host=127.0.0.1:1 region=us proxies=none certificates=none")


async def connect(account: Account) -> None:
    async with Client(account):
        pass
