from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from guard.core.model import BoundName, Channel
from guard.core.results import FailOn, Reason, Report, Verdict
from guard.report import Format, render
from guard.report.next_steps import next_step, remedy
from guard.report.screen import Screen
from guard.report.view import Finding, utc

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.results import Check, GuardResult, SegmentResult

SCREENS = [
    pytest.param(None, id="log"),
    pytest.param(Screen(width=80), id="80"),
    pytest.param(Screen(width=20, unicode=False), id="20-ascii"),
]


def text(report: Report, screen: Screen | None = None) -> str:
    return render(report, Format.TEXT, screen)


def conclusion(report: Report) -> str:
    return text(report).splitlines()[-1]


# Distances


@pytest.mark.parametrize(
    ("count", "distance"),
    [
        pytest.param(9_999, "0.01% below", id="one-below-the-minimum"),
        pytest.param(1, "99.99% below", id="almost-nobody-is-not-100-per-cent"),
        pytest.param(0, "nobody is left", id="nobody"),
        pytest.param(50_001, "0.002% above", id="one-above-the-maximum"),
        pytest.param(99_999, "99.998% above", id="almost-double"),
        pytest.param(100_000, "2 times the maximum", id="double"),
        pytest.param(1_874_000, "37 times the maximum", id="far-above-the-maximum"),
        pytest.param(97_000_000_000, "1,940,000 times the maximum", id="out-of-all-proportion"),
        pytest.param(10_000, None, id="at-the-minimum"),
        pytest.param(50_000, None, id="at-the-maximum"),
    ],
)
def test_a_broken_bound_says_how_far_off_in_per_cent(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    email: Callable[..., GuardResult],
    count: int,
    distance: str | None,
) -> None:
    drawn = text(report(segment(email(count))))
    assert (distance in drawn) if distance else not re.search(r"below|above|nobody|times", drawn)


@pytest.mark.parametrize(
    ("bound", "limit", "count", "distance"),
    [
        pytest.param("share.min", Fraction(3, 5), 5, "1 person too few", id="part-of-a-person-takes-one-more"),
        pytest.param("share.max", Fraction(1, 5), 5, "4 people too many", id="part-of-a-person-is-not-allowed"),
    ],
)
def test_a_broken_share_says_how_many_people_that_is(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    guard: Callable[..., GuardResult],
    check: Callable[..., Check],
    bound: str,
    limit: Fraction,
    count: int,
    distance: str,
) -> None:
    assert distance in text(report(segment(guard(check(bound, limit, Fraction(count, 9)), count=count, users=9))))


@pytest.mark.parametrize(
    ("format_", "screen", "shown"),
    [
        (Format.MARKDOWN, None, "| 12,249 | 0.25% to 12.25% of the users |"),
        (Format.HTML, None, "12,249, allowed 0.25% to 12.25%"),
        (Format.HTML, None, "12.249%<"),
        (Format.TEXT, Screen(width=100), "12,249, allowed 0.25% to 12.25%"),
    ],
)
def test_observed_shares_differ_from_limits(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    guard: Callable[..., GuardResult],
    check: Callable[..., Check],
    format_: Format,
    screen: Screen | None,
    shown: str,
) -> None:
    observed = Fraction(12_249, 100_000)
    checks = [check("share.min", Fraction("0.0025"), observed), check("share.max", Fraction("0.1225"), observed)]
    assert shown in render(report(segment(guard(*checks, count=12_249, users=100_000))), format_, screen)


@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_is_a_per_cent_of_a_maximum_of_zero(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    guard: Callable[..., GuardResult],
    check: Callable[..., Check],
    screen: Screen | None,
) -> None:
    assert "%" not in text(report(segment(guard(check("max", 0, 5), count=5))), screen)


# Age


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (0, "counted fresh at 09:01:02 UTC"),
        (75, "counted fresh at 09:01:02 UTC (1 min 15 s old)"),
        (None, "counted 2026-11-23 09:01:02 UTC"),
    ],
)
def test_the_age_of_the_count_is_told_or_else_its_moment(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    guard: Callable[..., GuardResult],
    check: Callable[..., Check],
    age: int | None,
    said: str,
) -> None:
    assert f"| {said} |" in text(report(segment(guard(check("min", 1, 5), count=5, age=age))))


def test_a_moment_is_told_in_utc_whatever_zone_it_came_in() -> None:
    moment = datetime(2026, 11, 23, 1, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=2)))
    assert utc(moment) == "2026-11-22 23:00:00 UTC"


