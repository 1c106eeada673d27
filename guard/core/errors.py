"""The exit codes, and the expected errors, each with its exit code and a hint.

    GuardError                 no verdict was reached (3)
    ├── UsageError             the command, the environment or a file is wrong; nothing was sent (2)
    │   ├── QuotedError        a value has quotation marks that do not belong to it
    │   └── RulesError         a rules file has problems; all are listed
    ├── OutputError            a report could not be written (3)
    └── HistoryError           the history store could not be read or written (3)

If one segment cannot be counted, that is not an error but data: ``guard.core.results.Unavailable``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of the command: a public contract, never renumbered."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    UNKNOWN = 3
    HANGUP = 129
    INTERRUPTED = 130
    TERMINATED = 143


class GuardError(Exception):
    """An expected error; ``hint`` says what to do."""

    exit_code = ExitCode.UNKNOWN

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(GuardError):
    """The command line, the environment or a file is wrong; nothing was sent."""

    exit_code = ExitCode.USAGE


class QuotedError(UsageError):
    """The value of ``name`` is in quotation marks, which some readers of env files keep, or has one at an end."""

    def __init__(self, name: str, *, whole: bool = True) -> None:
        what = "is in quotation marks" if whole else "begins or ends with a quotation mark or a backtick"
        hint = "remove the quotation marks: a shell does that, but docker --env-file keeps them"
        super().__init__(f"{name} {what}", hint=hint)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One problem in a file: line and column (from 1), the key, and what is wrong."""

    line: int
    column: int
    where: str
    what: str


class RulesError(UsageError):
    """A rules file has problems, sorted by line.

    ``str()`` returns one line for each: ``FILE:LINE:COLUMN: where.in.the.file: what is wrong``.
    """

    def __init__(self, path: str, problems: list[Problem], *, hint: str | None = None) -> None:
        self.path = path
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(self.lines()), hint=hint)

    def lines(self) -> list[str]:
        """Return one line for each problem."""
        return [
            ": ".join(part for part in (f"{self.path}:{each.line}:{each.column}", each.where, each.what) if part)
            for each in self.problems
        ]


class OutputError(GuardError):
    """A report could not be written."""


class HistoryError(GuardError):
    """The history store could not be read or written: it is out of reach, locked, full or damaged."""
