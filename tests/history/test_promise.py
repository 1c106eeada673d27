"""Whatever becomes of a store, it turns no fail and no unknown into a pass.

All that was ever recorded of a series is kept beside the store. A bound relative to the past is judged as by all of
that, or it is unknown; it is unknown if anything of that within its reach is gone or was changed.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from guard.core.baseline import Source, State, Window
from guard.core.errors import GuardError, UsageError
from guard.core.evaluate import evaluate
from guard.core.history import Limit, Reading, Series, zone_of
from guard.core.model import Bound, BoundName, Change, Channel, Guard, PastRules, Segment, Step
from guard.core.plan import Plan
from guard.core.relative import Past
from guard.core.results import Check, Count, GuardResult, Reason, SegmentReadings, Verdict
from guard.history.address import parse_address
from guard.history.database import Database
from guard.history.memory import Memory
from guard.history.run_record import ReadingRecord, RunRecord
from guard.history.store import Store
from guard.history.tables import METADATA, READINGS, RUNS, SERIES, STORE
from tests.history.builders import MOMENT, made, reading, run, series

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tests.postgres import Server

pytestmark = pytest.mark.no_cover
ONE, TWO = series("1"), series("2")
ALL = (ONE, TWO, series("1", "sms"), series("1", bypass=True), series("1", host="api.eu.example.com"))
PEOPLE = (10, 100, 140, 1_000, 1_400, 9_000)
BOUNDS = (Bound(name=BoundName.MIN, limit=50, line=1), Bound(name=BoundName.MAX, limit=5_000, line=1))
PARTS = {BoundName.CHANGE_MIN: -30, BoundName.CHANGE_MAX: 50, BoundName.CHANGE_WARN_MIN: -10}
PASSED = (Limit("change.min", 50, "pass"),)
LIMITS = (PASSED, PASSED, PASSED, (Limit("change.max", 50, "fail"),), (Limit("change.min", None, "unknown"),), ())
WHICH = (*Series._fields, "number")  # the columns that say which reading a row is
HELD = ("count", "users", "reason", "counted_at", "day", "verdict", "checks", "checksum")
HARMS = [
    *((READINGS.name, names) for names in ((), (), (), *((name,) for name in (*WHICH, "run", *HELD)), HELD, HELD[::7])),
    *((table.name, ()) for table in (RUNS, RUNS, SERIES, STORE)),
    *((table.name, (column.name,)) for table in (RUNS, SERIES, STORE) for column in table.c),
]
"""Tables, and the columns of a row that are changed; without any, the row is deleted."""
ODD = {"INTEGER": 7, "BIGINT": 7, "TEXT": "?", "BOOLEAN": True}
PAGE = 4096  # bytes


# What is recorded, and how a count is judged


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def checked(at: datetime, counts: Mapping[Series, int | None], limits: tuple[Limit, ...] = PASSED) -> RunRecord:
    found = tuple(replace(reading(of, count, at), limits=limits) for of, count in counts.items())
    return replace(run(0, {}), started_at=at, finished_at=at, readings=found)


def imported(counts: Mapping[date, int], *of: Series) -> RunRecord:
    found = tuple(ReadingRecord(series=each, count=n, day=str(day)) for each in of for day, n in counts.items())
    first, last = midnight(min(counts)), midnight(max(counts))
    return replace(run(0, {}), source="csv", started_at=first, finished_at=last, readings=found)


def numbered(runs: Iterable[RunRecord], first: int = 1) -> list[RunRecord]:
    return [replace(each, id=f"{number}") for number, each in enumerate(runs, start=first)]


class Question(NamedTuple):
    """When a count is judged, and what the rules have it compared with."""

    at: datetime
    since: date | None = None
    within: int = 120
    timezone: str = "UTC"
    until_then: Verdict = Verdict.UNKNOWN

    @property
    def window(self) -> Window:
        zone = zone_of(self.timezone)
        today = self.at.astimezone(zone).date()
        return Window(today=today, zone=zone, within=self.within, since=self.since, low=50, high=5_000)

    @property
    def segment(self) -> Segment:
        steps = tuple(Step(bound=bound, part=Fraction(part, 100), line=1) for bound, part in PARTS.items())
        needs = {each: Source.named(each).usual_needs for each in ("previous", "median_of_last_3", "same_weekday")}
        changes = tuple(
            Change(source=source, steps=steps, needs=least, until_then=self.until_then, line=1)
            for source, least in needs.items()
        )
        guard = Guard(channel=Channel.EMAIL, bounds=BOUNDS, changes=changes, since=self.since, line=1)
        return Segment(key="it", uuid=ONE.uuid, guards=(guard,), line=1)

    def past(self, store: Store, *segments: Segment) -> Past | None:
        """Return the past that a run finds in the store; the segments are its own one unless they are given."""
        memory = Memory(store, ONE.host, PastRules(timezone=self.timezone, within=self.within), records=False)
        segments = segments or (self.segment,)
        found = {each.key: self._found(PEOPLE[0]) for each in segments}

        async def read() -> None:
            with suppress(UsageError):  # the run ends before anything is counted
                await memory.recall(segments, 10)
            await memory.complete(segments, found)

        asyncio.run(read())
        return memory.pasts(segments, found, self.at).get(("it", Channel.EMAIL))

    def judged(self, count: int, past: Past | None) -> GuardResult:
        plan, pasts = Plan(segments=(self.segment,), campaigns=()), {("it", Channel.EMAIL): past} if past else {}
        return evaluate(plan, {"it": self._found(count)}, pasts)[0][0].guards[0]

    def _found(self, count: int) -> SegmentReadings:
        email = Count(value=count, counted_at=self.at, age_seconds=0)
        return SegmentReadings(uuid=ONE.uuid, channels={Channel.EMAIL: email})


def is_unavailable(check: Check) -> bool:
    """Whether a relative bound is unknown since the past cannot be trusted."""
    state = check.baseline.state if check.baseline else None
    return (state, check.verdict, check.limit) == (State.UNAVAILABLE, Verdict.UNKNOWN, None)


def without_tally(check: Check) -> Check:
    """Return a check without the number of days that are no baseline: the old ones of them may be gone."""
    return replace(check, baseline=replace(check.baseline, left_out={}) if check.baseline else None)


def change(store: Store, *statements: sa.Executable) -> None:
    """Change rows as nobody should, as far as the database lets it happen."""
    with suppress(GuardError), Database(store.address).transaction(5, write=True) as connection:
        for each in statements:
            connection.execute(each)


def rows(store: Store, table: sa.Table, of: Series | None = None) -> list[sa.Row[Any]]:
    """Return the rows of a table; of those with readings, a series' own if it is given."""
    its = [table.c[name] == value for name, value in (of._asdict() if of else {}).items()]
    with Database(store.address).transaction(5) as connection:
        return list(connection.execute(sa.select(table).where(*its).order_by(*table.primary_key)))