# Advice


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_comes_with_something_to_do(check: Callable[..., Check], reason: Reason) -> None:
    assert next_step(check("min", 5, None), finding(reason=reason))


@pytest.mark.parametrize("bound", BoundName)
def test_every_broken_bound_comes_with_something_to_look_at(check: Callable[..., Check], bound: BoundName) -> None:
    limit, observed = (5, 3) if bound.is_floor else (3, 5)
    assert next_step(check(bound, limit, observed), finding(people=observed))


def test_nobody_on_a_channel_points_to_its_adapter(check: Callable[..., Check]) -> None:
    empty = check("min", 5, 0)
    assert "adapter" in (next_step(empty, finding(people=0, channel=Channel.PUSH)) or "")
    assert "adapter" not in (next_step(empty, finding(people=0, channel=Channel.USERS)) or "")


@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param({"people": 21_700, "users": 0}, id="more-than-users"),
        pytest.param(
            {"people": 0, "channel": Channel.USERS, "detail": "email (7) is more"}, id="users-below-a-channel"
        ),
    ],
)
@pytest.mark.parametrize("bound", ["min", "max"])
def test_numbers_that_contradict_each_other_blame_no_filter(
    check: Callable[..., Check], bound: str, numbers: dict[str, Any]
) -> None:
    broken = check(bound, 5, 3 if bound == "min" else 7)
    step = next_step(broken, finding(**numbers)) or ""
    assert "contradict" in step
    assert "filter" not in step


@pytest.mark.parametrize("cause", [Reason.NETWORK, Reason.SERVER_ERROR, Reason.RATE_LIMITED])
def test_at_the_deadline_the_advice_is_about_what_failed(check: Callable[..., Check], cause: Reason) -> None:
    unknown = check("min", 5, None)
    assert next_step(unknown, finding(reason=Reason.DEADLINE, cause=cause)) == remedy(cause)
    assert "fewer segments" in (next_step(unknown, finding(reason=Reason.DEADLINE)) or "")


def finding(
    *,
    people: int | None = None,
    users: int | None = None,
    reason: Reason | None = None,
    channel: Channel = Channel.EMAIL,
    detail: str | None = None,
    cause: Reason | None = None,
) -> Finding:
    return Finding(
        name="newsletter-active",
        channel=channel,
        people=people,
        users=users,
        before=None,
        asks=(),
        reason=reason,
        detail=detail,
        path="rules.yaml",
        checks=(),
        cause=cause,
    )


# The conclusion


def test_the_conclusion_has_the_exit_code(reports: dict[str, Report]) -> None:
    for report in reports.values():
        last = conclusion(report)
        assert last.endswith(f" (exit {int(report.exit_code)})")
        assert last.startswith("May be sent") == (report.verdict is Verdict.PASS)
        assert text(report, Screen(width=300)).splitlines()[-1] == last


def test_a_failure_that_exits_with_0_is_still_called_a_failure(reports: dict[str, Report]) -> None:
    assert conclusion(reports["fail-let-pass"]) == (
        "Do not send to newsletter-active: email 1,900, minimum 10,000;"
        " under --fail-on never that does not change the exit code. (exit 0)"
    )


def test_a_failure_does_not_hide_an_unknown_bound(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    guard: Callable[..., GuardResult],
    check: Callable[..., Check],
) -> None:
    half_known = guard(check("min", 10, 7), check("share.min", Fraction(1, 2), None), count=7, reason=Reason.ZERO_USERS)
    assert conclusion(report(segment(half_known), fail_on=FailOn.NEVER)) == (
        "Do not send to newsletter-active: email 7, minimum 10;"
        " under --fail-on never that does not change the exit code. (exit 3)"
    )


def test_a_stopping_warning_is_not_a_failure(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    guard: Callable[..., GuardResult],
    check: Callable[..., Check],
) -> None:
    half_known = guard(check("warn.min", 10, 7), check("share.min", Fraction(1, 2), None), count=None)
    assert conclusion(report(segment(half_known), fail_on=FailOn.WARN)) == (
        "Do not send to newsletter-active yet: email could not be counted."
        " A warning counts as a failure here (--fail-on warn). (exit 1)"
    )


# The segment that was counted


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("format_", Format)
def test_every_format_names_the_counted_segment(
    reports: dict[str, Report], format_: Format, screen: Screen | None
) -> None:
    drawn = render(reports["named"], format_, screen).replace("\n| ", " ").replace('\\"', '"')
    assert "2dd093e6-8c6f-4e14-8a2c-744477e1fdef" in drawn.replace(" ", "").replace("\n|", "")
    assert "Promo, week 3" in drawn
    assert "Win back" in drawn
