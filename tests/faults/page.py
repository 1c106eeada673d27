"""Writes docs/faults.md from the matrix; ``make docs`` runs it, and a test fails when the page is stale."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.elsewhere import ELSEWHERE
from tests.faults.row import FRESH, OLD
from tests.faults.table import ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.faults.row import Row

PAGE = Path(__file__).parents[2] / "docs/faults.md"

_TOP = f"""\
# Faults

What can go wrong between the guard and Blueshift, and what comes of it. `make faults` tries all of it within a few
minutes and ends in a line for each; this page is made from the same table.

Each of the {len(ROWS)} rows below is the real command, in a process of its own, against [the sandbox](sandbox.md) over
a real socket. The last count of its only segment was {OLD}, a fresh one is {FRESH}, and both are within its bounds: an
old count that is believed would pass. Of every row this is tried:

- The exit code, and in the JSON report the count, or the reason why there is none.
- What Blueshift showed before the count: the report tells the old count, or none.
- The time. From `started_at` to `finished_at` of its report, no run takes a second more than its `--timeout`. Python's
  own start and end are not in there, and take long where many tests run side by side: the whole process gets twice the
  `--timeout` and half a minute, and is broken off then.
- How many requests reached the sandbox.
- Secrets. Neither the key nor its Base64 nor the password of a proxy, and no ten characters of them in a row, stand on
  standard output, on standard error with `--debug`, in the process list, or in a report in any of the six formats.
- No traceback.

"Again and again" is for as long as anybody asks. The last look is the one at which the refresh has ended. Where several
reasons or numbers stand, the speed of the machine decides.

What is out of the guard's hands: the key is in the environment and the memory of its process, so whoever may read those
has it. Whoever calls the guard from Python and turns on the debug logs of `httpx` and `httpcore`, or prints tracebacks
with local variables, does not see the key there; unless a server answers with what it was sent, which `httpcore` logs.
With `SSLKEYLOGFILE` set, whoever reads that file and the traffic can read the key.
"""
_BOTTOM = """
## Proven without a server
"""


def page() -> str:
    """Return the page."""
    groups = itertools.groupby(ROWS, key=lambda row: row.group)
    tables = (line for group, rows in groups for line in _table(group, rows))
    return _TOP + "".join(tables) + _BOTTOM + "".join(_proofs())


def _table(group: str, rows: Iterable[Row]) -> Iterable[str]:
    yield f"\n## {group}\n\n| what goes wrong | the run ends in | `--timeout` | requests |\n|---|---|---|---|\n"
    for row in rows:
        fewest, most = row.requests
        requests = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        yield f"| {row.fault} | {row.ends} | {row.timeout}s | {requests} |\n"


def _proofs() -> Iterable[str]:
    for subject, faults in ELSEWHERE.items():
        yield f"\n### {subject}\n\n| what goes wrong | proven by |\n|---|---|\n"
        for fault, tests in faults.items():
            yield f"| {fault} | {_names(tests)} |\n"


def _names(tests: Iterable[str]) -> str:
    return ", ".join(f"`{test.partition('::')[2]}`" for test in tests)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
