"""The two API calls of a run: each waits for a slot of the rate limiter and is retried where that may help.

Advice on retries (1, 2, 4, 8 s with jitter, about five attempts): https://developer.blueshift.com (API errors).
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from guard.blueshift.answers import Answer, Listed, parse_answer, parse_list
from guard.blueshift.errors import BadAnswerError, RequestError, RunEndedError, UnavailableError
from guard.blueshift.poll_intervals import before_retry
from guard.blueshift.rate_limiter import Priority
from guard.core.results import Reason, Unavailable
from guard.core.text import duration
from guard.security.debug_log import log

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from guard.blueshift.client import Client, Response
    from guard.blueshift.rate_limiter import RateLimiter
    from guard.core.model import Channel
    from guard.core.progress import Progress

T = TypeVar("T")

_ATTEMPTS = 5
_ATTEMPTS_WHEN_LIMITED = 8
_ATTEMPTS_WHEN_NOT_FOUND = 2
_OUTAGE = 3  # segments that fail, before anything is answered, until the run ends
_LIST = "/api/v1/segments/list"
_COUNTS_BYTES = 64 * 1024
_LIST_BYTES = 8 * 1024 * 1024
_PER_PAGE = 500
_BASELINE_LIFETIME = 2.0  # seconds from sending the baseline request to sending the trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What Blueshift counts: a segment, with or without the account's global inclusion segment (``bypass_global``)."""

    uuid: str
    bypass_global: bool = False

    @property
    def path(self) -> str:
        """The path of its counts."""
        return f"/api/v1/segments/{self.uuid}/matching_users.json"

    def __str__(self) -> str:
        return f"{self.uuid}?bypass_global=true" if self.bypass_global else self.uuid

    def query(self, **parameters: str) -> dict[str, str]:
        """Return the query parameters, with ``bypass_global`` where it is asked for."""
        return {**parameters, "bypass_global": "true"} if self.bypass_global else parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    path: str
    query: Mapping[str, str]
    most_bytes: int = _COUNTS_BYTES


