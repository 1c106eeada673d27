"""Where things stand on a gauge, in per cent of its width."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from guard.core.model import Severity
from guard.report.gauge_picture import bullets

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.results import Check
    from guard.report.gauge_picture import Bullet


@pytest.fixture
def bullet(check: Callable[..., Check]) -> Callable[..., Bullet]:
    """Return the gauge of a count and its bounds, such as ``("min", 10)``."""

    def build(observed: int | None, *bounds: tuple[str, int], severity: Severity = Severity.FAIL) -> Bullet:
        (only,) = bullets([check(name, limit, observed) for name, limit in bounds], severity)
        return only

    return build


@pytest.mark.parametrize(
    ("count", "at", "standing"),
    [
        pytest.param(0, 0, "below", id="nobody"),
        pytest.param(5_000, 10, "below", id="half-of-the-minimum"),
        pytest.param(10_000, 20, "within", id="at-the-minimum"),
        pytest.param(30_000, 50, "within", id="in-the-middle"),
        pytest.param(50_000, 80, "within", id="at-the-maximum"),
        pytest.param(75_000, 90, "above", id="half-as-much-again"),
        pytest.param(100_000, 100, "above", id="at-the-end-of-the-scale"),
    ],
)
def test_a_count_stands_to_scale_within_its_bounds_and_beside_them(
    bullet: Callable[..., Bullet], count: int, at: float, standing: str
) -> None:
    drawn = bullet(count, ("min", 10_000), ("max", 50_000))
    assert drawn.count
    assert (drawn.count.at, drawn.count.text, drawn.beyond) == (at, f"{count:,}", False)
    assert drawn.standing == f"The count is {standing} the allowed range"


def test_a_count_beyond_the_scale_is_drawn_at_its_end_and_says_so(bullet: Callable[..., Bullet]) -> None:
    drawn = bullet(1_900_000, ("min", 10_000), ("max", 50_000))
    assert drawn.count
    assert (drawn.count.at, drawn.count.text, drawn.beyond) == (100, "1,900,000, 38 times", True)
    assert drawn.standing == "The count is above the allowed range"


def test_without_a_maximum_no_count_is_beyond_the_scale(bullet: Callable[..., Bullet]) -> None:
    drawn = bullet(1_900_000, ("min", 10))
    assert drawn.count
    assert drawn.count.at < 100
    assert not drawn.beyond


@pytest.mark.parametrize(
    ("bounds", "severity", "zones"),
    [
        pytest.param([("min", 10)], Severity.FAIL, "fail 0-20, pass 20-100", id="a-minimum"),
        pytest.param([("max", 10)], Severity.FAIL, "pass 0-80, fail 80-100", id="a-maximum"),
        pytest.param([("min", 10), ("max", 50)], Severity.WARN, "warn 0-20, pass 20-80, warn 80-100", id="that-warns"),
        pytest.param([("warn.max", 10)], Severity.FAIL, "pass 0-80, warn 80-100", id="a-warning-alone"),
        pytest.param(
            [("min", 10), ("max", 50), ("warn.min", 20), ("warn.max", 40)],
            Severity.FAIL,
            "fail 0-20, warn 20-35, pass 35-65, warn 65-80, fail 80-100",
            id="all-of-them",
        ),
        pytest.param([("min", 10), ("max", 10)], Severity.FAIL, "fail 0-20, pass 20-80, fail 80-100", id="one-number"),
    ],
)
def test_the_zones_say_what_a_count_in_them_amounts_to(
    bullet: Callable[..., Bullet], bounds: list[tuple[str, int]], severity: Severity, zones: str
) -> None:
    drawn = bullet(None, *bounds, severity=severity)
    told = [f"{zone.verdict} {zone.start:g}-{zone.start + zone.width:g}" for zone in drawn.zones]
    assert ", ".join(told) == zones


def test_what_was_not_observed_has_zones_and_no_place(bullet: Callable[..., Bullet]) -> None:
    drawn = bullet(None, ("min", 10), ("warn.min", 20))
    assert drawn.count is None
    assert drawn.standing == "There is no proven count"
    assert [label.text for label in drawn.bounds] == ["10"]


def test_a_count_in_the_warning_zone_is_said_to_be_there(bullet: Callable[..., Bullet]) -> None:
    drawn = bullet(15, ("min", 10), ("warn.min", 20))
    assert drawn.standing == "The count is within the allowed range, but in the warning zone"


@pytest.mark.parametrize(
    ("count", "bounds"),
    [
        pytest.param(0, [("min", 0)], id="a-minimum-of-nobody"),
        pytest.param(5, [("max", 0)], id="a-maximum-of-nobody"),
        pytest.param(None, [("min", 0), ("warn.min", 2)], id="a-warning-above-a-minimum-of-nobody"),
        pytest.param(5, [("min", 9), ("max", 3)], id="bounds-the-wrong-way-round"),
    ],
)
def test_every_place_is_on_the_gauge(
    bullet: Callable[..., Bullet], count: int | None, bounds: list[tuple[str, int]]
) -> None:
    drawn = bullet(count, *bounds)
    assert sum(zone.width for zone in drawn.zones) == 100
    assert all(0 <= label.at <= 100 for label in (*drawn.bounds, *([drawn.count] if drawn.count else [])))


def test_people_and_shares_have_a_gauge_each(check: Callable[..., Check]) -> None:
    people, shares = bullets(
        [check("min", 10, 19), check("share.min", Fraction(3, 5), Fraction(19, 40))], Severity.FAIL
    )
    assert [label.text for each in (people, shares) for label in each.bounds] == ["10", "60%"]
    assert shares.count
    assert shares.count.text == "47.5%"
