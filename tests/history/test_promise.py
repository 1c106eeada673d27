"""Whatever becomes of a store, it turns no fail and no unknown into a pass.

All that was ever recorded of a series is kept beside the store. A bound relative to the past is judged as by all of
that, or it is unknown; it is unknown if anything of that within its reach is gone or was changed.
"""

from __future__ import annotations

import asyncio
import hashlib
import operator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from guard.core.baseline import State
from guard.core.change import PastRules
from guard.core.errors import GuardError, UsageError
from guard.core.evaluate import evaluate
from guard.core.history import Limit, Reading, Series
from guard.core.model import Channel, Segment
from guard.core.plan import Plan
from guard.core.results import Check, Count, GuardResult, Reason, SegmentReadings, Verdict
from guard.history import contents
from guard.history.address import parse_address
from guard.history.comparison import past_of
from guard.history.memory import Memory
from guard.history.run_record import ReadingRecord, RunRecord
from guard.history.store import Store
from guard.history.tables import METADATA, READINGS, RUNS, SERIES
from tests.core.pasts import change, guard
from tests.history.builders import MOMENT, made, reading, run, series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from guard.core.relative import Past
    from tests.postgres import Server

    Pasts = dict[tuple[str, Channel], Past]

pytestmark = pytest.mark.no_cover
ONE, TWO = series("1"), series("2")
ALL = (ONE, TWO, series("1", "sms"), series("1", bypass=True), series("1", host="api.eu.example.com"))
SOURCES = {"previous": 1, "median_of_last_3": 3, "same_weekday": 2}  # and the days that each needs
PEOPLE = (10, 140, 1_000)  # to judge
Judged = tuple[tuple[Limit, ...], str | None]
PASSED: Judged = ((Limit("change.min", 50, "pass"),), None)
NOT_BY_CHANGE: Judged = ((), None)
BROKEN: Judged = ((Limit("change.max", 50, "fail"),), None)
JUDGED = [PASSED, PASSED, BROKEN, NOT_BY_CHANGE]
JUDGED += [((Limit("change.min", None, "unknown"),), why) for why in ("learning", "history")]
"""By what a count was judged, and why it could not be."""
HELD = ("count", "users", "reason", "counted_at", "day", "verdict", "checks", "checksum")
LOST = ["readings", "runs", "readings runs", "readings series", "readings runs series", "series"]
ODD = {"INTEGER": 70_000, "BIGINT": 70_000, "TEXT": "?", "BOOLEAN": True}
PAGE = 4096  # bytes
OTHER_FILES = (b"", b"version: 1\n", b"SQLite format 3\0".ljust(PAGE, b"\0"), hashlib.shake_128().digest(PAGE))


# What is recorded, and how a count is judged


def moment(days: float) -> datetime:
    return MOMENT + timedelta(days=days)


def midnight(of: date) -> datetime:
    return datetime(of.year, of.month, of.day, tzinfo=UTC)


def checked(at: datetime, people: int | None, *of: Series, judged: Judged = PASSED, hours: int = 0) -> RunRecord:
    """Return a run that took so long; of a series that comes again, as two keys can mean one, there is no change."""
    found = [reading(each, people, at - timedelta(hours=hours)) for each in of]
    told = [NOT_BY_CHANGE if each in of[:n] else judged for n, each in enumerate(of)]
    readings = (
        replace(each, limits=how[0], reason=each.reason or how[1]) for each, how in zip(found, told, strict=True)
    )
    return replace(run(0, {}), started_at=at, finished_at=at, readings=tuple(readings))


def imported(counts: Mapping[date, int], *of: Series) -> RunRecord:
    found = (ReadingRecord(series=each, count=counts[its], day=f"{its}") for each in of or (ONE,) for its in counts)
    first, last = midnight(min(counts)), midnight(max(counts))
    return replace(run(0, {}), source="csv", started_at=first, finished_at=last, readings=tuple(found))


def filled(url: str, *runs: RunRecord, name: str = "run") -> Store:
    return made(url, [replace(each, id=f"{name} {number}") for number, each in enumerate(runs)])


def harm(store: Store, *statements: sa.Executable) -> None:
    """Change rows as nobody should, as far as the database lets it happen."""
    with suppress(GuardError), store._database.transaction(5, write=True) as connection:
        for each in statements:
            connection.execute(each)


