"""The store during one run: read before the counting, written once the verdict stands. It never changes a verdict."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, TypeVar

from guard.abandoned_threads import AbandonedThreads
from guard.core.errors import GuardError, UsageError
from guard.core.history import Day, History, days
from guard.history import store as stores
from guard.history.reader import damage_lines
from guard.history.run_record import host_of, link_of, record_of, series_of
from guard.report.trends.points import DAYS
from guard.security.debug_log import log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from guard.core.model import Channel, Segment
    from guard.core.results import Report
    from guard.history.reader import Past
    from guard.history.store import Store

T = TypeVar("T")
R = TypeVar("R", bound="Report")

_MOST_DAMAGE = 3
_LEAST_TIME = 0.5  # seconds


class Memory:
    """What one run reads from a store, and writes to it unless ``records`` is false."""

    def __init__(self, store: Store, host: str, *, records: bool) -> None:
        self._store, self._host, self._records = store, host_of(host), records
        self._past: Past | None = None
        self._troubles: list[str] = []

    async def recall(self, segments: Iterable[Segment], seconds: float) -> None:
        """Read the series of the segments in at most ``seconds``; raise ``UsageError`` if this is no such store.

        A store that cannot be read is remembered as a trouble: bounds that need no history are judged as ever.
        """
        wanted = [
            series_of(self._host, each.uuid, bypass_global=each.bypass_global, channel=guard.channel)
            for each in segments
            for guard in each.guards
            if each.uuid
        ]
        try:
            limit = min(seconds, stores.SECONDS_TO_READ)
            self._past = await _in_thread(lambda: self._store.read(wanted, last=DAYS, seconds=limit))
        except UsageError:
            raise
        except Exception as error:  # noqa: BLE001 - bounds that need no history are judged all the same
            self._troubles.append(_told(error, "the history was not read"))
            return
        self._tell_damage(self._past)
        log("history", store=self._store.kind, runs=len(self._past.held), series=len(wanted))

    async def remember(self, report: R) -> R:
        """Record the run, and return its report with what the store holds; it takes at most five seconds."""
        ends_at = time.monotonic() + stores.SECONDS_TO_RECORD
        recorded = self._records and await self._record(report)
        past: dict[tuple[str, Channel], tuple[Day, ...]] = {}
        began, runs = None, None
        try:
            past = await self._days(report, max(_LEAST_TIME, ends_at - time.monotonic()))
            began, runs = self._extent(report, recorded=recorded)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong here, the verdict is told
            self._troubles.append(_told(error, "the history was not read"))
        history = History(
            store=self._store.kind, began=began, runs=runs, recorded=recorded, troubles=tuple(self._troubles)
        )
        return replace(report, history=history, past=past)

    def _extent(self, report: Report, *, recorded: bool) -> tuple[date | None, int | None]:
        """Return the first day in the store, and how many runs it holds, with this one if it was recorded."""
        if self._past is None:
            return None, None
        stamps = (guard.count for each in report.segments for guard in each.guards)
        first = min((count.counted_at.astimezone(UTC).date() for count in stamps if count), default=None)
        own = [first or report.finished_at.astimezone(UTC).date()] if recorded else []
        began = min([*own, *([self._past.began] if self._past.began else [])], default=None)
        return began, len(self._past.held) + recorded

    def _tell_damage(self, past: Past) -> None:
        shown = self._store.address.shown
        told = [f"the history store {shown} is damaged: {each}" for each in damage_lines(past.damage, _MOST_DAMAGE)]
        self._troubles += [each for each in told if each not in self._troubles]

    async def _record(self, report: Report) -> bool:
        try:
            run = record_of(report, run_id=report.run_id or "", source="check", link=link_of(os.environ))
            numbers = await _in_thread(lambda: self._store.record([run]))
        except Exception as error:  # noqa: BLE001 - whatever goes wrong here, the verdict is told
            log("record_failed", why=type(error).__name__)
            self._troubles.append(_told(error, "this run was not recorded, and its verdict stands"))
            return False
        log("recorded", run=numbers[0])
        return True

    async def _days(self, report: Report, seconds: float) -> dict[tuple[str, Channel], tuple[Day, ...]]:
        """Return the days before this run of each guard; a segment's name has led to its uuid by now."""
        if self._past is None:
            return {}
        own = {
            (each.segment.key, guard.channel): series_of(
                self._host, each.uuid, bypass_global=each.segment.bypass_global, channel=guard.channel
            )
            for each in report.segments
            for guard in each.guards
            if each.uuid
        }
        known = dict(self._past.readings)
        missing = [series for series in own.values() if series not in known]
        if missing:
            later = await _in_thread(lambda: self._store.read(missing, last=DAYS, seconds=seconds))
            before = {run.number for run in self._past.runs}  # this one is there by now
            known |= {
                series: tuple(each for each in readings if each.run in before)
                for series, readings in later.readings.items()
            }
            self._tell_damage(later)
        return {which: days(known.get(series, ()), DAYS) for which, series in own.items()}


def _told(error: Exception, what: str) -> str:
    """Return what went wrong and what to do; of an error that nobody expected, its name."""
    if not isinstance(error, GuardError):
        return f"{what}: {type(error).__name__}"
    hint = f"\n  hint: {error.hint}" if error.hint else ""
    return f"{what}: {error.message}{hint}"


async def _in_thread(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(AbandonedThreads(), work)
