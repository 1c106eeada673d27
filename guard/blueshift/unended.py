"""The refreshes that were triggered here and not seen to end: the end of one would pass for that of the next channel.

Kept for as long as the connection is, since the next run may ask for another channel of the segment.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from guard.blueshift.api import Target
    from guard.model import Channel

_FORGOTTEN = 3600.0  # seconds; what was still queued then will never run
_LONGEST_QUEUE = 60.0  # seconds that another refresh is waited for after one has ended
_MOST_REPEATS = 5  # more than a run sends; other runs may add theirs


class _Triggered(NamedTuple):
    """A refresh that is not known to have ended for as long as the stamp is not later than ``before``."""

    target: Target
    channel: Channel
    before: float
    at: float


@dataclass(slots=True)
class _Repeats:
    """How many refreshes may be carried out behind one, since its trigger was sent again, and when the next has begun.

    The triggers were sent from the loop's time ``since`` to ``until``.
    """

    since: float
    until: float
    number: int = 0
    shown_by: float = 0.0


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
        earlier = self._known(target)
        if earlier is None or (earlier.target, earlier.channel) != (target, channel):
            self._repeats.pop(target.uuid, None)
        elif seen <= earlier.before:
            repeats = self._repeats.setdefault(target.uuid, _Repeats(since=earlier.at, until=at))
            repeats.number, repeats.until = min(repeats.number + 1, _MOST_REPEATS), at
        self._latest[target.uuid] = _Triggered(target, channel, before, at)

    def ended(self, target: Target) -> None:
        """Forget the segment's refresh, which was seen to end, but for others of its kind that may come behind it."""
        del self._latest[target.uuid]
        self._wait_for_next(target)

    def looked(self, target: Target) -> None:
        """Take note of a look at which nothing runs: what was waited for has ended, or did not come."""
        if target.uuid not in self._latest and self.shown_by(target) <= self._clock.time():
            self._wait_for_next(target)

    def _wait_for_next(self, target: Target) -> None:
        """Have the next repeat waited for, if there is one.

        It begins when the one before has ended, or is queued then for no longer than the first took as a whole from its
        trigger on, nor for over a minute.
        """
        repeats, now = self._repeats.get(target.uuid), self._clock.time()
        if repeats and repeats.number and now - repeats.until < _FORGOTTEN:
            repeats.number -= 1
            repeats.shown_by = now + min(now - repeats.since, _LONGEST_QUEUE)
        else:
            self._repeats.pop(target.uuid, None)

    def shown_by(self, target: Target) -> float:
        """Return the loop's time from which on every refresh that was triggered again shows, or has ended."""
        repeats = self._repeats.get(target.uuid)
        return repeats.shown_by if repeats else 0.0

    def of_another(self, target: Target, channel: Channel) -> _Triggered | None:
        """Return the refresh that another channel or variant of the segment left behind, if any."""
        latest = self._known(target)
        return None if latest is None or (latest.target, latest.channel) == (target, channel) else latest

    def channel(self, target: Target) -> Channel | None:
        """Return the channel of the segment whose refresh was not seen to end, if there is one."""
        latest = self._known(target)
        return latest.channel if latest else None

    def _known(self, target: Target) -> _Triggered | None:
        latest = self._latest.get(target.uuid)
        return latest if latest and self._clock.time() - latest.at < _FORGOTTEN else None
