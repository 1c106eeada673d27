"""Posts a message to a ``response_url`` or an incoming webhook. Such an address is a secret: anybody can post to it.

Answers: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks (Handling errors),
https://docs.slack.dev/apis/web-api/rate-limits (Retry-After).
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from guard.core.errors import UsageError
from guard.core.headers import retry_after
from guard.core.text import printable, shortened
from guard.security.addresses import authorities, fault
from guard.security.proxies import proxy_for
from guard.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger("guard.slack")

POST_TIMEOUT = 10.0
"""Seconds for everything, from connecting to the last byte of a second try's answer."""

BLOCKS_REFUSED = {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"}
"""Slack's error codes when it refuses a message's blocks; the text without blocks may still work."""

_PAUSE = 1.0  # seconds before the second try, unless Slack asks for more
_LONGEST_ANSWER = 4096
_ERROR_CODE = re.compile(r"[a-z_]{2,60}")
_RATE_LIMITED = 429
# 504 is left out: the gateway gave up waiting, and the message may have arrived.
_TRANSIENT = {_RATE_LIMITED, *range(500, 600)} - {504}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a message was not accepted, in a phrase such as ``answered 403 (invalid_token)``."""

    why: str
    may_have_arrived: bool = False
    pause: float = math.inf  # seconds before another try; infinite if another try is useless
    code: str | None = None  # Slack's error code


async def post(url: str, payload: Mapping[str, Any], *, time_limit: float = POST_TIMEOUT) -> Refusal | None:
    """Send the payload as JSON. Return None if it was accepted, else why not.

    The reason completes a sentence such as "the webhook ..." and never quotes the address. The call takes at most
    ``time_limit`` seconds. It tries once more if there is time and the message cannot have arrived, without blocks if
    Slack refused them. It sends nothing to an address that is not safe.
    """
    if found := fault(url):
        return Refusal(why=f"has an address that {found}")
    started = asyncio.get_running_loop().time()
    outcome: Refusal | None = Refusal(why="was cancelled", may_have_arrived=True)
    try:
        async with asyncio.timeout_at(started + time_limit):
            outcome = await _post(url, payload, until=started + time_limit)
    except TimeoutError:
        outcome = Refusal(why=f"gave no answer within {time_limit:.0f} s", may_have_arrived=True)
    finally:
        seconds = asyncio.get_running_loop().time() - started
        log.debug("POST to Slack: %s (%.3f s)", outcome.why if outcome else "accepted", seconds)
    return outcome


async def _post(url: str, payload: Mapping[str, Any], *, until: float) -> Refusal | None:
    try:
        client = _client(url)
    except UsageError as error:
        return Refusal(why=f"cannot be asked: {error.message}")
    except (ValueError, OSError):
        return Refusal(why="cannot be asked: the certificate settings of the environment are not usable")
    async with client:
        refusal = await _try(client, url, payload)
        if refusal and refusal.code in BLOCKS_REFUSED and "blocks" in payload:
            payload = {name: value for name, value in payload.items() if name != "blocks"}
            refusal = await _try(client, url, payload)
        elif refusal and asyncio.get_running_loop().time() + refusal.pause < until:
            await asyncio.sleep(refusal.pause)
            refusal = await _try(client, url, payload)
    return refusal


def _client(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        headers={
            "Accept-Encoding": "identity",
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": f"audience-guard/{__version__}",
        },
        follow_redirects=False,
        timeout=None,  # noqa: S113 - httpx restarts its timeouts with every byte; post() limits the total
        proxy=proxy_for(url),
        trust_env=False,  # proxies and certificates are set explicitly
        verify=authorities(url),
    )


async def _try(client: httpx.AsyncClient, url: str, payload: Mapping[str, Any]) -> Refusal | None:
    try:
        async with client.stream("POST", url, content=json.dumps(payload).encode()) as response:
            answer = await _read(response)
    except (httpx.ConnectError, httpx.ProxyError) as error:
        return Refusal(why=f"could not be reached: {_without_host(str(error), url)}", pause=_PAUSE)
    except (httpx.RequestError, httpx.InvalidURL, OSError, ValueError):
        return Refusal(why="could not be asked, or broke off before its answer was complete", may_have_arrived=True)
    return _refusal(response, answer, url)


async def _read(response: httpx.Response) -> bytes:
    """Return the beginning of the body; Slack's answers are never longer."""
    body = b""
    async for chunk in response.aiter_raw(_LONGEST_ANSWER):
        body += chunk
        if len(body) >= _LONGEST_ANSWER:
            break
    return body[:_LONGEST_ANSWER]


def _refusal(response: httpx.Response, answer: bytes, url: str) -> Refusal | None:
    """Return why the message was not accepted, or None. A server may echo the address, so no reason quotes it."""
    status, said = response.status_code, _parsed(answer)
    told = said if isinstance(said, dict) else {"error": said}
    if status == httpx.codes.OK and told.get("ok") is not False:
        return None
    why = "refused it" if status == httpx.codes.OK else f"answered {status}"
    error = told.get("error")
    code = error if isinstance(error, str) and _ERROR_CODE.fullmatch(error) and error not in url else None
    return Refusal(
        why=f"{why} ({code})" if code else why,
        may_have_arrived=status == httpx.codes.GATEWAY_TIMEOUT,
        pause=_pause(response) if status in _TRANSIENT else math.inf,
        code=code,
    )


def _parsed(answer: bytes) -> object:
    """Return the answer parsed as JSON, or else as text."""
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        return answer.decode("utf-8", "replace").strip()


def _pause(response: httpx.Response) -> float:
    """Return the seconds to wait before another try; infinite if Retry-After cannot be read."""
    if "Retry-After" not in response.headers:
        return _PAUSE
    seconds = retry_after(response.headers["Retry-After"])
    return math.inf if seconds is None else seconds


def _without_host(text: str, url: str) -> str:
    """Return the network error without the host name, which certificate errors quote."""
    host = urlsplit(url).hostname or ""
    return shortened(printable(re.sub(re.escape(host), "the host", text, flags=re.IGNORECASE)))
