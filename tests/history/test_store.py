"""A store of either kind keeps what it was given, and notices what was lost."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from guard.core.errors import HistoryError, UsageError
from guard.core.history import Limit
from guard.history import writer
from guard.history.address import parse_address
from guard.history.database import Database
from guard.history.reader import reading_checksum
from guard.history.store import Store
from guard.history.tables import READINGS, RUNS, SERIES, STORE, checksum
from tests.history.builders import LIMITS, MOMENT, made, run, series

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.history.contents import Past

ONE, TWO, OTHER = series("1"), series("2"), series("1", host="api.eu.example.com")


def change(store: Store, *statements: sa.Executable) -> None:
    """Change rows as nobody should."""
    with Database(store.address).transaction(5, write=True) as connection:
        for each in statements:
            connection.execute(each)


def counts(past: Past) -> list[int | None]:
    return [each.count for each in past.readings[ONE]]


def test_init_makes_it_once(url: str) -> None:
    store = Store(parse_address(url, "the test"))

    assert [store.init(), store.init()] == [True, False]


def test_a_new_one_is_empty(url: str) -> None:
    past = made(url).read([ONE])

    assert (past.runs, past.readings, past.damage, past.began) == ((), {ONE: ()}, (), None)


def test_without_init_it_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match=r"does not exist|is empty") as caught:
        Store(parse_address(url, "the test")).read()

    assert "history init" in (caught.value.hint or "")


def test_runs_are_numbered_and_read_back(url: str) -> None:
    store = made(url)

    numbers = [store.record([run(number, {ONE: 100 * number, TWO: None})]) for number in (1, 2)]
    past = store.read([ONE, TWO])

    assert numbers == [[1], [2]]
    newest = past.readings[ONE][0]
    assert (newest.run, newest.count, newest.at) == (2, 200, MOMENT + timedelta(days=2))
    assert (newest.verdict, newest.limits, newest.reason) == ("pass", LIMITS, None)
    unknown = past.readings[TWO][0]
    assert (unknown.count, unknown.reason, unknown.at) == (None, "timeout", MOMENT + timedelta(days=2, minutes=1))
    assert past.names == {ONE: "segment 1", TWO: "segment 2"}
    assert (past.began, len(past.held), past.damage) == (date(2026, 11, 24), 2, ())


def test_a_run_is_recorded_once(url: str) -> None:
    store = made(url)

    assert store.record([run(1, {ONE: 1}), run(1, {ONE: 1})]) == [1, None]
    assert store.record([run(2, {ONE: 2}), run(1, {ONE: 1})]) == [2, None]
    assert counts(store.read([ONE])) == [2, 1]


def test_series_do_not_mix(url: str) -> None:
    others = {TWO: 2, OTHER: 3, series("1", "sms"): 4, series("1", bypass=True): 5}
    store = made(url, [run(1, {ONE: 1, **others})])

    assert counts(store.read([ONE])) == [1]
    assert set(store.read_all().readings) == {ONE, *others}
    assert set(store.read_all({TWO.uuid}).readings) == {TWO}


def test_only_the_newest_days_are_read(url: str) -> None:
    store = made(url, [run(number, {ONE: number}, day=number // 2) for number in range(10)])

    assert counts(store.read([ONE], last=2)) == [9, 8, 7, 6]


def test_files_of_old_days_hide_no_new_ones(url: str) -> None:
    store = made(url, [run(100, {ONE: 100}), *(run(number, {ONE: number}) for number in range(10, 20))])

    assert counts(store.read([ONE], last=3)) == [19, 18, 100]
    assert store.read([ONE], last=3).damage == ()


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"count": -1}, id="a-negative-count"),
        pytest.param({"checks": "[" * 100_000}, id="brackets"),
        pytest.param({"checks": '[["min", Infinity, "pass"]]'}, id="infinity"),
        pytest.param({"checks": '[["min", "x", 1]]'}, id="other-kinds"),
        pytest.param({"counted_at": "2026-11-20T00:00:00"}, id="no-time-zone"),
        pytest.param({"segment": "7"}, id="a-key-that-is-no-text"),
    ],
)
def test_what_nobody_writes_is_damage(url: str, values: dict[str, object]) -> None:
    store = made(url, [run(1, {ONE: 1})])
    with Database(store.address).transaction(5, write=True) as connection:
        row = connection.execute(sa.select(READINGS)).one()
        odd = dict(row._mapping) | values
        odd["checksum"] = reading_checksum("run-1", [value for name, value in odd.items() if name != "checksum"])
        connection.execute(sa.update(READINGS).values(odd))

    past = store.read([ONE])

    assert past.readings[ONE] == ()
    assert [each.what for each in past.damage] == ["a reading holds what audience-guard does not write"]


def test_a_huge_gap_is_one_gap(url: str) -> None:
    store = made(url, [run(1, {ONE: 1})])
    row = {"id": 1, "version": 1, "last_run": 2_000_000_000}
    change(store, sa.update(STORE).values(row | {"checksum": checksum(row.values())}))

    assert [each.what for each in store.read([ONE]).damage] == ["the last run is missing"]


def test_any_text_can_be_a_key(url: str) -> None:
    first = run(1, {ONE: 1})
    hostile = "a\0b\"'\n\\\U0001f600;--"
    store = made(url)
    store.record([replace(first, readings=(replace(first.readings[0], segment=hostile),))])

    assert store.read([ONE]).names == {ONE: hostile}


def test_pruning_keeps_the_row_of_the_run(url: str) -> None:
    store = made(url, [run(number, {ONE: number, TWO: number}) for number in range(1, 6)])

    assert store.prune(MOMENT + timedelta(days=3)) == (2, 4)
    past = store.read_all()
    assert [each.is_pruned for each in past.runs] == [True, True, False, False, False]
    assert (counts(past), past.began, past.damage) == ([5, 4, 3], date(2026, 11, 26), ())
    assert store.record([run(6, {ONE: 6})]) == [6]
    assert (counts(store.read([ONE])), store.read_all().damage) == ([6, 5, 4, 3], ())


def test_pruning_goes_by_the_newest_reading(url: str) -> None:
    old_after_new = [run(1, {ONE: 1}, day=30), run(2, {ONE: 2}, day=1), run(3, {ONE: 3}, day=31)]
    store = made(url, old_after_new)

    assert store.prune(MOMENT + timedelta(days=10)) == (1, 1)
    assert (counts(store.read([ONE])), store.read_all().damage) == ([3, 1], ())


def test_pruning_hides_no_loss(url: str) -> None:
    store = made(url, [run(number, {ONE: number}) for number in range(1, 7)])
    change(store, sa.delete(READINGS).where(READINGS.c.run == 5))

    with pytest.raises(HistoryError, match="nothing was deleted"):
        store.prune(MOMENT + timedelta(days=3))

    assert "a reading is missing" in {each.what for each in store.read([ONE]).damage}
    assert counts(store.read([ONE])) == [6, 4, 3, 2, 1]


def test_a_changed_date_prunes_nothing(url: str) -> None:
    store = made(url, [run(1, {ONE: 1}), run(2, {ONE: 2})])
    change(store, sa.update(RUNS).where(RUNS.c.number == 2).values(last_at="2006-01-01T00:00:00.000Z"))

    with pytest.raises(HistoryError, match="it was changed after it was recorded; nothing was deleted"):
        store.prune(MOMENT)


# What was lost or changed


LOSSES: dict[str, tuple[Callable[[], sa.Executable], str]] = {
    "a reading": (lambda: sa.delete(READINGS).where(READINGS.c.run == 2), "a reading is missing"),
    "the newest reading": (lambda: sa.delete(READINGS).where(READINGS.c.run == 3), "a reading is missing"),
    "the oldest reading": (lambda: sa.delete(READINGS).where(READINGS.c.run == 1), "a reading is missing"),
    "every reading": (lambda: sa.delete(READINGS), "a reading is missing"),
    "a count": (lambda: sa.update(READINGS).where(READINGS.c.run == 2).values(count=999), "a reading was changed"),
    "a verdict": (lambda: sa.update(READINGS).values(verdict="fail"), "a reading was changed"),
    "a bound": (lambda: sa.update(READINGS).values(checks="[]"), "a reading was changed"),
    "the run of a reading": (lambda: sa.update(READINGS).where(READINGS.c.run == 2).values(run=1), "was changed"),
    "the series of a reading": (
        lambda: sa.update(READINGS).where(READINGS.c.run == 2).values(channel="sms"),
        "a reading is missing",
    ),
    "a run": (lambda: sa.delete(RUNS).where(RUNS.c.number == 2), "it is missing"),
    "the first run": (lambda: sa.delete(RUNS).where(RUNS.c.number == 1), "it is missing"),
    "the last run": (lambda: sa.delete(RUNS).where(RUNS.c.number == 3), "the last run is missing"),
    "the id of a run": (lambda: sa.update(RUNS).where(RUNS.c.number == 2).values(id="x"), "changed"),
    "the end of a run": (
        lambda: sa.update(RUNS).where(RUNS.c.number == 2).values(finished_at="2026-01-01T00:00:00.000Z"),
        "it was changed",
    ),
    "the length of a series": (lambda: sa.update(SERIES).values(last_reading=2), "a reading is missing"),
    "a series": (lambda: sa.delete(SERIES), "a reading is missing"),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_is_noticed(url: str, loss: str) -> None:
    store = made(url, [run(number, {ONE: number}) for number in (1, 2, 3)])
    statement, told = LOSSES[loss]
    change(store, statement())

    assert any(told in each.what for each in store.read([ONE]).damage)


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(lambda: sa.delete(STORE), id="lost"),
        pytest.param(lambda: sa.update(STORE).values(last_run=7), id="changed"),
    ],
)
def test_a_store_without_its_head_is_damaged(url: str, statement: Callable[[], sa.Executable]) -> None:
    store = made(url, [run(1, {ONE: 1})])
    change(store, statement())

    with pytest.raises(HistoryError, match="is damaged"):
        store.read([ONE])
    with pytest.raises(HistoryError, match="is damaged"):
        store.record([run(2, {ONE: 2})])


def test_nothing_is_recorded_after_a_lost_run(url: str) -> None:
    store = made(url, [run(1, {ONE: 1}), run(2, {ONE: 2})])
    change(store, sa.delete(RUNS).where(RUNS.c.number == 2))

    with pytest.raises(HistoryError, match="its last run is 1, but it should be 2"):
        store.record([run(3, {ONE: 3})])


def test_a_torn_run_is_counted(url: str) -> None:
    store = made(url, [run(1, {ONE: 1, TWO: 2})])
    change(
        store,
        sa.delete(READINGS).where(READINGS.c.uuid == TWO.uuid),
        sa.delete(SERIES).where(SERIES.c.uuid == TWO.uuid),
    )

    assert [each.what for each in store.read_all().damage] == ["it has another number of readings than were recorded"]


@pytest.mark.parametrize(
    ("version", "told"), [(0, "is of an older version"), (2, "was made by a newer audience-guard")]
)
def test_another_version_is_refused(url: str, version: int, told: str) -> None:
    store = made(url)
    change(store, sa.update(STORE).values(version=version))

    for use in (store.read, store.init, lambda: store.record([run(1, {ONE: 1})])):
        with pytest.raises(UsageError, match=told):
            use()


OLD, NEW = MOMENT.date() + timedelta(days=2), MOMENT.date() + timedelta(days=5)


@pytest.mark.parametrize(
    ("statement", "from_old", "from_new"),
    [
        pytest.param(lambda: sa.delete(RUNS).where(RUNS.c.number == 2), True, False, id="a-run-between-old-ones"),
        pytest.param(lambda: sa.delete(RUNS).where(RUNS.c.number == 5), True, True, id="a-run-between-new-ones"),
        pytest.param(lambda: sa.delete(RUNS).where(RUNS.c.number == 1), True, True, id="the-first-run"),
        pytest.param(lambda: sa.delete(RUNS).where(RUNS.c.number == 6), True, True, id="the-last-run"),
        pytest.param(
            lambda: sa.delete(READINGS).where(READINGS.c.run == 2), True, False, id="a-reading-between-old-ones"
        ),
        pytest.param(lambda: sa.delete(READINGS).where(READINGS.c.run == 6), True, True, id="the-newest-reading"),
        pytest.param(
            lambda: sa.update(READINGS).where(READINGS.c.run == 3).values(count=1), True, False, id="an-old-count"
        ),
        pytest.param(
            lambda: sa.update(READINGS).where(READINGS.c.run == 5).values(count=1), True, True, id="a-new-count"
        ),
        pytest.param(
            lambda: sa.update(READINGS).where(READINGS.c.uuid == TWO.uuid).values(count=1),
            False,
            False,
            id="another-series",
        ),
    ],
)
def test_damage_is_within_reach_or_not(
    url: str, statement: Callable[[], sa.Executable], from_old: bool, from_new: bool
) -> None:
    store = made(url, [run(number, {ONE: number, TWO: number}) for number in range(1, 7)])
    change(store, statement())

    past = store.read([ONE, TWO])

    assert past.damage
    assert bool(past.damage_to(ONE, OLD)) is from_old
    assert bool(past.damage_to(ONE, NEW)) is from_new


# Many at once


def together(work: Callable[[int], object], many: int) -> list[BaseException]:
    """Do the work in so many threads at once, and return what they raised."""
    errors: list[BaseException] = []
    ready = threading.Barrier(many)

    def do(number: int) -> None:
        ready.wait(20)
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            errors.append(error)

    threads = [threading.Thread(target=do, args=[number]) for number in range(many)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return errors


def test_eight_can_make_it_at_once(url: str) -> None:
    store = Store(parse_address(url, "the test"))

    assert together(lambda _: store.init(), 8) == []
    assert store.read().runs == ()


def test_twenty_can_record_at_once(url: str) -> None:
    store = made(url)

    errors = together(
        lambda number: store.record([run(number, {ONE: number, series(f"{number}9"): 1})], seconds=60), 20
    )

    past = store.read_all()
    assert errors == []
    assert [each.number for each in past.runs] == list(range(1, 21))
    assert past.damage == ()
    assert sorted(each or 0 for each in counts(past)) == list(range(20))


def test_a_late_record_is_rolled_back(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = made(url)
    write = writer.record

    def dawdle(*arguments: Any) -> Any:
        numbers = write(*arguments)
        time.sleep(0.3)
        return numbers

    monkeypatch.setattr(writer, "record", dawdle)

    with pytest.raises(HistoryError, match=r"took longer than 0\.2 s|is busy"):
        store.record([run(1, {ONE: 1})], seconds=0.2)
    monkeypatch.undo()

    assert store.record([run(2, {ONE: 2})]) == [1]
    assert [each.id for each in store.read().runs] == ["run-2"]


def test_moments_are_kept_to_the_millisecond(url: str) -> None:
    at = datetime(2026, 11, 24, 9, 0, 0, 123_000, tzinfo=UTC)
    first = run(1, {ONE: 1})
    store = made(url, [replace(first, finished_at=at)])

    assert store.read().runs[0].finished_at == at


def test_limits_are_kept(url: str) -> None:
    first = run(1, {ONE: 1})
    limits = (Limit("share.min", 0.6, "pass"), Limit("max", 2**53 - 1, "fail"))
    store = made(url, [replace(first, readings=(replace(first.readings[0], limits=limits),))])

    assert store.read([ONE]).readings[ONE][0].limits == limits
