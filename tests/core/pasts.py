"""Pasts of a guard, and an oracle for them: a few lines that were written from the contract and not from the code."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from guard.core.change import Change, PastRules, Step
from guard.core.evaluate import evaluate
from guard.core.history import Limit, Reading, Series
from guard.core.model import Bound, BoundName, Channel, Guard, Segment
from guard.core.plan import Plan
from guard.core.results import Count, GuardResult, SegmentReadings, Unavailable, Verdict
from guard.history import contents
from guard.history.comparison import past_of

if TYPE_CHECKING:
    from guard.core.relative import Past

UUID = "2dd093e6-8c6f-4e14-8a2c-744477e1fdef"
SERIES = Series(host="localhost", uuid=UUID, channel="email", bypass_global=False)
NOON = datetime(2026, 10, 27, 12, tzinfo=UTC)  # a Tuesday; two days before, clocks went back in Berlin
DAY = timedelta(days=1)
PASS, WARN, UNKNOWN, FAIL = Verdict.PASS, Verdict.WARN, Verdict.UNKNOWN, Verdict.FAIL
STEPS = {
    "min": BoundName.CHANGE_MIN,
    "max": BoundName.CHANGE_MAX,
    "warn_min": BoundName.CHANGE_WARN_MIN,
    "warn_max": BoundName.CHANGE_WARN_MAX,
}

# What a run judged a reading by, and which of it is a change, or a broken one.
KINDS: dict[str, tuple[Limit, ...]] = {
    "imported": (),
    "plain": (Limit("min", 5, "fail"), Limit("share.max", 0.5, "waived")),
    "passed": (Limit("change.min", 5, "pass"), Limit("change.max", 5, "pass")),
    "uneasy": (Limit("change.max", 9, "pass"), Limit("change.warn.max", 5, "warn")),
    "learning": (Limit("change.min", None, "fail"), Limit("change.max", None, "warn")),
    "failed": (Limit("change.min", 5, "pass"), Limit("change.max", 5, "fail")),
    "lenient": (Limit("change.min", 5, "warn"),),
    "waived": (Limit("change.min", 5, "waived"),),
}
JUDGED, BROKEN = {*KINDS} - {"imported", "plain"}, {"failed", "lenient", "waived"}


class Run(NamedTuple):
    """A reading of the past; one from a CSV file is imported, and has a day instead of a time."""

    at: datetime
    people: int | None
    kind: str = "passed"
    number: int = 1

    def day(self, zone: str) -> date:
        return self.at.date() if self.kind == "imported" else self.at.astimezone(ZoneInfo(zone)).date()

    @property
    def reading(self) -> Reading:
        day = self.at.date() if self.kind == "imported" else None
        return Reading(run=self.number, at=self.at, day=day, count=self.people, verdict="pass", limits=KINDS[self.kind])


def ago(days: int, count: int | None, kind: str = "passed") -> Run:
    return Run(NOON - days * DAY, count, kind, 1000 - days)


def change(source: str = "previous", **values: Any) -> Change:
    """Return a change; its limits are texts, by ``min``, ``max``, ``warn_min`` and ``warn_max``."""
    steps = tuple(Step(bound=STEPS[key], part=Fraction(values.pop(key)), line=7) for key in STEPS if key in values)
    usual: dict[str, Any] = {"source": source, "steps": steps, "needs": 1, "until_then": UNKNOWN, "line": 6}
    return Change(**usual | values)


def guard(*changes: Change, low: int | None = None, high: int | None = None, **values: Any) -> Guard:
    limits = {BoundName.MIN: low, BoundName.MAX: high}
    bounds = tuple(Bound(name=name, limit=limit, line=5) for name, limit in limits.items() if limit is not None)
    return Guard(channel=Channel.EMAIL, bounds=bounds, changes=changes, line=4, **values)


def past(own: Guard, runs: list[Run], at: datetime = NOON, rules: PastRules | None = None) -> Past:
    """Return the past of a guard as a run has it: today is the day of the count's stamp."""
    stored = contents.Past(runs=(), readings={SERIES: tuple(run.reading for run in runs)})
    return past_of(own, SERIES, stored, rules or PastRules(), at)


def judge(own: Guard, people: int | Unavailable, found: Past | None, at: datetime = NOON) -> GuardResult:
    count = Count(value=people, counted_at=at, age_seconds=3) if isinstance(people, int) else people
    segment = Segment(key="vip", uuid=UUID, guards=(own,), line=1)
    readings = {"vip": SegmentReadings(uuid=UUID, channels={own.channel: count})}
    pasts = {("vip", own.channel): found} if found else {}
    (result,), _ = evaluate(Plan(segments=(segment,), campaigns=()), readings, pasts)
    return result.guards[0]


# The oracle


def allowed(name: BoundName, b: Fraction, part: Fraction, ignored: int | None) -> int:
    if name.value.endswith("min"):
        lower = min(math.ceil(b * (1 + part)), math.floor(b))
        lower = lower if ignored is None else min(lower, math.ceil(b) - ignored)
        return max(lower, 1 if b >= 1 else 0)
    upper = max(math.floor(b * (1 + part)), math.ceil(b))
    return min(upper if ignored is None else max(upper, math.floor(b) + ignored), 2**53 - 1)


def eligible(runs: list[Run], own: Guard, rules: PastRules, today: date) -> tuple[list[tuple[date, int]], Counter[str]]:
    earlier = [(run.day(rules.timezone), run) for run in runs if run.day(rules.timezone) < today]
    judged = [day for day, run in earlier if run.kind in JUDGED and run.people is not None]  # by the counts' stamps
    absolute = {bound.name: bound.limit for bound in own.bounds}
    low, high = absolute.get(BoundName.MIN) or 0, absolute.get(BoundName.MAX)
    kept, left_out, oldest = [], Counter[str](), today - rules.within * DAY
    for day in sorted({day for day, run in earlier if run.people is not None}, reverse=True):
        newest = [run for its_day, run in earlier if its_day == day and run.people is not None]
        run = max(newest, key=lambda run: (run.kind != "imported", run.at, run.number))
        people = run.people or 0
        reasons = {
            "other_rules": run.kind == "plain" and any(at < day for at in judged),
            "old": day < oldest,
            "since": own.since is not None and day < own.since,
            "excluded": any(first <= day <= last for first, last in rules.excluded),
            "out_of_bounds": people < low or (high is not None and people > high),
            "failed": run.kind in BROKEN,
        }
        why = next((reason for reason, holds in reasons.items() if holds), "")
        if not why:
            kept.append((day, people))
        elif day >= oldest or (why == "old" and not left_out["old"]):
            left_out[why] += 1
    return kept, +left_out


def taken(source: str, days: list[tuple[date, int]], today: date) -> list[tuple[date, int]]:
    if source == "same_weekday":
        return [each for each in days if each[0].isoweekday() == today.isoweekday()][:4]
    return days[: 1 if source == "previous" else int(source.removeprefix("median_of_last_"))]


def median(days: list[tuple[date, int]]) -> Fraction:
    ordered = sorted(people for _, people in days)
    return Fraction(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2], 2)
