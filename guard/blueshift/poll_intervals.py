"""How long to wait before looking again: growing, never exactly the same, and no sooner than news is likely."""

from __future__ import annotations

import asyncio
import bisect
import contextlib
import random
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.blueshift.answers import Answer
    from guard.core.model import Refresh

_GROWTH = 1.5
_KEPT = 64
_LIKELY = 0.8


def before_retry(failures: int) -> float:
    """Return the seconds to wait after so many failures of one request: about 1, 2, 4, 8."""
    return 2.0 ** (failures - 1) * _jitter(0.75, 1.25)


def grown(pause: float, refresh: Refresh) -> float:
    """Return the pause between two looks that follows the given one."""
    return min(pause * _GROWTH, refresh.max_poll_interval)


def about(pause: float) -> float:
    """Return the pause, shortened or lengthened by up to a tenth."""
    return pause * _jitter(0.9, 1.1)


def out_of_step(pause: float) -> float:
    """Return the pause, shortened by up to two fifths, so that those who began together do not look together."""
    return pause * _jitter(0.6, 1.0)


def sometime(average: float) -> float:
    """Return any pause that is so long on average: of many who wait so, one or another looks all the time."""
    return _jitter(0.0, 2 * average)


class RefreshTimes:
    """How long the refreshes that lately ended took; nobody needs to look before there is likely to be news."""

    def __init__(self) -> None:
        self._latest: deque[float] = deque(maxlen=_KEPT)
        self._sorted: list[float] = []
        self._first_ended = asyncio.Event()

    @property
    def are_known(self) -> bool:
        """Whether any refresh has ended yet."""
        return self._first_ended.is_set()

    async def wait_for_first(self, until: float) -> None:
        """Wait until a refresh has ended, or for the loop's time ``until``."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                await self._first_ended.wait()

    def note(self, answer: Answer, triggered: Answer, *, at_least: float, at_most: float) -> None:
        """Note a refresh that took between so many seconds; the server's own times say where between, if they agree."""
        seconds = at_most
        if answer.stamp and triggered.date:
            by_server = (answer.stamp - triggered.date).total_seconds()
            seconds = by_server if at_least <= by_server <= at_most else at_most
        if len(self._latest) == _KEPT:
            self._sorted.remove(self._latest[0])
        self._latest.append(seconds)
        bisect.insort(self._sorted, seconds)
        self._first_ended.set()

    def left(self, elapsed: float) -> float:
        """Return the seconds after which a refresh that has run for ``elapsed`` seconds is likely to have ended.

        Four of five of those that ended took no longer. It is 0 for one that takes longer, or when none has ended yet.
        """
        likely = self._sorted[int(_LIKELY * (len(self._sorted) - 1))] if self._sorted else 0.0
        return max(0.0, likely - elapsed) * _jitter(1.0, 1.02)


def _jitter(low: float, high: float) -> float:
    return random.uniform(low, high)  # noqa: S311 - keeps requests from marching in step; nothing secret about it
