"""What the rules ask of the past: by how much a count may differ from it, and which days belong to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import date
    from fractions import Fraction

    from guard.core.model import BoundName
    from guard.core.results import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The most that a count may differ from its baseline: -30% is ``Fraction(-3, 10)`` for a minimum."""

    bound: BoundName
    part: Fraction
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Bounds relative to the past: what a count is compared with, and by how much it may differ.

    - ``source`` is its word in the rules: ``previous``, ``same_weekday`` or ``median_of_last_8``.
    - A change of fewer people than ``ignore_under`` breaks none of the ``steps``.
    - With fewer earlier days than it ``needs``, the verdict is that of ``until_then``.
    """

    source: str
    steps: tuple[Step, ...]
    ignore_under: int | None = None
    needs: int
    until_then: Verdict
    line: int


class Excluded(NamedTuple):
    """Days that count for no guard, both ends included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRules:
    """Which earlier days count as the past: of which time zone, how many days back, and which not."""

    timezone: str = "UTC"
    within: int = 120
    excluded: tuple[Excluded, ...] = ()
