"""The report for people: lines for a file, a pipe or a CI log, blocks for a terminal.

The worst comes first (fail, unknown, warn, pass; in the order of the rules within a verdict). The conclusion comes
last, because people look at the end of a log first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.results import Verdict, gravest_first
from guard.report import next_steps, wording
from guard.report.view import guards_of, totals_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guard.core.results import Check, Report
    from guard.report.screen import Screen
    from guard.report.view import Finding

_COLOR = {Verdict.FAIL: 31, Verdict.UNKNOWN: 36, Verdict.WARN: 33, Verdict.PASS: 32}
_WIDEST = max(len(verdict) for verdict in Verdict)


def render(report: Report, screen: Screen | None = None) -> str:
    """Return the report as blocks if the screen has a width, else as one line for each check."""
    if screen is None or screen.width is None:
        return _lines(report, color=screen is not None and screen.color)
    from guard.report.terminal import render_blocks  # noqa: PLC0415 - rich is imported only when it draws

    return render_blocks(report, screen, screen.width)


def _lines(report: Report, *, color: bool) -> str:
    """Return one line for each check, never cut or wrapped, and then the conclusion.

    Every line begins with one of our words, so a CI system cannot take a name for a command.
    """
    lines = [
        *_lines_of([*guards_of(report), *totals_of(report)], color=color),
        *(wording.safe(line) for line in _facts(report) if line),
        wording.conclusion(report),
    ]
    return "\n".join(lines) + "\n"


def _facts(report: Report) -> tuple[str | None, ...]:
    return wording.circumstances(report), wording.tally(report), wording.where_to_look(report)


def _lines_of(findings: Iterable[Finding], *, color: bool) -> list[str]:
    checks = [(check, finding) for finding in findings for check in finding.checks]
    gravest = gravest_first(checks, lambda pair: pair[0].verdict)
    return [f"{_word(check.verdict, color=color)} {_line(check, finding)}" for check, finding in gravest]


def _word(verdict: Verdict, *, color: bool) -> str:
    word = verdict.upper()
    space = " " * (_WIDEST - len(word))
    return (f"\x1b[1;{_COLOR[verdict]}m{word}\x1b[0m" if color else word) + space


def _line(check: Check, finding: Finding) -> str:
    step = next_steps.next_step(check, finding)
    segment = wording.counted_segment(finding)
    parts = [
        f"{finding.name} / {finding.part} / {check.bound}: {wording.sentence(check, finding)}",
        wording.remark(finding, [check]),
        finding.age,
        f"segment {segment}" if segment else None,
        f"ask {finding.owner}" if step and finding.owner else None,
        f"next: {step}" if step else None,
        wording.place(check, finding),
    ]
    return wording.safe(" | ".join(part for part in parts if part))
