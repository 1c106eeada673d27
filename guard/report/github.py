"""The report as annotations in GitHub Actions: workflow commands on the line of each broken bound.

The runner defines the commands and their escaping:
https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.results import Verdict
from guard.core.text import plural, shortened
from guard.report import next_steps, wording
from guard.report.view import guards_of, totals_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guard.core.results import Check, Report
    from guard.report.screen import Screen
    from guard.report.view import Finding

_MOST_OF_A_LEVEL = 10  # GitHub shows ten for each step and drops the rest silently
_MOST_SEGMENTS = 20
_LONGEST_NAME = 100
_LONGEST_SENTENCE = 400


def render(report: Report, _screen: Screen | None = None) -> str:
    """Return one workflow command a line: errors (failed and unknown), warnings, and the conclusion.

    There are at most ten errors and ten warnings; if there are more, the tenth says how many.
    """
    findings = [*guards_of(report), *totals_of(report)]
    errors = [*_broken(findings, Verdict.FAIL), *_unknown(findings)]
    commands = [
        *_first("error", errors),
        *_first("warning", _broken(findings, Verdict.WARN)),
        command("notice", "\n".join([wording.conclusion(report), *_counted(findings)]), title="audience-guard"),
    ]
    return "\n".join(commands) + "\n"


def _counted(findings: Iterable[Finding]) -> list[str]:
    """Return a line for each counted segment, and one for how many are left out."""
    lines = list(
        dict.fromkeys(
            f"{_short(finding.name, _LONGEST_NAME)}: segment {_short(segment, _LONGEST_SENTENCE)}"
            for finding in findings
            if (segment := wording.counted_segment(finding))
        )
    )
    left_out = len(lines) - _MOST_SEGMENTS
    return [*lines[:_MOST_SEGMENTS], *([plural(left_out, "more segment")] if left_out > 0 else [])]


def _first(level: str, commands: list[str]) -> list[str]:
    """Return as many commands of a level as GitHub shows: all ten, or nine and how many more there are."""
    if len(commands) <= _MOST_OF_A_LEVEL:
        return commands
    shown = commands[: _MOST_OF_A_LEVEL - 1]
    more = plural(len(commands) - len(shown), f"more {level}")
    return [*shown, command(level, "GitHub shows at most ten; the other reports have all of them.", title=more)]


def _broken(findings: Iterable[Finding], verdict: Verdict) -> list[str]:
    """Return a command for each check of the verdict, fail or warn."""
    level, said = ("error", "Failed") if verdict is Verdict.FAIL else ("warning", "Warned")
    return [
        _annotation(level, f"{said}: {_name(finding)} / {check.bound}", [check], finding)
        for finding in findings
        for check in finding.checks
        if check.verdict is verdict
    ]


def _unknown(findings: Iterable[Finding]) -> list[str]:
    """Return one command for each unknown guard or total, however many bounds it has."""
    return [
        _annotation("error", f"Unknown: {_name(finding)}", unknown, finding)
        for finding in findings
        if (unknown := [check for check in finding.checks if check.verdict is Verdict.UNKNOWN])
    ]


def _annotation(level: str, title: str, checks: list[Check], finding: Finding) -> str:
    """Return a command on the line of the first check, about all of them."""
    remark = wording.remark(finding, checks)
    segment = wording.counted_segment(finding)
    steps = dict.fromkeys(next_steps.next_step(check, finding) for check in checks)
    lines = [
        *dict.fromkeys(_short(wording.sentence(check, finding), _LONGEST_SENTENCE) for check in checks),
        f"note: {_short(remark, _LONGEST_SENTENCE)}" if remark else None,
        finding.age,
        f"segment: {_short(segment, _LONGEST_SENTENCE)}" if segment else None,
        *(f"next: {step}" for step in steps if step),
        f"ask: {_short(finding.owner, _LONGEST_NAME)}" if finding.owner else None,
    ]
    message = "\n".join(line for line in lines if line)
    return command(level, message, file=wording.safe(finding.path), line=str(checks[0].line), title=title)


def _name(finding: Finding) -> str:
    return f"{_short(finding.name, _LONGEST_NAME)} / {finding.part}"


def _short(text: str, longest: int) -> str:
    return shortened(wording.safe(text), longest)


# The grammar of a workflow command


def command(level: str, message: str, **properties: str) -> str:
    """Return a workflow command; ``level`` is error, warning or notice, and the texts may be any."""
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{level} {listed}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
