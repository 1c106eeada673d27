"""How a step talks to GitHub: lines in its log, and the two files that GitHub reads when the step is over.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING

from guard.blueshift.keyring import scrubbed
from guard.cli.streams import outgoing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

LARGEST_SUMMARY = 1024 * 1024
"""In bytes; GitHub drops a step's whole summary when it is larger."""
_LEFT_OUT = "The report does not fit into this summary; the log has it.\n"


def say(text: str) -> None:
    """Write a line to the log, at once: GitHub reads commands in the order in which they arrive."""
    print(outgoing(text, commands=True), flush=True)  # noqa: T201 - the step's log


@contextmanager
def commands_stopped() -> Iterator[None]:
    """Have GitHub take nothing that is written meanwhile for a command, whoever wrote it."""
    resume = secrets.token_hex(16)
    say(f"::stop-commands::{resume}")
    try:
        yield
    finally:
        say(f"::{resume}::")


def write_outputs(file: Path, outputs: Mapping[str, str]) -> None:
    """Add the step's outputs to the file that GITHUB_OUTPUT names; no value can end early or begin another."""
    with file.open("a", encoding="utf-8", newline="\n") as stream:
        for name, value in outputs.items():
            end = f"end-{secrets.token_hex(16)}"
            stream.write(f"{name}<<{end}\n{scrubbed(value)}\n{end}\n")


def append_summary(file: Path, page: str) -> None:
    """Add the page to the file that GITHUB_STEP_SUMMARY names; where it does not fit, a line that says so."""
    page = scrubbed(page)
    room = LARGEST_SUMMARY - (file.stat().st_size if file.exists() else 0)
    with file.open("a", encoding="utf-8", newline="\n") as stream:
        stream.write(next((text for text in (page, _LEFT_OUT) if len(text.encode()) <= room), ""))
