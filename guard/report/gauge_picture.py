"""The geometry of a bullet gauge: its zones and the place of the count, in per cent of its width."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from guard.core.measure import Measure
from guard.core.model import BoundName, Severity
from guard.core.results import Verdict
from guard.core.text import number, percent
from guard.report.wording import limit, share, shown_share, times

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from fractions import Fraction

    from guard.core.results import Check

_START, _STOP, _END = 20.0, 80.0, 100.0  # the allowed range is between the first two, if it has bounds
_CENTRED = (25.0, 75.0)  # a centred label nearer to an edge would be cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A stretch of the gauge, and the verdict on a count in it: pass, warn or fail."""

    verdict: Verdict
    start: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A text at a place; ``anchor`` is SVG's ``text-anchor``: the text starts, ends or is centred there."""

    at: float
    text: str
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bullet:
    """A count and its bounds, ready to draw.

    ``standing`` says in words how the count compares. ``count`` is None if nothing was observed. A count ``beyond`` the
    scale is drawn at its end, and its label says how many times the high bound it is.
    """

    zones: tuple[Zone, ...]
    bounds: tuple[Label, ...]
    count: Label | None
    beyond: bool
    standing: str


def bullets(checks: Iterable[Check], severity: Severity) -> tuple[Bullet, ...]:
    """Return a gauge for the bounds in people and one for those in shares, if there are any.

    ``severity`` is the effect of a broken bound, unless the bound only warns.
    """
    found = {check.bound: _as_saved(check) for check in checks}
    people = _Bounds(
        floor=found.get(BoundName.MIN),
        ceiling=found.get(BoundName.MAX),
        warn_floor=found.get(BoundName.WARN_MIN),
        warn_ceiling=found.get(BoundName.WARN_MAX),
        severity=severity,
    )
    shares = _Bounds(floor=found.get(BoundName.SHARE_MIN), ceiling=found.get(BoundName.SHARE_MAX), severity=severity)
    return tuple(_bullet(bounds) for bounds in (people, shares) if bounds.low or bounds.high)


def _as_saved(check: Check) -> Check:
    """Return the check with its shares as in the JSON report, so that a saved report gives the same picture."""
    if check.bound.measure is Measure.PEOPLE:
        return check
    return replace(check, limit=share(check.limit), observed=None if check.observed is None else share(check.observed))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bounds:
    """The checks that one gauge shows; all observed the same value."""

    floor: Check | None
    ceiling: Check | None
    warn_floor: Check | None = None
    warn_ceiling: Check | None = None
    severity: Severity

    @property
    def low(self) -> Check | None:
        return self.floor or self.warn_floor

    @property
    def high(self) -> Check | None:
        return self.ceiling or self.warn_ceiling

    @property
    def observed(self) -> int | Fraction | None:
        either = self.low or self.high
        return either.observed if either else None

    def breach(self, check: Check) -> Verdict:
        return Verdict.WARN if check.bound.is_warning or self.severity is Severity.WARN else Verdict.FAIL


class _Scale:
    """The places of values: to scale from 0 to the low bound, to the high bound, and to twice the high bound."""

    def __init__(self, bounds: _Bounds) -> None:
        self._low = float(bounds.low.limit) if bounds.low else 0.0
        self.start = _START if bounds.low else 0.0
        self.stop = _STOP if bounds.high else _END
        if bounds.high:
            self._high = float(bounds.high.limit)
            self.last = 2 * self._high or 1.0
        else:
            # No count is too large here, so every count must fit.
            widest = bounds.warn_floor or bounds.low
            shown = (2 * float(widest.limit) if widest else 0.0, 1.25 * float(bounds.observed or 0))
            self._high = self.last = max(*shown, 2 * self._low) or 1.0

    def place(self, value: float) -> float:
        """Return the place of the value, from 0 to 100."""
        if value < self._low:
            at = self.start * value / self._low
        elif value > self._high:
            at = self.stop + (_END - self.stop) * (value - self._high) / (self.last - self._high or 1.0)
        else:
            span = self._high - self._low
            at = self.start + (self.stop - self.start) * ((value - self._low) / span if span else 0.5)
        return round(min(at, _END), 2)


def _bullet(bounds: _Bounds) -> Bullet:
    scale = _Scale(bounds)
    beyond = bounds.observed is not None and bounds.observed > scale.last
    ends = ((bounds.low, scale.start), (bounds.high, scale.stop))
    return Bullet(
        zones=tuple(_zones(bounds, scale)),
        bounds=tuple(Label(at=at, text=limit(check), anchor="middle") for check, at in ends if check),
        count=_count(bounds, scale, beyond=beyond),
        beyond=beyond,
        standing=_standing(bounds),
    )


def _zones(bounds: _Bounds, scale: _Scale) -> Iterator[Zone]:
    """Yield the zones from left to right, without empty ones."""
    stops: list[tuple[float, Verdict]] = []
    if bounds.low:
        stops.append((scale.start, bounds.breach(bounds.low)))
    if bounds.floor and bounds.warn_floor:
        stops.append((scale.place(float(bounds.warn_floor.limit)), Verdict.WARN))
    narrower = scale.place(float(bounds.warn_ceiling.limit)) if bounds.ceiling and bounds.warn_ceiling else scale.stop
    stops += [(narrower, Verdict.PASS), (scale.stop, Verdict.WARN)]
    if bounds.high:
        stops.append((_END, bounds.breach(bounds.high)))
    start = 0.0
    for stop, verdict in stops:
        if stop > start:
            yield Zone(verdict=verdict, start=start, width=round(stop - start, 2))
            start = stop


def _count(bounds: _Bounds, scale: _Scale, *, beyond: bool) -> Label | None:
    if bounds.observed is None:
        return None
    at = scale.place(float(bounds.observed))
    left, right = _CENTRED
    return Label(
        at=at,
        text=_told(bounds.observed, bounds) + (f", {times(bounds.high)} times" if beyond and bounds.high else ""),
        anchor="start" if at < left else "end" if at > right else "middle",
    )


def _told(observed: int | Fraction, bounds: _Bounds) -> str:
    checks = [check for check in (bounds.low, bounds.high) if check]
    if checks[0].bound.measure is Measure.SHARE:
        return percent(shown_share(checks[0], checks))
    return number(int(observed))


def _standing(bounds: _Bounds) -> str:
    """Return in words what the picture shows."""
    if bounds.observed is None:
        return "There is no proven count"
    if bounds.low and bounds.observed < bounds.low.limit:
        return "The count is below the allowed range"
    if bounds.high and bounds.observed > bounds.high.limit:
        return "The count is above the allowed range"
    calm_low, calm_high = bounds.warn_floor, bounds.warn_ceiling
    if (calm_low and bounds.observed < calm_low.limit) or (calm_high and bounds.observed > calm_high.limit):
        return "The count is within the allowed range, but in the warning zone"
    return "The count is within the allowed range"
