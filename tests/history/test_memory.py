"""The store during a run: by whatever way a segment was found, its past is its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from guard.core.errors import HistoryError, UsageError
from guard.core.model import Channel
from guard.history import memory as memory_module
from guard.history.reader import Reader
from guard.history.store import Store
from guard.run import check
from tests.conftest import UUID
from tests.history.builders import made, run, series

if TYPE_CHECKING:
    from pathlib import Path

    from guard.core.results import Report
    from guard.sandbox.server import Sandbox

RULES = """\
version: 1
refresh: {{timeout: 3s, poll_interval: 50ms}}
segments:
  one: {{{which}, channels: {{email: {{min: 10, max: 100}}}}}}
"""
SERIES = series("1", host="localhost")


def checked(
    folder: Path, sandbox: Sandbox, which: str = f"uuid: {UUID}", *, record: bool = True, most: int = 100
) -> Report:
    rules = folder / "rules.yaml"
    rules.write_text(RULES.format(which=which).replace("100", str(most)))
    return check(
        rules, api_key="sandbox", base_url=sandbox.url, history=folder / "history.db", record=record, timeout=20
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    assert SERIES.uuid == UUID
    return made(str(tmp_path / "history.db"), [run(1, {SERIES: 35}), run(2, {SERIES: 36})])


@pytest.mark.parametrize("which", [f"uuid: {UUID}", f"uuid: {UUID.upper()}", 'name: "One"'])
def test_the_past_of_a_segment_is_found(tmp_path: Path, sandbox: Sandbox, store: Store, which: str) -> None:
    report = checked(tmp_path, sandbox, which)

    past = report.past["one", Channel.EMAIL]
    assert [(each.day.isoformat(), each.reading.count) for each in past] == [("2026-11-24", 35), ("2026-11-25", 36)]
    assert report.history
    assert (report.history.runs, report.history.recorded, report.history.troubles) == (3, True, ())
    assert [each.count for each in store.read([SERIES]).readings[SERIES]] == [40, 36, 35]


def test_another_accounts_past_is_not(tmp_path: Path, sandbox: Sandbox) -> None:
    made(str(tmp_path / "history.db"), [run(1, {series("1", host="api.getblueshift.com"): 35})])

    report = checked(tmp_path, sandbox)

    assert report.past["one", Channel.EMAIL] == ()


def test_python_can_leave_it_unrecorded(tmp_path: Path, sandbox: Sandbox, store: Store) -> None:
    report = checked(tmp_path, sandbox, record=False)

    assert report.history
    assert (report.history.recorded, report.history.troubles) == (False, ())
    assert len(store.read().runs) == 2


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("error", [HistoryError("it is locked"), UsageError("it is gone"), ZeroDivisionError("a bug")])
def test_no_error_of_recording_withholds_a_verdict(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Store, "record", fail)

    report = checked(tmp_path, sandbox)

    assert report.verdict.value == "pass"
    assert report.history
    assert not report.history.recorded
    assert "this run was not recorded, and its verdict stands" in report.history.troubles[0]


def test_a_store_lost_in_the_run_is_told(
    tmp_path: Path, sandbox: Sandbox, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = memory_module.Memory.remember

    async def lose(self: memory_module.Memory, report: Report) -> Report:
        assert store.address.path
        store.address.path.unlink()
        return await ended(self, report)

    monkeypatch.setattr(memory_module.Memory, "remember", lose)

    report = checked(tmp_path, sandbox)

    assert report.history
    assert (report.verdict.value, report.history.recorded) == ("pass", False)
    assert "does not exist" in report.history.troubles[0]


@pytest.mark.parametrize("way", ["gone", "emptied"])
def test_a_failure_is_told_without_the_store(tmp_path: Path, sandbox: Sandbox, store: Store, way: str) -> None:
    recall = memory_module.Memory.recall

    async def lose(self: memory_module.Memory, segments: Any, seconds: float) -> None:
        await recall(self, segments, seconds)
        assert store.address.path
        store.address.path.unlink() if way == "gone" else store.address.path.write_bytes(b"")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory_module.Memory, "recall", lose)
        report = checked(tmp_path, sandbox, 'name: "One"', most=20)  # read again after the counting, by its uuid

    assert report.history
    assert (report.verdict.value, int(report.exit_code), report.history.recorded) == ("fail", 1, False)
    assert [each.splitlines()[0] for each in report.history.troubles if "was not" in each]


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    "error", [OSError("odd"), MemoryError(), RecursionError("odd"), ExceptionGroup("odd", [OSError()])]
)
def test_no_error_of_reading_withholds_a_verdict(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Reader, "readings", fail)

    report = checked(tmp_path, sandbox)

    assert report.history
    assert (report.verdict.value, report.history.runs, report.history.recorded) == ("pass", None, True)
    assert report.history.troubles[0].startswith("the history was not read: ")


@pytest.mark.parametrize("history", [5, b"history.db", ["history.db"]])
def test_python_refuses_what_is_no_address(tmp_path: Path, history: object) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES.format(which=f"uuid: {UUID}"))

    with pytest.raises(UsageError, match="history is a"):
        check(rules, api_key="sandbox", history=history)  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [HistoryError("it is locked"), ZeroDivisionError("a bug")])
def test_a_part_of_the_past_is_no_past(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Another key of the segment has its newest days read; the rest, asked for once its name is known, is lost."""
    made(str(tmp_path / "history.db"), [run(day, {SERIES: 200 if day < 20 else 40}) for day in range(1, 41)])
    read, reads = Store.read, 0

    def fail_at_the_second(self: Store, *arguments: Any, **options: Any) -> Any:
        nonlocal reads
        reads += 1
        if reads > 1:
            raise error
        return read(self, *arguments, **options)

    monkeypatch.setattr(Store, "read", fail_at_the_second)
    change = "change: {from: median_of_last_52, min: -30%, until_then: pass}"
    named = f'name: "One", channels: {{email: {{min: 10, max: 100, {change}}}}}}}\n  two: {{uuid: {UUID}'

    report = checked(tmp_path, sandbox, named)

    (one, two) = (guard for segment in report.segments for guard in segment.guards)
    assert (one.verdict, one.reason, two.verdict) == ("unknown", "history", "pass")
    assert reads == 2
