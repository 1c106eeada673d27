"""Reads a store inside a transaction, and notices what is lost, torn or changed."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, inspect, select
from sqlalchemy.exc import DBAPIError

from guard.core.errors import HistoryError, UsageError
from guard.core.history import Limit, Reading, Series
from guard.core.model import LARGEST_COUNT
from guard.core.text import number
from guard.history.contents import Damage, Run
from guard.history.database import INIT
from guard.history.tables import READINGS, RUNS, SERIES, STORE, VERSION, checksum

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Connection

    from guard.history.address import Address

WHICH = [READINGS.c[name] for name in Series._fields]
"""The columns that say which series a reading is of."""
_OF_A_SERIES = (
    select(READINGS)
    .where(*(column == bindparam(f"its_{column.name}") for column in WHICH))
    .order_by(READINGS.c.number.desc())
)


def last_run(connection: Connection, address: Address) -> int:
    """Return the number of the last run; raise ``UsageError`` if this is no store of this version."""
    shown = f"the history store {address.shown}"
    try:
        rows = connection.execute(select(STORE)).all()
    except DBAPIError:
        connection.rollback()  # PostgreSQL answers nothing more in this transaction
        tables = inspect(connection).get_table_names()
        if STORE.name in tables:
            raise
        if tables and address.path is not None:
            raise foreign(address) from None
        raise UsageError(f"{shown} is empty", hint=f"check the address; {INIT}") from None
    if len(rows) != 1:
        raise damaged(address, "it does not say which run was the last")
    row = rows[0]
    if row.version > VERSION:
        raise UsageError(
            f"{shown} was made by a newer audience-guard (its version is {row.version}, this one knows {VERSION})",
            hint="update audience-guard",
        )
    if row.version < VERSION:
        raise UsageError(f"{shown} is of an older version", hint="run audience-guard history init")
    if row.checksum != checksum(row[:-1]):
        raise damaged(address, "the number of its last run was changed")
    last: int = row.last_run
    return last


def foreign(address: Address) -> UsageError:
    """Return the error for a database that holds something else."""
    return UsageError(
        f"the history store {address.shown} is the database of another program",
        hint="check the path; it stays unchanged",
    )


def damaged(address: Address, what: str) -> HistoryError:
    """Return the error for a store that cannot be trusted as a whole."""
    return HistoryError(
        f"the history store {address.shown} is damaged: {what}", hint="put back a copy of it, or make a new one"
    )


class Reader:
    """Reads runs and series in one transaction; ``damage`` grows by what is found to be wrong."""

    def __init__(self, connection: Connection, last: int) -> None:
        """Read the runs; ``last`` is the number of the last one."""
        self._connection = connection
        self.damage: list[Damage] = []
        self.names: dict[Series, str] = {}
        self.runs = {run.number: run for run in self._read_runs(last)}
        newest = accumulate((run.last_at.date() if run.last_at else date.min for run in self.runs.values()), max)
        self._newest_up_to = dict(zip(self.runs, newest, strict=True))
        rows = connection.execute(select(SERIES)).all() if self.runs else []
        self._lengths = {Series(*row[:4]): row.last_reading for row in rows if row.checksum == checksum(row[:-1])}

    def all_series(self) -> list[Series]:
        """Return every series of a segment with a uuid, sorted."""
        rows = self._connection.execute(select(*WHICH).where(READINGS.c.uuid != "").distinct().order_by(*WHICH))
        return [Series(*row) for row in rows]

    def readings(self, series: Series, last: int | None = None) -> tuple[Reading, ...]:
        """Return the readings, the newest run first: those of the newest ``last`` days in UTC, or all."""
        found: list[Reading] = []
        days: set[date] = set()
        length = self._lengths.get(series)
        expected, newer = length or 0, 0
        result = self._connection.execute(_OF_A_SERIES, dict(zip(_PARAMETERS, series, strict=True)))
        for row in map(tuple, result.all() if last is None else result):
            if last is not None and len(days) >= last and not self._may_be_newer(row[_RUN], sorted(days)[-last]):
                result.close()
                break
            if row[_NUMBER] != expected:
                self._miss(series, newer, row[_RUN])
            reading = self._reading(series, row, newer)
            expected, newer = row[_NUMBER] - 1, row[_RUN]
            if reading is not None:
                found.append(reading)
                if last is not None:
                    days.add(reading.day_in(UTC))
        else:
            if expected > 0 or (length is None and newer):
                self._miss(series, newer, 0)
        if last is None or not days:
            return tuple(found)
        oldest = sorted(days)[-last:][0]
        return tuple(each for each in found if each.day_in(UTC) >= oldest)

    def _may_be_newer(self, number: int, day: date) -> bool:
        """Whether a run with this number or an earlier one may have a reading of that day or later.

        Runs are not numbered by their days: files of earlier days are imported later.
        """
        return self._newest_up_to.get(number, date.max) >= day

    def count_readings(self) -> None:
        """Compare the number of readings of each run with what its row says."""
        rows = self._connection.execute(select(READINGS.c.run, func.count()).group_by(READINGS.c.run))
        counted: dict[int, int] = {run: many for run, many in rows}  # noqa: C416 - mypy reads a dict() otherwise
        for run in self.runs.values():
            if counted.pop(run.number, 0) != run.readings:
                what = "it has another number of readings than were recorded"
                self.damage.append(Damage(run.number, what, until=run.last_at))
        lost = "its readings are there, but it is missing"
        self.damage += [Damage(run, lost, until=self._until(run)) for run in counted]

    def _read_runs(self, last: int) -> Iterator[Run]:
        """Yield the runs that are whole; note those that are not, or are missing, between their neighbours."""
        rows = self._connection.execute(select(RUNS).order_by(RUNS.c.number)).all()
        whole = {row.number: run for row in rows if row.checksum == checksum(row[:-1]) and (run := _run(row))}
        expected = 1
        for row in rows:
            if row.number > expected:
                self._note_gap(expected, row.number, whole)
            expected = row.number + 1
            if row.number > last:
                self.damage.append(Damage(row.number, "it was never recorded"))
            elif row.number not in whole:
                until = _between(row.number - 1, row.number + 1, whole)
                self.damage.append(Damage(row.number, "it was changed after it was recorded", until=until))
        if expected <= last:
            self.damage.append(Damage(last, "the last run is missing"))
        yield from whole.values()

    def _note_gap(self, first: int, following: int, whole: Mapping[int, Run]) -> None:
        """Note that the runs from a number up to another one are missing."""
        many = following - first
        what = "it is missing" if many == 1 else f"it is missing, and so are the {number(many - 1)} after it"
        self.damage.append(Damage(first, what, until=_between(first - 1, following, whole)))

    def _until(self, number: int) -> datetime | None:
        """Return the newest moment that a run can concern: its own, or if it is not whole that of its neighbours."""
        run = self.runs.get(number)
        return run.last_at if run else _between(number - 1, number + 1, self.runs)

    def _reading(self, series: Series, row: tuple[Any, ...], newer: int) -> Reading | None:
        """Return the reading in the row; None, with a note of the damage, if it is not what its run recorded.

        ``newer`` is the run of the next newer reading, 0 if there is none: the row's own run may have been changed.
        """
        run = self.runs.get(row[_RUN])
        if run is None or row[-1] != reading_checksum(run.id, row[:-1]):
            what = "a reading was changed after it was recorded"
            self.damage.append(Damage(row[_RUN], what, series, self._no_later_than(newer)))
            return None
        *_, segment, count, _, reason, counted_at, day, verdict, checks, _ = row
        try:
            if series not in self.names and segment:
                self.names[series] = _text(json.loads(segment))
            return Reading(
                run=run.number,
                at=_moment(counted_at) or _midnight(day) or run.finished_at,
                day=date.fromisoformat(day) if day else None,
                count=count if count is None else _people(count),
                reason=_text(reason),
                verdict=_text(verdict),
                limits=_limits(checks),
            )
        except (ValueError, TypeError, RecursionError):
            what = "a reading holds what audience-guard does not write"
            self.damage.append(Damage(row[_RUN], what, series, run.last_at))
            return None

    def _miss(self, series: Series, newer: int, older: int) -> None:
        """Note that a reading is missing between two runs; a number is 0 if there is none on that side."""
        until = self._no_later_than(newer) if newer in self.runs and older in self.runs else None
        self.damage.append(Damage(newer or older, "a reading is missing", series, until))

    def _no_later_than(self, number: int) -> datetime | None:
        """Return the newest moment of what was recorded before the run of that number; None if that is not known."""
        return _newest_before(number, self.runs) if number else None


def _between(older: int, newer: int, runs: Mapping[int, Run]) -> datetime | None:
    """Return the newest moment of what was recorded between two runs; None if one of them is not there."""
    one = runs.get(older)
    until = _newest_before(newer, runs) if newer in runs else None
    return max(one.last_at, until) if one is not None and one.last_at and until else None


def _newest_before(number: int, runs: Mapping[int, Run]) -> datetime | None:
    """Return the newest moment of what was recorded before a run: the end of the next check.

    A file of earlier days can be imported at any time, so an imported run says nothing of those beside it. Nor does a
    stamp: the server's clock can go back.
    """
    later = (runs[each] for each in sorted(runs) if each >= number)
    return next((max(run.last_at, run.finished_at) for run in later if run.source == "check" and run.last_at), None)


def rows(connection: Connection) -> list[dict[str, Any]]:
    """Return a row for each reading, with the id, the source and the end of its run, in the order of the runs."""
    of_run = (RUNS.c.id.label("run_id"), RUNS.c.source, RUNS.c.finished_at)
    found = connection.execute(
        select(READINGS, *of_run)
        .join(RUNS, RUNS.c.number == READINGS.c.run)
        .order_by(READINGS.c.run, *WHICH, READINGS.c.number)
    )
    return [dict(row) for row in found.mappings()]


_NO_MOMENT = datetime.min.replace(tzinfo=UTC)
_PARAMETERS = [f"its_{name}" for name in Series._fields]
_COLUMNS = list(READINGS.c.keys())
_NUMBER, _RUN = _COLUMNS.index("number"), _COLUMNS.index("run")


def reading_checksum(run_id: str, values: Iterable[object]) -> str:
    """Return the checksum of a reading, which is bound to its run."""
    return checksum((run_id, *values))


def _run(row: Any) -> Run | None:
    try:
        return Run(
            number=row.number,
            id=row.id,
            source=row.source,
            finished_at=_moment(row.finished_at) or _NO_MOMENT,
            host=row.host,
            exit_code=row.exit_code,
            rules_sha256=row.rules_sha256,
            by_change=row.by_change,
            tool_version=row.tool_version,
            link=row.link,
            first_at=_moment(row.first_at),
            last_at=_moment(row.last_at),
            readings=row.readings,
            is_pruned=row.pruned_at is not None,
        )
    except (TypeError, ValueError):
        return None


@lru_cache(maxsize=4096)
def _limits(text: str) -> tuple[Limit, ...]:
    """Return the limits in a reading; most readings of a series have the same."""
    return tuple(Limit(_text(bound), _limit(limit), _text(verdict)) for bound, limit, verdict in json.loads(text))


def _limit(value: object) -> int | float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if value is not None and not is_number:
        raise TypeError
    return value  # type: ignore[return-value]  # mypy does not follow is_number


def _people(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value <= LARGEST_COUNT:
        raise TypeError
    return value


def _text(value: Any) -> Any:
    if value is not None and not isinstance(value, str):
        raise TypeError
    return value


def _moment(text: str | None) -> datetime | None:
    """Return a moment in UTC; raise ValueError for one without a time zone, which cannot be compared."""
    if not text:
        return None
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError
    return found


def _midnight(day: str | None) -> datetime | None:
    return datetime.fromisoformat(f"{day}T00:00:00Z") if day else None
