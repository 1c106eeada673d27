"""How long to wait before looking again: growing, never exactly the same, and no sooner than news is likely."""

from __future__ import annotations

import bisect
import random
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.blueshift.answers import Answer
    from guard.model import Refresh

_GROWTH = 1.5
_SHORTEST = 0.25
_KEPT = 64
_LIKELY = 0.8


def before_retry(failures: int) -> float:
    """Return the seconds to wait after so many failures of one request: about 1, 2, 4, 8."""
    return 2.0 ** (failures - 1) * _jitter(0.75, 1.25)


def grown(pause: float, refresh: Refresh) -> float:
    """Return the pause between two looks that follows the given one."""
    return min(pause * _GROWTH, refresh.max_poll_interval)


class RefreshTimes:
    """How long the refreshes that lately ended took; nobody needs to look before there is likely to be news."""

    def __init__(self) -> None:
        self._latest: deque[float] = deque(maxlen=_KEPT)
        self._sorted: list[float] = []

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

    def pause(self, elapsed: float, usual: float, longest: float) -> float:
        """Return the seconds to the next look at a refresh that has run for ``elapsed`` seconds.

        That is the ``usual`` pause until other refreshes have ended; then it is the time in which four of five of them
        ended, but ``longest`` at once, and the usual pause again for a refresh that takes longer.
        """
        if not self._sorted:
            return usual * _jitter(0.9, 1.1)
        likely = self._sorted[int(_LIKELY * (len(self._sorted) - 1))] - elapsed
        return max(min(likely, longest), usual if elapsed else _SHORTEST) * _jitter(1.0, 1.1)


def _jitter(low: float, high: float) -> float:
    return random.uniform(low, high)  # noqa: S311 - keeps requests from marching in step; nothing secret about it
