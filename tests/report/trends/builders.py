"""Builders of points, trends and pages of them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from guard.core.history import Series
from guard.report.trends.page import TrendPage
from guard.report.trends.points import Band, Point, Trend

if TYPE_CHECKING:
    from collections.abc import Sequence

FIRST = date(2026, 6, 2)
ALLOWED = Band(low=10_000, high=50_000)


def point(
    count: int | None, day: int = 0, *, band: Band = ALLOWED, verdict: str | None = None, imported: bool = False
) -> Point:
    """Return a day so many days after the first; its verdict is what the band says, unless it is given."""
    judged = "unknown" if count is None else "fail" if band.side(count) else "pass"
    return Point(
        day=FIRST + timedelta(days=day),
        count=count,
        verdict=None if imported else verdict or judged,
        band=band,
        reason="timeout" if count is None else None,
        is_imported=imported,
        run=day + 1,
    )


def points(counts: Sequence[int | None], *, band: Band = ALLOWED, step: int = 7) -> tuple[Point, ...]:
    """Return a day for each count, one every ``step`` days."""
    return tuple(point(count, step * number, band=band) for number, count in enumerate(counts))


def trend(*shown: Point, name: str = "newsletter-active", channel: str = "email", note: str = "") -> Trend:
    """Return a trend; one without points has no series, as of a segment that the store does not know."""
    known = series(channel=channel) if shown else None
    return Trend(name=name, channel=channel, points=shown, series=known, note=note)


def series(host: str = "api.getblueshift.com", channel: str = "email", *, bypass: bool = False) -> Series:
    return Series(host=host, uuid="2dd093e6-8c6f-4e14-8a2c-744477e1fdef", channel=channel, bypass_global=bypass)


def page(*trends: Trend, runs: int = 26, damage: tuple[str, ...] = ()) -> TrendPage:
    return TrendPage(
        store="history.db", kind="sqlite", began=FIRST if runs else None, runs=runs, trends=trends, damage=damage
    )