def rows(store: Store, *tables: sa.Table) -> list[list[sa.Row[Any]]]:
    """Return the rows of each table, always in one order; not by a search, since an index may be damaged."""
    with store._database.transaction(5) as connection:
        return [sorted(connection.execute(sa.select(table)).all(), key=repr) for table in tables]


class Question(NamedTuple):
    """When a count is judged, and what the rules have it compared with: a segment for each ``since``."""

    at: datetime
    since: Sequence[date | None] = (None,)
    rules: PastRules = PastRules()
    until_then: Verdict = Verdict.UNKNOWN

    def segments(self) -> tuple[Segment, ...]:
        parts: dict[str, Any] = {"min": "-0.3", "max": "0.5", "warn_min": "-0.1", "until_then": self.until_then}
        changes = [change(source, needs=needs, **parts) for source, needs in SOURCES.items()]
        guards = [guard(*changes, low=50, high=5_000, since=since) for since in self.since]
        return tuple(Segment(key=f"{key}", uuid=ONE.uuid, guards=(own,), line=1) for key, own in enumerate(guards))

    def pasts(self, store: Store, *segments: Segment) -> Pasts:
        """Return the pasts that a run finds in the store; the segments are its own ones unless they are given."""
        memory, segments = Memory(store, ONE.host, self.rules, records=False), segments or self.segments()

        async def read() -> None:
            with suppress(UsageError):  # the run ends before anything is counted
                await memory.recall((*segments, replace(segments[0], key="another's", uuid=TWO.uuid)), 10)
            await memory.complete(segments, self._found(segments))

        asyncio.run(read())
        return memory.pasts(segments, self._found(segments), self.at)

    def pasts_of(self, readings: Iterable[Reading]) -> Pasts:
        """Return the pasts that these readings are."""
        known, guards = (
            contents.Past(runs=(), readings={ONE: tuple(readings)}),
            [each.guards[0] for each in self.segments()],
        )
        pasts = (past_of(own, ONE, known, self.rules, self.at) for own in guards)
        return {(f"{key}", Channel.EMAIL): past for key, past in enumerate(pasts)}

    def judged(self, people: int, pasts: Pasts) -> list[GuardResult]:
        segments = self.segments()
        results, _ = evaluate(Plan(segments=segments, campaigns=()), self._found(segments, people), pasts)
        return [each.guards[0] for each in results]

    def _found(self, segments: tuple[Segment, ...], people: int = 0) -> dict[str, SegmentReadings]:
        email = Count(value=people, counted_at=self.at, age_seconds=0)
        return {each.key: SegmentReadings(uuid=ONE.uuid, channels={Channel.EMAIL: email}) for each in segments}


def is_unavailable(check: Check) -> bool:
    """Whether a relative bound is unknown since the past cannot be trusted."""
    state = check.baseline.state if check.baseline else None
    return (state, check.verdict, check.limit) == (State.UNAVAILABLE, Verdict.UNKNOWN, None)


def unavailable(result: GuardResult) -> set[bool]:
    return {is_unavailable(check) for check in result.checks if check.baseline}


def without_tally(check: Check) -> Check:
    """Return a check without the number of days that are no baseline: the old ones of them may be gone."""
    return replace(check, baseline=replace(check.baseline, left_out={}) if check.baseline else None)


def assert_kept(right: GuardResult, found: GuardResult) -> None:
    """Assert that each bound is judged as is right, or is unknown if it is relative."""
    for was, now in zip(right.checks, found.checks, strict=True):
        assert (was.baseline and is_unavailable(now)) or without_tally(now) == without_tally(was)
    if right.verdict in {Verdict.FAIL, Verdict.UNKNOWN}:
        assert found.verdict in {Verdict.FAIL, Verdict.UNKNOWN}
    assert found.verdict is not Verdict.UNKNOWN or found.reason in {Reason.HISTORY, Reason.LEARNING}


# Whatever becomes of a store

