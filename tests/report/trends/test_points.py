"""What a trend shows of each day, what is allowed, and what it says in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from guard.core.history import Day, Limit, Reading
from guard.core.model import Channel
from guard.report.trends.points import DAYS, Band, band_of, points_of, trend_of, trend_points
from guard.report.view import guards_of
from tests.report.builders import MOMENT, check, earlier, email, guard, outcomes, remembered, report, segment
from tests.report.trends.builders import point, points, trend

TODAY = MOMENT.date()


def reading(count: int | None, day: int, *, run: int = 1, imported: bool = False, hour: int = 9) -> Reading:
    at = datetime(2026, 11, day, hour, tzinfo=UTC)
    return Reading(
        run=run,
        at=at,
        day=at.date() if imported else None,
        count=count,
        verdict=None if imported else "pass",
        limits=()
        if imported
        else (Limit("min", 10, "pass"), Limit("max", 99, "pass"), Limit("share.min", 0.5, "pass")),
    )


# What is allowed


@pytest.mark.parametrize(
    ("band", "sides"),
    [
        pytest.param(Band(low=10, high=20), [-1, 0, 0, 1], id="both"),
        pytest.param(Band(low=10), [-1, 0, 0, 0], id="no-max"),
        pytest.param(Band(high=20), [0, 0, 0, 1], id="no-min"),
        pytest.param(Band(), [0, 0, 0, 0], id="none"),
    ],
)
def test_a_bound_is_allowed_itself(band: Band, sides: list[int]) -> None:
    assert [band.side(count) for count in (9, 10, 20, 21)] == sides


@pytest.mark.parametrize(
    ("band", "said"),
    [
        (Band(low=10_000, high=50_000), "allowed 10,000 to 50,000"),
        (Band(low=1_000), "at least 1,000"),
        (Band(high=1_000), "at most 1,000"),
        (Band(), ""),
    ],
)
def test_what_is_allowed_in_words(band: Band, said: str) -> None:
    assert band.in_words(1_000 if band.low == 1_000 else 0 if band.low is None else 10_000) == said
    assert band.in_words(None) == said


@pytest.mark.parametrize(("count", "said"), [(9, "below the minimum of 10"), (21, "above the maximum of 20")])
def test_what_is_outside_says_how(count: int, said: str) -> None:
    assert Band(low=10, high=20).in_words(count) == said


def test_only_absolute_bounds_make_a_band() -> None:
    checks = (check("warn.min", 12, 11), check("warn.max", 18, 11), check("min", 10, 11), check("max", 20, 11))

    assert band_of(checks) == Band(low=10, high=20)
    assert band_of(checks[:2]) == Band()


# Its days


def test_each_day_has_the_bounds_of_then() -> None:
    shown = trend_points([reading(50, 3), reading(40, 2, imported=True)], 26)

    assert [(each.count, each.band) for each in shown] == [(40, Band()), (50, Band(low=10, high=99))]


def test_the_rules_of_today_hold_for_each_day() -> None:
    shown = trend_points([reading(50, 3), reading(40, 2)], 26, Band(high=45))

    assert [each.band for each in shown] == [Band(high=45)] * 2


def test_the_newest_count_of_a_day_stands_for_it() -> None:
    same_day = [
        reading(None, 3, hour=23, run=4),
        reading(52, 3, hour=20, run=3),
        reading(50, 3, run=2),
        reading(99, 3, imported=True),
    ]

    (shown,) = trend_points(same_day, 26)

    assert (shown.count, shown.run, shown.is_imported) == (52, 3, False)


def test_only_the_newest_days_are_shown() -> None:
    shown = trend_points([reading(day, day) for day in range(20, 0, -1)], 3)

    assert [each.count for each in shown] == [18, 19, 20]


def test_a_day_without_a_count_is_unknown() -> None:
    (shown,) = trend_points([replace(reading(None, 3), verdict="unknown", reason="timeout")], 26)

    assert (shown.is_unknown, shown.is_bad, shown.reason) == (True, False, "timeout")


# In words


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ([], "no readings yet"),
        ([1_900], "1,900 on 2026-06-02, below the minimum of 10,000; its first day"),
        (
            [11_900, None],
            "unknown on 2026-06-09, allowed 10,000 to 50,000; 2 readings, 2026-06-02 to 2026-06-09",
        ),
        (
            [1_900, 2**53 - 1, 20_000],
            (
                "20,000 on 2026-06-16, allowed 10,000 to 50,000;"
                " 3 readings, 2026-06-02 to 2026-06-16; 2 outside the bounds, the last on 2026-06-09"
            ),
        ),
    ],
)
def test_a_trend_in_words(counts: list[int | None], said: str) -> None:
    assert trend(*points(counts)).in_words == said


def test_imported_days_are_said() -> None:
    both = (point(12_000, imported=True), point(13_000, 1))

    assert trend(*both).in_words.endswith("; 2 readings, 2026-06-02 to 2026-06-03, 1 imported")
    assert trend(both[0]).in_words.endswith("; its first day, imported")


# In a report


def test_the_trend_ends_with_this_run() -> None:
    (finding, _) = guards_of(outcomes()["history"])

    shown = trend_of(finding)

    assert shown
    assert [each.count for each in shown.points[-3:]] == [30_100, 29_800, 1_900]
    assert (shown.points[-1].day, shown.points[-1].verdict) == (TODAY, "fail")
    assert {each.band for each in shown.points} == {Band(low=10_000, high=50_000)}


def test_a_trend_in_a_report_has_26_days() -> None:
    finding = guards_of(outcomes()["history-long"])[0]

    shown = trend_of(finding)

    assert shown
    assert len(shown.points) == DAYS == 26


def test_an_unknown_count_is_the_last_point() -> None:
    told = remembered(report(segment(email(None))), {Channel.EMAIL: earlier([30_000])})

    shown = trend_of(guards_of(told)[0])

    assert shown
    assert [(each.count, each.reason) for each in shown.points] == [(30_000, None), (None, "timeout")]


def test_this_run_stands_for_its_day() -> None:
    days = (*earlier([30_000]), Day(day=TODAY, reading=reading(31_000, 23)))
    told = remembered(report(segment(email(1_900))), {Channel.EMAIL: days})

    shown = trend_of(guards_of(told)[0])

    assert shown
    assert [each.count for each in shown.points] == [30_000, 1_900]


def test_no_later_day_comes_before_this_run() -> None:
    """A run that began later may have recorded the next day already."""
    later = Day(day=TODAY + timedelta(days=1), reading=reading(31_000, 24))
    told = remembered(report(segment(email(1_900))), {Channel.EMAIL: (*earlier([30_000]), later)})

    shown = trend_of(guards_of(told)[0])

    assert shown
    assert [each.day for each in shown.points] == [TODAY - timedelta(days=7), TODAY]


@pytest.mark.parametrize("outcome", ["pass", "history-begins", "history-lost"])
def test_one_day_is_no_trend(outcome: str) -> None:
    assert [trend_of(each) for each in guards_of(outcomes()[outcome])][:1] == [None]


def test_the_days_are_those_of_the_server() -> None:
    """The run ended after midnight, the count was before it."""
    late = replace(guard(check("min", 1, 7), count=7))
    told = replace(report(segment(late)), finished_at=MOMENT + timedelta(days=1))

    assert guards_of(told)[0].today == date(2026, 11, 23)
    assert points_of(()) == ()
