"""The geometry of a trend: where the line goes and where it does not, the band, and each mark."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.report.trends.picture import Picture, picture
from guard.report.trends.points import Band, Point
from tests.report.trends.builders import FIRST, point, points, trend

LEFT, RIGHT, TOP, BOTTOM = 6, 236, 6, 58
WIDTH, HEIGHT = 320, 64
HUGE = 2**53 - 1
Place = tuple[int, int]


def drawn(*shown: Point) -> Picture:
    return picture(trend(*shown))


def of(counts: list[int | None], band: Band | None = None) -> Picture:
    return drawn(*(points(counts, band=band) if band else points(counts)))


def lines(path: str) -> list[list[Place]]:
    """Return the places that each stretch of a line goes through."""
    found = []
    for stretch in re.findall(r"M([^M]+)", path):
        start, letter, rest = re.fullmatch(r"([\d ]+)([lh])(.*)", stretch).groups()  # type: ignore[union-attr]
        steps = [int(each) for each in re.findall(r"-?\d+", rest)]
        x, y = map(int, start.split())
        places = [(x, y)]
        for dx, dy in [(steps[0], 0)] if letter == "h" else zip(steps[::2], steps[1::2], strict=True):
            x, y = x + dx, y + dy
            places.append((x, y))
        found.append(places)
    return found


def squares(path: str) -> list[Place]:
    """Return the centre of each square."""
    return [(int(x) + 3, int(y) + 3) for x, y in re.findall(r"M(-?\d+) (-?\d+)h6v6h-6z", path)]


def triangles(path: str) -> list[int]:
    """Return where each triangle is, all at the top."""
    return [int(x) + 3 for x in re.findall(rf"M(-?\d+) {TOP + 3}l3-6 3 6z", path)]


def boxes(path: str) -> list[tuple[int, int, int, int]]:
    """Return the left, the top, the right and the bottom of each box."""
    found = re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)h-\d+z", path)
    return [(x, y, x + width, y + height) for x, y, width, height in (map(int, each) for each in found)]


# The line


def test_the_line_goes_from_edge_to_edge() -> None:
    assert lines(of([0, 25_000, 50_000]).line) == [[(LEFT, BOTTOM), (121, 32), (RIGHT, TOP)]]


@pytest.mark.parametrize(
    ("counts", "lengths"),
    [
        pytest.param([1, 2, None, 3, 4], [2, 2], id="one-gap"),
        pytest.param([1, 2, None, None, 3, 4], [2, 2], id="a-wide-gap"),
        pytest.param([None, 1, 2], [2], id="unknown-first"),
        pytest.param([1, 2, None], [2], id="unknown-last"),
        pytest.param([None, None], [], id="all-unknown"),
    ],
)
def test_the_line_never_goes_through_a_gap(counts: list[int | None], lengths: list[int]) -> None:
    shown = of(counts)

    assert [len(each) for each in lines(shown.line)] == lengths
    crossed = [x for each in lines(shown.line) for x in shown.unknown if each[0][0] < x < each[-1][0]]
    assert crossed == []
    assert len(shown.unknown) == counts.count(None)


def test_a_day_between_two_gaps_is_drawn() -> None:
    shown = of([30_000, None, 30_000, None, 30_000])

    assert lines(shown.line)[1] == [(119, 27), (123, 27)]


def test_days_stand_at_their_dates() -> None:
    shown = drawn(point(1, 0), point(1, 1), point(1, 10))

    assert [x for x, _ in lines(shown.line)[0]] == [LEFT, LEFT + 23, RIGHT]


@pytest.mark.parametrize("count", [0, 1, 30_000, HUGE, None])
def test_one_day_stands_beside_its_number(count: int | None) -> None:
    shown = of([count], Band())

    assert shown.last == (None if count is None else (RIGHT, BOTTOM if count == 0 else TOP))
    assert shown.unknown == ((RIGHT,) if count is None else ())
    assert shown.band == ""


# The scale


def test_the_scale_ends_at_twice_the_maximum() -> None:
    shown = of([100_000, 100_001, 5_000_000])

    assert [y for _, y in lines(shown.line)[0]] == [TOP] * 3
    assert [x for x, _ in squares(shown.bad)] == [LEFT]
    assert triangles(shown.bad) == [121, RIGHT]


def test_without_a_maximum_every_count_fits() -> None:
    shown = of([10_000, 5_000_000], Band(low=10_000))

    assert lines(shown.line)[0][1] == (RIGHT, TOP)
    assert (shown.bad, shown.last) == ("", (RIGHT, TOP))


def test_the_scale_begins_at_zero() -> None:
    assert lines(of([0, 50_000], Band(low=40_000, high=50_000)).line) == [[(LEFT, BOTTOM), (RIGHT, TOP)]]


# The marks


def test_a_failure_is_a_square() -> None:
    shown = of([30_000, 1_000, 30_000])

    assert squares(shown.bad) == [(121, 57)]
    assert triangles(shown.bad) == []


def test_a_warning_within_what_is_allowed_has_no_mark() -> None:
    shown = drawn(point(11_000, 0, verdict="warn"), point(30_000, 1))

    assert shown.bad == ""
    assert [row.note for row in shown.rows] == ["", "warn"]


def test_a_day_that_nobody_judged_is_marked_too() -> None:
    shown = drawn(point(0, 0, imported=True), point(500_000, 1, verdict="warn"), point(30_000, 2))

    assert squares(shown.bad) == [(LEFT, BOTTOM)]
    assert triangles(shown.bad) == [121]
    assert [row.note for row in shown.rows] == [
        "",
        "warn, above the maximum",
        "below the minimum, imported",
    ]


def test_the_verdict_of_then_is_marked() -> None:
    """A count within the bounds of today may have failed then."""
    assert squares(drawn(point(30_000, 0, verdict="fail"), point(30_000, 1)).bad) == [(LEFT, 27)]


def test_the_last_count_is_a_dot_and_a_number() -> None:
    shown = of([20_000, 30_000])

    assert (shown.last, shown.label, shown.label_at) == ((RIGHT, 27), "30,000", 31)


@pytest.mark.parametrize(
    ("last", "label"),
    [pytest.param(1_000, "1,000", id="failed"), pytest.param(900_000, "900,000", id="beyond")],
)
def test_no_dot_hides_the_last_mark(last: int, label: str) -> None:
    shown = of([30_000, last])

    assert shown.last is None
    assert shown.label == label
    assert [x for x, _ in squares(shown.bad)] + triangles(shown.bad) == [RIGHT]


def test_an_unknown_end_has_no_dot() -> None:
    shown = of([30_000, None])

    assert (shown.last, shown.label, shown.label_at, shown.unknown) == (None, "unknown", BOTTOM, (RIGHT,))


@pytest.mark.parametrize(("count", "is_long"), [(999_999_999, False), (1_000_000_000, True), (HUGE, True)])
def test_a_long_number_is_squeezed(count: int, is_long: bool) -> None:
    assert of([count], Band()).is_long is is_long


@pytest.mark.parametrize(
    ("days", "at"), [(0, None), (1, 83), (3, RIGHT), (4, None)], ids=["first", "within", "last", "after"]
)
def test_a_tick_is_where_the_past_begins(days: int, at: int | None) -> None:
    shown = replace(trend(*points([20_000] * 4, step=1)), since=FIRST + timedelta(days=days))

    assert picture(shown).since == at


# The band


def test_the_band_is_what_is_allowed() -> None:
    assert boxes(of([0, 100_000]).band) == [(LEFT, 32, RIGHT, 53)]


@pytest.mark.parametrize(
    ("band", "box"),
    [
        pytest.param(Band(low=25_000), (LEFT, TOP, RIGHT, 32), id="no-max"),
        pytest.param(Band(high=25_000), (LEFT, 32, RIGHT, BOTTOM), id="no-min"),
        pytest.param(Band(low=25_000, high=25_000), (LEFT, 32, RIGHT, 33), id="low-is-high"),
        pytest.param(Band(low=0, high=0), (LEFT, BOTTOM, RIGHT, BOTTOM + 1), id="nobody-allowed"),
    ],
)
def test_a_band_is_never_empty(band: Band, box: tuple[int, int, int, int]) -> None:
    assert boxes(of([0, 50_000], band).band) == [box]


def test_without_a_bound_there_is_no_band() -> None:
    assert of([1, 2], Band()).band == ""


def test_changed_bounds_are_a_step() -> None:
    shown = drawn(
        *(point(20, day, band=Band(high=50)) for day in range(2)),
        *(point(20, day, band=Band(low=10, high=100)) for day in range(2, 4)),
        point(20, 4, band=Band()),
    )

    assert boxes(shown.band) == [(LEFT, 32, 121, BOTTOM), (121, TOP, RIGHT, 53)]


# The table and the words


def test_the_table_has_each_day_newest_first() -> None:
    shown = drawn(point(12_000, 0, imported=True), point(None, 7), point(1_900, 14), point(30_000, 21))

    assert [(row.day, row.count, row.note) for row in shown.rows] == [
        ("2026-06-23", "30,000", ""),
        ("2026-06-16", "1,900", "fail, below the minimum"),
        ("2026-06-09", "?", "timeout"),
        ("2026-06-02", "12,000", "imported"),
    ]


def test_the_title_says_what_is_drawn() -> None:
    shown = picture(trend(*points([30_000, 1_900]), name="x" * 300, channel="in_app"))

    assert shown.title == f"{'x' * 79}… / in-app: 1,900 on 2026-06-09"
    assert shown.caption == "2 readings, 2026-06-02 to 2026-06-09"


# Any trend


_BOUNDS = st.none() | st.integers(0, HUGE)
_BANDS = st.tuples(_BOUNDS, _BOUNDS).map(
    lambda both: Band(low=min(both), high=max(both)) if None not in both else Band(low=both[0], high=both[1])  # type: ignore[type-var]
)
_POINTS = st.lists(st.tuples(st.none() | st.integers(0, HUGE), st.integers(1, 400), _BANDS), min_size=1, max_size=30)


@given(days=_POINTS)
def test_nothing_is_drawn_outside(days: list[tuple[int | None, int, Band]]) -> None:
    at, shown = 0, []
    for count, step, band in days:
        at += step
        shown.append(point(count, at, band=band))

    told = drawn(*shown)

    places = [place for each in lines(told.line) for place in each]
    places += squares(told.bad) + [(x, TOP) for x in triangles(told.bad)]
    assert all(LEFT - 2 <= x <= RIGHT + 2 and TOP <= y <= BOTTOM for x, y in places)
    assert all(
        LEFT <= left < right <= WIDTH and TOP <= top < bottom < HEIGHT for left, top, right, bottom in boxes(told.band)
    )
    assert all(before <= after for before, after in pairwise(told.unknown))
    assert len(squares(told.bad)) + len(triangles(told.bad)) == sum(each.is_bad for each in shown)
    assert sum(len(each) for each in lines(told.line)) >= sum(not each.is_unknown for each in shown)
