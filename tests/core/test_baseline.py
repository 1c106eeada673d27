"""Which days are a baseline, and how many people a change of so much allows."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.baseline import (
    DayCount,
    LeftOut,
    Source,
    Window,
    baseline,
    eligible,
    highest_allowed,
    lowest_allowed,
)
from guard.core.history import Limit, Reading
from guard.core.model import LARGEST_COUNT

TODAY = date(2026, 11, 23)  # a Monday
BERLIN = ZoneInfo("Europe/Berlin")

counts = st.integers(0, LARGEST_COUNT)
halves = st.builds(Fraction, counts, st.sampled_from([1, 2]))
decreases = st.fractions(-1, 0, max_denominator=10_000).filter(lambda share: share > -1)
increases = st.fractions(0, 1000, max_denominator=10_000)
ignored = st.none() | counts


def reading(days_ago: int, count: int | None = 100, *, run: int = 0, imported: bool = False, **values: Any) -> Reading:
    day = TODAY - timedelta(days=days_ago)
    at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    return Reading(
        run=run or 1000 - days_ago,
        **{"at": at, "day": day if imported else None, "count": count, "verdict": "pass"} | values,
    )


def window(**values: Any) -> Window:
    usual: dict[str, Any] = {"today": TODAY, "zone": UTC, "within": 120}
    return Window(**usual | values)


def days_of(readings: list[Reading], **values: Any) -> list[tuple[int, int]]:
    """Return how many days ago each eligible day is, and its count."""
    return [((TODAY - each.day).days, each.people) for each in eligible(readings, window(**values)).days]


def left_out(readings: list[Reading], **values: Any) -> dict[str, int]:
    return {why.value: many for why, many in eligible(readings, window(**values)).left_out.items()}


# How many people are allowed


@given(value=halves, least=decreases, ignore=ignored)
def test_the_least_is_that_of_the_contract(value: Fraction, least: Fraction, ignore: int | None) -> None:
    lower = min(math.ceil(value * (1 + least)), math.floor(value))
    if ignore is not None:
        lower = min(lower, math.ceil(value) - ignore)
    if value >= 1:
        lower = max(lower, 1)

    assert lowest_allowed(value, least, ignore) == max(lower, 0)


@given(value=halves, most=increases, ignore=ignored)
def test_the_most_is_that_of_the_contract(value: Fraction, most: Fraction, ignore: int | None) -> None:
    upper = max(math.floor(value * (1 + most)), math.ceil(value))
    if ignore is not None:
        upper = max(upper, math.floor(value) + ignore)

    assert highest_allowed(value, most, ignore) == min(upper, LARGEST_COUNT)


@given(count=counts, least=decreases, most=increases, ignore=ignored)
def test_an_unchanged_audience_passes(count: int, least: Fraction, most: Fraction, ignore: int | None) -> None:
    value = Fraction(count)

    assert 0 <= lowest_allowed(value, least, ignore) <= count <= highest_allowed(value, most, ignore)


@given(value=halves.filter(lambda value: value >= 1), least=decreases, ignore=ignored)
def test_becoming_empty_is_never_allowed(value: Fraction, least: Fraction, ignore: int | None) -> None:
    assert lowest_allowed(value, least, ignore) >= 1


@pytest.mark.parametrize(
    ("value", "least", "most", "ignore", "lower", "upper"),
    [
        pytest.param(40_120, "-0.3", "0.5", None, 28_084, 60_180, id="the-example"),
        pytest.param(0, "-0.3", "0.5", None, 0, 0, id="nobody"),
        pytest.param(0, "-0.3", "0.5", 500, 0, 500, id="nobody-and-small-changes"),
        pytest.param(1, "-0.99", "0", None, 1, 1, id="one"),
        pytest.param("0.5", "-0.5", "0.5", None, 0, 1, id="a-half"),
        pytest.param("2.5", "0", "0", None, 2, 3, id="no-change-of-a-half"),
        pytest.param(1_000, "-0.1", "0.1", 500, 500, 1_500, id="small-changes"),
        pytest.param(LARGEST_COUNT, "-0.5", "1000", None, 4_503_599_627_370_496, LARGEST_COUNT, id="the-largest"),
    ],
)
def test_the_limits(value: str, least: str, most: str, ignore: int | None, lower: int, upper: int) -> None:
    exact = Fraction(value)

    assert lowest_allowed(exact, Fraction(least), ignore) == lower
    assert highest_allowed(exact, Fraction(most), ignore) == upper


# What a baseline is made of


@pytest.mark.parametrize(
    ("name", "taken", "value"),
    [
        ("previous", [1], Fraction(10)),
        ("median_of_last_3", [1, 2, 3], Fraction(20)),
        ("median_of_last_4", [1, 2, 3, 4], Fraction(25)),
        ("median_of_last_52", list(range(1, 16)), Fraction(80)),
        ("same_weekday", [7, 14], Fraction(105)),
    ],
)
def test_a_source_takes_the_newest(name: str, taken: list[int], value: Fraction) -> None:
    every = [DayCount(TODAY - timedelta(days=ago), 10 * ago) for ago in range(1, 16)]

    used = Source.named(name).days(every, TODAY)

    assert [(TODAY - each.day).days for each in used] == taken
    assert baseline(used) == value


@given(values=st.lists(counts, min_size=1, max_size=60))
def test_the_median_is_exact(values: list[int]) -> None:
    every = [DayCount(TODAY - timedelta(days=ago + 1), value) for ago, value in enumerate(values)]

    assert baseline(every) == median(map(Fraction, values))


# Which days are eligible


def test_today_is_no_baseline() -> None:
    assert days_of([reading(0, 1), reading(1, 2)]) == [(1, 2)]


def test_the_newest_count_stands_for_its_day() -> None:
    early, late = (datetime(2026, 11, 22, hour, tzinfo=UTC) for hour in (6, 18))
    uncounted = reading(1, None, run=9, at=late + timedelta(hours=1))

    assert days_of([reading(1, 5, run=8, at=early), reading(1, 7, run=7, at=late), uncounted]) == [(1, 7)]


def test_a_recorded_day_wins_over_an_imported_one() -> None:
    assert days_of([reading(1, 5), reading(1, 7, run=2000, imported=True)]) == [(1, 5)]
    assert days_of([reading(1, None), reading(1, 7, imported=True)]) == [(1, 7)]


def test_a_day_is_that_of_the_time_zone() -> None:
    late = reading(0, 5, at=datetime(2026, 11, 22, 23, 30, tzinfo=UTC))

    assert days_of([late]) == [(1, 5)]
    assert days_of([late], zone=BERLIN) == []  # it is the 23rd there


def test_an_imported_day_is_that_day_everywhere() -> None:
    late = reading(1, 5, imported=True, at=datetime(2026, 11, 22, 0, 0, tzinfo=UTC))

    assert days_of([late], zone=ZoneInfo("America/Los_Angeles")) == [(1, 5)]


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)], ids=["short", "long"])
def test_the_days_of_a_clock_change_are_days(day: date) -> None:
    ends = [datetime(day.year, day.month, day.day, hour, 30, tzinfo=BERLIN) for hour in (0, 23)]
    found = eligible(
        [reading(0, count, run=count, at=at.astimezone(UTC)) for count, at in enumerate(ends, start=1)],
        window(today=day + timedelta(days=1), zone=BERLIN),
    )

    assert found.days == (DayCount(day, 2),)


def test_each_reason_leaves_a_day_out() -> None:
    relative = (Limit("change.min", 50, "pass"),)
    broken = (Limit("change.max", 50, "fail"),)
    past = [
        reading(1, 101, limits=broken),
        reading(2, 5_000, limits=relative),
        reading(3, 103, limits=relative),
        reading(4, 104, limits=relative),
        reading(5, 105, limits=relative),
        reading(6, 106),
        reading(7, 107, limits=relative),
        reading(30, 130),
        reading(40, 140),
    ]
    told: dict[str, Any] = {
        "excluded": ((TODAY - timedelta(days=3), TODAY - timedelta(days=3)),),
        "high": 1_000,
        "within": 20,
    }

    assert days_of(past, **told) == [(4, 104), (5, 105), (7, 107)]
    assert left_out(past, **told) == {"failed": 1, "out_of_bounds": 1, "excluded": 1, "other_rules": 1, "old": 1}


def test_since_leaves_out_what_was_before() -> None:
    past = [reading(ago) for ago in (1, 2, 3)]

    assert days_of(past, since=TODAY - timedelta(days=2)) == [(1, 100), (2, 100)]
    assert left_out(past, since=TODAY - timedelta(days=2)) == {"since": 1}


@pytest.mark.parametrize(
    ("verdict", "limit", "kept"),
    [
        ("fail", 50, False),
        ("warn", 50, False),  # by its severity
        ("waived", 50, False),
        ("pass", 50, True),
        ("fail", None, True),  # it was still learning
    ],
)
def test_a_day_that_broke_its_bound_is_out(verdict: str, limit: int | None, kept: bool) -> None:
    assert bool(days_of([reading(1, limits=(Limit("change.min", limit, verdict),))])) is kept


@pytest.mark.parametrize(("reason", "kept"), [("learning", True), ("history", False), ("timeout", False)])
def test_a_day_whose_past_was_not_known_is_out(reason: str, kept: bool) -> None:
    """A locked store would otherwise let yesterday's fault pass today."""
    limits = (Limit("change.min", None, "unknown"),)

    assert bool(days_of([reading(1, limits=limits, reason=reason)])) is kept