# Whatever becomes of a store

places = st.integers(0, 30)
counts = st.lists(st.none() | st.sampled_from([100, 100, 140, 1_000, 1_400, 9_000]), min_size=1, max_size=8)
questions = st.tuples(
    st.integers(1, 60),  # hours after the newest run
    st.none() | st.integers(0, 40),  # days from `since` to then
    st.sampled_from([2, 10, 120]),
    st.sampled_from(["UTC", "Europe/Berlin"]),
    st.sampled_from([Verdict.UNKNOWN, Verdict.PASS]),
)


class Stores(RuleBasedStateMachine):
    """A store, all that was ever recorded of a series, and whatever becomes of it.

    The store ``is_harmed`` by what may concern the series.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self.store = Store(parse_address(url, "the test"))
        if self.store.address.path:
            self.store.address.path.unlink(missing_ok=True)
        else:
            with Database(self.store.address).transaction(5, write=True) as connection:
                METADATA.drop_all(connection)
        self.store.init()
        self.now, self.is_harmed = MOMENT, False
        self.kept: list[tuple[Reading, sa.Row[Any]]] = []
        self.runs: dict[int, sa.Row[Any]] = {}
        self.copies: list[bytes] = []

    def record(self, *runs: RunRecord) -> None:
        before = {*rows(self.store, RUNS)}, {*rows(self.store, READINGS, ONE)}
        try:
            self.store.record(numbered(runs, len(self.runs)))
        except GuardError:
            assert self.is_harmed
            return
        new = [row for row in rows(self.store, RUNS) if row not in before[0]]
        new_readings = iter([row for row in rows(self.store, READINGS, ONE) if row not in before[1]])
        for row, record in zip(new, runs, strict=True):
            self.runs[row.number] = row
            for each in record.readings:
                if each.series == ONE:
                    day = date.fromisoformat(each.day) if each.day else None
                    at = midnight(day) if day else each.counted_at or record.finished_at
                    known = Reading(
                        run=row.number, at=at, day=day, count=each.count, verdict=each.verdict, limits=each.limits
                    )
                    self.kept.append((known, next(new_readings)))
        if self.store.address.path:
            self.copies.append(self.store.address.path.read_bytes())

    @initialize(people=st.sampled_from([100, 1_000]), many=st.integers(3, 15), of=st.sampled_from([ALL[:1], ALL]))
    def begin_well(self, people: int, many: int, of: tuple[Series, ...]) -> None:
        self.check([people] * many, 24, of, PASSED)

    @rule(
        counts=counts,
        hours=st.sampled_from([0, 5, 24, 24, 168]),
        of=st.sampled_from([ALL[:1], ALL[:1], ALL[:2], ALL[1:], ALL]),
        limits=st.sampled_from(LIMITS),
    )
    def check(self, counts: list[int | None], hours: int, of: tuple[Series, ...], limits: tuple[Limit, ...]) -> None:
        moments = [self.now + timedelta(hours=hours * each) for each in range(1, len(counts) + 1)]
        self.now = moments[-1]
        self.record(*(checked(at, dict.fromkeys(of, n), limits) for at, n in zip(moments, counts, strict=True)))

    @rule(counts=counts, ago=st.integers(0, 40))
    def import_days(self, counts: list[int | None], ago: int) -> None:
        last = self.now.date() - timedelta(days=ago)
        self.record(imported({last - timedelta(days=each): n or 0 for each, n in enumerate(counts)}, *ALL[:2]))

    @rule(
        what=st.sampled_from(HARMS),
        which=st.tuples(places, places),
        how=st.sampled_from(["copy", "copy", "swap", "odd", "all"]),
        question=questions,
    )
    def harm(
        self, what: tuple[str, tuple[str, ...]], which: tuple[int, int], how: str, question: tuple[Any, ...]
    ) -> None:
        """Delete a row or all, or give a row what another one holds, or odd values."""
        table, names = METADATA.tables[what[0]], what[1]
        found = rows(self.store, table, ONE if names == ("run",) else None)  # test_known: between series
        if not found:
            return
        one, other = (found[-1 - place % len(found)] for place in which)
        statements: list[sa.Executable] = []
        for into, of in [(one, other), (other, one)] if how == "swap" and names else [(one, other)]:
            its = [key == into._mapping[key.name] for key in table.primary_key if names or how != "all"]
            values = {name: ODD[f"{table.c[name].type}"] if how == "odd" else of._mapping[name] for name in names}
            statements.append((sa.update(table).values(values) if names else sa.delete(table)).where(*its))
        change(self.store, *statements)
        is_others = table is READINGS and ONE not in {one[:4], other[:4]}
        self.is_harmed |= not is_others or not set(names) & set(HELD)
        self.judge(question)

    @rule(question=questions)
    def judge(self, question: tuple[Any, ...]) -> None:
        hours, days, *rules = question
        at = self.now + timedelta(hours=hours)
        asked = Question(at, None if days is None else at.date() - timedelta(days=days), *rules)
        window, known, lost = asked.window, [reading for reading, _ in self.kept], self.lost()
        if self.is_known(lost, window):
            return
        reach = [each for each in lost if window.begins <= each.day_in(window.zone) <= window.today]
        whole, past = Past(readings=known, window=window), asked.past(self.store)
        for count in PEOPLE:
            right, found = asked.judged(count, whole), asked.judged(count, past)
            for was, now in zip(right.checks, found.checks, strict=True):
                if was.baseline is None:
                    assert now == was
                elif is_unavailable(now):
                    assert self.is_harmed
                else:
                    assert not reach
                    assert without_tally(now) == without_tally(was)
            if right.verdict in {Verdict.FAIL, Verdict.UNKNOWN}:
                assert found.verdict in {Verdict.FAIL, Verdict.UNKNOWN}
            assert found.verdict is not Verdict.UNKNOWN or found.reason in {Reason.HISTORY, Reason.LEARNING}

    def lost(self) -> list[Reading]:
        """Return the readings that are gone or changed, or whose run is, as far as the database tells."""
        try:
            there = {*rows(self.store, RUNS)}, {*rows(self.store, READINGS, ONE)}
        except GuardError:
            return []
        return [known for known, row in self.kept if self.runs[known.run] not in there[0] or row not in there[1]]

    def is_known(self, lost: list[Reading], window: Window) -> bool:
        """Whether it is one of the cases of ``test_known``."""
        return False


class Files(Stores):
    """A store whose file can be damaged too."""

    @rule(
        how=st.sampled_from(["flip", "flip", "flip", "cut", "page", "other"]),
        place=st.integers(0, 2**20),
        data=st.binary(max_size=100) | st.just(b"SQLite format 3\0".ljust(PAGE, b"\0")),
        question=questions,
    )
    def tear(self, how: str, place: int, data: bytes, question: tuple[Any, ...]) -> None:
        """Flip a bit, cut the end off, put a page of an older copy in, or put another file there; then undo it."""
        path, was_harmed = self.store.address.path, self.is_harmed
        assert path
        right = path.read_bytes()
        torn, older = bytearray(right), self.copies[place % len(self.copies)]
        if how == "flip":
            written = [each for each, byte in enumerate(right) if byte]
            torn[written[place % len(written)]] ^= 1 << place % 8
        elif how == "page":
            begins = place % (len(older) // PAGE) * PAGE
            torn[begins : begins + PAGE] = older[begins : begins + PAGE]
        else:
            torn[:] = torn[: place % len(torn)] if how == "cut" else data
        path.write_bytes(torn)
        self.is_harmed = True
        self.judge(question)
        path.write_bytes(right)
        self.is_harmed = was_harmed


def play(machine: type[Stores], url: str, many: int) -> None:
    plan = settings(max_examples=many, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(lambda: machine(url), settings=plan)


def test_sqlite_keeps_the_promise(tmp_path: Path) -> None:
    play(Files, str(tmp_path / "history.db"), settings().max_examples)


def test_postgresql_keeps_the_promise(postgres: Server) -> None:
    play(Stores, postgres.create("promise"), max(settings().max_examples // 20, 1))