places = st.just(0) | st.integers(0, 30)  # of a row, from the newest on
some_counts = st.lists(st.none() | st.sampled_from([100, 100, 140, 1_000, 1_400, 9_000]), min_size=1, max_size=8)
questions = st.tuples(
    st.integers(1, 60),  # hours after the newest run
    st.lists(st.integers(0, 3) | st.integers(0, 40), min_size=1, max_size=3),  # days from `since` to then
    st.sampled_from([2, 10, 120]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/Los_Angeles"]),
    st.sampled_from([Verdict.UNKNOWN, Verdict.PASS]),
)


class Stores(RuleBasedStateMachine):
    """A store, all that was ever recorded of a series, and whatever becomes of it.

    The store ``is_harmed`` by what may concern the series.
    """

    url: str

    def __init__(self) -> None:
        super().__init__()
        self.store = Store(parse_address(self.url, "the test"))
        if self.store.address.path:
            self.store.address.path.unlink(missing_ok=True)
        else:
            with self.store._database.transaction(5, write=True) as connection:
                METADATA.drop_all(connection)
        self.store.init()
        self.now, self.is_harmed = MOMENT, False
        self.kept: list[tuple[Reading, sa.Row[Any]]] = []
        self.runs: dict[int, sa.Row[Any]] = {}
        self.copies: list[bytes] = []

    def record(self, *runs: RunRecord) -> None:
        try:
            named = [replace(each, id=f"{len(self.runs)} {n}") for n, each in enumerate(runs)]
            numbers = [number for number in self.store.record(named) if number]
        except GuardError:
            assert self.is_harmed
            return
        written, readings = rows(self.store, RUNS, READINGS)
        self.runs |= {number: row for number in numbers for row in written if row.number == number}
        for number, record in zip(numbers, runs, strict=True):
            own = [each for each in record.readings if each.series == ONE]
            new = [row for row in readings if row.run == number and tuple(row[:4]) == ONE]
            for row, each in zip(sorted(new, key=lambda row: row.number), own, strict=True):
                its = date.fromisoformat(each.day) if each.day else None
                at = midnight(its) if its else each.counted_at or record.finished_at
                held = {name: getattr(each, name) for name in ("count", "reason", "verdict", "limits")}
                self.kept.append((Reading(run=row.run, at=at, day=its, **held), row))
        if self.store.address.path:
            self.copies.append(self.store.address.path.read_bytes())

    @initialize(
        people=st.sampled_from([100, 1_000]),
        many=st.integers(1, 25),
        of=st.sampled_from([ALL[:1], ALL]),
        judged=st.sampled_from([PASSED, PASSED, NOT_BY_CHANGE]),
    )
    def begin_well(self, people: int, many: int, of: tuple[Series, ...], judged: Judged) -> None:
        self.check([people] * many, 24, of, judged)
        if self.store.address.path:  # a store as alike as can be
            path = self.store.address.path.with_name("other.db")
            path.unlink(missing_ok=True)
            filled(str(path), *(checked(moment(each), 1_100 - people, *of) for each in range(1, many + 1)))
            self.copies.append(path.read_bytes())

    @rule(
        counts=some_counts,
        hours=st.sampled_from([0, 5, 24, 24, 168]),
        of=st.sampled_from([ALL[:1], ALL[:1], (ONE, ONE), ALL[:2], ALL[1:], ALL]),
        judged=st.sampled_from(JUDGED),
    )
    def check(self, counts: list[int | None], hours: int, of: tuple[Series, ...], judged: Judged) -> None:
        moments = [self.now + timedelta(hours=hours * each) for each in range(1, len(counts) + 1)]
        self.now = moments[-1]
        self.record(*(checked(at, n, *of, judged=judged) for at, n in zip(moments, counts, strict=True)))

    @rule(counts=some_counts, ago=st.integers(0, 40))
    def import_days(self, counts: list[int | None], ago: int) -> None:
        last = self.now.date() - timedelta(days=ago)
        self.record(imported({last - timedelta(days=each): n or 0 for each, n in enumerate(counts)}, ONE, TWO))

    @rule(
        names=st.sampled_from(LOST),
        place=places,
        span=st.sampled_from([operator.eq, operator.eq, operator.le, operator.ge]),
        question=questions,
    )
    def lose(self, names: str, place: int, span: Callable[..., Any], question: tuple[Any, ...]) -> None:
        """Lose the series' readings, or all that is known, of a run, or of all up to it or from it on."""
        number = max(self.runs) - place % len(self.runs)
        own = [READINGS.c[name] == value for name, value in ONE._asdict().items()] if names == "readings" else []
        losses = {
            "readings": sa.delete(READINGS).where(span(READINGS.c.run, number), *own),
            "runs": sa.delete(RUNS).where(span(RUNS.c.number, number)),
            "series": sa.delete(SERIES),
        }
        self.harm(question, *(losses[name] for name in names.split()))

    @rule(
        table=st.sampled_from(["readings", "readings", "readings", "runs", "series", "store"]),
        which=st.tuples(places, places),
        column=st.integers(0, 25),
        how=st.sampled_from(["copy", "swap", "odd"]),
        question=questions,
    )
    def change(self, table: str, which: tuple[int, int], column: int, how: str, question: tuple[Any, ...]) -> None:
        """Give a row what another one holds in a column, or in all that say what was read, or an odd value."""
        of = METADATA.tables[f"audience_guard_{table}"]
        some = [(each.name,) for each in of.c] + 3 * [("count",), HELD, ("count", "checksum")] * (of is READINGS)
        names = some[column % len(some)]
        (found,) = rows(self.store, of)
        if not found:
            return
        one, other = (found[-1 - place % len(found)] for place in which)
        statements = []
        for into, by in [(one, other), (other, one)] if how == "swap" else [(one, other)]:
            values = {name: ODD[f"{of.c[name].type}"] if how == "odd" else by._mapping[name] for name in names}
            its = (key == into._mapping[key.name] for key in of.primary_key)
            statements.append(sa.update(of).where(*its).values(values))
        is_others = of is READINGS and ONE not in {tuple(one[:4]), tuple(other[:4])}
        self.harm(question, *statements, matters=not is_others or not set(names) <= set(HELD))

    def harm(self, question: tuple[Any, ...], *statements: sa.Executable, matters: bool = True) -> None:
        harm(self.store, *statements)
        self.is_harmed |= matters
        self.judge(question)

    @rule(question=questions)
    def judge(self, question: tuple[Any, ...]) -> None:
        hours, days, within, timezone, until_then = question
        at = self.now + timedelta(hours=hours)
        since = (None, *(at.date() - timedelta(days=each) for each in days))
        asked = Question(at, since, PastRules(within=within, timezone=timezone), until_then)
        known, lost = [reading for reading, _ in self.kept], self.lost()
        whole, found = asked.pasts_of(known), asked.pasts(self.store)
        for people in PEOPLE:
            results = zip(whole.values(), asked.judged(people, whole), asked.judged(people, found), strict=True)
            for past, right, result in results:
                window, told = past.window, unavailable(result)
                assert_kept(right, result)
                is_lost = any(window.begins <= each.day_in(window.zone) <= window.today for each in lost)
                assert told == {True} if is_lost else self.is_harmed or told == {False}
                assert {check.verdict for check in result.checks if check.is_learning} <= {until_then}

    def lost(self) -> list[Reading]:
        """Return the readings that are gone or changed, or whose run is, as far as the database tells."""
        try:
            runs, readings = map(set, rows(self.store, RUNS, READINGS))
        except GuardError:
            return []
        return [known for known, row in self.kept if self.runs[known.run] not in runs or row not in readings]


class Files(Stores):
    """A store whose file can be damaged too."""

    @rule(
        how=st.sampled_from(["flip", "flip", "flip", "cut", "page", "other"]),
        place=st.integers(0, 2**20),
        question=questions,
    )
    def tear(self, how: str, place: int, question: tuple[Any, ...]) -> None:
        """Flip a bit, cut the end off, put a page of a copy in, or put another file there; then undo it."""
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
            torn[:] = torn[: place % len(torn)] if how == "cut" else OTHER_FILES[place % len(OTHER_FILES)]
        path.write_bytes(torn)
        self.is_harmed = True
        self.judge(question)
        path.write_bytes(right)
        self.is_harmed = was_harmed


def play(machine: type[Stores], url: str, many: int) -> None:
    plan = settings(max_examples=many, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(type(machine.__name__, (machine,), {"url": url}), settings=plan)


def test_sqlite_keeps_the_promise(tmp_path: Path) -> None:
    play(Files, str(tmp_path / "history.db"), settings().max_examples * 2 // 3)


def test_postgresql_keeps_the_promise(postgres: Server) -> None:
    play(Stores, postgres.create("promise"), max(settings().max_examples // 12, 1))


# One by one

CHANGED = sa.update(READINGS).values(count=9)


def of(run: int, series: Series = ONE) -> sa.ColumnElement[bool]:
    return sa.and_(READINGS.c.run == run, READINGS.c.uuid == series.uuid)


@pytest.mark.parametrize(
    ("statement", "later"),
    [
        pytest.param(lambda run: CHANGED.where(of(run)), 1, id="a-changed-reading"),
        pytest.param(lambda run: sa.delete(READINGS).where(of(run)), 1, id="a-lost-reading"),
        pytest.param(lambda run: sa.update(RUNS).where(RUNS.c.number == run).values(id="x"), 1, id="a-changed-run"),
        pytest.param(lambda run: sa.delete(RUNS).where(RUNS.c.number == run), 1, id="a-lost-run"),
        pytest.param(lambda run: CHANGED.where(of(run, TWO)), -10, id="anothers-reading"),
    ],
)
def test_a_loss_before_the_reach_is_passed_over(
    tmp_path: Path, statement: Callable[[int], sa.Executable], later: int
) -> None:
    """A row may be as new as the next one, which is ``later``; what is another's never matters."""
    path, days = tmp_path / "history.db", range(1, 12)
    store = filled(str(path), *(checked(moment(each), 100, ONE, TWO) for each in range(1, 11)))
    right, question = path.read_bytes(), Question(moment(11), [moment(each).date() for each in days])
    whole = question.judged(100, question.pasts(store))
    for number in range(2, 10):
        path.write_bytes(right)
        harm(store, statement(number))
        found = question.judged(100, question.pasts(store))
        for day, was, now in zip(days, whole, found, strict=True):
            assert unavailable(now) == {day <= number + later}
            assert_kept(was, now)


def test_other_accounts_numbers_are_never_used(url: str) -> None:
    """Nobody can see that a whole store was put in the place of another one."""
    store = filled(url, *(checked(moment(each), 100, *ALL[1:]) for each in range(10)))
    question = Question(moment(10))

    assert question.judged(100, question.pasts(store)) == question.judged(100, question.pasts_of([]))


@pytest.mark.parametrize("address", ["{}/gone.db", "{}", "{}/no/history.db", "postgresql:///gone?host={}"])
def test_without_a_store_absolute_bounds_are_judged_as_ever(tmp_path: Path, address: str) -> None:
    question = Question(moment(10), until_then=Verdict.PASS)
    pasts = question.pasts(Store(parse_address(address.format(tmp_path), "the test")))
    for people, verdict in {10: Verdict.FAIL, 100: Verdict.UNKNOWN}.items():
        (found,), (right,) = question.judged(people, pasts), question.judged(people, question.pasts_of([]))

        assert (found.verdict, unavailable(found)) == (verdict, {True})
        assert_kept(right, found)


def test_a_lost_connection_is_unknown(postgres: Server) -> None:
    store = filled(postgres.create("promise_lost"), *(checked(moment(each), 100, ONE) for each in range(10)))
    question, seen, last = Question(moment(10)), 0, -1

    def lose(connection: Any, *_: object) -> None:
        nonlocal seen
        if seen == last:
            process = connection.connection.driver_connection.info.backend_pid
            harm(store, sa.select(sa.func.pg_terminate_backend(process)))
        seen += 1

    while seen > last:  # until everything is read before that
        seen, last, mine = 0, last + 1, Store(store.address)
        sa.event.listen(mine._database._engine, "before_cursor_execute", lose)
        (found,) = question.judged(100, question.pasts(mine))
        assert unavailable(found) == {seen > last}
    assert last > 5
    assert [found] == question.judged(100, question.pasts(store))


# What is easily overlooked


def checks(days: Mapping[float, int], judged: Judged = PASSED) -> list[RunRecord]:
    return [checked(moment(each), people, ONE, TWO, judged=judged) for each, people in days.items()]


def imports(day: int, people: int) -> RunRecord:
    return imported({moment(day).date(): people})


LOSSES: dict[str, tuple[list[RunRecord], list[sa.Executable], Question]] = {
    "everything": (
        checks({1: 100, 2: 100}),
        [sa.delete(table) for table in (READINGS, SERIES, RUNS)],
        Question(moment(3)),
    ),
    "everything up to a run of another series": (
        [*checks({1: 100, 2: 100}), checked(moment(3), 100, TWO)],
        [sa.delete(READINGS).where(READINGS.c.run < 3), sa.delete(SERIES), sa.delete(RUNS).where(RUNS.c.number < 3)],
        Question(moment(4)),
    ),
    "a series": (
        checks({1: 100, 2: 100}),
        [sa.delete(table).where(table.c.uuid == ONE.uuid) for table in (READINGS, SERIES)],
        Question(moment(3)),
    ),
    "a day, the first within reach, east of UTC": (
        [checked(moment(0.6), 1_000, ONE), checked(moment(0.61), None, ONE)],
        [CHANGED.where(of(1))],
        Question(moment(2), [moment(1).date()], PastRules(timezone="Europe/Berlin")),
    ),
    "a run between two that are older, since one or both are imports": (
        [*checks({10: 100}), imports(1, 100), *checks({11: 1_000}), imports(2, 100)],
        [sa.update(RUNS).where(RUNS.c.number == 3).values(tool_version="9")],
        Question(moment(12), [moment(10).date()]),
    ),
    "an old reading that left younger ones out, by other_rules": (
        [*checks({1: 1_000}), *checks({2: 1_000, 12: 100}, NOT_BY_CHANGE)],
        [CHANGED.where(of(1))],
        Question(moment(13), [moment(5).date()]),
    ),
    "an old reading that left no younger one out": (
        [*checks({1: 1_000, 2: 1_000, 10: 1_000, 17: 1_000}, NOT_BY_CHANGE), *checks({24: 100, 31: 100})],
        [CHANGED.where(of(1))],
        Question(moment(38), [moment(5).date()]),
    ),
    "two readings of two series that swapped their runs": (
        checks({1: 100, 2: 100, 20: 100, 21: 1_000}),
        [sa.update(READINGS).where(of(4)).values(run=1), sa.update(READINGS).where(of(1, TWO)).values(run=4)],
        Question(moment(22), [moment(10).date()]),
    ),
    "a run that counted on a later day than the next one": (
        [imports(10, 100), *checks({9: 100, 10: 1_000}), checked(moment(10.1), 100, ONE, hours=20)],
        [sa.delete(READINGS).where(READINGS.c.run == 3), sa.delete(RUNS).where(RUNS.c.number == 3)],
        Question(moment(11), [moment(10).date()]),
    ),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_that_is_easily_overlooked(tmp_path: Path, loss: str) -> None:
    runs, statements, question = LOSSES[loss]
    store = filled(str(tmp_path / "history.db"), *runs)
    (right,) = question.judged(100, question.pasts(store))
    harm(store, *statements)
    (found,) = question.judged(100, question.pasts(store))

    assert_kept(right, found)


def test_readings_of_another_store_are_never_used(tmp_path: Path) -> None:
    store = filled(str(tmp_path / "history.db"), *checks({1: 100, 2: 100}))
    other = filled(str(tmp_path / "other.db"), *checks({1: 1_000, 2: 1_000}), name="other")
    (theirs,) = rows(other, READINGS)
    harm(store, sa.delete(READINGS), sa.insert(READINGS).values([dict(row._mapping) for row in theirs]))
    question = Question(moment(3))

    assert rows(store, READINGS) == [theirs]
    assert unavailable(question.judged(1_000, question.pasts(store))[0]) == {True}


def test_a_name_leads_to_the_whole_past(tmp_path: Path) -> None:
    store = filled(str(tmp_path / "history.db"), *checks({each: 1_000 if each < 22 else 100 for each in range(1, 42)}))
    question = Question(moment(42))
    (own,) = question.segments()
    other = replace(own, key="other", guards=(replace(own.guards[0], changes=()),))
    named = question.pasts(store, other, replace(own, uuid=None, name="It"))

    assert question.judged(100, named) == question.judged(100, question.pasts(store))
