"""The refreshes that were triggered here and not seen to end: the end of one would pass for that of the next channel.

Kept for as long as the connection is, since the next run may ask for another channel of the segment.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from guard.blueshift.api import Target
    from guard.model import Channel

_FORGOTTEN = 3600.0  # seconds; what was still queued then will never run
_LONGEST_QUEUE = 60.0  # seconds that a second refresh is waited for after the first has ended


class _Triggered(NamedTuple):
    """A refresh that is not known to have ended for as long as the stamp is not later than ``before``."""

    target: Target
    channel: Channel
    before: float
    at: float


class Unended:
    """What every segment's refreshes have left behind; the clock is the running loop's."""

    def __init__(self) -> None:
        self._clock = asyncio.get_running_loop()
        self._latest: dict[str, _Triggered] = {}
        self._doubled_since: dict[str, float] = {}
        self._free_at: dict[str, float] = {}

    def triggered(self, target: Target, channel: Channel, before: float, *, at: float) -> None:
        """Keep in mind that a refresh may have been started at the loop's time ``at``.

        When it has ended, the stamp is later than ``before``. One that was triggered earlier and has not ended may be
        carried out besides.
        """
        earlier = self._latest.get(target.uuid)
        if earlier and (earlier.target, earlier.channel) == (target, channel) and before <= earlier.before:
            self._doubled_since.setdefault(target.uuid, earlier.at)
        self._latest[target.uuid] = _Triggered(target, channel, before, at)

    def ended(self, target: Target) -> None:
        """Forget the segment's refresh, but for a second one of its kind that may be queued behind it still."""
        now = self._clock.time()
        del self._latest[target.uuid]
        since = self._doubled_since.pop(target.uuid, now)
        self._free_at[target.uuid] = now + min(now - since, _LONGEST_QUEUE)

    def free_at(self, target: Target) -> float:
        """Return the loop's time from which on a refresh that was triggered twice shows, or has ended.

        A second one begins when the first has ended, or is queued then for no longer than that took as a whole, nor
        for over a minute.
        """
        return self._free_at.get(target.uuid, 0.0)

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
