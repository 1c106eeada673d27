"""An account as time passes: counts grow old, refreshes run, end, or never end.

A segment has ONE stamp for all its channels, and one refresh at a time. A refresh counts only the triggered channel,
with or without the global inclusion segment, and moves the stamp when it ends. A trigger during a running refresh is
swallowed. An injected clock drives everything; nothing here sleeps or uses HTTP.
"""

from __future__ import annotations

import itertools
import math
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from guard.core.model import Channel
from guard.sandbox.scenario import StampAfter
from guard.sandbox.scripted_answers import AGAIN, WELL, ScriptedAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from guard.sandbox.scenario import RateLimit, Scenario, ScenarioSegment
    from guard.sandbox.scripted_answers import ScriptedAnswers

_YEAR = 365 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentState:
    """A segment at one moment; ``counts`` has only the channels that answers show.

    ``counted_at`` is in seconds since 1970 by the server's clock, or None if the segment was never counted.
    """

    segment: ScenarioSegment
    refreshing: bool
    counts: dict[Channel, int]
    counted_at: float | None


class World:
    """The account of a scenario; safe to use from several threads.

    ``clock`` returns seconds since 1970 by our own clock; the server's clock differs by the scenario's skew.
    """

    def __init__(self, scenario: Scenario, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._clock_skew = scenario.clock_skew
        self._clock_jump = scenario.clock_jump
        self._started_at = clock()
        self._lock = threading.Lock()
        self._segments = {
            each.uuid: _LivingSegment(each, self._started_at, self._server_time) for each in scenario.segments
        }
        self._allowance = _Allowance(scenario.rate_limit, self._started_at) if scenario.rate_limit else None

    def now(self) -> float:
        """Return the time by the server's clock, in seconds since 1970."""
        return self._server_time(self._clock())

    def _server_time(self, seconds: float) -> float:
        """Return what the server's clock shows when ours shows ``seconds``."""
        jump = self._clock_jump
        jumped = jump.by if jump and seconds >= self._started_at + jump.after else 0.0
        return seconds + self._clock_skew + jumped

    def has_segment(self, uuid: str) -> bool:
        """Return whether the segment exists; the other methods raise KeyError if it does not."""
        return uuid in self._segments

    def admits_request(self) -> bool:
        """Return whether the rate limit allows one more request, and count it."""
        with self._lock:
            return self._allowance is None or self._allowance.take(self._clock())

    def next_answer(self, uuid: str, *, is_trigger: bool) -> ScriptedAnswer:
        """Take the segment's next scripted answer, or a normal one when none is left."""
        with self._lock:
            return self._segments[uuid].next_answer(is_trigger=is_trigger)

    def first(self, uuid: str, *, bypass_global: bool = False) -> SegmentState:
        """Return the segment's first state, as an outdated replica shows it."""
        with self._lock:
            return self._segments[uuid].first[bypass_global]

    def read(self, uuid: str, *, bypass_global: bool = False) -> SegmentState:
        """Return the segment's state now; ``bypass_global`` adds the people outside the global inclusion segment."""
        with self._lock:
            return self._segments[uuid].state(self._clock(), bypass_global=bypass_global)

    def trigger(self, uuid: str, channel: Channel, *, bypass_global: bool = False) -> SegmentState:
        """Start counting one channel, unless a refresh is still running; the state says ``refreshing`` either way."""
        with self._lock:
            return self._segments[uuid].trigger(channel, self._clock(), bypass_global=bypass_global)

    def segments(self) -> list[SegmentState]:
        """Return the state of every segment now, in the order of the scenario."""
        with self._lock:
            now = self._clock()
            return [segment.state(now, bypass_global=False) for segment in self._segments.values()]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refresh:
    """A triggered refresh: visible from ``begins``, its result from ``ends``."""

    channel: Channel
    bypass_global: bool
    begins: float
    ends: float


class _LivingSegment:
    """One segment as it changes; the caller holds the lock."""

    def __init__(self, segment: ScenarioSegment, now: float, server_time: Callable[[float], float]) -> None:
        self._segment = segment
        self._server_time = server_time
        self._running: _Refresh | None = None
        self._first_answers = _in_order(segment.answers.any)
        self._answers = {False: _in_order(segment.answers.reads), True: _in_order(segment.answers.triggers)}
        self._counted_at: float | None = None
        self._counts: dict[bool, dict[Channel, int]] = {bypass: dict.fromkeys(Channel, 0) for bypass in (False, True)}
        if segment.counted is not None:
            self._counted_at = server_time(now) - segment.counted
            self._counts = {
                bypass: {channel: self._people(count, channel, bypass) for channel, count in segment.counts.items()}
                for bypass in (False, True)
            }
        self.first = {bypass: self.state(now, bypass_global=bypass) for bypass in (False, True)}

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

    def next_answer(self, *, is_trigger: bool) -> ScriptedAnswer:
        return next(self._first_answers, None) or next(self._answers[is_trigger], WELL)

    def _settle(self, now: float) -> None:
        """Apply the result of a refresh that has ended by now."""
        refresh = self._running
        if refresh is None or refresh.ends > now:
            return
        self._running = None
        self._counted_at = self._stamp_after(refresh)
        found = self._segment.fresh.get(refresh.channel, self._segment.counts.get(refresh.channel))
        if found is not None:
            people = self._people(found, refresh.channel, refresh.bypass_global)
            self._counts[refresh.bypass_global][refresh.channel] = people

    def _stamp_after(self, refresh: _Refresh) -> float | None:
        ended_at = self._server_time(refresh.ends)
        match self._segment.stamp:
            case StampAfter.MOVES:
                return ended_at
            case StampAfter.STAYS:
                return self._counted_at
            case StampAfter.BACK:
                return ended_at - _YEAR
            case StampAfter.AHEAD:
                return ended_at + _YEAR

    def _people(self, count: int, channel: Channel, bypass_global: bool) -> int:  # noqa: FBT001 - plain arithmetic
        return count + self._segment.outside_global_inclusion.get(channel, 0) * bypass_global


def _in_order(listed: ScriptedAnswers) -> Iterator[ScriptedAnswer]:
    """Return an iterator over the answers of a list, endless if it ends with AGAIN."""
    answers = [ScriptedAnswer(status=each) if isinstance(each, int) else each for each in listed if each != AGAIN]
    return itertools.cycle(answers) if AGAIN in listed else iter(answers)


class _Allowance:
    """A token bucket: holds the requests of one second, at least one, and fills at that rate."""

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
