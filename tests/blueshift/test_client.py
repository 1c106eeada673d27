"""One request and its answer over a fake network; real networks are in the end-to-end tests."""

from __future__ import annotations

import asyncio
import base64
import gzip
import os
import platform
import ssl
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import product
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pytest_httpx import IteratorStream

from guard import __version__
from guard.blueshift import client
from guard.blueshift.account import Account, ApiKey
from guard.blueshift.client import Client, Response
from guard.blueshift.errors import BadAnswerError, RequestError, UnavailableError
from guard.core.errors import UsageError
from guard.core.results import Reason
from tests.blueshift.in_process import ACCOUNT, leap

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_httpx import HTTPXMock

BAD, NETWORK, REFUSED, SERVER = Reason.BAD_ANSWER, Reason.NETWORK, Reason.REFUSED_KEY, Reason.SERVER_ERROR
ENCODED = base64.b64encode(b"a-key-for-tests:").decode()
ODD_KEY = "an-unspeakable\\key'for-tests"
GZIP = {"Content-Encoding": "gzip"}


async def respond(account: Account = ACCOUNT, *, most_bytes: int = 1000) -> Response:
    async with Client(account) as client:
        return await client.get("/counts.json", {"refresh": "true", "channels": "inApp"}, most_bytes=most_bytes)


def get(httpx_mock: HTTPXMock, body: bytes = b"", *, most_bytes: int = 1000, **values: Any) -> Response:
    """Return the response to a request that is answered with that body."""
    httpx_mock.add_response(stream=IteratorStream([body]), **values)
    return leap(respond(most_bytes=most_bytes))


def failure(httpx_mock: HTTPXMock, body: bytes = b"", status: int = 500, **values: Any) -> RequestError:
    """Return the error for a request that is answered like that."""
    with pytest.raises(RequestError) as raised:
        get(httpx_mock, body, status_code=status, **values)
    return raised.value


def broken(httpx_mock: HTTPXMock, error: Exception, account: Account = ACCOUNT) -> RequestError:
    """Return the error for a request that ``httpx`` fails to send."""
    httpx_mock.add_exception(error)
    with pytest.raises(RequestError) as raised:
        leap(respond(account))
    return raised.value


def test_the_request(httpx_mock: HTTPXMock) -> None:
    """The key is the user name, the password is empty, and only the whole request has a time limit."""
    url = "https://blueshift.test/counts.json?refresh=true&channels=inApp"

    assert get(httpx_mock, b"{}", url=url).body == b"{}"

    (request,) = httpx_mock.get_requests()
    assert request.headers["Authorization"] == f"Basic {ENCODED}"
    assert request.headers["Accept-Encoding"] == "identity"
    assert request.headers["Accept"] == "application/json"
    assert request.headers["User-Agent"] == f"audience-guard/{__version__}"
    assert set(request.extensions["timeout"].values()) == {None}


@pytest.mark.parametrize(
    ("statuses", "reason", "transient"),
    [
        ((201, 202, 204, 206, 299, 302, 304, 400, 405, 410, 422, 425, 499), BAD, False),
        ((401, 403), REFUSED, False),
        ((404,), Reason.NOT_FOUND, False),
        ((407,), NETWORK, False),
        ((409, 500, 502, 503, 504, 599), SERVER, True),
        ((429,), Reason.RATE_LIMITED, True),
    ],
    ids=["bad-answer", "refused-key", "not-found", "network", "server-error", "rate-limited"],
)
def test_every_status_but_200_is_an_error(
    httpx_mock: HTTPXMock, statuses: tuple[int, ...], reason: Reason, *, transient: bool
) -> None:
    for sent, status in enumerate(statuses, start=1):
        error = failure(httpx_mock, b'{"message": "No"}', status, headers={"Location": "https://elsewhere.test/"})

        assert (status, error.unavailable.reason, error.transient) == (status, reason, transient)
        assert error.was_sent
        assert len(httpx_mock.get_requests()) == sent


