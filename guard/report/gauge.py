"""A small picture in characters of a count and its bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.core.measure import Measure
from guard.report.bounds import tightest
from guard.report.wording import span, times

if TYPE_CHECKING:
    from guard.report.view import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """A count and its bounds, in people, or in fractions of the users for a guard with only shares.

    At least one of ``low`` and ``high`` is set. ``warn_low`` and ``warn_high`` are narrower bounds that warn.
    ``allowed`` gives the bounds in words, and ``times`` how many times the high one was observed, from double on.
    """

    observed: float
    low: float | None
    high: float | None
    warn_low: float | None = None
    warn_high: float | None = None
    allowed: str
    times: str = ""

    def draw(self, cells: int, *, unicode: bool) -> str:
        """Return a bar of ``cells`` characters (at least 5), with the allowed range in the middle and the count.

        Between two bounds the place is to scale. Beyond a bound it depends on the ratio, so that a count of forty times
        the maximum is still in the picture.
        """
        outside, warned, inside, marker = "░▒█◆" if unicode else ".-=O"
        end = cells // 5
        below = end if self.low is not None else 0
        above = end if self.high is not None else 0
        within = cells - below - above
        first, last = self._calm(within)
        allowed = warned * first + inside * (last + 1 - first) + warned * (within - 1 - last)
        bar = outside * below + allowed + outside * above
        at = self._place(below, within, above)
        return bar[:at] + marker + bar[at + 1 :]

    def _calm(self, within: int) -> tuple[int, int]:
        """Return the first and last allowed cell in which a count does not warn; every zone has a cell."""
        first, last = 0, within - 1
        if self.warn_low is not None:
            first = max(1, min(_cell(self._progress(self.warn_low), within), within - 2))
        if self.warn_high is not None:
            last = max(first, min(_cell(self._progress(self.warn_high), within), within - 2))
        return first, last

    def _place(self, below: int, within: int, above: int) -> int:
        """Return the cell of the count."""
        if self.low is not None and self.observed < self.low:
            return _cell(self.observed / self.low, below)
        if self.high is not None and self.observed > self.high:
            return below + within + _cell(1 - self.high / self.observed, above)
        first, last = self._calm(within)
        at = _cell(self._progress(self.observed), within)
        if self.warn_low is not None and self.observed < self.warn_low:
            return below + min(at, first - 1)
        if self.warn_high is not None and self.observed > self.warn_high:
            return below + max(at, last + 1)
        return below + min(max(at, first), last)

    def _progress(self, value: float) -> float:
        """Return the place of an allowed count between the low and the high bound, from 0 to 1."""
        if self.high is None:
            return 1 - (self.low or 0) / value if value else 0
        low = self.low or 0
        return (value - low) / (self.high - low) if self.high > low else 0.5


def gauge(finding: Finding) -> Gauge | None:
    """Return the gauge of a finding, or None if nothing was observed.

    Bounds in people are drawn before shares, and bounds that fail before those that warn.
    """
    checks = [check for check in finding.checks if check.observed is not None]
    found = tightest(checks)
    if not found.low and not found.high:
        found = tightest(checks, Measure.SHARE)
    # Without a bound that fails, the one that warns is drawn in its place.
    low, high = found.low, found.high
    warn_low, warn_high = found.floor and found.warn_floor, found.ceiling and found.warn_ceiling
    either = low or high
    if either is None or either.observed is None:
        return None
    return Gauge(
        observed=float(either.observed),
        low=float(low.known_limit) if low else None,
        high=float(high.known_limit) if high else None,
        warn_low=float(warn_low.known_limit) if warn_low else None,
        warn_high=float(warn_high.known_limit) if warn_high else None,
        allowed=span(low, high),
        times=(times(high) or "") if high else "",
    )


def _cell(progress: float, cells: int) -> int:
    return max(0, min(int(progress * cells), cells - 1))
