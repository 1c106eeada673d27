"""The page of the faults says what the matrix tries, and names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from guard.sandbox.faults import Fault
from tests.faults.elsewhere import ELSEWHERE
from tests.faults.page import PAGE, page
from tests.faults.table import ROWS

TESTS = Path(__file__).parents[1]
NAMED = [test for faults in ELSEWHERE.values() for tests in faults.values() for test in tests]
SANDBOX = (TESTS.parent / "docs/sandbox.md").read_text(encoding="utf-8")


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "stale: run `make docs` and read the difference"


@pytest.mark.parametrize("named", NAMED)
def test_a_named_test_exists(named: str) -> None:
    file, _, name = named.partition("::")

    assert re.search(rf"^ *def {name}\(", (TESTS / file).read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("fault", list(Fault))
def test_every_fault_is_played_and_documented(fault: Fault) -> None:
    played = "".join(row.answers for row in ROWS)

    assert re.search(rf"\b{fault}\b", played)
    assert re.search(rf"^\| [^|]*`{fault}`", SANDBOX, re.MULTILINE)


def test_no_fault_is_played_twice() -> None:
    assert len({row.fault for row in ROWS}) == len(ROWS)