def test_one_run_stands_as_a_whole() -> None:
    """Two keys of the rules can mean one segment, one by its name: the other must not hide what one found."""
    failed, other = Limit("change.min", 50, "fail"), Limit("change.max", 500, "pass")

    assert days_of([reading(1, run=7, limits=(failed,)), reading(1, run=7, limits=(other,))]) == []
    assert days_of([reading(9, limits=(other,)), reading(1, run=7), reading(1, run=7, limits=(other,))]) == [
        (1, 100),
        (9, 100),
    ]


@pytest.mark.parametrize("bound", ["change.warn.min", "min", "share.max"])
def test_other_broken_bounds_do_not_matter(bound: str) -> None:
    assert days_of([reading(1, limits=(Limit(bound, 50, "warn"),))]) == [(1, 100)]


def test_other_rules_go_by_the_days_and_not_the_runs() -> None:
    relative = reading(5, limits=(Limit("change.min", 50, "pass"),), run=9)

    assert days_of([relative, reading(2, run=3)]) == [(5, 100)]
    assert days_of([relative, reading(7, run=50)]) == [(5, 100), (7, 100)]
    assert days_of([relative, reading(2, imported=True)]) == [(2, 100), (5, 100)]


@pytest.mark.parametrize(("low", "high"), [(101, None), (None, 99)])
def test_todays_bounds_decide(low: int | None, high: int | None) -> None:
    assert left_out([reading(1)], low=low, high=high) == {"out_of_bounds": 1}
    assert days_of([reading(1)], low=100, high=100) == [(1, 100)]


def test_reach_begins_at_the_later_of_both() -> None:
    assert window().begins == TODAY - timedelta(days=120)
    assert window(since=TODAY - timedelta(days=7)).begins == TODAY - timedelta(days=7)
    assert window(within=3, since=TODAY - timedelta(days=7)).begins == TODAY - timedelta(days=3)


def test_the_reasons_are_the_words_of_the_report() -> None:
    assert [*LeftOut] == ["other_rules", "old", "since", "excluded", "out_of_bounds", "failed"]
