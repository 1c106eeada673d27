"""The geometry of a trend as a small picture: a line from day to day, its band, and marks by shape.

The scale begins at 0 and ends at the largest count or bound, but at twice the maximum at most; a count beyond it is a
triangle at the edge. A day without a count leaves a gap, and the line never goes through it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from guard.core.results import Verdict
from guard.core.text import number, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from guard.report.trends.points import Point, Trend

_LEFT, _RIGHT, _TOP, _BOTTOM = 6, 236, 6, 58  # of 320 by 64; the space at the right is for the last number
_LONGEST_NAME = 80
_LONGEST_LABEL = 11  # characters; a longer number is squeezed into the space
_HALF_A_LINE = 4
_SQUARE, _TRIANGLE = "M{} {}h6v6h-6z", "M{} {}l3-6 3 6z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A day in the table under the picture."""

    day: str
    count: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A trend ready to draw: paths as SVG writes them, the places of unknown days, and the last count.

    - ``caption`` says which days it shows: ``26 readings, 2026-06-02 to 2026-11-29``.
    - ``bad`` marks the days that failed or are outside the band, with a square or, beyond the scale, a triangle.
    - ``since`` is the place of the day on which the rules let the past begin, None if it is not among the days.
    - ``last`` is the dot of the last count, None if it is unknown or has a mark of its own.
    - ``is_long`` says that the label must be squeezed.
    """

    title: str
    caption: str
    band: str
    line: str
    bad: str
    unknown: tuple[int, ...]
    since: int | None
    last: tuple[int, int] | None
    label: str
    label_at: int
    is_long: bool
    rows: tuple[Row, ...]


def picture(trend: Trend) -> Picture:
    """Return the picture of a trend with at least one point."""
    scale = _Scale(trend.points)
    last = trend.points[-1]
    is_marked = last.count is None or last.is_bad
    label = "unknown" if last.count is None else number(last.count)
    return Picture(
        title=f"{shortened(trend.name, _LONGEST_NAME)} / {trend.label}: {label} on {last.day}",
        caption=trend.days_in_words,
        band="".join(_band(trend.points, scale)),
        line=_line(trend.points, scale),
        bad=_marks((point for point in trend.points if point.is_bad), scale),
        unknown=tuple(scale.x(point) for point in trend.points if point.is_unknown),
        since=_begins(trend, scale),
        last=None if is_marked else (scale.x(last), scale.y(last.count or 0)),
        label_at=_BOTTOM if last.count is None else scale.y(last.count) + _HALF_A_LINE,
        label=label,
        is_long=len(label) > _LONGEST_LABEL,
        rows=tuple(_row(point) for point in reversed(trend.points)),
    )


def _begins(trend: Trend, scale: _Scale) -> int | None:
    since = trend.since
    if since is None or not trend.points[0].day < since <= trend.points[-1].day:
        return None
    return scale.place(since)


class _Scale:
    """The places of days and counts."""

    def __init__(self, points: Sequence[Point]) -> None:
        self._last = points[-1].day
        self._days = (self._last - points[0].day).days or 1
        counts = [point.count for point in points if point.count is not None]
        bounds = [bound for point in points for bound in (point.band.low, point.band.high) if bound]
        highs = [point.band.high for point in points if point.band.high]
        self._largest = max([*counts, *bounds], default=1) or 1
        if highs:
            self._largest = min(self._largest, 2 * max(highs))

    def x(self, point: Point) -> int:
        return self.place(point.day)

    def place(self, day: date) -> int:
        return round(_RIGHT - (_RIGHT - _LEFT) * (self._last - day).days / self._days)

    def y(self, count: int) -> int:
        return round(_BOTTOM - (_BOTTOM - _TOP) * min(count, self._largest) / self._largest)

    def is_beyond(self, point: Point) -> bool:
        return point.count is not None and point.count > self._largest


def _band(points: Sequence[Point], scale: _Scale) -> Iterator[str]:
    """Yield the path of the band, a box for each stretch of days with the same limits."""
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
            width = max(right - left, 1)
            yield f"M{left} {top}h{width}v{max(bottom - top, 1)}h{-width}z"
        start = position


def _line(points: Sequence[Point], scale: _Scale) -> str:
    """Return the path of the line; it is lifted where there is no count, and a day between two gaps is a dash."""
    parts: list[str] = []
    stretch: list[tuple[int, int]] = []
    for point in (*points, None):
        if point is not None and point.count is not None:
            stretch.append((scale.x(point), scale.y(point.count)))
        elif stretch:
            parts.append(_path(stretch))
            stretch = []
    return "".join(parts)


def _path(places: Sequence[tuple[int, int]]) -> str:
    """Return the path through the places, as steps from one to the next: that is shorter."""
    (x, y), *others = places
    if not others:
        return f"M{x - 2} {y}h4"
    steps = [f"{after[0] - before[0]}{_signed(after[1] - before[1])}" for before, after in pairwise(places)]
    return f"M{x} {y}l{' '.join(steps)}"


def _signed(step: int) -> str:
    return f"{step}" if step < 0 else f" {step}"


def _marks(points: Iterable[Point], scale: _Scale) -> str:
    """Return one path with a mark, which is six wide, at each point: a square, or beyond the scale a triangle."""
    return "".join(
        _TRIANGLE.format(scale.x(point) - 3, _TOP + 3)
        if scale.is_beyond(point)
        else _SQUARE.format(scale.x(point) - 3, scale.y(point.count or 0) - 3)
        for point in points
    )


def _row(point: Point) -> Row:
    said = point.verdict if point.count is not None and point.verdict != Verdict.PASS else None
    outside = {-1: "below the minimum", 0: None, 1: "above the maximum"}[point.side]
    return Row(
        day=point.day.isoformat(),
        count="?" if point.count is None else number(point.count),
        note=", ".join(filter(None, [said, outside, "imported" if point.is_imported else None, point.reason])),
    )
