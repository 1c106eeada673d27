"""Decides when each request may be sent: one rate for all requests, a few in flight, and a pause for all after a 429.

A request holds a slot only while it is in flight, so waiting for a refresh holds no slot.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from guard.core.model import Pacing

_LATENESS = 0.02
"""Seconds that a late timer may make up for. A fast bucket then keeps its rate and never sends a burst."""

_LOWEST_RATE = 0.2
_DEEPEST_CUT, _LEAST_CUT, _MARGIN = 0.25, 0.9, 0.95
_RECOVERY = 0.003
_FIRST_PAUSE, _LONGEST_PAUSE, _MOST_DOUBLINGS = 1.0, 30.0, 5
_LONGEST_RETRY_AFTER = 3600.0  # seconds; a longer wait is taken for a mistake of the server
_IDLE = 60.0  # seconds without an answer; then the rate and the earlier answers no longer count


class Priority(IntEnum):
    """Which of the requests that are due goes first."""

    TRIGGER = 0
    FOLLOW_UP = 1
    BASELINE = 2


@dataclass(order=True, slots=True)
class _Waiting:
    priority: Priority
    due: float
    number: int
    slot: asyncio.Future[None] = field(compare=False)


class RateLimiter:
    """Gives out slots by priority: at most ``requests_per_second``, and at most ``concurrency`` at a time.

    ``resume_at`` is the loop's time at which the latest pause ends; it may be in the past.
    """

    def __init__(self, pacing: Pacing) -> None:
        self._clock = asyncio.get_running_loop()
        self._highest_rate = self._rate = pacing.requests_per_second
        self._slots = self._free_slots = pacing.concurrency
        self._next_at = self.resume_at = self._clock.time()
        self._answered = self._pauses = 0
        self._counted_from = self._answered_at = self._clock.time()
        self._ready: list[_Waiting] = []
        self._later: list[tuple[float, int, _Waiting]] = []
        self._numbers = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def interval(self) -> float:
        """The seconds between two requests at the current rate."""
        return 1 / self._rate

    def pace(self, pacing: Pacing) -> None:
        """Change the rate and the concurrency; a rate that was lowered after a 429 stays low."""
        slowed = self._rate < self._highest_rate
        self._highest_rate = pacing.requests_per_second
        self._rate = min(self._rate, self._highest_rate) if slowed else self._highest_rate
        self._next_at = min(self._next_at, self._clock.time() + self.interval)
        self._free_slots += pacing.concurrency - self._slots
        self._slots = pacing.concurrency
        self._give_slots()

    @asynccontextmanager
    async def slot(self, priority: Priority, *, due: float = 0.0) -> AsyncIterator[float]:
        """Wait for a slot, at the loop's time ``due`` or later; yield the current time and hold the slot."""
        due = max(due, self._clock.time())
        waiting = _Waiting(priority, due, next(self._numbers), self._clock.create_future())
        heapq.heappush(self._later, (due, waiting.number, waiting))
        self._give_slots()
        try:
            await waiting.slot
            yield self._clock.time()
        finally:
            if waiting.slot.done() and not waiting.slot.cancelled():
                self._free_slots += 1
            else:
                waiting.slot.cancel()
            # Not at once: the caller that frees a slot may have a trigger ready, which goes before all other requests.
            self._clock.call_soon(self._give_slots)

    def slow_down(self, *, sent_at: float, retry_after: float | None) -> float:
        """Pause all requests, because the one sent at ``sent_at`` got a 429; return the loop's time of the end.

        Without a ``retry_after`` the pause is one second and doubles until a request is answered. Then requests go out
        at the rate that was answered recently. 429s for requests that were in flight together count as one.
        """
        now = self._clock.time()
        pause = min(_FIRST_PAUSE * 2 ** min(self._pauses, _MOST_DOUBLINGS), _LONGEST_PAUSE)
        if retry_after is not None:
            pause = min(retry_after, _LONGEST_RETRY_AFTER)
        if sent_at >= self.resume_at:
            answered_rate = self._answered / max(now - self._counted_from, 1.0) * _MARGIN
            rate = min(max(answered_rate, self._rate * _DEEPEST_CUT), self._rate * _LEAST_CUT)
            self._rate = max(rate, min(_LOWEST_RATE, self._highest_rate))
            self._counted_from = self.resume_at = now + pause
            self._answered = 0
            self._pauses += 1
        elif retry_after is not None:
            self.resume_at = max(self.resume_at, now + pause)
        self._give_slots()
        return self.resume_at

    def speed_up(self) -> None:
        """Note an answer and raise the rate a little, up to the configured one."""
        now = self._clock.time()
        if now - self._answered_at > _IDLE:
            self._rate = self._highest_rate
            self._answered, self._counted_from = 0, now
        self._answered_at = now
        self._answered += 1
        self._pauses = 0
        self._rate = min(self._rate * (1 + _RECOVERY), self._highest_rate)

    def _give_slots(self) -> None:
        """Give out every slot that is due now, and set a timer for the next."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        now = self._clock.time()
        while self._later and self._later[0][0] <= now:
            heapq.heappush(self._ready, heapq.heappop(self._later)[2])
        while self._ready and self._free_slots > 0:
            if self._ready[0].slot.done():
                heapq.heappop(self._ready)
                continue
            start = max(self._next_at, self.resume_at)
            if start > now:
                break
            waiting = heapq.heappop(self._ready)
            self._next_at = max(start, waiting.due, now - _LATENESS) + self.interval
            self._free_slots -= 1
            waiting.slot.set_result(None)
        moments = [self._later[0][0]] if self._later else []
        if self._ready and self._free_slots > 0:
            moments.append(max(self._next_at, self.resume_at))
        if moments:
            self._timer = self._clock.call_at(min(moments), self._give_slots)
