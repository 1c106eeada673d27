"""A small picture of where a count stands between its bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.model import BoundName
from guard.report.sentences import limit

if TYPE_CHECKING:
    from guard.outcome import Check
    from guard.report.findings import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """A count and the bounds it is held to: people, or for a guard of shares alone fractions of the users.

    At least one of ``low`` and ``high`` is set; ``allowed`` says them in words.
    """

    observed: float
    low: float | None
    high: float | None
    allowed: str

    def draw(self, cells: int, *, unicode: bool) -> str:
        """Return a bar of that many characters, 5 or more: what is allowed in the middle, and where the count is.

        Between two bounds the place is to scale. Beyond a bound it is by the ratio to it, so that a count of forty
        times the maximum stays in the picture.
        """
        outside, inside, marker = "░█◆" if unicode else ".=O"
        end = cells // 5
        below = end if self.low is not None else 0
        above = end if self.high is not None else 0
        within = cells - below - above
        bar = outside * below + inside * within + outside * above
        at = self._place(below, within, above)
        return bar[:at] + marker + bar[at + 1 :]

    def _place(self, below: int, within: int, above: int) -> int:
        """Return which cell the count falls into."""
        if self.low is not None and self.observed < self.low:
            return _cell(self.observed / self.low, below)
        if self.high is not None and self.observed > self.high:
            return below + within + _cell(1 - self.high / self.observed, above)
        return below + _cell(self._progress(), within)

    def _progress(self) -> float:
        """Return how far an allowed count is on its way from the low to the high bound, from 0 to 1."""
        if self.high is None:
            return 1 - (self.low or 0) / self.observed if self.observed else 0
        low = self.low or 0
        return (self.observed - low) / (self.high - low) if self.high > low else 0.5


def gauge(finding: Finding) -> Gauge | None:
    """Return the gauge of a finding, or None where nothing was observed.

    Bounds in people go before shares, and those that fail go before those that warn.
    """
    checks = {check.bound: check for check in finding.checks if check.observed is not None}
    low = checks.get(BoundName.MIN) or checks.get(BoundName.WARN_MIN)
    high = checks.get(BoundName.MAX) or checks.get(BoundName.WARN_MAX)
    if not low and not high:
        low, high = checks.get(BoundName.SHARE_MIN), checks.get(BoundName.SHARE_MAX)
    either = low or high
    if either is None or either.observed is None:
        return None
    return Gauge(
        observed=float(either.observed),
        low=float(low.limit) if low else None,
        high=float(high.limit) if high else None,
        allowed=allowed(low, high),
    )


def allowed(low: Check | None, high: Check | None) -> str:
    """Return what the bounds allow, in words: ``10,000 to 50,000``, ``at least 60%``; nothing for no bound."""
    if low and high:
        return f"{limit(low)} to {limit(high)}"
    return f"at least {limit(low)}" if low else f"at most {limit(high)}" if high else ""


def _cell(progress: float, cells: int) -> int:
    return max(0, min(int(progress * cells), cells - 1))
