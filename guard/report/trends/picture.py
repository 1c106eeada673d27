"""The geometry of a trend as a small picture: a line from day to day, its band, and marks by shape.

The scale begins at 0 and ends at the largest count or bound, but at twice the maximum at most; a count beyond it is a
triangle at the edge. A day without a count leaves a gap, and the line never goes through it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.core.text import number, plural, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from guard.report.trends.points import Point, Trend

WIDTH, HEIGHT = 320, 64
_LEFT, _RIGHT, _TOP, _BOTTOM = 6, 236, 6, 58  # the space at the right is for the last number
_LONGEST_NAME = 80
_HALF_A_LINE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A part of the band: the days for which the same limits hold."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A day in the table under the picture."""

    day: str
    count: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A trend ready to draw: paths as SVG writes them, the places of unknown days, and the last count.

    ``caption`` says which days it shows: ``26 days since 2026-11-03``.
    """

    title: str
    caption: str
    band: tuple[Box, ...]
    line: str
    fails: str
    beyond: str
    unknown: tuple[int, ...]
    last: tuple[int, int] | None
    label: str
    label_at: int
    rows: tuple[Row, ...]


def picture(trend: Trend) -> Picture:
    """Return the picture of a trend with at least one point."""
    scale = _Scale(trend.points)
    last = trend.points[-1]
    known = [point for point in trend.points if point.count is not None]
    return Picture(
        title=f"Trend of {shortened(trend.name, _LONGEST_NAME)} / {trend.channel}: {trend.in_words}",
        caption=f"{plural(len(trend.points), 'day')} since {trend.points[0].day}",
        band=tuple(_band(trend.points, scale)),
        line=_line(trend.points, scale),
        fails=_marks("M{} {}h6v6h-6z", [each for each in known if each.failed and not scale.is_beyond(each)], scale),
        beyond=_marks("M{} {}h6l-3-6z", [each for each in known if scale.is_beyond(each)], scale),
        unknown=tuple(scale.x(point) for point in trend.points if point.is_unknown),
        last=None if last.count is None or scale.is_beyond(last) else (scale.x(last), scale.y(last.count)),
        label_at=_BOTTOM if last.count is None else scale.y(last.count) + _HALF_A_LINE,
        label="unknown" if last.count is None else number(last.count),
        rows=tuple(_row(point) for point in reversed(trend.points)),
    )


class _Scale:
    """The places of days and counts."""

    def __init__(self, points: Sequence[Point]) -> None:
        self._first = points[0].day
        self._days = (points[-1].day - self._first).days or 1
        counts = [point.count for point in points if point.count is not None]
        bounds = [bound for point in points for bound in (point.band.low, point.band.high) if bound]
        highs = [point.band.high for point in points if point.band.high]
        self._largest = max([*counts, *bounds], default=1) or 1
        if highs:
            self._largest = min(self._largest, 2 * max(highs))

    def x(self, point: Point) -> int:
        return round(_LEFT + (_RIGHT - _LEFT) * (point.day - self._first).days / self._days)

    def y(self, count: int) -> int:
        return round(_BOTTOM - (_BOTTOM - _TOP) * min(count, self._largest) / self._largest)

    def is_beyond(self, point: Point) -> bool:
        return point.count is not None and point.count > self._largest


def _band(points: Sequence[Point], scale: _Scale) -> Iterator[Box]:
    """Yield the band, a box for each stretch of days with the same limits."""
    start = 0
    for position in range(1, len(points) + 1):
        if position < len(points) and points[position].band == points[start].band:
            continue
        band = points[start].band
        if band.low is not None or band.high is not None:
            left = scale.x(points[start]) if start else _LEFT
            right = scale.x(points[position]) if position < len(points) else _RIGHT
            top = scale.y(band.high) if band.high is not None else _TOP
            bottom = scale.y(band.low or 0)
            yield Box(x=left, y=top, width=max(right - left, 1), height=max(bottom - top, 1))
        start = position


def _line(points: Sequence[Point], scale: _Scale) -> str:
    """Return the path of the line; it is lifted where there is no count."""
    parts: list[str] = []
    is_down = False
    for point in points:
        if point.count is not None:
            parts.append(f"{'L' if is_down else 'M'}{scale.x(point)} {scale.y(point.count)}")
        is_down = point.count is not None
    return "".join(parts)


def _marks(shape: str, points: Sequence[Point], scale: _Scale) -> str:
    """Return one path with the shape, which is six wide, at each point."""
    places = ((scale.x(point) - 3, scale.y(point.count or 0)) for point in points)
    return "".join(shape.format(x, y - 3 if shape.endswith("h-6z") else y) for x, y in places)


def _row(point: Point) -> Row:
    note = " ".join(filter(None, ["imported" if point.is_imported else "", point.reason or ""]))
    said = point.verdict if point.verdict not in {None, "pass"} else ""
    return Row(
        day=point.day.isoformat(),
        count="?" if point.count is None else number(point.count),
        note=", ".join(filter(None, [said, note])),
    )
