"""What the guard remembers of a series: the counts of one channel of one segment, run after run. Pure values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime, tzinfo

    from guard.core.model import BoundName


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The store of a run, as its report tells it.

    - ``store`` is the kind of store: ``sqlite`` or ``postgresql``.
    - ``began`` is the first day with a reading, ``runs`` the number of runs with readings, this one included if it is
      ``recorded``; both are None if the store could not be read.
    - ``timezone`` says whose days they are.
    - ``troubles`` are sentences for people about what went wrong; they are not part of the JSON report.
    """

    store: str
    began: date | None
    runs: int | None
    recorded: bool
    timezone: str = "UTC"
    troubles: tuple[str, ...] = ()


@cache
def zone_of(name: str) -> tzinfo:
    """Return the time zone of an IANA name; raise ``ValueError`` if there is none of that name.

    It is the one of the package tzdata: a machine can have other ones, or mean its own by a name.
    """
    if name == "UTC":
        return UTC
    from importlib.resources import files  # noqa: PLC0415 - most runs are in UTC
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - see above

    try:
        with files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as data:
            return ZoneInfo.from_file(data, key=name)
    except (OSError, ValueError) as error:
        raise ValueError(f"there is no time zone {name}") from error


class Series(NamedTuple):
    """What readings are compared with: the same host, segment, variant and channel, whatever the rules call it."""

    host: str
    uuid: str
    channel: str
    bypass_global: bool


class Limit(NamedTuple):
    """A bound that a reading was judged by, its limit in people or as a fraction of 1, and the verdict on it.

    The limit is None where there was no baseline yet.
    """

    bound: str
    limit: int | float | None
    verdict: str

    @property
    def is_relative(self) -> bool:
        """Whether the bound was relative to the past; a newer version may have written words that we do not know."""
        return self.bound.startswith("change.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One count in the store, or why there was none.

    ``at`` is the server's stamp, or for a reading without a count the end of its run. A reading from a CSV file
    ``is_imported``: it has only a ``day``, and no verdict. ``reason`` and ``verdict`` are texts, since a newer version
    may have written other words.
    """

    run: int
    at: datetime
    day: date | None = None
    count: int | None
    reason: str | None = None
    verdict: str | None
    limits: tuple[Limit, ...] = ()

    @property
    def is_imported(self) -> bool:
        """Whether it came from a CSV file, which proves nothing."""
        return self.day is not None

    def day_in(self, zone: tzinfo) -> date:
        """Return the day of the reading; an imported one is that day in every time zone."""
        try:
            return self.day or self.at.astimezone(zone).date()
        except OverflowError:  # a stamp at the end of the calendar
            return self.at.date()

    def limits_of(self, *bounds: BoundName) -> list[int | float]:
        """Return the limits of these bounds that it was judged by."""
        return [each.limit for each in self.limits if each.bound in bounds and each.limit is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day of a series, and the reading that stands for it."""

    day: date
    reading: Reading


def days(readings: Iterable[Reading], last: int, zone: tzinfo = UTC) -> tuple[Day, ...]:
    """Return the newest ``last`` days that have a reading, the oldest first.

    The newest proven count stands for its day, an imported one where no run counted, and a reading without a count
    where there is nothing else.
    """
    best: dict[date, Reading] = {}
    for each in readings:
        day = each.day_in(zone)
        held = best.get(day)
        if held is None or _worth(each) > _worth(held):
            best[day] = each
    return tuple(Day(day=day, reading=best[day]) for day in sorted(best)[-last:])


def _worth(reading: Reading) -> tuple[bool, bool, datetime, int]:
    return reading.count is not None, not reading.is_imported, reading.at, reading.run
