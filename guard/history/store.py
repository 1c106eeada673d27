"""The store: made by ``init``, read before the counting, written once at the end of a run.

Every call has a time limit and runs in a thread that can be abandoned, so a dead disk or server cannot hang a run.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from guard import bounded_io
from guard.core.errors import GuardError
from guard.history import reader, writer
from guard.history.contents import Past
from guard.history.database import Database, need_driver, too_slow
from guard.history.reader import Reader
from guard.history.run_record import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from guard.core.history import Reading, Series
    from guard.history.address import Address
    from guard.history.run_record import RunRecord

T = TypeVar("T")

SECONDS_TO_READ = 10.0
SECONDS_TO_RECORD = 5.0
SECONDS_TO_READ_ALL = 60.0
"""For ``history show`` and ``export``, which read every series."""
SECONDS_FOR_A_PERSON = 600.0
"""For what a person asks for and waits for, such as ``history import``."""


class Store:
    """A history store; making this value opens nothing.

    Every method raises ``UsageError`` if the address is no store of this version, and ``HistoryError`` if the store is
    out of reach, locked, full or damaged, or takes too long.
    """

    def __init__(self, address: Address) -> None:
        """Raise ``UsageError`` if the package for its kind of database is not installed."""
        need_driver(address)
        self.address = address
        self._database = Database(address)

    @property
    def kind(self) -> str:
        """The kind of store: ``sqlite`` or ``postgresql``."""
        return self.address.kind

    def init(self) -> bool:
        """Make the store, or bring it to this version; return whether anything was changed."""

        def work(seconds: float) -> bool:
            database, path = Database(self.address, may_create=True), self.address.path
            was_there = path is not None and path.exists()
            try:
                with database.transaction(seconds, write=True) as connection:
                    is_new = writer.make(connection, self.address)
            except GuardError:
                if path is not None and not was_there and path.exists() and not path.stat().st_size:
                    path.unlink()
                raise
            database.end_write_ahead_log()
            return is_new

        return self._within(SECONDS_FOR_A_PERSON, work)

    def read(
        self,
        wanted: Iterable[Series] = (),
        *,
        last: int | None = None,
        whole: Collection[Series] = (),
        seconds: float | None = None,
    ) -> Past:
        """Return the runs, and the readings of the wanted series: those of the ``last`` days in UTC, or all.

        Of the series in ``whole`` all are read.
        """

        def work(seconds: float) -> Past:
            with self._database.transaction(seconds) as connection:
                found = Reader(connection, reader.last_run(connection, self.address))
                found.count_readings()
                readings = {each: found.readings(each, None if each in whole else last) for each in wanted}
            return _past(found, readings)

        return self._within(SECONDS_TO_READ if seconds is None else seconds, work)

    def read_all(
        self, uuids: Collection[str] | None = None, *, last: int | None = None, seconds: float | None = None
    ) -> Past:
        """Return every series, or those of some segments, on every host; count the readings of each run too."""

        def work(seconds: float) -> Past:
            with self._database.transaction(seconds) as connection:
                found = Reader(connection, reader.last_run(connection, self.address))
                found.count_readings()
                there = found.all_series()
                wanted = [each for each in there if uuids is None or each.uuid in uuids]
                readings = {series: found.readings(series, last) for series in wanted}
            return _past(found, readings, others=len(there) - len(wanted))

        return self._within(SECONDS_TO_READ_ALL if seconds is None else seconds, work)

    def export(self) -> tuple[list[dict[str, Any]], Past]:
        """Return a row for each reading, with its run, in the order of the runs; and what the store holds."""

        def work(seconds: float) -> tuple[list[dict[str, Any]], Past]:
            with self._database.transaction(seconds) as connection:
                found = Reader(connection, reader.last_run(connection, self.address))
                found.count_readings()
                readings = {series: found.readings(series) for series in found.all_series()}
                return reader.rows(connection), _past(found, readings)

        return self._within(SECONDS_TO_READ_ALL, work)

    def record(self, runs: Sequence[RunRecord], *, seconds: float | None = None) -> list[int | None]:
        """Write the runs, all or none, and return their numbers; None for a run that is there already."""

        def work(seconds: float) -> list[int | None]:
            with self._database.transaction(seconds, write=True) as connection:
                return writer.record(connection, self.address, runs)

        return self._within(SECONDS_TO_RECORD if seconds is None else seconds, work)

    def prune(self, before: datetime) -> tuple[int, int]:
        """Delete the readings of runs whose newest reading is older; return how many runs and readings."""

        def work(seconds: float) -> tuple[int, int]:
            with self._database.transaction(seconds, write=True) as connection:
                removed = writer.prune(connection, self.address, moment(before), moment(datetime.now(UTC)))
            if any(removed):
                self._database.shrink()
            return removed

        return self._within(SECONDS_FOR_A_PERSON, work)

    def _within(self, seconds: float, work: Callable[[float], T]) -> T:
        try:
            return bounded_io.within(seconds, lambda: work(seconds))
        except TimeoutError:
            raise too_slow(self.address, seconds) from None


def _past(found: Reader, readings: dict[Series, tuple[Reading, ...]], others: int = 0) -> Past:
    runs, damage = tuple(found.runs.values()), tuple(found.damage)
    return Past(runs=runs, others=others, readings=readings, names=found.names, damage=damage)
