"""What is printed at the end of the matrix: a line for every row that was played, by its group."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from concurrent.futures import Future

    from tests.faults.playing import Outcome
    from tests.faults.row import Row


def summary(played: Mapping[Row, Future[Outcome]], broken: set[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the heading and the lines of each group; ``broken`` are the faults with a test that failed or had an error.

    A row that came to nothing, as one that hangs does, is broken too.
    """
    ended = {row: future for row, future in played.items() if future.done() and not future.cancelled()}
    for group, rows in groupby(ended, key=lambda row: row.group):
        yield group, [_line(row, ended[row], broken) for row in rows]
    if ended:
        count = sum(row.fault in broken or future.exception() is not None for row, future in ended.items())
        seconds = [future.result().seconds for future in ended.values() if not future.exception()]
        longest = f"; the longest took {max(seconds):.1f} s" if seconds else ""
        yield "In all", [f"{len(ended)} faults, {count} of them FAILED{longest}"]


def _line(row: Row, future: Future[Outcome], broken: set[str]) -> str:
    if error := future.exception():
        return f"FAILED {row.fault:88} came to nothing ({type(error).__name__}) instead of {row.ends}"
    outcome = future.result()
    found = f"{outcome!s:24} {len(outcome.requests):3} requests {outcome.seconds:5.1f} s"
    if row.fault in broken:
        return f"FAILED {row.fault:88} {found}, expected: {row.ends}"
    return f"ok     {row.fault:88} {found}"
