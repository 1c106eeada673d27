"""What is printed at the end of the matrix: no row that came to nothing stands there as one that is well."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import Future
from typing import Any

import pytest

from tests.faults.playing import Outcome
from tests.faults.row import WELL, Row
from tests.faults.summary import summary
from tests.faults.surroundings import Setting


def row(fault: str, group: str = "Statuses") -> Row:
    return Row(group=group, fault=fault, ends=WELL)


def ended(seconds: float = 1.5, count: int = 150) -> Future[Outcome]:
    setting = Setting(base_url="http://127.0.0.1:1")
    report = json.dumps({"segments": [{"guards": [{"count": count, "reason": None}]}]})
    nothing: dict[str, Any] = {"stdout": "", "stderr": "", "requests": ()}
    future: Future[Outcome] = Future()
    future.set_result(Outcome(code=0, seconds=seconds, setting=setting, reports={"json": report}, **nothing))
    return future


def test_a_row_that_passed_is_ok() -> None:
    (_, (line,)), in_all = summary({row("one"): ended()}, set())
    assert line.startswith("ok     one ")
    assert line.endswith(" exit 0: a count of 150     0 requests   1.5 s")
    assert in_all == ("In all", ["1 faults, 0 of them FAILED; the longest took 1.5 s"])


def test_a_row_that_failed_says_both_endings() -> None:
    played = {row("one"): ended(), row("two"): ended(2, count=140)}
    (_, lines), (_, in_all) = summary(played, {"two", "a test elsewhere"})
    assert [line.split()[0] for line in lines] == ["ok", "FAILED"]
    assert lines[1].endswith("exit 0: a count of 140     0 requests   2.0 s, expected: exit 0: a count of 150")
    assert in_all == ["2 faults, 1 of them FAILED; the longest took 2.0 s"]


@pytest.mark.parametrize("broken", [set(), {"one"}], ids=["untold", "told by its tests too"])
def test_a_row_that_hangs_failed(broken: set[str]) -> None:
    hung: Future[Outcome] = Future()
    hung.set_exception(subprocess.TimeoutExpired("check", 38))
    (_, (line,)), (_, in_all) = summary({row("one"): hung}, broken)
    assert line.startswith("FAILED one ")
    assert line.endswith(" came to nothing (TimeoutExpired) instead of exit 0: a count of 150")
    assert in_all == ["1 faults, 1 of them FAILED"]


def test_a_row_not_played_is_left_out() -> None:
    cancelled: Future[Outcome] = Future()
    cancelled.cancel()
    assert list(summary({row("one"): cancelled, row("two"): Future()}, set())) == []


def test_rows_are_grouped() -> None:
    found = summary({row("one"): ended(), row("two"): ended(), row("three", "Headers"): ended()}, set())
    assert [(heading, len(lines)) for heading, lines in found] == [("Statuses", 2), ("Headers", 1), ("In all", 1)]
