"""Sends one request to Blueshift and returns the body of the answer, or raises an error that says why there is none.

Statuses, error bodies and authentication: https://developer.blueshift.com/reference (API error responses).
"""

from __future__ import annotations

import asyncio
import os
import platform
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self
from urllib.parse import urlencode
from urllib.request import getproxies

import httpx

from guard.blueshift.answers import beginning, error_message, status_name
from guard.blueshift.errors import BadAnswerError, RequestError, UnavailableError
from guard.core.errors import UsageError
from guard.core.headers import http_date, retry_after
from guard.core.results import Reason
from guard.core.text import printable, shortened
from guard.security.addresses import authorities, is_loopback
from guard.security.debug_log import is_on, log
from guard.security.proxies import proxy_for
from guard.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime

    from guard.blueshift.account import Account

REQUEST_TIMEOUT = 10.0
"""Seconds for one request as a whole, from connecting to the last byte of the body."""

_CHUNK = 16_384
_QUOTED_FROM = 8_192  # characters of a server's text; the error quotes a few of them
_REASONS = {
    401: Reason.REFUSED_KEY,
    403: Reason.REFUSED_KEY,
    404: Reason.NOT_FOUND,
    407: Reason.NETWORK,
    408: Reason.NETWORK,
    409: Reason.SERVER_ERROR,
    429: Reason.RATE_LIMITED,
}
_TRANSIENT = {408, 409, 429}
_SERVER_ERRORS = range(500, 600)
_REDIRECTS = {301, 302, 303, 307, 308}


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The body of a 200 answer, the server's time, and the request id that Blueshift's support asks for.

    The body may contain the key, if the server echoes it: apply ``scrub`` to every text that is read from it.
    """

    body: bytes = field(repr=False)
    date: datetime | None
    request_id: str
    scrub: Callable[[str], str]


class Client:
    """Sends requests to one account over one connection pool; the key goes only to its host.

    Use it as an async context manager. ``transport`` replaces the network in tests. Raises ``UsageError`` when the
    environment's proxy or certificate settings cannot be used.
    """

    def __init__(self, account: Account, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.account = account
        proxy = None if transport else proxy_for(account.base_url)
        self._way = f"{account.host} (through the proxy that the environment names)" if proxy else account.host
        try:
            self._http = httpx.AsyncClient(
                auth=httpx.BasicAuth(account.key.reveal(), ""),
                headers={
                    "Accept": "application/json",
                    "Accept-Encoding": "identity",
                    "User-Agent": f"audience-guard/{__version__}",
                },
                follow_redirects=False,
                timeout=None,  # noqa: S113 - httpx restarts its timeout with every byte; get() limits the whole request
                proxy=proxy,
                trust_env=False,  # proxies are read above, certificates below
                verify=authorities(account.base_url),
                transport=transport,
            )
        except (ValueError, OSError) as error:
            raise UsageError(
                f"the certificate settings of the environment cannot be used: {printable(str(error))}",
                hint="look at SSL_CERT_FILE, SSL_CERT_DIR and SSLKEYLOGFILE",
            ) from error

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        if is_on():
            _log_surroundings(self.account)
        return self

    async def __aexit__(self, *details: object) -> None:
        await self._http.aclose()

    async def get(self, path: str, query: Mapping[str, str], *, most_bytes: int) -> Response:
        """Send one GET and return the answer with status 200, within ``REQUEST_TIMEOUT``.

        Raises ``RequestError`` for any other status, a network error or a timeout, and ``BadAnswerError`` for a body of
        more than ``most_bytes``.
        """
        started = asyncio.get_running_loop().time()
        response, failure = None, "cancelled"
        outcome: Response | UnavailableError
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT), self._stream(path, query) as response:
                outcome = self._understood(response, await _read(response, most_bytes), most_bytes)
            failure = ""
        except TimeoutError:
            failure = f"no complete answer within {REQUEST_TIMEOUT:.0f} s"
            raise RequestError(Reason.NETWORK, f"{self.account.host} gave {failure}", transient=True) from None
        except (httpx.RequestError, OSError) as error:
            failure = self._quoted(str(error) or f"the connection broke ({type(error).__name__})")
            raise RequestError(
                Reason.NETWORK,
                f"{self._way} could not be reached: {failure}",
                transient=True,
                was_sent=not isinstance(error, (httpx.ConnectError, httpx.ProxyError)),
            ) from error
        finally:
            if is_on():
                self._log_request(path, query, response, failure, asyncio.get_running_loop().time() - started)
        if isinstance(outcome, UnavailableError):
            raise outcome  # here, because a traceback shows local variables, and none holds a body here
        return outcome

    def _stream(self, path: str, query: Mapping[str, str]) -> AbstractAsyncContextManager[httpx.Response]:
        return self._http.stream("GET", self.account.base_url + path, params=dict(query))

    def _log_request(
        self, path: str, query: Mapping[str, str], response: httpx.Response | None, failure: str, seconds: float
    ) -> None:
        log(
            "request",
            method="GET",
            path=f"{path}?{urlencode(query)}",
            status=None if response is None else response.status_code,
            x_request_id=None if response is None else self._request_id(response) or None,
            seconds=seconds,
            bytes=0 if response is None else response.num_bytes_downloaded,
            failure=failure or None,
        )

    def _understood(
        self, response: httpx.Response, body: bytes | None, most_bytes: int
    ) -> Response | RequestError | BadAnswerError:
        """Return the response for status 200, else the error to raise."""
        date = http_date(response.headers.get("Date"))
        if response.status_code != httpx.codes.OK:
            return self._error(response, body, date)
        request_id = self._request_id(response)
        if body is None:
            told = f" (x-request-id {request_id})" if request_id else ""
            return BadAnswerError(f"the answer is longer than {most_bytes:,} bytes, or damaged{told}")
        return Response(body=body, date=date, request_id=request_id, scrub=self.account.key.scrub_answer)

    def _request_id(self, response: httpx.Response) -> str:
        """Return the id that Blueshift's support asks for, or an empty text."""
        return self._quoted(response.headers.get("x-request-id", ""))

    def scrub(self, text: str) -> str:
        """Return the text without the key."""
        return self.account.key.scrub(text)

    def _error(self, response: httpx.Response, body: bytes | None, date: datetime | None) -> RequestError:
        """Return the error for a status other than 200; the server's text is cut, cleaned and scrubbed."""
        status = response.status_code
        message = None if body is None else error_message(body)
        is_foreign = _is_foreign(status, body, message)
        reason = Reason.SERVER_ERROR if status in _SERVER_ERRORS else _REASONS.get(status, Reason.BAD_ANSWER)
        reason = Reason.NETWORK if is_foreign else reason
        said = f"{self.account.host} answered {status_name(status)}"
        if reason is Reason.REFUSED_KEY:
            said = f"Blueshift refused the API key ({status_name(status)})"
        elif status in _REDIRECTS:
            said += " with a redirect, and audience-guard follows none; check the region and the base URL"
        elif is_foreign:
            quoted = f' ("{beginning(body, self.scrub)}")' if body else ""
            said += f", but not as Blueshift does{quoted}: a firewall, a bot check or a proxy may have answered"
        if message and reason is not Reason.NOT_FOUND:  # Blueshift's message for 404 is always about campaigns
            said += f': "{self._quoted(message)}"'
        if request_id := self._request_id(response):
            said += f" (x-request-id {request_id})"
        return RequestError(
            reason,
            said,
            transient=status in _SERVER_ERRORS or status in _TRANSIENT,
            retry_after=retry_after(response.headers.get("Retry-After"), date),
        )

    def _quoted(self, text: str) -> str:
        """Return the server's text for display; the key is removed before the cut, so that no part of it stays."""
        return shortened(printable(self.scrub(text[:_QUOTED_FROM])))