ECHOES = {
    "key-in-base64": base64.b64encode(b"a-key-for-tests"),
    "key-by-number": rb"\u0061-key\u002dfor-tests",
    "key-by-number-twice": rb"\\u0061-key\\u002dfor-tests",
}
ANSWERED_400 = "blueshift.test answered 400 Bad Request"
NOT_FOLLOWED = "with a redirect, and audience-guard follows none; check the region and the base URL"


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        pytest.param(400, b"", ANSWERED_400, id="400"),
        pytest.param(401, b"", "Blueshift refused the API key (401 Unauthorized)", id="401"),
        pytest.param(301, b"", f"blueshift.test answered 301 Moved Permanently {NOT_FOLLOWED}", id="301"),
        pytest.param(302, b"", f"blueshift.test answered 302 Found {NOT_FOLLOWED}", id="302"),
        pytest.param(308, b"", f"blueshift.test answered 308 Permanent Redirect {NOT_FOLLOWED}", id="308"),
        pytest.param(
            503, b'{"message": "Try later"}', 'blueshift.test answered 503 Service Unavailable: "Try later"', id="503"
        ),
        *(
            pytest.param(400, b'{"errors": {"a": ["' + echo + b'"]}}', f'{ANSWERED_400}: "a: ***"', id=spelled)
            for spelled, echo in ECHOES.items()
        ),
        pytest.param(400, '{"message": "a-key-for-tests"}'.encode("utf-16"), ANSWERED_400, id="other-encoding"),
        pytest.param(
            400, b'{"message": "<>' + b"a-key-for-tests" * 600 + b' and more"}', f'{ANSWERED_400}: "<>***"', id="long"
        ),
    ],
)
def test_an_error_says_what_it_means(httpx_mock: HTTPXMock, status: int, body: bytes, sentence: str) -> None:
    for headers, told in (({}, ""), ({"x-request-id": "abc-1"}, " (x-request-id abc-1)")):
        error = failure(httpx_mock, body, status, most_bytes=10_000, headers=headers)

        assert error.unavailable.detail == sentence + told


def test_an_echo_is_cut_and_scrubbed(httpx_mock: HTTPXMock) -> None:
    echo = '{"message": "\\u001b[31m' + "x" * 150 + f" Basic {ENCODED} a-key-for-tests" + "y" * 500 + '"}'

    error = failure(httpx_mock, echo.encode()[:1000], headers={"x-request-id": f"a-key-for-tests{ENCODED}"})

    detail = error.unavailable.detail
    assert detail.isprintable()
    assert len(detail) < 500
    assert "a-key" not in detail
    assert ENCODED[:8] not in detail


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
def test_retry_after_in_seconds(httpx_mock: HTTPXMock, text: str, seconds: float | None) -> None:
    headers = {"Retry-After": text, "Date": "Mon, 23 Nov 2026 12:00:00 GMT"}

    assert failure(httpx_mock, status=429, headers=headers).retry_after == seconds


def test_without_a_date_our_clock_is_used(httpx_mock: HTTPXMock) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=60))

    retry_after = failure(httpx_mock, status=429, headers={"Retry-After": soon}).retry_after

    assert retry_after is not None
    assert 50 < retry_after <= 60


FOREIGN = [b"Forbidden", b"[]", b"null", b'"Forbidden"', b'{"detail": "Forbidden"}', b'{"message": 7}', b"\x1f\x8b"]
OURS = [b'{"message": "No"}', b'{"message": ""}', b'{"success": false, "error": "No"}', b'{"errors": {"key": ["No"]}}']


