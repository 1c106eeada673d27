"""Plays the rows that were asked for, six side by side, and prints the table of what came of them at the end."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.playing import play
from tests.faults.summary import summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from tests.faults.playing import Outcome
    from tests.faults.row import Row

_SIDE_BY_SIDE = 6  # most of them wait most of the time
collect_ignore = [] if os.name == "posix" else ["test_matrix.py", "test_secrets.py"]
"""What they try is the same everywhere, but how a connection ends and who may read a file is not."""

_played: dict[Row, Future[Outcome]] = {}


@pytest.fixture(scope="session")
def played(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Row], Outcome]]:
    """Return what came of a row; all that this session asks for are played from now on."""
    asked = [row for each in request.session.items if (row := _row_of(each))]
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        for row in dict.fromkeys(asked):
            _played[row] = pool.submit(play, row, tmp_path_factory.mktemp("row"))
        yield lambda row: _played[row].result()
        pool.shutdown(cancel_futures=True)


def _row_of(item: Any) -> Row | None:
    row: Row | None = getattr(getattr(item, "callspec", None), "params", {}).get("row")
    return row


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what came of every row that was played."""
    reports = [each for kind in ("failed", "error") for each in terminalreporter.stats.get(kind, [])]
    broken = {each.nodeid.partition("[")[2][:-1] for each in reports}
    for heading, lines in summary(_played, broken):
        terminalreporter.section(heading)
        for line in lines:
            terminalreporter.write_line(line)
