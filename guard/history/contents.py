"""What a store holds, as far as it was read: runs, readings, and what is wrong with them. Pure values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date
from typing import TYPE_CHECKING, NamedTuple

from guard.core.text import number

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, tzinfo

    from guard.core.history import Reading, Series


class Damage(NamedTuple):
    """What is wrong with a row; ``run`` is the number of its run, or of the next run that is there.

    It concerns one ``series``, or all if that is None, and nothing later than ``until``; None if that is not known. A
    missing row is no later than both its neighbours.
    """

    run: int
    what: str
    series: Series | None = None
    until: datetime | None = None


def damage_lines(found: Iterable[Damage], most: int = 10) -> list[str]:
    """Return what is wrong in a store in at most so many sentences, and how many more there are."""
    told = list(dict.fromkeys(f"run {each.run}: {each.what}" for each in found))
    rest = len(told) - most
    return [*told[:most], *([f"{number(rest)} more like these"] if rest > 0 else [])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run in the store; ``first_at`` and ``last_at`` are its oldest and its newest reading."""

    number: int
    id: str
    source: str
    finished_at: datetime
    host: str
    exit_code: int | None
    rules_sha256: str | None
    by_change: bool
    tool_version: str
    link: str | None
    first_at: datetime | None
    last_at: datetime | None
    readings: int
    is_pruned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What a store holds, as far as it was asked for.

    ``readings`` has the newest of each series first; ``names`` is what the rules called each series last. ``others`` is
    the number of series that are of other segments than was asked for.
    """

    runs: tuple[Run, ...]
    others: int = 0
    readings: dict[Series, tuple[Reading, ...]] = field(default_factory=dict)
    names: dict[Series, str] = field(default_factory=dict)
    damage: tuple[Damage, ...] = ()

    def damage_to(self, series: Series, begins: date, zone: tzinfo = UTC) -> list[Damage]:
        """Return the damage that may concern the readings of a series from a day on.

        An imported day is that day in every time zone, and its run says it in UTC.
        """
        return [
            each
            for each in self.damage
            if each.series in {None, series}
            and (each.until is None or max(each.until.astimezone(where).date() for where in (UTC, zone)) >= begins)
        ]

    @property
    def held(self) -> tuple[Run, ...]:
        """The runs whose readings are in the store."""
        return tuple(run for run in self.runs if not run.is_pruned)

    @property
    def began(self) -> date | None:
        """The first day with a reading, in UTC."""
        return min((run.first_at.date() for run in self.held if run.first_at), default=None)