@pytest.mark.parametrize(
    ("bodies", "reasons"),
    [
        pytest.param([*FOREIGN, b'{"message": "cut of'], {401: NETWORK, 403: NETWORK}, id="foreign"),
        pytest.param([b""], {401: REFUSED, 403: NETWORK, 404: Reason.NOT_FOUND}, id="empty"),
        pytest.param(OURS, {401: REFUSED, 403: REFUSED}, id="documented"),
    ],
)
def test_only_blueshift_refuses_a_key(httpx_mock: HTTPXMock, bodies: list[bytes], reasons: dict[int, Reason]) -> None:
    for body, status in product(bodies, reasons):
        assert (body, failure(httpx_mock, body, status).unavailable.reason) == (body, reasons[status])


@pytest.mark.parametrize("status", [401, 403, 404])
@pytest.mark.parametrize("body", [b"<!doctype html>Blocked", b"\n<p>a-key-for-tests</p>", b"<p>" + b"x" * 70_000])
def test_a_web_page_is_not_blueshifts(httpx_mock: HTTPXMock, status: int, body: bytes) -> None:
    error = failure(httpx_mock, body, status)

    assert error.unavailable.reason is NETWORK
    assert "a firewall, a bot check or a proxy may have answered" in error.unavailable.detail
    assert "a-key" not in error.unavailable.detail


def test_an_answer_has_a_scrubber(httpx_mock: HTTPXMock) -> None:
    body = rb'{"a": "a-key-for-tests", "b": "\u0061-key\u002dfor-tests", "c": "say \"hi\""}'

    response = get(httpx_mock, body, headers={"x-request-id": "abc-1"})

    assert (response.body, response.request_id) == (body, "abc-1")
    assert response.scrub("it was a-key-for-tests") == "it was ***"
    assert "a-key" not in repr(response)


@pytest.mark.parametrize(
    ("error", "told", "was_sent"),
    [
        (httpx.RemoteProtocolError(f"bad: {bytearray(ODD_KEY.encode())!r}"), 'bad: bytearray(b"***")', True),
        (httpx.ReadError(""), "the connection broke (ReadError)", True),
        (httpx.ConnectError(f"no route for {ODD_KEY}"), "no route for ***", False),
        (httpx.ProxyError("407"), "407", False),
    ],
    ids=["with-the-key", "without-a-message", "no-route", "proxy"],
)
def test_a_network_error_is_quoted(httpx_mock: HTTPXMock, error: Exception, told: str, *, was_sent: bool) -> None:
    raised = broken(httpx_mock, error, replace(ACCOUNT, key=ApiKey(ODD_KEY)))

    assert (raised.unavailable.reason, raised.transient, raised.was_sent) == (NETWORK, True, was_sent)
    assert raised.unavailable.detail == f"blueshift.test could not be reached: {told}"


def test_a_long_body_is_not_read(httpx_mock: HTTPXMock) -> None:
    read: list[int] = []

    def endless() -> Any:
        for number in range(1000):
            read.append(number)
            yield b"x" * 400

    httpx_mock.add_response(stream=IteratorStream(endless()))

    with pytest.raises(BadAnswerError, match="longer than 1,000 bytes"):
        leap(respond())
    assert len(read) < 100


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        pytest.param(b" " * 1001, {}, id="one-byte-too-long"),
        pytest.param(gzip.compress(b" " * 400_000), GZIP, id="too-long-unpacked"),
        pytest.param(gzip.compress(b"{}")[:-9], GZIP, id="cut-off"),
        pytest.param(b"no gzip", GZIP, id="not-gzip"),
        pytest.param(b"{}", {"Content-Encoding": "br"}, id="unknown-encoding"),
    ],
)
def test_a_damaged_body_is_refused(httpx_mock: HTTPXMock, body: bytes, headers: dict[str, str]) -> None:
    for more, told in (({}, ""), ({"x-request-id": "abc-1"}, " (x-request-id abc-1)")):
        with pytest.raises(BadAnswerError) as raised:
            get(httpx_mock, body, headers=headers | more)

        assert str(raised.value) == f"the answer is longer than 1,000 bytes, or damaged{told}"


