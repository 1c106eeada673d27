"""The report for people: lines for a file, a pipe or a CI log, blocks for a terminal.

The decision comes first, as in every format, and once more in the last line: people look at the end of a log first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.results import Verdict
from guard.report import decision, wording
from guard.report.facts import facts
from guard.report.view import findings

if TYPE_CHECKING:
    from guard.core.results import Report
    from guard.report.screen import Screen
    from guard.report.view import Finding

_COLOR = {Verdict.FAIL: 31, Verdict.UNKNOWN: 36, Verdict.WARN: 33, Verdict.PASS: 32}
_WIDEST = max(len(verdict) for verdict in Verdict)
_WIDEST_ANSWER = len("may go after a look")


def render(report: Report, screen: Screen | None = None) -> str:
    """Return the report as blocks if the screen has a width, else as one line for each finding."""
    if screen is None or screen.width is None:
        return _lines(report, color=screen is not None and screen.color)
    from guard.report.terminal import render_blocks  # noqa: PLC0415 - rich is imported only when it draws

    return render_blocks(report, screen, screen.width)


def with_exit_code(said: str, report: Report) -> str:
    """Return the decision for the last line, with the exit code."""
    return f"{said} (exit {int(report.exit_code)})"


def _lines(report: Report, *, color: bool) -> str:
    """Return one line for each finding, never cut or wrapped.

    Every line begins with one of our words, so a CI system cannot take a name for a command.
    """
    said = wording.safe(decision.decision(report))
    lines = [
        said,
        *(
            f"{_colored(each.answer, each.verdict, color, _WIDEST_ANSWER)} {wording.safe(each.about)}"
            for each in decision.answers(report)
        ),
        *(f"{_colored(each.verdict, each.verdict, color, _WIDEST)} {_line(each)}" for each in findings(report)),
        decision.tally(report),
        wording.safe(decision.circumstances(report)),
        with_exit_code(said, report),
    ]
    return "\n".join(lines) + "\n"


def _colored(words: str, verdict: Verdict, color: bool, width: int) -> str:  # noqa: FBT001 - a detail of this file
    word = words.upper()
    shown = f"\x1b[1;{_COLOR[verdict]}m{word}\x1b[0m" if color else word
    return shown + " " * (width - len(word))


def _line(finding: Finding) -> str:
    parts = [*wording.results(finding), *map(str, facts(finding))]
    return wording.safe(f"{finding.title}: {' | '.join(parts)}")
