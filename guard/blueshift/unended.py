"""The refreshes that were triggered here and not seen to end: the end of one would pass for that of the next channel.

Kept for as long as the connection is, since the next run may ask for another channel of the segment.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from guard.blueshift.answers import whole_seconds

if TYPE_CHECKING:
    from guard.blueshift.answers import Answer
    from guard.blueshift.api import Target
    from guard.model import Channel

_FORGOTTEN = 3600.0  # seconds; what was still queued then will never run
_LONGEST_QUEUE = 60.0  # seconds that another refresh is waited for after one has ended


class _Triggered(NamedTuple):
    """A refresh that is not known to have ended for as long as the stamp is not later than ``before``."""

    target: Target
    channel: Channel
    before: float
    at: float


@dataclass(slots=True)
class _Repeats:
    """How many refreshes may be carried out besides, since a trigger was sent again, and when they would have shown.

    ``since`` is the loop's time of the first trigger, ``stamp`` what the last one that was seen to end left behind.
    """

    since: float
    number: int = 0
    shown_by: float = 0.0
    stamp: float = -math.inf


class Unended:
    """What every segment's refreshes have left behind; the clock is the running loop's."""

    def __init__(self) -> None:
        self._clock = asyncio.get_running_loop()
        self._latest: dict[str, _Triggered] = {}
        self._repeats: dict[str, _Repeats] = {}

    def triggered(self, target: Target, channel: Channel, *, seen: float, before: float, at: float) -> None:
        """Keep in mind that a refresh may have been started at the loop's time ``at``.

        When it has ended, the stamp is later than ``before``. One of its kind that was triggered earlier may be carried
        out besides, unless the stamp that was ``seen`` (in whole seconds, -inf if none was) says that it has ended.
        """
        earlier = self._latest.get(target.uuid)
        if earlier is None or (earlier.target, earlier.channel) != (target, channel):
            self._repeats.pop(target.uuid, None)
        elif seen <= earlier.before:
            self._repeats.setdefault(target.uuid, _Repeats(since=earlier.at)).number += 1
        self._latest[target.uuid] = _Triggered(target, channel, before, at)

    def ended(self, target: Target, answer: Answer) -> None:
        """Forget the segment's refresh, which has ended by this answer, but for others of its kind behind it.

        The next one begins when this one has ended, or is queued then for no longer than this one took as a whole from
        the first trigger on, nor for over a minute.
        """
        self._latest.pop(target.uuid, None)
        repeats = self._repeats.get(target.uuid)
        if repeats is None:
            return
        if not repeats.number:
            del self._repeats[target.uuid]
            return
        now = self._clock.time()
        repeats.number -= 1
        repeats.shown_by = now + min(now - repeats.since, _LONGEST_QUEUE)
        repeats.stamp = whole_seconds(answer.stamp)

    def looked(self, target: Target, answer: Answer) -> None:
        """Take note of a look at which nothing runs: one more has ended, or none came and none will."""
        repeats = self._repeats.get(target.uuid)
        if repeats is None or target.uuid in self._latest or repeats.shown_by > self._clock.time():
            return
        if answer.stamp is None or whole_seconds(answer.stamp) > repeats.stamp:
            self.ended(target, answer)
        else:
            del self._repeats[target.uuid]

    def shown_by(self, target: Target) -> float:
        """Return the loop's time from which on every refresh that was triggered again shows, or has ended."""
        repeats = self._repeats.get(target.uuid)
        return repeats.shown_by if repeats else 0.0

    def of_another(self, target: Target, channel: Channel) -> _Triggered | None:
        """Return the refresh that another channel or variant of the segment left behind, if any."""
        latest = self._latest.get(target.uuid)
        if latest is None or (latest.target, latest.channel) == (target, channel):
            return None
        return latest if self._clock.time() - latest.at < _FORGOTTEN else None

    def channel(self, target: Target) -> Channel | None:
        """Return the channel of the segment whose refresh was not seen to end, if there is one."""
        latest = self._latest.get(target.uuid)
        return latest.channel if latest else None