@pytest.mark.parametrize("body", [b"{}", b" " * 1000], ids=["short", "maximum"])
@pytest.mark.parametrize("encoding", [None, "", "identity", "IDENTITY", "gzip"])
def test_a_body_is_read(httpx_mock: HTTPXMock, encoding: str | None, body: bytes) -> None:
    sent = gzip.compress(body) if encoding == "gzip" else body
    headers = {} if encoding is None else {"Content-Encoding": encoding}

    assert get(httpx_mock, sent, headers=headers).body == body


def test_unpacking_is_limited(httpx_mock: HTTPXMock) -> None:
    packed = gzip.compress(b" " * 10_000_000)

    tracemalloc.start()
    with pytest.raises(BadAnswerError):
        get(httpx_mock, packed, most_bytes=50_000, headers=GZIP)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 1_000_000


def test_a_request_ends_after_ten_seconds() -> None:
    async def drip() -> Any:
        for _ in range(1000):
            await asyncio.sleep(0.4)
            yield b" "

    async def main() -> float:
        transport = httpx.MockTransport(lambda _request: httpx.Response(200, content=drip()))
        async with Client(ACCOUNT, transport=transport) as client:
            with pytest.raises(UnavailableError, match="gave no complete answer within 10 s") as raised:
                await client.get("/", {}, most_bytes=64_000)
        assert raised.value.unavailable.reason is NETWORK
        return asyncio.get_running_loop().time()

    assert leap(main()) == pytest.approx(10)


# The environment


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "ALL_PROXY", "https_proxy"])
async def test_a_wrong_proxy_stops_the_first_request(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "gopher://proxy.example")

    with pytest.raises(UsageError, match=f"^the variable {name} is not the address of a proxy$"):
        await respond()


async def test_a_missing_certificate_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file")

    with pytest.raises(UsageError, match="certificate settings") as raised:
        await respond()

    assert raised.value.hint == "look at SSL_CERT_FILE, SSL_CERT_DIR and SSLKEYLOGFILE"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSLKEYLOGFILE"])
async def test_a_pipe_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setenv(name, str(tmp_path / "pipe"))

    with pytest.raises(
        UsageError, match=f"certificate settings .*: {name} names .*/pipe, which (does not exist or )?is "
    ) as raised:
        await respond()

    assert name in (raised.value.hint or "")


@pytest.mark.parametrize("kept", ["key.log", "/dev/null"])
async def test_tls_keys_may_be_logged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kept: str) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / kept))

    await connect()


async def test_loopback_needs_no_proxy(monkeypatch: pytest.MonkeyPatch, logged: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:1")
    monkeypatch.setenv("ALL_PROXY", "http://proxy.example:1")

    async with Client(replace(ACCOUNT, base_url="http://127.0.0.1:1")) as client:
        assert list(client._http._mounts.values()) == []

    assert logged.messages[0].endswith(" host=127.0.0.1:1 region=us proxies=none certificates=none")


# The log


def test_an_answer_is_logged_without_the_key(httpx_mock: HTTPXMock, logged: pytest.LogCaptureFixture) -> None:
    failure(httpx_mock, b"a-key-for-tests", headers={"x-request-id": "abc a-key-for-tests"})

    assert logged.messages[-1] == (
        "request method=GET path=/counts.json?refresh=true&channels=inApp status=500"
        ' x_request_id="abc ***" seconds=0.000 bytes=15 failure=none'
    )


def test_an_unanswered_request_is_logged(httpx_mock: HTTPXMock, logged: pytest.LogCaptureFixture) -> None:
    broken(httpx_mock, httpx.ConnectError("no route\n for a-key-for-tests"))

    assert logged.messages[-1].endswith(
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
async def test_settings_are_logged_without_values(
    logged: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], told: str
) -> None:
    monkeypatch.setattr(client, "authorities", lambda _address: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    await connect()

    versions = f"version={__version__} python={platform.python_version()} system={platform.system()}"
    assert logged.messages == [f"connected {versions} host=blueshift.test region=us {told}"]


async def connect() -> None:
    async with Client(ACCOUNT):
        pass
