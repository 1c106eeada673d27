"""What a bound measures: people, or a share of the segment's users.

To add a kind of bound, add a case here; mypy's ``exhaustive-match`` then names every place to change.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from guard.core.results import Count, Reason, Unavailable
from guard.core.text import number, percent, told_apart

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

ZERO_USERS = Unavailable(reason=Reason.ZERO_USERS, detail="the segment holds 0 users, and a share of 0 says nothing")


class Measure(Enum):
    """What a bound measures."""

    PEOPLE = auto()
    """The number of people; limits are whole numbers."""
    SHARE = auto()
    """The part of the segment's users; limits are fractions of 1."""

    @property
    def needs_users(self) -> bool:
        """Whether it also needs a proven count of the segment's users."""
        match self:
            case Measure.PEOPLE:
                return False
            case Measure.SHARE:
                return True

    def observe(self, count: Count | Unavailable, users: Count | Unavailable) -> int | Fraction | Unavailable:
        """Return the value to compare with a limit; a share is exact. A missing count makes it unavailable."""
        if isinstance(count, Unavailable):
            return count
        match self:
            case Measure.PEOPLE:
                return count.value
            case Measure.SHARE if isinstance(users, Unavailable):
                return users
            case Measure.SHARE if not users.value:
                return ZERO_USERS
            case Measure.SHARE:
                from fractions import Fraction  # noqa: PLC0415 - most commands judge nothing

                return Fraction(count.value, users.value)

    def shown_limit(self, limit: int | Fraction) -> str:
        """Return a limit as reports show it: ``10,000``, or ``60%``."""
        match self:
            case Measure.PEOPLE:
                return number(int(limit))
            case Measure.SHARE:
                return percent(limit)

    def gap(self, observed: int | Fraction, limit: int | Fraction, among: Sequence[Fraction] = ()) -> str:
        """Return the difference as reports show it: ``8,100``, or ``3.5 percentage points``."""
        match self:
            case Measure.PEOPLE:
                return number(abs(int(observed) - int(limit)))
            case Measure.SHARE:
                from fractions import Fraction  # noqa: PLC0415 - see above

                shown = told_apart(Fraction(observed), *among)
                return f"{percent(abs(shown - limit)).removesuffix('%')} percentage points"

    def as_json(self, value: int | Fraction | None) -> int | float | None:
        """Return a limit or an observed value for the JSON report; None stays None."""
        if value is None:
            return None
        match self:
            case Measure.PEOPLE:
                return int(value)
            case Measure.SHARE:
                return float(value)