def _is_foreign(status: int, body: bytes | None, message: str | None) -> bool:
    """Whether a proxy or firewall answered; then the status says nothing about the key or the segment."""
    match status:
        case 401:
            return message is None and body != b""
        case 403:
            return message is None
        case 404:
            return body is None or body.lstrip().startswith(b"<")
        case _:
            return False


def _log_surroundings(account: Account) -> None:
    """Log the environment; for proxies and certificates only which are set, because a value may be a secret."""
    log(
        "connected",
        version=__version__,
        python=platform.python_version(),
        system=platform.system(),
        host=account.host,
        region=account.region,
        proxies=None if is_loopback(account.base_url) else _those_set(("http", "https", "all", "no"), getproxies()),
        certificates=_those_set(("SSL_CERT_FILE", "SSL_CERT_DIR"), os.environ),
    )


def _those_set(names: Iterable[str], settings: Mapping[str, str]) -> str | None:
    return ",".join(name for name in names if settings.get(name)) or None


async def _read(response: httpx.Response, most_bytes: int) -> bytes | None:
    """Return the body, or None if it is longer than ``most_bytes``, truncated or in an unknown encoding.

    The length is checked before and after decoding: 390 KB of gzip can hold 400 MB.
    """
    raw = bytearray()
    async for chunk in response.aiter_raw(_CHUNK):
        raw += chunk
        if len(raw) > most_bytes:
            return None
    match response.headers.get("Content-Encoding", "identity").lower():
        case "identity" | "":
            return bytes(raw)
        case "gzip":
            decoder = zlib.decompressobj(wbits=31)
            try:
                body = decoder.decompress(bytes(raw), most_bytes + 1)
            except zlib.error:
                return None
            return body if decoder.eof and len(body) <= most_bytes else None
        case _:
            return None
