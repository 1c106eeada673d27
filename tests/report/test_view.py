"""What the readable formats tell of a count, and of who may be sent to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from guard.core.evaluate import evaluate
from guard.core.model import Bound, BoundName, Campaign, Channel, Guard, Segment, Total
from guard.core.plan import Plan
from guard.core.results import Before, Count, Reason, SegmentReadings, Unavailable, Verdict
from guard.report.audiences import audiences
from guard.report.next_steps import next_step
from guard.report.view import guards_of, totals_of
from tests.report.builders import MOMENT, campaign, check, email, guard, report, segment

COUNTED_AT = MOMENT + timedelta(seconds=62)


@pytest.mark.parametrize(
    ("age", "said"),
    [
        pytest.param(10, "counted fresh at 09:01:02 UTC", id="a-little-later"),
        pytest.param(61, "counted fresh at 09:01:02 UTC (1 min 1 s old)", id="of-some-age"),
        pytest.param(86_400, "counted fresh at 2026-11-23 09:01:02 UTC (24 h old)", id="of-another-day"),
        pytest.param(None, "counted 2026-11-23 09:01:02 UTC", id="of-unknown-age"),
    ],
)
def test_when_it_was_counted(age: int | None, said: str) -> None:
    (finding,) = guards_of(report(segment(guard(check("min", 1, 50), count=50, age=age))))

    assert finding.counted == said


def test_what_has_no_count_was_not_counted() -> None:
    (unknown,) = guards_of(report(segment(guard(check("min", 1, None), count=None))))
    (total,) = totals_of(report(campaigns=(campaign(check("max", 100, None), count=None, reason=Reason.TIMEOUT),)))

    assert (unknown.counted, total.counted) == (None, None)


def test_an_old_report_calls_no_count_fresh() -> None:
    old = report(segment(guard(check("min", 1, 7), count=7)), campaigns=(campaign(check("max", 100, 7), count=7),))
    shown = replace(old, rendered_at=old.finished_at + timedelta(hours=1))

    assert guards_of(shown)[0].counted == "counted 2026-11-23 09:01:02 UTC"
    assert totals_of(shown)[0].counted == "counted by 2026-11-23 09:01:12 UTC"


@pytest.mark.parametrize(
    ("count", "said"),
    [
        pytest.param(1_900, "was 20,500, counted 1 h 1 min before: 90.7% fewer now", id="since-then"),
        pytest.param(None, "was 20,500, counted 2026-11-23 08:00:00 UTC", id="not-counted-now"),
    ],
)
def test_what_it_was_before(count: int | None, said: str) -> None:
    (finding,) = guards_of(report(segment(email(count, before=20_500))))

    assert finding.before == said


def test_a_total_was_the_sum_of_its_parts() -> None:
    known = Before(count=2_000, counted_at=MOMENT)
    whole = campaign(check("max", 5_000, 9_000), count=9_000, parts={"a": 7_000, "b": 2_000})

    def before(*parts: Before | None) -> str | None:
        (total,) = whole.totals
        told = tuple(replace(part, before=each) for part, each in zip(total.parts, parts, strict=True))
        (finding,) = totals_of(report(campaigns=(replace(whole, totals=(replace(total, parts=told),)),)))
        return finding.before

    assert before(known, known) == "was 4,000 before"
    assert before(known, None) is None


def test_of_two_bounds_on_one_side_the_graver_is_told() -> None:
    both = guard(check("warn.max", 20, 50), check("max", 40, 50), count=50)
    (finding,) = guards_of(report(segment(both)))

    assert [each.bound for each in finding.troubles] == ["max"]


def test_a_campaign_is_as_bad_as_its_segments() -> None:
    told = audiences(
        report(
            segment(email(1_900)),
            segment(email(30_000), key="alone"),
            campaigns=(campaign(check("max", 9_000, 7_000)),),
        )
    )

    assert [(each.name, each.is_campaign, each.verdict, each.because) for each in told] == [
        ("spring-sale", True, Verdict.FAIL, ("newsletter-active (email)",)),
        ("alone", False, Verdict.PASS, ()),
    ]


def test_a_segment_that_was_not_checked_holds_its_campaign() -> None:
    (told,) = audiences(report(campaigns=(campaign(check("max", 9_000, 7_000)),)))

    assert (told.verdict, told.because) == (Verdict.UNKNOWN, ("newsletter-active (not checked)",))


@pytest.mark.parametrize(
    ("owner", "own", "asked"),
    [
        pytest.param("crm@example.com", "sale@example.com", "crm@example.com", id="its-owner"),
        pytest.param(None, "sale@example.com", "sale@example.com", id="its-campaigns-owner"),
        pytest.param(None, None, None, id="nobody"),
    ],
)
def test_whom_to_ask_about_a_segment(owner: str | None, own: str | None, asked: str | None) -> None:
    total = campaign(check("max", 9_000, 7_000), owner=own)
    (finding,) = guards_of(report(segment(email(1_900), owner=owner), campaigns=(total,)))

    assert finding.asks == ((asked,) if asked else ())


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
    assert step == "run the check again; if the numbers still contradict each other, show them to Blueshift's support"
    assert findings[-1].detail == f"vip: {findings[0].detail if channel is Channel.EMAIL else findings[1].detail}"


def _count(value: int) -> Count:
    return Count(value=value, counted_at=COUNTED_AT, age_seconds=3)


def test_a_stamp_in_the_year_9999() -> None:
    last = guard(check("min", 1, 50), count=50, age=3600)
    assert last.count
    at_the_end = replace(last, count=replace(last.count, counted_at=datetime.max.replace(tzinfo=UTC)))

    (finding,) = guards_of(report(segment(at_the_end)))

    assert finding.counted == "counted fresh at 9999-12-31 23:59:59 UTC (1 h old)"