class Api:
    """The calls of one run, which ends at the loop's time ``deadline``.

    Every call raises ``UnavailableError`` when it gets no usable answer, and ``RunEndedError`` when no later call can
    get one: the key is refused, nothing was ever answered, or the server asks for a pause beyond the deadline.
    ``requests`` counts the requests sent, ``refused_for_rate`` those that got a 429.
    """

    def __init__(self, client: Client, rate_limiter: RateLimiter, progress: Progress, *, deadline: float) -> None:
        self._client = client
        self._rate_limiter = rate_limiter
        self._progress = progress
        self.deadline = deadline
        self.requests = self.refused_for_rate = 0
        self._clock = asyncio.get_running_loop()
        self._answered = False
        self._troubles: dict[str, Unavailable] = {}
        self._given_up: set[str] = set()

    @property
    def base_url(self) -> str:
        """The address of the API; a segment's uuid is unique only there."""
        return self._client.account.base_url

    @property
    def interval(self) -> float:
        """The seconds between two requests at the current rate."""
        return self._rate_limiter.interval

    async def read(self, target: Target, *, first: bool = False, due: float = 0.0) -> Answer:
        """Return the current counts, asked for at the loop's time ``due`` or later; a ``first`` read goes last."""
        request = _Request(path=target.path, query=target.query(refresh="false"))
        try:
            response, sent_at = await self._send_with_retries(
                request, Priority.BASELINE if first else Priority.FOLLOW_UP, due
            )
        except RequestError as error:
            if error.unavailable.reason is not Reason.NOT_FOUND:
                raise
            detail = f"the account has no segment {target.uuid}: {error}"
            raise UnavailableError(Reason.NOT_FOUND, detail) from error
        return replace(self._counts(response), asked_at=sent_at)

    @asynccontextmanager
    async def trigger_slot(self, baseline_at: float) -> AsyncIterator[float]:
        """Wait for a slot ahead of all other requests, and yield the loop's time, for a ``trigger`` at once.

        Raises ``RequestError`` when the baseline, sent at the loop's time ``baseline_at``, is too old by then. It has
        to be read again: with a minute between baseline and trigger, one stale count in six would pass.
        """
        waits_from = self._clock.time()
        async with self._slot(Priority.TRIGGER) as sent_at:
            if sent_at - baseline_at > max(_BASELINE_LIFETIME, 2 * self._rate_limiter.interval):
                raise _too_old(answered_in=waits_from - baseline_at, waited=sent_at - waits_from)
            yield sent_at

    async def trigger(self, target: Target, channel: Channel, sent_at: float) -> Answer:
        """Have the channel counted again, in the slot that began at ``sent_at``; there is no retry."""
        query = target.query(refresh="true", channels=channel.facts.trigger)
        return self._counts(await self._send(_Request(path=target.path, query=query), sent_at))

    async def list_page(self, page: int, *, archived: bool) -> list[Listed]:
        """Return one page (from 0) of the account's archived segments, or of the others."""
        query = {"archived": str(int(archived)), "per_page": str(_PER_PAGE), "page": str(page)}
        request = _Request(path=_LIST, query=query, most_bytes=_LIST_BYTES)
        response, _ = await self._send_with_retries(request, Priority.FOLLOW_UP, 0.0)
        read = partial(self._understood, response, lambda: parse_list(response.body, response.scrub))
        if len(response.body) <= _COUNTS_BYTES:
            return read()
        return await asyncio.to_thread(read)  # so that the event loop goes on meanwhile

    def trouble(self, target: Target | None) -> Unavailable | None:
        """Return what went wrong with the latest request about the target, or None if it was answered.

        Until anything is answered, a failure of another target counts too. ``target`` is None for a look-up of names.
        """
        own = self._troubles.get(_LIST if target is None else target.path)
        return own or (None if self._answered else next(reversed(self._troubles.values()), None))

    def scrub(self, text: str) -> str:
        """Return the text without the key."""
        return self._client.scrub(text)

    def _counts(self, response: Response) -> Answer:
        return self._understood(response, lambda: parse_answer(response.body, response.date, response.scrub))

    def _understood(self, response: Response, read: Callable[[], T]) -> T:
        """Read the response; the error for a bad answer has the request id that support asks for."""
        try:
            return read()
        except BadAnswerError as error:
            told = f" (x-request-id {response.request_id})" if response.request_id else ""
            raise BadAnswerError(self.scrub(str(error)) + told) from None

    async def _send_with_retries(self, request: _Request, priority: Priority, due: float) -> tuple[Response, float]:
        """Send a request until it is answered or a retry cannot help; return the response and when it was sent."""
        failures = 0
        while True:
            try:
                async with self._slot(priority, due=due) as sent_at:
                    return await self._send(request, sent_at), sent_at
            except RequestError as error:
                failures += 1
                due = self.retry_at(error, failures)
                if failures >= attempts(error):
                    self._end_if_nobody_is_answered(error, request)
                    raise
                priority = min(priority, Priority.FOLLOW_UP)
                pause = max(due - self._clock.time(), 0.0)
                log("trying_again", path=request.path, in_seconds=pause, attempt=failures + 1, why=error)

    def _slot(self, priority: Priority, *, due: float = 0.0) -> AbstractAsyncContextManager[float]:
        """Return the next slot; end the run at once if a pause lasts beyond its end."""
        held_back = self._rate_limiter.resume_at - self._clock.time()
        if self._rate_limiter.resume_at > self.deadline:
            detail = f"Blueshift refuses requests for another {duration(held_back)}, beyond the end of this run"
            raise RunEndedError(Unavailable(reason=Reason.RATE_LIMITED, detail=detail))
        return self._rate_limiter.slot(priority, due=due)

    def retry_at(self, error: RequestError, failures: int) -> float:
        """Return the loop's time of the next attempt after that many failures.

        After a 429 that is now, because the rate limiter pauses all requests. Raises the error again when the server
        asks for a wait beyond the end of the run.
        """
        if error.is_rate_limit:
            return self._clock.time()
        due = self._clock.time() + max(before_retry(failures), error.retry_after or 0.0)
        if error.retry_after and due > self.deadline:
            raise error
        return due

    async def _send(self, request: _Request, sent_at: float) -> Response:
        """Send a request that has its slot, and tell the rate limiter the outcome."""
        self.requests += 1
        try:
            response = await self._client.get(request.path, request.query, most_bytes=request.most_bytes)
        except RequestError as error:
            if error.unavailable.reason is Reason.REFUSED_KEY:
                raise RunEndedError(error.unavailable) from error
            if error.is_rate_limit:
                self.refused_for_rate += 1
                resume_at = self._rate_limiter.slow_down(sent_at=sent_at, retry_after=error.retry_after)
                pause = resume_at - self._clock.time()
                log("slowed_down", path=request.path, requests_per_second=1 / self.interval, pause_seconds=pause)
                if resume_at > self.deadline:
                    raise RunEndedError(error.unavailable) from error
            self._progress.trouble = str(error)
            self._troubles[request.path] = error.unavailable
            raise
        self._answered = True
        self._progress.trouble = ""
        self._troubles.pop(request.path, None)
        self._rate_limiter.speed_up()
        return response

    def _end_if_nobody_is_answered(self, error: RequestError, request: _Request) -> None:
        """End the run if nothing was ever answered and the host is out of reach, or fails for several segments."""
        reason = error.unavailable.reason
        if self._answered or not (error.transient or reason is Reason.NETWORK):
            return
        self._given_up.add(request.path)
        is_out_of_reach = error.transient and reason in {Reason.NETWORK, Reason.RATE_LIMITED}
        if is_out_of_reach or len(self._given_up) >= _OUTAGE:
            raise RunEndedError(error.unavailable) from error


def _too_old(*, answered_in: float, waited: float) -> RequestError:
    """Return why a baseline is too old for a trigger: it was answered late, or the trigger had to wait."""
    if answered_in > waited:
        detail = f"Blueshift took {answered_in:.1f} s to answer the request before the count, too long to rely on it"
        return RequestError(Reason.NETWORK, detail, transient=True, was_sent=False)
    detail = "the rate limit left no room to start a count"
    return RequestError(Reason.RATE_LIMITED, detail, transient=True, was_sent=False)


def attempts(error: RequestError) -> int:
    """Return how often a request that fails like this is sent in all."""
    if error.is_rate_limit:
        return _ATTEMPTS_WHEN_LIMITED
    if error.unavailable.reason is Reason.NOT_FOUND:
        return _ATTEMPTS_WHEN_NOT_FOUND
    return _ATTEMPTS if error.transient else 1
