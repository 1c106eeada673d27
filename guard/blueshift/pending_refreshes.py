"""The refreshes that may still be under way, unseen: each trigger that was sent, until the stamp is seen to move.

The end of such a refresh would pass for the end of the next channel's. Whatever came back, a trigger that was sent may
have been carried out: an answer gets lost, and a proxy repeats a GET. So they are counted, and nobody guesses for how
long one is queued. Kept for as long as the connection is, since the next run may ask for another channel.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from guard.blueshift.api import Target
    from guard.core.model import Channel

_FORGOTTEN = 3600.0  # seconds; a refresh that is still queued then will never run


class _Sent(NamedTuple):
    channel: Channel
    at: float


@dataclass(slots=True)
class _Segment:
    """The triggers that no move of the stamp stands for yet, oldest first, and the stamp that was seen last."""

    sent: deque[_Sent] = field(default_factory=deque)
    stamp: float = -math.inf


class PendingRefreshes:
    """What every segment's triggers may have left behind; stamps are in whole seconds, times are the running loop's."""

    def __init__(self) -> None:
        self._clock = asyncio.get_running_loop()
        self._segments: dict[str, _Segment] = {}

    def owed(self, target: Target) -> int:
        """Return how many moves of the segment's stamp may be those of triggers that were sent already."""
        return len(self._pending(target))

    def sent(self, target: Target, channel: Channel, at: float) -> None:
        """Count a trigger that was sent; it may be carried out whatever comes back."""
        self._segments.setdefault(target.uuid, _Segment()).sent.append(_Sent(channel, at))

    def seen(self, target: Target, stamp: float, *, before: float = math.inf) -> None:
        """Take note of a stamp: where it moved, one of the triggers sent ``before`` that time is settled."""
        segment = self._segments.setdefault(target.uuid, _Segment())
        if stamp <= segment.stamp:
            return
        if segment.stamp > -math.inf and segment.sent and segment.sent[0].at < before:
            segment.sent.popleft()
        segment.stamp = stamp

    def ended(self, target: Target, stamp: float) -> None:
        """Settle one trigger: a move of the stamp was proven, also where a clock that was set back shows it earlier."""
        segment = self._segments.setdefault(target.uuid, _Segment())
        if segment.sent:
            segment.sent.popleft()
        segment.stamp = stamp

    def channel(self, target: Target) -> Channel | None:
        """Return the channel of the segment's latest trigger that is not settled, if there is one."""
        pending = self._pending(target)
        return pending[-1].channel if pending else None

    def _pending(self, target: Target) -> deque[_Sent]:
        segment = self._segments.get(target.uuid)
        if segment is None:
            return deque()
        while segment.sent and self._clock.time() - segment.sent[0].at >= _FORGOTTEN:
            segment.sent.popleft()
        return segment.sent
