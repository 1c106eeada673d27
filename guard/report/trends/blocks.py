"""A trend as one line of characters: where each count stood within what is allowed.

Heights from 0 could not show a tenth, so a block shows the place between the two bounds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

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

LEGEND = "each sign is a day: ▁ to █ within what is allowed, ↓ below it, ↑ above it, ? not counted"
LEGEND_IN_ASCII = "each sign is a day: . - = within what is allowed, _ below it, ^ above it, ? not counted"


def blocks(points: Sequence[Point], *, unicode: bool = True) -> str:
    """Return a sign for each day; without a maximum the scale ends at the largest count, without a minimum at 0."""
    signs = _UNICODE if unicode else _ASCII
    largest = max((point.count for point in points if point.count is not None), default=0)
    return "".join(_sign(point, largest, signs) for point in points)


def _sign(point: Point, largest: int, signs: _Signs) -> str:
    if point.count is None:
        return _UNKNOWN
    side = point.band.side(point.count)
    if side:
        return signs.above if side > 0 else signs.below
    low = point.band.low or 0
    high = point.band.high if point.band.high is not None else max(largest, low)
    steps = len(signs.levels)
    place = (point.count - low) * steps // (high - low) if high > low else steps // 2 if high else 0
    return signs.levels[min(place, steps - 1)]
