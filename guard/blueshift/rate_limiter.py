"""When each request may be sent: one bucket for all of them, a few in flight, and a pause for everybody on a 429.

A request waits for its turn, is sent, and gives its place back; a lane that waits for a refresh holds no place. The
clock is the event loop's, so tests run on a loop whose clock jumps ahead instead of waiting.
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
"""Seconds that a late timer may make up for, so that a fast bucket keeps its rate without ever bursting."""

_LOWEST_RATE = 0.2
_DEEPEST_CUT, _LEAST_CUT, _MARGIN = 0.25, 0.9, 0.95
_RECOVERY = 0.003
_FIRST_PAUSE, _LONGEST_PAUSE, _MOST_DOUBLINGS = 1.0, 30.0, 5
_LONGEST_WISH = 3600.0  # seconds; what a server asks for beyond that is taken for a slip
_IDLE = 60.0  # seconds without an answer, after which neither the rate nor what was answered before says anything


class Priority(IntEnum):
    """Who goes first among the requests that are due: a lane's trigger, then what is under way, then new lanes."""

    TRIGGER = 0
    FOLLOW_UP = 1
    BASELINE = 2


@dataclass(order=True, slots=True)
class _Waiting:
    priority: Priority
    due: float
    number: int
    turn: asyncio.Future[None] = field(compare=False)


class Schedule:
    """Gives out turns: by priority, at most ``requests_per_second``, at most ``concurrency`` at a time."""

    def __init__(self, pacing: Pacing) -> None:
        self._clock = asyncio.get_running_loop()
        self._highest_rate = self._rate = pacing.requests_per_second
        self._places = self._free_places = pacing.concurrency
        self._next_at = self._resume_at = self._clock.time()
        self._answered = self._pauses = 0
        self._counted_from = self._answered_at = self._clock.time()
        self._ready: list[_Waiting] = []
        self._later: list[tuple[float, int, _Waiting]] = []
        self._numbers = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def interval(self) -> float:
        """The seconds between two requests at the rate of now."""
        return 1 / self._rate

    def pace(self, pacing: Pacing) -> None:
        """Take over another rate and another number of places; a rate that 429s brought down stays down."""
        slowed = self._rate < self._highest_rate
        self._highest_rate = pacing.requests_per_second
        self._rate = min(self._rate, self._highest_rate) if slowed else self._highest_rate
        self._next_at = min(self._next_at, self._clock.time() + self.interval)
        self._free_places += pacing.concurrency - self._places
        self._places = pacing.concurrency
        self._give_turns()

    @property
    def resume_at(self) -> float:
        """The loop's time until which everybody is held back; it may have passed."""
        return self._resume_at

    @asynccontextmanager
    async def turn(self, priority: Priority, *, due: float = 0.0) -> AsyncIterator[float]:
        """Wait until the loop's time ``due`` and for a turn, yield the time of the turn, and hold a place meanwhile."""
        due = max(due, self._clock.time())
        waiting = _Waiting(priority, due, next(self._numbers), self._clock.create_future())
        heapq.heappush(self._later, (due, waiting.number, waiting))
        self._give_turns()
        try:
            await waiting.turn
            yield self._clock.time()
        finally:
            if waiting.turn.done() and not waiting.turn.cancelled():
                self._free_places += 1
            else:
                waiting.turn.cancel()
            # Not at once: whoever gives a place back may have its next request ready, and a trigger comes before all.
            self._clock.call_soon(self._give_turns)

    def slow_down(self, *, sent_at: float, retry_after: float | None) -> float:
        """Pause everybody after a request sent at ``sent_at`` met a 429, and return the loop's time of the next turn.

        The pause is what the server asked for in seconds, else it doubles from one second for as long as nothing else
        is answered. Afterwards requests go out at the rate that was lately answered. Requests that were in flight
        together tell of one and the same limit, so they count once.
        """
        now = self._clock.time()
        wish = None if retry_after is None else min(retry_after, _LONGEST_WISH)
        pause = min(_FIRST_PAUSE * 2 ** min(self._pauses, _MOST_DOUBLINGS), _LONGEST_PAUSE) if wish is None else wish
        if sent_at >= self._resume_at:
            answered_rate = self._answered / max(now - self._counted_from, 1.0) * _MARGIN
            rate = min(max(answered_rate, self._rate * _DEEPEST_CUT), self._rate * _LEAST_CUT)
            self._rate = max(rate, min(_LOWEST_RATE, self._highest_rate))
            self._counted_from = self._resume_at = now + pause
            self._answered = 0
            self._pauses += 1
        elif wish is not None:
            self._resume_at = max(self._resume_at, now + pause)
        self._give_turns()
        return self._resume_at

    def speed_up(self) -> None:
        """Take note of an answer, and go a little faster, up to the rate that was asked for."""
        now = self._clock.time()
        if now - self._answered_at > _IDLE:
            self._rate = self._highest_rate
            self._answered, self._counted_from = 0, now
        self._answered_at = now
        self._answered += 1
        self._pauses = 0
        self._rate = min(self._rate * (1 + _RECOVERY), self._highest_rate)

    def _give_turns(self) -> None:
        """Give every turn that is due now, and set a timer for the next."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        now = self._clock.time()
        while self._later and self._later[0][0] <= now:
            heapq.heappush(self._ready, heapq.heappop(self._later)[2])
        while self._ready and self._free_places > 0:
            if self._ready[0].turn.done():
                heapq.heappop(self._ready)
                continue
            start = max(self._next_at, self._resume_at)
            if start > now:
                break
            waiting = heapq.heappop(self._ready)
            self._next_at = max(start, waiting.due, now - _LATENESS) + self.interval
            self._free_places -= 1
            waiting.turn.set_result(None)
        self._set_timer()

    def _set_timer(self) -> None:
        moments = [self._later[0][0]] if self._later else []
        if self._ready and self._free_places > 0:
            moments.append(max(self._next_at, self._resume_at))
        if moments:
            self._timer = self._clock.call_at(min(moments), self._give_turns)
