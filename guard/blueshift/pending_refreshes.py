"""Counts the refreshes that may still run: every trigger that was sent, until the stamp moves.

Blueshift may carry out a trigger whatever came back: an answer gets lost, or a proxy repeats a GET. When that refresh
ends, it looks like the end of the next channel's refresh. This is kept as long as the connection, because the next run
may count another channel of the segment.
"""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from guard.blueshift.api import Target
    from guard.core.model import Channel

_FORGOTTEN = 3600.0  # seconds; a refresh that has not run by then will never run


class _Sent(NamedTuple):
    channel: Channel
    at: float


@dataclass(slots=True)
class _Segment:
    """The triggers that no move of the stamp has settled yet, oldest first, and the latest stamp."""

    sent: deque[_Sent] = field(default_factory=deque)
    stamp: float = -math.inf


class PendingRefreshes:
    """The pending refreshes of every segment; stamps are in whole seconds, times are the event loop's."""

    def __init__(self) -> None:
        self._clock = asyncio.get_running_loop()
        self._segments: defaultdict[str, _Segment] = defaultdict(_Segment)

    def count(self, target: Target) -> int:
        """Return how many triggers of the segment may still move its stamp."""
        return len(self._pending(target))

    def sent(self, target: Target, channel: Channel, at: float) -> None:
        """Count a trigger that was sent."""
        self._segments[target.uuid].sent.append(_Sent(channel, at))

    def seen(self, target: Target, stamp: float, *, before: float = math.inf) -> None:
        """Note a stamp: if it moved, it settles one trigger that was sent ``before`` that time."""
        segment = self._segments[target.uuid]
        if stamp <= segment.stamp:
            return
        if segment.stamp > -math.inf and segment.sent and segment.sent[0].at < before:
            segment.sent.popleft()
        segment.stamp = stamp

    def ended(self, target: Target, stamp: float) -> None:
        """Settle one trigger after a proven move of the stamp, even if a clock was set back meanwhile."""
        segment = self._segments[target.uuid]
        if segment.sent:
            segment.sent.popleft()
        segment.stamp = stamp

    def channel(self, target: Target) -> Channel | None:
        """Return the channel of the segment's latest pending trigger, if there is one."""
        pending = self._pending(target)
        return pending[-1].channel if pending else None

    def _pending(self, target: Target) -> deque[_Sent]:
        sent = self._segments[target.uuid].sent
        while sent and self._clock.time() - sent[0].at >= _FORGOTTEN:
            sent.popleft()
        return sent
