"""The two calls that a run makes, each waiting for its turn and tried again where that may help.

Advice on retries (1, 2, 4, 8 s with jitter, about five attempts): https://developer.blueshift.com (API errors).
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.blueshift.answers import ON_THE_WIRE, Answer, Listed, parse_answer, parse_list
from guard.blueshift.failures import RequestError, RunEndedError, UnavailableError
from guard.blueshift.pauses import before_retry
from guard.blueshift.schedule import Priority
from guard.outcome import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.blueshift.client import Client, Response
    from guard.blueshift.schedule import Schedule
    from guard.model import Channel
    from guard.progress import Progress

log = logging.getLogger("guard.blueshift")

_ATTEMPTS = 5
_ATTEMPTS_WHEN_LIMITED = 8
_ATTEMPTS_WHEN_NOT_FOUND = 2
_LONGEST_TRY = 45.0  # seconds from the first attempt of a request to the start of its last
_COUNTS_BYTES = 64 * 1024
_LIST_BYTES = 16 * 1024 * 1024
_PER_PAGE = 500
_BASELINE_LIFETIME = 2.0  # seconds that a trigger may wait for its turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What Blueshift counts: a segment, with or without the account's global inclusion segment."""

    uuid: str
    bypass_global: bool = False

    @property
    def path(self) -> str:
        """Where its counts are."""
        return f"/api/v1/segments/{self.uuid}/matching_users.json"

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

    Every call raises ``UnavailableError`` when it brought no usable answer, and ``RunEndedError`` when no call can any
    more: the key was refused, nothing was ever answered, or the server asks for a pause beyond the deadline.
    """

    def __init__(self, client: Client, schedule: Schedule, progress: Progress, *, deadline: float) -> None:
        self._client = client
        self._schedule = schedule
        self._progress = progress
        self._deadline = deadline
        self._clock = asyncio.get_running_loop()
        self._answered = False

    @property
    def interval(self) -> float:
        """The seconds between two requests at the rate of now."""
        return self._schedule.interval

    async def read(self, target: Target, *, first: bool = False, due: float = 0.0) -> Answer:
        """Return the counts as they stand, asked for at the loop's time ``due`` or later; ``first`` opens a lane."""
        request = _Request(path=target.path, query=target.query(refresh="false"))
        try:
            response = await self._persist(request, Priority.BASELINE if first else Priority.FOLLOW_UP, due)
        except RequestError as error:
            if error.unavailable.reason is not Reason.NOT_FOUND:
                raise
            detail = f"Blueshift has no segment {target.uuid}: {error}"
            raise UnavailableError(Reason.NOT_FOUND, detail) from error
        return parse_answer(response.body, response.date)

    async def trigger(self, target: Target, channel: Channel) -> Answer:
        """Have the channel counted anew, ahead of every other request.

        One attempt, and none when its turn comes late (everybody was held back): the baseline has to be read again,
        since a pause of a minute before the trigger lets one stale count in six through.
        """
        query = target.query(refresh="true", channels=ON_THE_WIRE[channel][0])
        wanted_at = self._clock.time()
        async with self._schedule.turn(Priority.TRIGGER) as sent_at:
            if sent_at - wanted_at > max(_BASELINE_LIFETIME, 2 * self._schedule.interval):
                raise RequestError(Reason.RATE_LIMITED, "the rate limit left no room to start a count", transient=True)
            response = await self._get(_Request(path=target.path, query=query), sent_at)
        return parse_answer(response.body, response.date)

    async def list_page(self, page: int, *, archived: bool) -> list[Listed]:
        """Return one page (from 0) of the account's segments, the archived or the others."""
        query = {"archived": str(int(archived)), "per_page": str(_PER_PAGE), "page": str(page)}
        request = _Request(path="/api/v1/segments/list", query=query, most_bytes=_LIST_BYTES)
        return parse_list((await self._persist(request, Priority.FOLLOW_UP, 0.0)).body)

    async def _persist(self, request: _Request, priority: Priority, due: float) -> Response:
        """Send a request until it is answered, or until trying again makes no sense."""
        give_up_at: float | None = None
        failures = 0
        while True:
            try:
                async with self._schedule.turn(priority, due=due) as sent_at:
                    return await self._get(request, sent_at)
            except RequestError as error:
                failures += 1
                due = self.retry_at(error, failures)
                give_up_at = give_up_at or self._clock.time() + _LONGEST_TRY
                if failures >= attempts(error) or (due > give_up_at and not error.is_rate_limit):
                    self._end_if_never_answered(error)
                    raise
                priority = min(priority, Priority.FOLLOW_UP)
                log.debug("trying again in %.1f s (attempt %d)", due - self._clock.time(), failures + 1)

    def retry_at(self, error: RequestError, failures: int) -> float:
        """Return the loop's time at which to try again after so many failures, later each time and never exactly.

        After a 429 that is now: the schedule holds everybody back for as long as it takes.
        """
        if error.is_rate_limit:
            return self._clock.time()
        return self._clock.time() + max(before_retry(failures), error.retry_after or 0.0)

    async def _get(self, request: _Request, sent_at: float) -> Response:
        """Send a request whose turn it is, and tell the schedule how it fared."""
        try:
            response = await self._client.get(request.path, request.query, most_bytes=request.most_bytes)
        except RequestError as error:
            if error.unavailable.reason is Reason.REFUSED_KEY:
                raise RunEndedError(error.unavailable) from error
            if error.is_rate_limit:
                resume_at = self._schedule.slow_down(sent_at=sent_at, retry_after=error.retry_after)
                if resume_at > self._deadline:
                    raise RunEndedError(error.unavailable) from error
            self._progress.trouble = str(error)
            raise
        self._answered = True
        self._progress.trouble = ""
        self._schedule.speed_up()
        return response

    def _end_if_never_answered(self, error: RequestError) -> None:
        """End the run when a request was given up and none was ever answered: nobody else will fare better."""
        if error.transient and not self._answered:
            raise RunEndedError(error.unavailable) from error


def attempts(error: RequestError) -> int:
    """Return how often in all a request that failed so may be sent."""
    if error.is_rate_limit:
        return _ATTEMPTS_WHEN_LIMITED
    if error.unavailable.reason is Reason.NOT_FOUND:
        return _ATTEMPTS_WHEN_NOT_FOUND
    return _ATTEMPTS if error.transient else 1
