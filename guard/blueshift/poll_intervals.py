"""How long to wait before the next poll or retry: growing, with jitter, and not before a refresh is likely to end."""

from __future__ import annotations

import asyncio
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
    """Return the seconds to wait after that many failures of one request: about 1, 2, 4, 8."""
    return 2.0 ** (failures - 1) * _jitter(0.75, 1.25)


def grown(interval: float, refresh: Refresh) -> float:
    """Return the poll interval that follows the given one."""
    return min(interval * _GROWTH, refresh.max_poll_interval)


def about(interval: float) -> float:
    """Return the interval, up to a tenth shorter or longer."""
    return interval * _jitter(0.9, 1.1)


def out_of_step(interval: float) -> float:
    """Return the interval, up to two fifths shorter, so that segments that began together do not poll together."""
    return interval * _jitter(0.6, 1.0)


def sometime(average: float) -> float:
    """Return a random interval with this average: when many segments wait, their polls are spread evenly."""
    return _jitter(0.0, 2 * average)


class RefreshTimes:
    """How long the latest refreshes took; a poll before that is likely to be too early."""

    def __init__(self) -> None:
        self._latest: deque[float] = deque(maxlen=_KEPT)
        self._first_ended = asyncio.Event()

    @property
    def are_known(self) -> bool:
        """Whether any refresh has ended yet."""
        return self._first_ended.is_set()

    async def wait_for_first(self, until: float) -> None:
        """Wait until a refresh has ended, or until the loop's time ``until``."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                await self._first_ended.wait()

    def note(self, answer: Answer, triggered: Answer, *, at_least: float, at_most: float) -> None:
        """Note a refresh that took ``at_least`` to ``at_most`` seconds; the server's times are used if they agree."""
        seconds = at_most
        if answer.stamp and triggered.date:
            by_server = (answer.stamp - triggered.date).total_seconds()
            seconds = by_server if at_least <= by_server <= at_most else at_most
        self._latest.append(seconds)
        self._first_ended.set()

    def left(self, elapsed: float) -> float:
        """Return in how many seconds a refresh is likely to end that has run for ``elapsed`` seconds.

        Four of five refreshes took at most that long. The result is 0 if this one takes longer, or if none has ended.
        """
        likely = sorted(self._latest)[int(_LIKELY * (len(self._latest) - 1))] if self._latest else 0.0
        return max(0.0, likely - elapsed) * _jitter(1.0, 1.02)


def _jitter(low: float, high: float) -> float:
    return random.uniform(low, high)  # noqa: S311 - spreads requests; not for security
