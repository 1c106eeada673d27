"""How a step talks to GitHub: lines in its log, and the two files that GitHub reads when the step is over.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from guard.cli.output import print_report
from guard.core.errors import GuardError, OutputError, UsageError
from guard.core.text import printable
from guard.security.keyring import scrubbed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LARGEST_SUMMARY = 1024 * 1024
"""In bytes; GitHub drops a step's whole summary when it is larger."""
_LEFT_OUT = "The report does not fit into this summary; the log has it.\n"


def say(text: str) -> None:
    """Write a line to the log, at once: GitHub reads commands in the order in which they arrive.

    If the log cannot be written, the run goes on.
    """
    with suppress(OutputError):
        print_report(f"{text}\n", commands=True)


@contextmanager
def commands_stopped() -> Iterator[None]:
    """Have GitHub take nothing that is written meanwhile as a command."""
    resume = secrets.token_hex(16)
    say(f"::stop-commands::{resume}")
    try:
        yield
    finally:
        say(f"::{resume}::")


def outputs_file(environ: Mapping[str, str]) -> Path:
    """Return the file that GITHUB_OUTPUT names; raises ``UsageError`` where nothing can be added to it."""
    hint = "run the action on a runner of GitHub Actions, or one that sets the same variables; nothing was sent"
    file = _named(environ, "GITHUB_OUTPUT")
    if file is None:
        raise UsageError("GITHUB_OUTPUT is not set, so no later step could read the outputs", hint=hint)
    try:
        file.open("a").close()
    except OSError as error:
        raise UsageError(f"the outputs cannot be written: {_reason('GITHUB_OUTPUT', file, error)}", hint=hint) from None
    return file


def write_outputs(file: Path, outputs: Mapping[str, str]) -> None:
    """Add the step's outputs to the file, all of them or none; no value can end early or begin another.

    Raises ``GuardError`` where the file cannot be written.
    """
    lines = []
    for name, value in outputs.items():
        end = f"end-{secrets.token_hex(16)}"
        lines.append(f"{name}<<{end}\n{scrubbed(value)}\n{end}\n")
    before = _size(file)
    try:
        _append(file, "".join(lines))
    except BaseException as error:
        with suppress(OSError):
            os.truncate(file, before)
        if isinstance(error, OSError):
            raise GuardError(f"the outputs were not written: {_reason('GITHUB_OUTPUT', file, error)}") from error
        raise


def append_summary(environ: Mapping[str, str], page: str) -> None:
    """Add the page to the file that GITHUB_STEP_SUMMARY names; where it does not fit, a line that says so.

    Raises ``GuardError`` where the file cannot be written.
    """
    file = _named(environ, "GITHUB_STEP_SUMMARY")
    if file is None:
        raise GuardError("GITHUB_STEP_SUMMARY is not set")
    page = scrubbed(page)
    try:
        room = LARGEST_SUMMARY - _size(file)
        _append(file, next((text for text in (page, _LEFT_OUT) if len(text.encode()) <= room), ""))
    except OSError as error:
        raise GuardError(_reason("GITHUB_STEP_SUMMARY", file, error)) from error


def _named(environ: Mapping[str, str], variable: str) -> Path | None:
    return Path(environ[variable]) if environ.get(variable) else None


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _append(file: Path, text: str) -> None:
    # A path that is not UTF-8 is written byte for byte.
    with file.open("a", encoding="utf-8", errors="surrogateescape", newline="\n") as stream:
        stream.write(text)


def _reason(variable: str, file: Path, error: OSError) -> str:
    return f"{variable} names {printable(str(file))}: {error.strerror or type(error).__name__}"
