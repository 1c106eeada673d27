"""The bounds of a guard as pictures need them: on each side the tightest, be it fixed or relative to the past."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from guard.core.measure import Measure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guard.core.results import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The tightest checks of one measure, all of the same observed value; each has a limit.

    A warning is None if a bound that fails is as tight.
    """

    floor: Check | None = None
    ceiling: Check | None = None
    warn_floor: Check | None = None
    warn_ceiling: Check | None = None

    @property
    def low(self) -> Check | None:
        """The floor, or else the one that warns."""
        return self.floor or self.warn_floor

    @property
    def high(self) -> Check | None:
        """The ceiling, or else the one that warns."""
        return self.ceiling or self.warn_ceiling


def tightest(checks: Iterable[Check], measure: Measure = Measure.PEOPLE) -> Bounds:
    """Return the tightest bounds in people, or in shares; a bound without a limit, which is learning, is none."""
    held = [check for check in checks if check.bound.measure is measure and check.limit is not None]

    def of(*, is_floor: bool, is_warning: bool) -> Check | None:
        these = [each for each in held if (each.bound.is_floor, each.bound.is_warning) == (is_floor, is_warning)]
        return (max if is_floor else min)(these, key=attrgetter("known_limit"), default=None)

    floor, ceiling = of(is_floor=True, is_warning=False), of(is_floor=False, is_warning=False)
    warn_floor, warn_ceiling = of(is_floor=True, is_warning=True), of(is_floor=False, is_warning=True)
    if floor and warn_floor and warn_floor.known_limit <= floor.known_limit:
        warn_floor = None
    if ceiling and warn_ceiling and warn_ceiling.known_limit >= ceiling.known_limit:
        warn_ceiling = None
    return Bounds(floor=floor, ceiling=ceiling, warn_floor=warn_floor, warn_ceiling=warn_ceiling)
