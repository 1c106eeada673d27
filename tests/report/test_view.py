"""When a count was read: its stamp and its age together."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from guard.core.evaluate import evaluate
from guard.core.model import Bound, BoundName, Campaign, Channel, Guard, Segment, Total
from guard.core.plan import Plan
from guard.core.results import Count, SegmentReadings, Unavailable
from guard.report.next_steps import next_step
from guard.report.view import guards_of, totals_of
from tests.report.builders import MOMENT, campaign, check, guard, report, segment

COUNTED_AT = MOMENT + timedelta(seconds=62)


@pytest.mark.parametrize(
    ("age", "read_at"),
    [
        pytest.param(10, COUNTED_AT + timedelta(seconds=10), id="a-little-later"),
        pytest.param(0, COUNTED_AT, id="at-once"),
        pytest.param(None, None, id="of-unknown-age"),
    ],
)
def test_a_count_was_read_when_it_had_its_age(age: int | None, read_at: datetime | None) -> None:
    (finding,) = guards_of(report(segment(guard(check("min", 1, 50), count=50, age=age))))

    assert finding.read_at == read_at


def test_what_has_no_count_was_not_read() -> None:
    (unknown,) = guards_of(report(segment(guard(check("min", 1, None), count=None))))
    (total,) = totals_of(report(campaigns=(campaign(check("max", 100, 7)),)))

    assert (unknown.read_at, total.read_at) == (None, None)


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.USERS])
def test_one_contradiction_with_nobody_gets_one_advice(channel: Channel) -> None:
    bounds = (
        Bound(name=BoundName.WARN_MAX, limit=10, line=4),
        Bound(name=BoundName.SHARE_MIN, limit=Fraction(1, 2), line=5),
    )
    guards = (
        Guard(channel=Channel.EMAIL, bounds=bounds, line=3),
        Guard(channel=Channel.USERS, bounds=(Bound(name=BoundName.MIN, limit=5, line=7),), line=6),
    )
    rules = Segment(key="vip", name="VIP", guards=guards, line=1)
    ceiling = Total(channel=channel, bounds=(Bound(name=BoundName.MAX, limit=-1, line=9),), line=9)
    counts: dict[Channel, Count | Unavailable] = {Channel.EMAIL: _count(40), Channel.USERS: _count(0)}
    segments, campaigns = evaluate(
        Plan(segments=(rules,), campaigns=(Campaign(key="sale", segments=("vip",), totals=(ceiling,), line=8),)),
        {"vip": SegmentReadings(uuid=None, channels=counts)},
    )
    told = report(*segments, campaigns=campaigns)

    findings = [*guards_of(told), *totals_of(told)]
    (step,) = {next_step(each, finding) for finding in findings for each in finding.troubles}

    assert len(findings) == 3
    assert step == "run again; if the numbers still contradict each other, show them to Blueshift's support"
    assert findings[-1].detail == f"vip: {findings[0].detail if channel is Channel.EMAIL else findings[1].detail}"


def _count(value: int) -> Count:
    return Count(value=value, counted_at=COUNTED_AT, age_seconds=3)


def test_a_stamp_in_the_year_9999() -> None:
    last = guard(check("min", 1, 50), count=50, age=3600)
    assert last.count
    at_the_end = replace(last, count=replace(last.count, counted_at=datetime.max.replace(tzinfo=UTC)))

    (finding,) = guards_of(report(segment(at_the_end)))

    assert (finding.age, finding.read_at) == ("counted 1 h ago", None)
