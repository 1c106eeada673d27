"""The report as annotations in GitHub Actions: workflow commands on the lines of the rules that are broken.

The runner defines the commands and their escaping:
https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.results import Verdict
from guard.core.text import plural, shortened
from guard.report import decision, wording
from guard.report.facts import facts
from guard.report.view import findings

if TYPE_CHECKING:
    from guard.core.results import Report
    from guard.report.screen import Screen
    from guard.report.view import Finding

_MOST_OF_A_LEVEL = 10  # GitHub shows ten for each step and drops the rest silently
_LONGEST_NAME = 100
_LONGEST_SENTENCE = 400


def render(report: Report, _screen: Screen | None = None) -> str:
    """Return one workflow command a line: the decision, an error for each finding that stops a send, and warnings.

    There are at most ten errors and ten warnings; if there are more, the tenth says how many.
    """
    told = [each for each in findings(report) if each.checks]
    errors = [each for each in told if each.verdict in {Verdict.FAIL, Verdict.UNKNOWN}]
    warnings = [each for each in told if each.verdict is Verdict.WARN]
    commands = [
        command("notice", "\n".join(_overview(report)), title="audience-guard"),
        *_first("error", [_annotation("error", each) for each in errors]),
        *_first("warning", [_annotation("warning", each) for each in warnings]),
    ]
    return "\n".join(commands) + "\n"


def _overview(report: Report) -> list[str]:
    """Return the decision, and a line for what may be sent and what not."""
    return [
        wording.safe(decision.decision(report)),
        *(_short(f"{each.answer.upper()} {each.about}", _LONGEST_SENTENCE) for each in decision.answers(report)),
        decision.tally(report),
        _short(decision.circumstances(report), _LONGEST_SENTENCE),
    ]


def _first(level: str, commands: list[str]) -> list[str]:
    """Return as many commands of a level as GitHub shows: all ten, or nine and how many more there are."""
    if len(commands) <= _MOST_OF_A_LEVEL:
        return commands
    shown = commands[: _MOST_OF_A_LEVEL - 1]
    more = plural(len(commands) - len(shown), f"more {level}")
    return [*shown, command(level, "GitHub shows at most ten; the other reports have all of them.", title=more)]


def _annotation(level: str, finding: Finding) -> str:
    """Return a command on the line of the gravest check, about all that is wrong with the finding."""
    check = finding.troubles[0]
    on_the_line = {"rule"} if finding.called else {"rule", "segment"}  # a uuid stands in the rules, beside the line
    told = [str(fact) for fact in facts(finding) if fact.label not in on_the_line]
    lines = [_short(each, _LONGEST_SENTENCE) for each in (*wording.results(finding), *told)]
    title = f"{wording.HEADINGS[finding.verdict]}: {finding.titled(_short(finding.name, _LONGEST_NAME))}"
    return command(level, "\n".join(lines), file=wording.safe(finding.path), line=str(check.line), title=title)


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
