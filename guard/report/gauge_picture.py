"""The geometry of a bullet gauge: its zones and the place of the count, in per cent of its width."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from guard.core.measure import Measure
from guard.core.model import Severity
from guard.core.results import Verdict
from guard.core.text import number, percent
from guard.report.bounds import tightest
from guard.report.wording import limit, share, shown_share, times

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from fractions import Fraction

    from guard.core.results import Check
    from guard.report.bounds import Bounds

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
    saved = [_as_saved(check) for check in checks]
    drawn = (_Drawn(bounds=tightest(saved, measure), severity=severity) for measure in Measure)
    return tuple(_bullet(each) for each in drawn if each.bounds.low or each.bounds.high)


def _as_saved(check: Check) -> Check:
    """Return the check with its shares as in the JSON report, so that a saved report gives the same picture."""
    if check.bound.measure is Measure.PEOPLE:
        return check
    return replace(
        check, limit=share(check.known_limit), observed=None if check.observed is None else share(check.observed)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """The bounds that one gauge shows."""

    bounds: Bounds
    severity: Severity

    @property
    def observed(self) -> int | Fraction | None:
        either = self.bounds.low or self.bounds.high
        return either.observed if either else None

    def breach(self, check: Check) -> Verdict:
        return Verdict.WARN if check.bound.is_warning or self.severity is Severity.WARN else Verdict.FAIL


class _Scale:
    """The places of values: to scale from 0 to the low bound, to the high bound, and to twice the high bound."""

    def __init__(self, drawn: _Drawn) -> None:
        self._low = float(drawn.bounds.low.known_limit) if drawn.bounds.low else 0.0
        self.start = _START if drawn.bounds.low else 0.0
        self.stop = _STOP if drawn.bounds.high else _END
        if drawn.bounds.high:
            self._high = float(drawn.bounds.high.known_limit)
            self.last = 2 * self._high or 1.0
        else:
            # No count is too large here, so every count must fit.
            widest = drawn.bounds.warn_floor or drawn.bounds.low
            shown = (2 * float(widest.known_limit) if widest else 0.0, 1.25 * float(drawn.observed or 0))
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


def _bullet(drawn: _Drawn) -> Bullet:
    scale = _Scale(drawn)
    beyond = drawn.observed is not None and drawn.observed > scale.last
    ends = ((drawn.bounds.low, scale.start), (drawn.bounds.high, scale.stop))
    return Bullet(
        zones=tuple(_zones(drawn, scale)),
        bounds=tuple(Label(at=at, text=limit(check), anchor="middle") for check, at in ends if check),
        count=_count(drawn, scale, beyond=beyond),
        beyond=beyond,
        standing=_standing(drawn),
    )


def _zones(drawn: _Drawn, scale: _Scale) -> Iterator[Zone]:
    """Yield the zones from left to right, without empty ones."""
    stops: list[tuple[float, Verdict]] = []
    if drawn.bounds.low:
        stops.append((scale.start, drawn.breach(drawn.bounds.low)))
    if drawn.bounds.floor and drawn.bounds.warn_floor:
        stops.append((scale.place(float(drawn.bounds.warn_floor.known_limit)), Verdict.WARN))
    narrower = (
        scale.place(float(drawn.bounds.warn_ceiling.known_limit))
        if drawn.bounds.ceiling and drawn.bounds.warn_ceiling
        else scale.stop
    )
    stops += [(narrower, Verdict.PASS), (scale.stop, Verdict.WARN)]
    if drawn.bounds.high:
        stops.append((_END, drawn.breach(drawn.bounds.high)))
    start = 0.0
    for stop, verdict in stops:
        if stop > start:
            yield Zone(verdict=verdict, start=start, width=round(stop - start, 2))
            start = stop


def _count(drawn: _Drawn, scale: _Scale, *, beyond: bool) -> Label | None:
    if drawn.observed is None:
        return None
    at = scale.place(float(drawn.observed))
    left, right = _CENTRED
    return Label(
        at=at,
        text=_told(drawn.observed, drawn)
        + (f", {times(drawn.bounds.high)} times" if beyond and drawn.bounds.high else ""),
        anchor="start" if at < left else "end" if at > right else "middle",
    )


def _told(observed: int | Fraction, drawn: _Drawn) -> str:
    checks = [check for check in (drawn.bounds.low, drawn.bounds.high) if check]
    if checks[0].bound.measure is Measure.SHARE:
        return percent(shown_share(checks[0], checks))
    return number(int(observed))


def _standing(drawn: _Drawn) -> str:
    """Return in words what the picture shows."""
    if drawn.observed is None:
        return "There is no proven count"
    if drawn.bounds.low and drawn.observed < drawn.bounds.low.known_limit:
        return "The count is below the allowed range"
    if drawn.bounds.high and drawn.observed > drawn.bounds.high.known_limit:
        return "The count is above the allowed range"
    calm_low, calm_high = drawn.bounds.warn_floor, drawn.bounds.warn_ceiling
    if (calm_low and drawn.observed < calm_low.known_limit) or (calm_high and drawn.observed > calm_high.known_limit):
        return "The count is within the allowed range, but in the warning zone"
    return "The count is within the allowed range"
