from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from guard.core.model import Channel
from guard.report.gauge import Gauge, gauge
from guard.report.view import Finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.results import Check


def bar(observed: float, low: float | None, high: float | None) -> str:
    return Gauge(observed=observed, low=low, high=high, allowed="").draw(20, unicode=False)


def judged(*checks: Check) -> Finding:
    return Finding(
        name="newsletter-active",
        channel=Channel.EMAIL,
        people=None,
        users=None,
        before=None,
        asks=(),
        reason=None,
        detail=None,
        path="rules.yaml",
        checks=checks,
    )


@pytest.mark.parametrize(
    ("observed", "low", "high", "drawn"),
    [
        pytest.param(0, 100, 200, "O...============....", id="nobody"),
        pytest.param(99, 100, 200, "...O============....", id="one-below-the-minimum"),
        pytest.param(100, 100, 200, "....O===========....", id="at-the-minimum"),
        pytest.param(150, 100, 200, "....======O=====....", id="in-the-middle"),
        pytest.param(200, 100, 200, "....===========O....", id="at-the-maximum"),
        pytest.param(201, 100, 200, "....============O...", id="one-above-the-maximum"),
        pytest.param(10**15, 100, 200, "....============...O", id="far-above-the-maximum"),
        pytest.param(100, 100, 100, "....======O=====....", id="exactly-the-one-number-allowed"),
        pytest.param(99, 100, None, "...O================", id="below-a-minimum-alone"),
        pytest.param(100, 100, None, "....O===============", id="at-a-minimum-alone"),
        pytest.param(10**15, 100, None, "....===============O", id="far-above-a-minimum-alone"),
        pytest.param(0, 0, None, "....O===============", id="nobody-where-nobody-is-enough"),
        pytest.param(0, None, 100, "O===============....", id="nobody-under-a-maximum-alone"),
        pytest.param(100, None, 100, "===============O....", id="at-a-maximum-alone"),
        pytest.param(5, None, 0, "================...O", id="somebody-where-nobody-is-allowed"),
    ],
)
def test_the_count_stands_where_it_is_between_its_bounds(
    observed: float, low: float | None, high: float | None, drawn: str
) -> None:
    assert bar(observed, low, high) == drawn


@pytest.mark.parametrize(
    ("observed", "warn_low", "warn_high", "drawn"),
    [
        pytest.param(150, 125, 175, "....---===O===--....", id="calm"),
        pytest.param(110, 125, 175, "....-O-=======--....", id="in-the-low-zone"),
        pytest.param(124, 125, 175, "....--O=======--....", id="at-the-end-of-the-low-zone"),
        pytest.param(125, 125, 175, "....---O======--....", id="just-calm"),
        pytest.param(175, 125, 175, "....---======O--....", id="still-calm"),
        pytest.param(176, 125, 175, "....---=======O-....", id="in-the-high-zone"),
        pytest.param(150, 101, 199, "....-=====O====-....", id="narrow-zones-are-drawn"),
        pytest.param(100, 101, 199, "....O==========-....", id="in-a-narrow-zone"),
        pytest.param(199, 101, 199, "....-=========O-....", id="beside-a-narrow-zone"),
        pytest.param(150, 198, 199, "....------O---=-....", id="a-narrow-calm"),
        pytest.param(150, 125, None, "....---===O=====....", id="low-alone"),
        pytest.param(150, None, 175, "....======O===--....", id="high-alone"),
        pytest.param(90, 125, 175, "...O---=======--....", id="below-everything"),
    ],
)
def test_the_count_is_on_its_side_of_the_warning_zone(
    observed: float, warn_low: float | None, warn_high: float | None, drawn: str
) -> None:
    picture = Gauge(observed=observed, low=100, high=200, warn_low=warn_low, warn_high=warn_high, allowed="")
    assert picture.draw(20, unicode=False) == drawn


def test_a_bound_that_warns_where_another_fails_has_no_zone(check: Callable[..., Check]) -> None:
    picture = gauge(judged(check("min", 10, 30), check("warn.min", 10, 30)))
    assert picture
    assert picture.warn_low is None


@pytest.mark.parametrize("cells", [5, 18, 30])
def test_a_count_never_leaves_the_picture_nor_changes_sides(cells: int) -> None:
    largest = 2**53 - 1
    below = Gauge(observed=largest - 1, low=largest, high=None, allowed="").draw(cells, unicode=True)
    inside = Gauge(observed=largest, low=largest, high=None, allowed="").draw(cells, unicode=True)
    assert below.index("◆") == cells // 5 - 1
    assert inside.index("◆") == cells // 5
    assert len(below) == len(inside) == cells


def test_failing_bounds_and_people_come_first(check: Callable[..., Check]) -> None:
    bounds = [
        check("share.min", Fraction(1, 2), Fraction(3, 4)),
        check("warn.min", 12, 30),
        check("min", 10, 30),
        check("warn.max", 45, 30),
    ]
    assert gauge(judged(*bounds)) == Gauge(observed=30, low=10, high=45, warn_low=12, allowed="10 to 45")


def test_shares_alone_are_shown_in_per_cent(check: Callable[..., Check]) -> None:
    bounds = [check("share.min", Fraction(1, 20), Fraction(1, 2)), check("share.max", Fraction(9, 10), Fraction(1, 2))]
    assert gauge(judged(*bounds)) == Gauge(observed=0.5, low=0.05, high=0.9, allowed="5% to 90%")


def test_without_a_count_there_is_no_picture(check: Callable[..., Check]) -> None:
    assert gauge(judged(check("min", 10, None))) is None
    assert gauge(judged()) is None
