"""The expected errors, each with its exit code and what to do about it.

    GuardError                 could not find out (3)
    ├── UsageError             the command, the environment or a file is wrong; nothing was sent (2)
    │   ├── QuotedError        a value with quotation marks around it, which do not belong to it
    │   └── RulesError         every problem of a rules file, each with its place
    └── OutputError            a report could not be written (3)

What goes wrong with one segment is no error but data: ``guard.core.model.Unavailable``.
"""

from __future__ import annotations

from dataclasses import dataclass

from guard.core.exit_code import ExitCode


class GuardError(Exception):
    """Something expected went wrong; ``hint`` says what to do."""

    exit_code = ExitCode.UNKNOWN

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(GuardError):
    """The command line, the environment or a file is not usable; nothing was sent."""

    exit_code = ExitCode.USAGE


class QuotedError(UsageError):
    """The value of ``name`` has quotation marks around it, as some readers of env files leave, or one at an end."""

    def __init__(self, name: str, *, whole: bool = True) -> None:
        what = "stands in quotation marks" if whole else "begins or ends with a quotation mark or a backtick"
        hint = "take the quotation marks away: a shell removes them, but docker --env-file keeps them"
        super().__init__(f"{name} {what}", hint=hint)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One thing that is wrong in a file: where (line and column from 1), at which key, and what."""

    line: int
    column: int
    where: str
    what: str


class RulesError(UsageError):
    """A rules file that cannot be used: every problem in it, sorted by line.

    ``str()`` gives a line each, as ``FILE:LINE:COLUMN: where.in.the.file: what is wrong``.
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
    """A report could not be written where it was asked for."""
