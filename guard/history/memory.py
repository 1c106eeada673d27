"""The store during one run: read before the counting, written once the verdict stands. It never changes a verdict."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, TypeVar

from guard.abandoned_threads import AbandonedThreads
from guard.core.errors import ExitCode, GuardError, UsageError
from guard.core.history import Day, History, days, zone_of
from guard.core.results import Count, Verdict
from guard.history import store as stores
from guard.history.comparison import past_of
from guard.history.contents import damage_lines
from guard.history.run_record import host_of, link_of, record_of, series_of
from guard.report.trends.points import DAYS
from guard.security.debug_log import log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date, datetime

    from guard.core import relative
    from guard.core.change import PastRules
    from guard.core.history import Series
    from guard.core.model import Channel, Guard, Segment
    from guard.core.results import GuardResult, Report, SegmentReadings
    from guard.history.contents import Past
    from guard.history.store import Store

T = TypeVar("T")
R = TypeVar("R", bound="Report")

_MOST_DAMAGE = 3


class Memory:
    """What one run reads from a store, and writes to it unless ``records`` is false."""

    def __init__(self, store: Store, host: str, rules: PastRules, *, records: bool) -> None:
        self._store, self._host, self._rules, self._records = store, host_of(host), rules, records
        self._zone = zone_of(rules.timezone)
        self._past: Past | None = None
        self._whole: set[Series] = set()
        self._troubles: list[str] = []

    async def recall(self, segments: Iterable[Segment], seconds: float) -> None:
        """Read the series of the segments in at most ``seconds``; raise ``UsageError`` if this is no such store.

        A store that cannot be read is remembered as a trouble: bounds that need no history are judged as ever.
        """
        wanted = [
            (self._series(each, each.uuid, guard), guard) for each in segments for guard in each.guards if each.uuid
        ]
        try:
            self._past = await self._read(wanted, min(seconds, stores.SECONDS_TO_READ))
        except UsageError:
            raise
        except Exception as error:  # noqa: BLE001 - bounds that need no history are judged all the same
            self._troubles.append(_told(error, "the history was not read"))
            return
        self._tell_damage(self._past)
        log("history", store=self._store.kind, runs=len(self._past.held), series=len(wanted))

    async def complete(self, segments: Iterable[Segment], found: Mapping[str, SegmentReadings]) -> None:
        """Read also the series of segments whose name has led to a uuid by now; it takes at most five seconds."""
        if self._past is None:
            return
        wanted = [
            (self._series(each, found[each.key].uuid, guard), guard)
            for each in segments
            if each.key in found and found[each.key].uuid
            for guard in each.guards
        ]
        missing = [
            (series, guard)
            for series, guard in wanted
            if series not in self._past.readings or (guard.changes and series not in self._whole)
        ]
        if not missing:
            return
        try:
            later = await self._read(missing, stores.SECONDS_TO_RECORD)
        except Exception as error:  # noqa: BLE001 - bounds that need no history are judged all the same
            self._troubles.append(_told(error, "the history was not read"))
            return
        before = {run.number for run in self._past.runs}  # others may have recorded runs since
        known = {
            series: tuple(each for each in readings if each.run in before)
            for series, readings in later.readings.items()
        }
        damage = tuple(dict.fromkeys([*self._past.damage, *later.damage]))
        self._past = replace(self._past, readings=self._past.readings | known, damage=damage)
        self._tell_damage(later)

    def pasts(
        self, segments: Iterable[Segment], found: Mapping[str, SegmentReadings], started_at: datetime
    ) -> dict[tuple[str, Channel], relative.Past]:
        """Return what each guard's count is compared with; nothing if the store could not be read.

        The day of a count is that of the server's stamp; without a count it is the day on which the run began.
        """
        if self._past is None:
            return {}
        pasts: dict[tuple[str, Channel], relative.Past] = {}
        for segment in segments:
            own = found.get(segment.key)
            for guard in segment.guards:
                if own is None or not guard.changes:
                    continue
                count = own.channels.get(guard.channel)
                at = count.counted_at if isinstance(count, Count) else started_at
                series = self._series(segment, own.uuid, guard)
                if series not in self._whole:  # a part of the past would be another past
                    continue
                try:
                    pasts[segment.key, guard.channel] = past_of(guard, series, self._past, self._rules, at)
                except Exception as error:  # noqa: BLE001 - without a past the bound is unknown
                    self._troubles.append(_told(error, f"the past of {segment.key} / {guard.channel} was not found"))
        return pasts

    async def _read(self, wanted: Sequence[tuple[Series, Guard]], seconds: float) -> Past:
        """Read the series: all of those that a count is compared with, and the newest days of the others."""
        every = dict(wanted)
        whole = {series for series, guard in wanted if guard.changes}
        past = await _in_thread(lambda: self._store.read(every, last=DAYS, whole=whole, seconds=seconds))
        self._whole |= whole
        return past

    def _series(self, segment: Segment, uuid: str | None, guard: Guard | GuardResult) -> Series:
        return series_of(self._host, uuid, bypass_global=segment.bypass_global, channel=guard.channel)

    async def remember(self, report: R) -> R:
        """Record the run, and return its report with what the store holds; it takes at most five seconds."""
        recorded = self._records and await self._record(report)
        past: dict[tuple[str, Channel], tuple[Day, ...]] = {}
        began, runs, is_changed = None, None, None
        try:
            past = self._days(report)
            is_changed = self._is_changed(report)
            began, runs = self._extent(report, recorded=recorded)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong here, the verdict is told
            self._troubles.append(_told(error, "the history was not read"))
        history = History(
            store=self._store.kind,
            began=began,
            runs=runs,
            recorded=recorded,
            timezone=self._rules.timezone,
            troubles=tuple(self._troubles),
        )
        return replace(report, history=history, past=past, is_changed=is_changed)

    def _is_changed(self, report: Report) -> bool | None:
        """Whether any verdict is another one than in the last recorded run, as far as the store tells.

        What was never judged before is changed unless it passes. Totals are not recorded: with totals, it is also a
        change if the last run had another exit code.
        """
        if self._past is None:
            return None
        for each in report.segments:
            for guard in each.guards:
                readings = self._past.readings.get(self._series(each.segment, each.uuid, guard), ())
                judged = [reading for reading in readings if reading.verdict is not None]
                last = max(judged, key=lambda reading: (reading.at, reading.run), default=None)
                if guard.verdict != (last.verdict if last else Verdict.PASS):
                    return True
        if not any(each.totals for each in report.campaigns):
            return False
        judging = [run for run in self._past.held if run.exit_code is not None]
        before = max(judging, key=lambda run: run.finished_at, default=None)
        return report.exit_code != (before.exit_code if before else ExitCode.PASSED)

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

    def _days(self, report: Report) -> dict[tuple[str, Channel], tuple[Day, ...]]:
        """Return the days before this run of each guard."""
        if self._past is None:
            return {}
        return {
            (each.segment.key, guard.channel): days(self._past.readings.get(series, ()), DAYS, self._zone)
            for each in report.segments
            for guard in each.segment.guards
            if each.uuid and (series := self._series(each.segment, each.uuid, guard))
        }


def _told(error: Exception, what: str) -> str:
    """Return what went wrong and what to do; of an error that nobody expected, its name."""
    if not isinstance(error, GuardError):
        return f"{what}: {type(error).__name__}"
    hint = f"\n  hint: {error.hint}" if error.hint else ""
    return f"{what}: {error.message}{hint}"


async def _in_thread(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(AbandonedThreads(), work)
