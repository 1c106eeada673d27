"""The report for a job summary or a pull-request comment: who may be sent to, and a table of what is wrong.

Text from elsewhere is in code spans. Escaping is not enough: GitHub and GitLab find mentions, issue numbers and
addresses after they remove backslashes and entities, but never in code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from guard.core.results import Verdict
from guard.core.text import plural, shortened
from guard.report import decision, wording
from guard.report.facts import facts
from guard.report.view import findings
from guard.report.wording import SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guard.core.results import Report
    from guard.report.facts import Fact
    from guard.report.screen import Screen
    from guard.report.view import Finding

_LARGEST = 900_000  # bytes; GitHub drops a whole job summary of more than 1 MiB
_ROOM_FOR_FRAMES = 2_000  # bytes; headings, table heads and notes about a cut take less
_LONGEST_NAME = 100
_LONGEST_TEXT = 400
_LONGEST_CIRCUMSTANCES = 2_000
_TROUBLED = ("What", "Counted", "What to do", "Stops", "Details")
_FINE = ("What", "Counted", "Allowed", "Details")

_CLOSING = ".,;:!?%)…"
# Only letters, only digits, or a time: not an address, mention, reference (GH-1), emoji or markup.
# A quotation mark within a word does not open or close a quotation.
_QUOTED = r"""(?:(?<!\S)|(?<=\s\())".*?"(?=[.,;:!?)…]*(?:\s|$))"""
_PLAIN = re.compile(r"(?:[^\W\d_]+(?:['-][^\W\d_]+)*|\d+(?:[.,-]\d+)*|\d\d:\d\d:\d\d)?")


def render(report: Report, _screen: Screen | None = None) -> str:
    """Return the report as GitHub Flavored Markdown, at most 900,000 bytes in UTF-8.

    If it does not fit, what is fine is left out first and failures last, and the text says how many.
    """
    symbol = SYMBOLS[decision.standing(report.verdict, report)]
    head = [
        f"## {symbol} {_prose(decision.decision(report), _LONGEST_CIRCUMSTANCES)}",
        "",
        *map(_answer, decision.answers(report)),
    ]
    sha256, version = _code(_short(report.rules_sha256[:12])), _code(_short(report.version))
    foot = [
        "",
        decision.tally(report),
        _prose(decision.circumstances(report), _LONGEST_CIRCUMSTANCES),
        f"The SHA-256 of the rules begins with {sha256}; audience-guard is {version}.",
    ]
    told = findings(report)
    sections = [
        _Section(verdict=verdict, findings=[each for each in told if each.verdict is verdict])
        for verdict in reversed(Verdict)
    ]
    _fill(sections, _LARGEST - _ROOM_FOR_FRAMES - _size([*head, *foot]))
    body = [line for section in sections if section.findings for line in section.lines()]
    body += _counted_segments([finding for section in sections for finding in section.shown])
    return "\n".join([*head, *body, *foot]) + "\n"


def _answer(answer: decision.Answer) -> str:
    return f"- {SYMBOLS[answer.verdict]} **{answer.answer}** {_prose(answer.about, _LONGEST_CIRCUMSTANCES)}"


@dataclass(slots=True, kw_only=True)
class _Section:
    """A table: all its findings, and the rows that fit."""

    verdict: Verdict
    findings: list[Finding]
    rows: list[str] = field(default_factory=list)

    @property
    def shown(self) -> list[Finding]:
        """The findings that have a row."""
        return self.findings[: len(self.rows)]

    def lines(self) -> list[str]:
        is_fine = self.verdict is Verdict.PASS
        columns = _FINE if is_fine else _TROUBLED
        heading = wording.HEADINGS[self.verdict]
        keys = wording.names(dict.fromkeys(each.name for each in self.findings))
        table = [_row(columns), _row(["---"] * len(columns)), *self.rows] if self.rows else []
        left_out = len(self.findings) - len(self.rows)
        cut = ["", f"**{plural(left_out, 'more line')} {'is' if left_out == 1 else 'are'} in the JSON report.**"]
        body = ["", *table, *(cut if left_out else [])]
        if is_fine:
            return [
                "",
                f"<details><summary>{heading}: {len(self.findings)}</summary>",
                *body,
                "",
                "</details>",
            ]
        return ["", f"### {heading}: {_prose(keys)}", *body]


def _fill(sections: Iterable[_Section], room: int) -> None:
    """Add as many rows to the sections as fit into the room (in bytes), the worst first."""
    for section in sections:
        for finding in section.findings:
            row = _finding_row(finding)
            room -= _size([row, _counted_segment(finding)])
            if room < 0:
                return
            section.rows.append(row)


def _counted_segments(shown: Iterable[Finding]) -> list[str]:
    """Return which segments were counted, folded, each once."""
    lines = list(dict.fromkeys(_counted_segment(finding) for finding in shown if not finding.is_total))
    if not lines:
        return []
    return ["", "<details><summary>Segments in Blueshift</summary>", "", *lines, "", "</details>"]


def _counted_segment(finding: Finding) -> str:
    return f"- {_code(_short(finding.name))}: {_code(_short(wording.counted_segment(finding)) or 'unknown')}"


def _size(lines: Iterable[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)


# A guard or a total


def _finding_row(finding: Finding) -> str:
    name = f"{_code(_short(finding.name))} {finding.part}"
    told = {
        label: [fact.text for fact in facts(finding) if fact.label == label]
        for label in ("next", "ask", "stops", "segment")
    }
    rest = [fact for fact in facts(finding) if fact.label not in told]
    if finding.verdict is Verdict.PASS:
        return _row([name, wording.people(finding), wording.allowed(finding), _told(rest, finding)])
    results = "<br>".join(_prose(each, name=finding.called) for each in wording.results(finding))
    action = [*(_prose(step) for step in told["next"]), *(f"ask {_code(_short(each))}" for each in told["ask"])]
    return _row([name, results, "<br>".join(action), ", ".join(map(_prose, told["stops"])), _told(rest, finding)])


def _told(rest: Iterable[Fact], finding: Finding) -> str:
    return "<br>".join(_prose(str(fact), name=finding.called) for fact in rest)


def _row(cells: Iterable[str]) -> str:
    escaped = [cell.replace("|", "\\|") for cell in cells]
    return f"| {' | '.join(escaped)} |"


# Text from elsewhere


def _prose(text: str, longest: int = _LONGEST_TEXT, *, name: str | None = None) -> str:
    """Return a sentence as Markdown; every word with more than letters, digits or punctuation is in code.

    A quotation is one piece of code, also a ``name`` that has quotation marks itself.
    """
    ours = [re.escape(f'"{_short(name, _LONGEST_TEXT)}"')] if name else []
    parts = re.split(f"({'|'.join([*ours, _QUOTED])})", _short(text, longest))
    return "".join(_code(part) if position % 2 else _words(part) for position, part in enumerate(parts))


def _words(text: str) -> str:
    return " ".join(_word(word) for word in text.split(" "))


def _word(word: str) -> str:
    core = word.lstrip("(").rstrip(_CLOSING)
    if _PLAIN.fullmatch(core):
        return word
    before, after = word.split(core, 1)
    return f"{before}{_code(core)}{after}"


def _code(text: str) -> str:
    """Return one line of text as a code span that the text cannot end."""
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    space = " " if not text.strip(" ") or text[0] in " `" or text[-1] in " `" else ""
    return f"{fence}{space}{text}{space}{fence}"


def _short(text: str, longest: int = _LONGEST_NAME) -> str:
    return shortened(wording.safe(text), longest)
