"""A fake Blueshift that does everything its API can show, in any order; and an oracle that knows the truth.

Every refresh produces a different number, so a number tells which refresh it is from, and when that began. The fake
leaves out what no client can see, by these rules:

- While a refresh runs, answers say ``refreshing``. They may flap to ``ready`` only while one refresh of the guard runs
  that was triggered in the same run, and not again after another.
- Another user's refresh runs as soon as it is triggered. The guard's own may be queued, unseen, for a while.
- Between baseline and trigger nobody starts to count *another* channel or variant of the segment, unless that has ended
  by the trigger and the trigger's answer shows its stamp (a refresh that runs just then may hide it). Such a refresh
  does not begin while the guard's is queued either, nor after the guard's (or the one that swallowed its trigger) fails
  without a trace.
- A trigger may be carried out although its answer is lost or an error. If the guard sends it again, it is carried out
  again: each refresh waits in the queue for its own time after the one before has ended.
- After the server's clock is set back, every answer has the stamp.
- There is one Blueshift: no replica shows an older state than another showed before.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from enum import Enum
from typing import NamedTuple

import httpx

TODAY = time.time() // 86_400 * 86_400
"""When every run starts; the fraction of a second is always the same."""

FIELDS = {"users": "approxusers", "email": "email_users", "sms": "sms_users"}
UUIDS = ("00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002")


class Kind(NamedTuple):
    """What a refresh counts: a channel, with or without the global inclusion segment."""

    channel: str
    bypass_global: bool = False


class Stamps(Enum):
    """The notation of time stamps."""

    WHOLE = "whole seconds"
    FINE = "milliseconds"
    MIXED = "now whole seconds, now milliseconds"
    ELSEWHERE = "in another time zone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The seconds of a refresh in the queue, unseen, and running; it may fail and not move the stamp."""

    queued: float = 0.0
    runs: float = 1.0
    moves_stamp: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Another user's refresh; it begins that many seconds after the run, or before it if negative."""

    at: float
    kind: Kind
    course: Course


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The status of an answer (None: the connection breaks), and whether a trigger is carried out."""

    status: int | None = 200
    heard: bool = True
    retry_after: str | None = None
    seconds: float = 0.05
    body: bytes | None = None
    dated: bool = True
    stamped: bool = True
    flaps: bool = False


FINE = Reply()


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One segment's part of a script, with the courses of the guard's first refreshes."""

    counted_ago: float | None = 3600.0
    own: tuple[Course, ...] = ()
    others: tuple[Other, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """All that the fake does in a run; the replies are for the first requests."""

    histories: tuple[History, ...] = (History(),)
    reads: tuple[Reply, ...] = ()
    triggers: tuple[Reply, ...] = ()
    side_by_side: bool = False
    accepts_twice: bool = False
    null_while_refreshing: bool = False
    stamps: Stamps = Stamps.WHOLE
    skew: float = 0.0
    jumps: tuple[tuple[float, float], ...] = ()


class Asked(NamedTuple):
    """An answered request, with the time at which it was carried out."""

    at: float
    uuid: str
    is_trigger: bool
    settled: bool


class Made(NamedTuple):
    """The refresh behind a number: what was counted, and since when."""

    uuid: str
    kind: Kind
    begun: float


@dataclass(slots=True)
class _Refresh:
    kind: Kind
    course: Course
    begins: float
    is_own: bool
    asked: float = 0.0
    is_repeated: bool = False

    @property
    def ends(self) -> float:
        return self.begins + self.course.runs


@dataclass
class _Segment:
    uuid: str
    history: History
    side_by_side: bool
    accepts_twice: bool
    made: dict[int, Made]
    numbers: itertools.count[int]
    counted_at: float | None = None
    shown: dict[Kind, int] = field(default_factory=dict)
    under_way: list[_Refresh] = field(default_factory=list)
    latest_own: dict[Kind, _Refresh] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._others = sorted(self.history.others, key=lambda each: each.at)
        self._courses = itertools.chain(self.history.own, itertools.repeat(Course()))
        self.counted_at = None if self.history.counted_ago is None else -self.history.counted_ago
        for channel, bypass in itertools.product(FIELDS, (False, True)):
            self._show(Kind(channel, bypass), -math.inf)

    def advance(self, now: float, *, hidden: Kind | None = None, is_shown: bool = True) -> None:
        """Do what is due; what no client could see is moved behind a trigger of ``hidden``."""
        later = []
        while self._others and self._others[0].at <= now:
            other = self._others.pop(0)
            if hidden not in {None, other.kind} and (other.at + other.course.runs > now or not is_shown):
                later.append(replace(other, at=now))
                continue
            self._end_until(other.at)
            queue_ends = max((each.begins for each in self.under_way), default=other.at)
            if self.side_by_side and queue_ends > other.at:
                self._others.append(replace(other, at=queue_ends))
                self._others.sort(key=lambda each: each.at)
                continue
            self._accept(_Refresh(other.kind, other.course, other.at, is_own=False))
        self._others[:0] = later
        self._end_until(now)

    def trigger(self, kind: Kind, now: float) -> None:
        """Queue the guard's own refresh, unless a running one swallows it."""
        last, is_swallowed = self.latest_own.get(kind), self._swallows(kind)
        self._leave_alone_after_a_failure(kind)
        if is_swallowed and not (self.accepts_twice and last in self.under_way):
            return
        course = next(self._courses)
        is_repeated = last is not None and is_swallowed
        begins = (last.ends if last and is_repeated else now) + course.queued
        self.latest_own[kind] = _Refresh(kind, course, begins, is_own=True, asked=now, is_repeated=is_repeated)
        self.under_way.append(self.latest_own[kind])
        self._leave_alone_after_a_failure(kind)

    def _leave_alone_after_a_failure(self, kind: Kind) -> None:
        """Let nobody count another kind if a running refresh will fail: no client could see which one it was."""
        if any(each.kind == kind and not each.course.moves_stamp for each in self.under_way):
            self._others = [each for each in self._others if each.kind == kind]

    def will_run(self, now: float) -> bool:
        """Whether a refresh runs at that time, if all begin as planned."""
        return bool(self.running(now)) or any(each.at <= now < each.at + each.course.runs for each in self._others)

    def running(self, now: float) -> list[_Refresh]:
        return [each for each in self.under_way if each.begins <= now]

    def _swallows(self, kind: Kind) -> bool:
        return any(each.kind == kind or not self.side_by_side for each in self.under_way)

    def _accept(self, refresh: _Refresh) -> None:
        if not self._swallows(refresh.kind):
            self.under_way.append(refresh)

    def _end_until(self, now: float) -> None:
        for each in sorted(self.under_way, key=lambda each: each.ends):
            if each.ends <= now:
                self.under_way.remove(each)
                if each.course.moves_stamp:
                    self.counted_at = each.ends
                    self._show(each.kind, each.begins)

    def _show(self, kind: Kind, begun: float) -> None:
        self.shown[kind] = next(self.numbers)
        self.made[self.shown[kind]] = Made(self.uuid, kind, begun)


class PlayedBlueshift:
    """Plays a script to ``httpx`` on the event loop's clock; make it inside the loop, at the start of the run."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._clock = asyncio.get_running_loop()
        numbers = itertools.count(1000)
        self.made: dict[int, Made] = {}
        self.log: list[Asked] = []
        self.most_triggers_at_once = 0
        self.run_began = 0.0
        self._triggers_in_flight: defaultdict[str, int] = defaultdict(int)
        self._replies = {True: iter(script.triggers), False: iter(script.reads)}
        self._segments = {
            uuid: _Segment(uuid, history, script.side_by_side, script.accepts_twice, self.made, numbers)
            for uuid, history in zip(UUIDS, script.histories, strict=False)
        }

    def is_true(self, value: int, uuid: str, kind: Kind, *, since: float) -> bool:
        """Whether a refresh of that kind, begun since then, produced the number."""
        made = self.made[value]
        return (made.uuid, made.kind) == (uuid, kind) and made.begun >= since

    async def answer(self, request: httpx.Request) -> httpx.Response:
        uuid, query = request.url.path.split("/")[4], request.url.params
        is_trigger = query["refresh"] == "true"
        reply = next(self._replies[is_trigger], FINE)
        self._triggers_in_flight[uuid] += is_trigger
        self.most_triggers_at_once = max(self.most_triggers_at_once, self._triggers_in_flight[uuid])
        try:
            await asyncio.sleep(reply.seconds / 2)
            fields = self._carry_out(uuid, query, reply, is_trigger=is_trigger)
            await asyncio.sleep(reply.seconds / 2)
        finally:
            self._triggers_in_flight[uuid] -= is_trigger
        if reply.status is None:
            raise httpx.ReadError("connection reset")
        headers = {"Retry-After": reply.retry_after} if reply.retry_after else {}
        if reply.dated:
            headers["Date"] = format_datetime(self._server_time(self._clock.time()), usegmt=True)
        body = httpx.Response(200, json=fields).content if reply.body is None else reply.body
        return httpx.Response(reply.status, headers=headers, stream=httpx.ByteStream(body))

    def _carry_out(
        self, uuid: str, query: httpx.QueryParams, reply: Reply, *, is_trigger: bool
    ) -> dict[str, str | int | None]:
        """Carry out the request, note it, and return the answer at that time."""
        now, segment, bypass = self._clock.time(), self._segments[uuid], "bypass_global" in query
        kind = Kind(query.get("channels", ""), bypass)
        answered = reply.status == 200 and reply.body is None
        unstamped = not reply.stamped and all(by >= 0 for _, by in self._script.jumps)
        may_hide = unstamped or (self._script.null_while_refreshing and segment.will_run(now))
        segment.advance(now, hidden=kind if is_trigger else None, is_shown=answered and not may_hide)
        running = segment.running(now)
        refreshing = bool(running)
        may_flap = not is_trigger and not self._script.side_by_side and all(map(self._may_flap, running))
        if reply.flaps and may_flap:
            refreshing = not refreshing
        hides = unstamped or (self._script.null_while_refreshing and refreshing)
        stamp = None if segment.counted_at is None or hides else self._spelled(segment.counted_at)
        counts = {name: segment.shown[Kind(channel, bypass)] for channel, name in FIELDS.items()}
        if is_trigger and reply.heard:
            segment.trigger(kind, now)
        self.log.append(Asked(now, uuid, is_trigger, settled=answered and not refreshing))
        status = "refreshing" if refreshing or is_trigger else "ready"
        return {"refresh_status": status, "approxusers_updated_at": stamp, **counts}

    def _may_flap(self, refresh: _Refresh) -> bool:
        return refresh.is_own and refresh.asked >= self.run_began and not refresh.is_repeated

    def _server_time(self, moment: float) -> datetime:
        jumped = sum(by for at, by in self._script.jumps if at <= moment)
        return datetime.fromtimestamp(TODAY + self._script.skew + moment + jumped, UTC)

    def _spelled(self, moment: float) -> str:
        stamp = self._server_time(moment)
        match self._script.stamps:
            case Stamps.FINE:
                return stamp.isoformat(timespec="milliseconds")
            case Stamps.ELSEWHERE:
                return stamp.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat(timespec="milliseconds")
            case Stamps.MIXED if len(self.log) % 2:
                return stamp.isoformat(timespec="milliseconds")
            case Stamps.MIXED | Stamps.WHOLE:
                return stamp.replace(microsecond=0).isoformat()
