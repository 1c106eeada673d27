"""What becomes of an account as time goes by: counts grow old, refreshes run, end, or never end.

A segment has ONE stamp for all its channels, and one refresh at a time. A refresh counts the triggered channel only,
with or without the global inclusion segment as it was asked, and moves the one stamp when it ends. A trigger into a
refresh that has not ended is swallowed. All of it follows an injected clock; nothing here sleeps or speaks HTTP.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from guard.model import Channel

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.sandbox.scenario import RateLimit, Scenario, ScenarioSegment


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentState:
    """How a segment stands at one moment: channels that it does not show are left out of ``counts``.

    ``counted_at`` is in seconds since 1970 by the server's clock, None for a segment that was never counted.
    """

    segment: ScenarioSegment
    refreshing: bool
    counts: dict[Channel, int]
    counted_at: float | None


class World:
    """The account of a scenario, from the moment that it is made; safe to use from several threads.

    ``clock`` gives seconds since 1970 by our own clock; the server's differs from it by the scenario's skew.
    """

    def __init__(self, scenario: Scenario, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._clock_skew = scenario.clock_skew
        self._lock = threading.Lock()
        self._segments = {each.uuid: _LivingSegment(each, self.now()) for each in scenario.segments}
        self._allowance = _Allowance(scenario.rate_limit, self.now()) if scenario.rate_limit else None

    def now(self) -> float:
        """Return the time by the server's clock, in seconds since 1970."""
        return self._clock() + self._clock_skew

    def has_segment(self, uuid: str) -> bool:
        """Return whether there is such a segment; the other methods raise KeyError when there is none."""
        return uuid in self._segments

    def admits_request(self) -> bool:
        """Return whether the rate limit has room for one more request, and take the room."""
        with self._lock:
            return self._allowance is None or self._allowance.take(self.now())

    def next_status(self, uuid: str, *, is_trigger: bool) -> int | None:
        """Take the next HTTP status that the segment is to give before it behaves; None when none is left."""
        with self._lock:
            return self._segments[uuid].next_status(is_trigger=is_trigger)

    def read(self, uuid: str, *, bypass_global: bool = False) -> SegmentState:
        """Return how the segment stands now, without or with the people outside the global inclusion segment."""
        with self._lock:
            return self._segments[uuid].state(self.now(), bypass_global=bypass_global)

    def trigger(self, uuid: str, channel: Channel, *, bypass_global: bool = False) -> SegmentState:
        """Start counting one channel, unless a refresh has not ended yet; the answer says ``refreshing`` either way."""
        with self._lock:
            return self._segments[uuid].trigger(channel, self.now(), bypass_global=bypass_global)

    def segments(self) -> list[SegmentState]:
        """Return how every segment stands now, in the order of the scenario."""
        with self._lock:
            now = self.now()
            return [segment.state(now, bypass_global=False) for segment in self._segments.values()]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refresh:
    """A refresh that was triggered: unseen until ``begins``, and its result there from ``ends`` on."""

    channel: Channel
    bypass_global: bool
    begins: float
    ends: float


class _LivingSegment:
    """One segment as it changes; its owner holds the lock."""

    def __init__(self, segment: ScenarioSegment, now: float) -> None:
        self._segment = segment
        self._running: _Refresh | None = None
        self._first_statuses = deque(segment.answers.any)
        self._read_statuses = deque(segment.answers.reads)
        self._trigger_statuses = deque(segment.answers.triggers)
        self._counted_at: float | None = None
        self._counts: dict[bool, dict[Channel, int]] = {bypass: dict.fromkeys(Channel, 0) for bypass in (False, True)}
        if segment.counted is not None:
            self._counted_at = now - segment.counted
            self._counts = {
                bypass: {channel: self._people(count, channel, bypass) for channel, count in segment.counts.items()}
                for bypass in (False, True)
            }

    def state(self, now: float, *, bypass_global: bool) -> SegmentState:
        self._settle(now)
        return SegmentState(
            segment=self._segment,
            refreshing=self._running is not None and self._running.begins <= now,
            counts=dict(self._counts[bypass_global]),
            counted_at=self._counted_at,
        )

    def trigger(self, channel: Channel, now: float, *, bypass_global: bool) -> SegmentState:
        before = self.state(now, bypass_global=bypass_global)
        if self._running is None:
            begins = now + self._segment.lag
            ends = math.inf if channel in self._segment.stuck else begins + self._segment.refresh
            self._running = _Refresh(channel=channel, bypass_global=bypass_global, begins=begins, ends=ends)
        return replace(before, refreshing=True)

    def next_status(self, *, is_trigger: bool) -> int | None:
        for statuses in (self._first_statuses, self._trigger_statuses if is_trigger else self._read_statuses):
            if statuses:
                return statuses.popleft()
        return None

    def _settle(self, now: float) -> None:
        """Let a refresh that has ended by now show its result."""
        refresh = self._running
        if refresh is None or refresh.ends > now:
            return
        self._running = None
        self._counted_at = refresh.ends
        found = self._segment.fresh.get(refresh.channel, self._segment.counts.get(refresh.channel))
        if found is not None:
            people = self._people(found, refresh.channel, refresh.bypass_global)
            self._counts[refresh.bypass_global][refresh.channel] = people

    def _people(self, count: int, channel: Channel, bypass_global: bool) -> int:  # noqa: FBT001 - plain arithmetic
        return count + self._segment.outside_global_inclusion.get(channel, 0) * bypass_global


class _Allowance:
    """A bucket that holds one second's worth of requests, at least one, and fills at the same rate."""

    def __init__(self, limit: RateLimit, now: float) -> None:
        self._rate = limit.requests_per_second
        self._size = max(1.0, self._rate)
        self._left = self._size
        self._filled_at = now

    def take(self, now: float) -> bool:
        self._left = min(self._size, self._left + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
