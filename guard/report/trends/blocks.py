"""A trend as one line of characters: where each count stood within what is allowed.

Heights from 0 could not show a tenth, so a block shows the place between the two bounds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from guard.report.trends.points import Band

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guard.report.trends.points import Point


class _Signs(NamedTuple):
    levels: str
    below: str
    above: str


_UNICODE = _Signs("▁▂▃▄▅▆▇█", "↓", "↑")
_ASCII = _Signs(".-=", "_", "^")
_UNKNOWN = "?"

_LEGEND = "each sign is a day with a reading: {} within what is allowed, {} below it, {} above it, ? not counted"
LEGEND = _LEGEND.format("▁ to █", _UNICODE.below, _UNICODE.above)
LEGEND_IN_ASCII = _LEGEND.format(". - =", _ASCII.below, _ASCII.above)


def blocks(points: Sequence[Point], *, unicode: bool = True) -> str:
    """Return a sign for each day; without a maximum the scale ends at the largest count, without a minimum at 0.

    A day that was held to nothing, such as an imported one, has the scale of the next day that was.
    """
    signs = _UNICODE if unicode else _ASCII
    largest = max((point.count for point in points if point.count is not None), default=0)
    return "".join(
        _UNKNOWN if point.count is None else _sign(point.count, band, largest, signs)
        for point, band in zip(points, _scales(points), strict=True)
    )


def _scales(points: Sequence[Point]) -> list[Band]:
    """Return the band of each day, or else that of the next day with one, or of the last before it."""
    last = next((point.band for point in reversed(points) if point.band.is_given), Band())
    found: list[Band] = []
    for point in reversed(points):
        last = point.band if point.band.is_given else last
        found.append(last)
    return found[::-1]


def _sign(count: int, band: Band, largest: int, signs: _Signs) -> str:
    side = band.side(count)
    if side:
        return signs.above if side > 0 else signs.below
    low = band.low or 0
    high = band.high if band.high is not None else max(largest, low)
    steps = len(signs.levels)
    place = (count - low) * steps // (high - low) if high > low else steps // 2 if high else 0
    return signs.levels[min(place, steps - 1)]
