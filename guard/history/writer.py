"""Writes to a store inside a transaction: makes its tables, records runs, deletes old readings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, insert, inspect, select, update

from guard.core.history import Series
from guard.history.contents import damage_lines
from guard.history.reader import WHICH, Reader, damaged, foreign, last_run, reading_checksum
from guard.history.run_record import moment
from guard.history.tables import METADATA, READINGS, RUNS, SERIES, STORE, VERSION, checksum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection, Table

    from guard.history.address import Address
    from guard.history.run_record import ReadingRecord, RunRecord

_ONLY = 1  # the id of the one row of STORE


def make(connection: Connection, address: Address) -> bool:
    """Make the tables; return False if they are there and of this version."""
    tables = inspect(connection).get_table_names()
    if STORE.name in tables:
        last_run(connection, address)
        return False
    if tables and address.path is not None:
        raise foreign(address)
    METADATA.create_all(connection)
    connection.execute(insert(STORE).values(_store_row(0)))
    return True


def record(connection: Connection, address: Address, runs: Sequence[RunRecord]) -> list[int | None]:
    """Write the runs with the next numbers, and return these; None for a run that is there already."""
    number = last_run(connection, address)
    newest = connection.execute(select(func.max(RUNS.c.number))).scalar() or 0
    if newest != number:
        raise damaged(address, f"its last run is {newest}, but it should be {number}")
    lengths = _Lengths(connection)
    numbers: list[int | None] = []
    for run in runs:
        if connection.execute(select(RUNS.c.number).where(RUNS.c.id == run.id)).first():
            numbers.append(None)
            continue
        number += 1
        _record_run(connection, run, number, lengths)
        numbers.append(number)
    lengths.write()
    connection.execute(update(STORE).values(_store_row(number)))
    return numbers


def prune(connection: Connection, address: Address, before: str, now: str) -> tuple[int, int]:
    """Delete the readings of runs whose newest reading is older; return how many runs and readings.

    Raise ``HistoryError`` if anything in the store is damaged: new checksums would hide it.
    """
    found = Reader(connection, last_run(connection, address))
    found.count_readings()
    for series in found.all_series():
        found.readings(series)
    if found.damage:
        raise damaged(address, f"{damage_lines(found.damage, 1)[0]}; nothing was deleted")
    old = connection.execute(select(RUNS).where(RUNS.c.last_at < before, RUNS.c.pruned_at.is_(None))).all()
    numbers = [row.number for row in old]
    removed: dict[Series, set[int]] = {}
    for number in numbers:
        for row in connection.execute(select(*WHICH, READINGS.c.number).where(READINGS.c.run == number)):
            removed.setdefault(Series(*row[:4]), set()).add(row[4])
    for number in numbers:
        connection.execute(delete(READINGS).where(READINGS.c.run == number))
    for series, gone in removed.items():
        _renumber(connection, series, gone)
    for row in old:
        values = dict(row._mapping) | {"readings": 0, "pruned_at": now}  # noqa: SLF001 - SQLAlchemy's public name
        connection.execute(update(RUNS).where(RUNS.c.number == row.number).values(_signed(RUNS, values)))
    return len(old), sum(map(len, removed.values()))


def _record_run(connection: Connection, run: RunRecord, number: int, lengths: _Lengths) -> None:
    times = [each.counted_at or run.finished_at for each in run.readings if each.day is None]
    written = sorted([*map(moment, times), *(f"{each.day}T00:00:00.000Z" for each in run.readings if each.day)])
    values = {
        "number": number,
        "id": run.id,
        "source": run.source,
        "started_at": moment(run.started_at),
        "finished_at": moment(run.finished_at),
        "host": run.host,
        "verdict": run.verdict,
        "exit_code": run.exit_code,
        "rules_sha256": run.rules_sha256,
        "by_change": run.by_change,
        "tool_version": run.tool_version,
        "link": run.link,
        "first_at": written[0] if written else None,
        "last_at": written[-1] if written else None,
        "readings": len(run.readings),
        "pruned_at": None,
    }
    connection.execute(insert(RUNS).values(_signed(RUNS, values)))
    rows = [_reading_row(each, number, run.id, lengths.next(each.series)) for each in run.readings]
    if rows:
        connection.execute(insert(READINGS), rows)


def _reading_row(reading: ReadingRecord, run: int, run_id: str, number: int) -> dict[str, Any]:
    values = {
        **reading.series._asdict(),
        "number": number,
        "run": run,
        "segment": None if reading.segment is None else json.dumps(reading.segment),
        "count": reading.count,
        "users": reading.users,
        "reason": reading.reason,
        "counted_at": moment(reading.counted_at) if reading.counted_at else None,
        "day": reading.day,
        "verdict": reading.verdict,
        "checks": json.dumps(reading.limits, separators=(",", ":")),
    }
    return values | {"checksum": reading_checksum(run_id, values.values())}


def _renumber(connection: Connection, series: Series, gone: set[int]) -> None:
    """Close the gaps that deleted readings left in a series."""
    lost = sorted(gone)
    rows = connection.execute(
        select(READINGS, RUNS.c.id)
        .join(RUNS, RUNS.c.number == READINGS.c.run)
        .where(*_is(READINGS, series), READINGS.c.number > lost[0])
        .order_by(READINGS.c.number)
    ).all()
    for row in rows:
        values = dict(zip(READINGS.c.keys(), row[:-1], strict=True))
        del values["checksum"]
        values["number"] -= sum(number < row.number for number in lost)
        values["checksum"] = reading_checksum(row.id, list(values.values()))
        where = (*_is(READINGS, series), READINGS.c.number == row.number)
        connection.execute(update(READINGS).where(*where).values(values))
    length = connection.execute(select(SERIES.c.last_reading).where(*_is(SERIES, series))).scalar()
    if length == len(lost):
        connection.execute(delete(SERIES).where(*_is(SERIES, series)))
    elif length is not None:
        changed = _signed(SERIES, {**series._asdict(), "last_reading": length - len(lost)})
        connection.execute(update(SERIES).where(*_is(SERIES, series)).values(changed))


class _Lengths:
    """The number of the last reading of each series, read at first use and written at the end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._hosts: set[str] = set()
        self._lengths: dict[Series, int] = {}
        self._changed: dict[Series, int] = {}

    def next(self, series: Series) -> int:
        """Return the number for the next reading of the series."""
        if series.host not in self._hosts:
            self._hosts.add(series.host)
            rows = self._connection.execute(select(SERIES).where(SERIES.c.host == series.host))
            self._lengths |= {Series(*row[:4]): row.last_reading for row in rows}
        number = self._changed.get(series, self._lengths.get(series, 0)) + 1
        self._changed[series] = number
        return number

    def write(self) -> None:
        """Write the new lengths."""
        rows = {
            series: _signed(SERIES, {**series._asdict(), "last_reading": last})
            for series, last in self._changed.items()
        }
        new = [row for series, row in rows.items() if series not in self._lengths]
        known = [
            {f"its_{name}": value for name, value in row.items()}
            for series, row in rows.items()
            if series in self._lengths
        ]
        if new:
            self._connection.execute(insert(SERIES), new)
        if known:
            self._connection.execute(_NEW_LENGTH, known)


_NEW_LENGTH = (
    update(SERIES)
    .where(*(SERIES.c[name] == bindparam(f"its_{name}") for name in Series._fields))
    .values({name: bindparam(f"its_{name}") for name in ("last_reading", "checksum")})
)


def _is(table: Table, series: Series) -> list[ColumnElement[bool]]:
    return [table.c[name] == value for name, value in series._asdict().items()]


def _store_row(number: int) -> dict[str, Any]:
    return _signed(STORE, {"id": _ONLY, "version": VERSION, "last_run": number})


def _signed(table: Table, values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a row with their checksum, in the order of the table's columns."""
    ordered = {name: values[name] for name in table.c.keys() if name != "checksum"}  # noqa: SIM118 - not a dict
    return ordered | {"checksum": checksum(ordered.values())}
