"""The report for a job summary or a pull-request comment: a table of guards, worst first, and folded details.

Text from elsewhere is in code spans. Escaping is not enough: GitHub and GitLab find mentions, issue numbers and
addresses after they remove backslashes and entities, but never in code.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from guard.core.results import Verdict, gravest_first
from guard.core.text import plural, shortened
from guard.report import next_steps, wording
from guard.report.gauge import gauge
from guard.report.view import guards_of, totals_of
from guard.report.wording import SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guard.core.results import Check, Report
    from guard.report.screen import Screen
    from guard.report.view import Finding

_LARGEST = 900_000  # bytes; GitHub drops a whole job summary of more than 1 MiB
_ROOM_FOR_FRAMES = 2_000  # bytes; headings, table heads and notes about a cut take less
_LONGEST_NAME = 100
_LONGEST_TEXT = 400
_LONGEST_CIRCUMSTANCES = 2_000
_GAUGE_CELLS = 15

_CLOSING = ".,;:!?%)…"
# Only letters, only digits, or a time: not an address, mention, reference (GH-1), emoji or markup.
# A quotation mark within a word does not open or close a quotation.
_QUOTED = r"""(?:(?<!\S)|(?<=\s\())".*?"(?=[.,;:!?)…]*(?:\s|$))"""
_PLAIN = re.compile(r"(?:[^\W\d_]+(?:['-][^\W\d_]+)*|\d+(?:[.,-]\d+)*|\d\d:\d\d:\d\d)?")


def render(report: Report, _screen: Screen | None = None) -> str:
    """Return the report as GitHub Flavored Markdown, at most 900,000 bytes in UTF-8.

    If it does not fit, passes are left out first and failures last, and the text says how many.
    """
    tally = wording.tally(report)
    head = [f"## {SYMBOLS[report.verdict]} {wording.conclusion(report)}", *(["", tally] if tally else [])]
    sha256, version = _code(_short(report.rules_sha256[:12])), _code(_short(report.version))
    foot = [
        "",
        _prose(wording.circumstances(report), _LONGEST_CIRCUMSTANCES),
        f"The SHA-256 of the rules begins with {sha256}; audience-guard is {version}.",
    ]
    sections = [
        _Section(title="Guards", subject="Segment", nouns=("guard", "guards"), findings=guards_of(report)),
        _Section(
            title="Campaign totals",
            subject="Campaign",
            nouns=("campaign total", "campaign totals"),
            findings=totals_of(report),
        ),
    ]
    _fill(sections, _LARGEST - _ROOM_FOR_FRAMES - _size([*head, *foot]))
    body = [line for section in sections if section.findings for line in section.lines()]
    return "\n".join([*head, *body, *foot]) + "\n"


@dataclass(slots=True, kw_only=True)
class _Section:
    """A table: all its findings, and the rows and details that fit."""

    title: str
    subject: str
    nouns: tuple[str, str]
    findings: list[Finding]
    rows: list[str] = field(default_factory=list)
    details: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        columns = ("Verdict", self.subject, "Channel", *wording.COLUMNS, "Gauge", "Segment in Blueshift")
        table = [_row(columns), _row(["---"] * len(columns)), *self.rows] if self.rows else []
        left_out = len(self.findings) - len(self.rows)
        are = "is" if left_out == 1 else "are"
        cut = [
            "",
            f"**{plural(left_out, f'more {self.nouns[0]}', f'more {self.nouns[1]}')} {are} in the JSON report.**",
        ]
        return ["", f"### {self.title}", "", *table, *(cut if left_out else []), *self.details]


def _fill(sections: Iterable[_Section], room: int) -> None:
    """Add as many rows and details to the sections as fit into the room (in bytes), the worst first."""
    ranked = [(section, finding) for section in sections for finding in section.findings]
    for section, finding in gravest_first(ranked, lambda pair: pair[1].verdict):
        row, details = _finding_row(finding), _details(finding)
        room -= _size([row, *details])
        if room < 0:
            return
        section.rows.append(row)
        section.details += details


def _size(lines: Iterable[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)


# A guard or a total


def _finding_row(finding: Finding) -> str:
    picture = gauge(finding)
    segment = _short(wording.counted_segment(finding))
    return _row(
        [
            f"{SYMBOLS[finding.verdict]} {finding.verdict.upper()}",
            _code(_short(finding.name)),
            _code(finding.part),
            *wording.cells(finding),
            f"`{picture.draw(_GAUGE_CELLS, unicode=True)}`" if picture else "",
            _code(segment) if segment else "",
        ]
    )


def _row(cells: Iterable[str]) -> str:
    escaped = [cell.replace("|", "\\|") for cell in cells]
    return f"| {' | '.join(escaped)} |"


def _details(finding: Finding) -> list[str]:
    """Return a folded block with what helps a person to act; empty for a pass."""
    if finding.verdict is Verdict.PASS:
        return []
    name = html.escape(f"{_short(finding.name)} / {finding.part}")
    remark = wording.remark(finding, finding.troubles)
    steps = dict.fromkeys(next_steps.next_step(check, finding) for check in finding.troubles)
    return [
        "",
        f"<details><summary>{SYMBOLS[finding.verdict]} {finding.verdict.upper()} <code>{name}</code></summary>",
        "",
        *_sentences(finding),
        *([f"- note: {_prose(remark, name=finding.called)}"] if remark else []),
        *(f"- next: {_prose(step)}" for step in steps if step),
        *([f"- owner: {_code(_short(finding.owner))}"] if finding.owner else []),
        *([f"- about: {_prose(finding.description)}"] if finding.description else []),
        "",
        "</details>",
    ]


def _sentences(finding: Finding) -> list[str]:
    """Return a line for each sentence on broken bounds; several bounds can share one."""
    said: dict[str, list[Check]] = {}
    for check in finding.troubles:
        said.setdefault(wording.sentence(check, finding), []).append(check)
    return [
        f"- {', '.join(f'{check.bound} ({_place(check, finding)})' for check in checks)}: "
        f"{_prose(sentence, name=finding.called)}"
        for sentence, checks in said.items()
    ]


def _place(check: Check, finding: Finding) -> str:
    return _code(f"{_short(finding.path, _LONGEST_TEXT)}:{check.line}")


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
