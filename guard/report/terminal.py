"""The report on a terminal: a block for each guard that did not pass, two lines for each that passed."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from guard.core.results import Verdict, gravest_first
from guard.core.text import plural, printable, shortened
from guard.report import next_steps, wording
from guard.report.gauge import gauge
from guard.report.view import guards_of, totals_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guard.core.results import Report
    from guard.report.screen import Screen
    from guard.report.view import Finding

_STYLE = {Verdict.FAIL: "bold red", Verdict.UNKNOWN: "bold cyan", Verdict.WARN: "bold yellow", Verdict.PASS: "green"}
_NARROWEST = 20
_EXIT, _UNBROKEN_EXIT = "(exit ", "(exit\ue000"  # a private-use character, so that lines do not break there
_LONGEST_NAME = 100
_LONGEST_DETAIL = 400
_WIDEST_GAUGE = 30


def render_blocks(report: Report, screen: Screen, width: int) -> str:
    """Return the report wrapped to ``width`` columns (20 at least), with colour and Unicode as the screen allows.

    Every line begins with one of our words or with a bar, so a name never begins a line.
    """
    page = _Page(width=max(width, _NARROWEST), color=screen.color, unicode=screen.unicode)
    findings = gravest_first([*guards_of(report), *totals_of(report)])
    troubled = [finding for finding in findings if finding.verdict is not Verdict.PASS]
    passed = [finding for finding in findings if finding.verdict is Verdict.PASS]
    for finding in troubled:
        _add_block(page, finding)
        page.add_space()
    for finding in passed:
        _add_pass(page, finding)
    if passed:
        page.add_space()
    page.add(wording.circumstances(report))
    page.add(wording.tally(report))
    if look := wording.where_to_look(report):
        page.add(look)
    page.add(wording.conclusion(report), style=_STYLE[report.verdict])
    return page.drawn()


class _Page:
    """A page of lines of a fixed width, built line by line."""

    def __init__(self, *, width: int, color: bool, unicode: bool) -> None:
        self._unicode = unicode
        self._bar = "▌ " if unicode else "| "
        self._width = width - len(self._bar)
        self._lines: list[Text] = []
        # With an empty environment rich does not read that of the process (NO_COLOR, COLUMNS, TERM).
        self._console = Console(
            file=StringIO(),
            width=width,
            color_system="standard" if color else None,
            force_terminal=color,
            force_jupyter=False,
            legacy_windows=False,
            _environ={},
        )

    def add(self, line: str, *, lead: str = "", style: str = "") -> None:
        """Add a line that begins with one of our words; the style applies to ``lead``, or else to the whole line."""
        first, *rest = self._wrapped(line, lead, style)
        self._lines.append(first)
        self._add_under_bar(rest, style)

    def add_under_bar(self, line: str, *, style: str) -> None:
        """Add a line, with a bar in the style before each line that it wraps to."""
        self._add_under_bar(self._wrapped(line, "", ""), style)

    def add_gauge(self, finding: Finding, *, style: str) -> None:
        """Add the gauge of the finding, if it has one."""
        picture = gauge(finding)
        if picture:
            bar = picture.draw(min(self._width, _WIDEST_GAUGE), unicode=self._unicode)
            calm = f", without a warning {picture.calm}" if picture.calm else ""
            self.add_under_bar(f"{bar} {picture.allowed}{calm}", style=style)

    def add_space(self) -> None:
        """Add an empty line."""
        self._lines.append(Text())

    def drawn(self) -> str:
        """Return everything that was added, ending in a newline."""
        with self._console.capture() as capture:
            self._console.print(Text("\n").join(self._lines), soft_wrap=True)
        return capture.get()

    def _add_under_bar(self, lines: Iterable[Text], style: str) -> None:
        self._lines += [Text.assemble((self._bar, style), line) for line in lines]

    def _wrapped(self, line: str, lead: str, style: str) -> list[Text]:
        text = Text(self._fit(line).replace(_EXIT, _UNBROKEN_EXIT))
        text.stylize(style, 0, len(lead) if lead else None)
        lines = list(text.wrap(self._console, self._width, overflow="fold")) or [Text()]
        for each in lines:
            each.rstrip()
            each.plain = each.plain.replace(_UNBROKEN_EXIT, _EXIT)
        return lines

    def _fit(self, line: str) -> str:
        plain = wording.safe(line)
        if self._unicode:
            return plain
        return plain.replace("…", "...").encode("ascii", "backslashreplace").decode("ascii")


def _add_block(page: _Page, finding: Finding) -> None:
    style = _STYLE[finding.verdict]
    _add_headline(page, finding, "")
    # A guard without a count has the same sentence for every bound; show it once.
    for sentence in dict.fromkeys(wording.sentence(check, finding) for check in finding.troubles):
        page.add_under_bar(shortened(printable(sentence), _LONGEST_DETAIL), style=style)
    page.add_gauge(finding, style=style)
    for line in _background(finding):
        page.add_under_bar(line, style=style)


def _background(finding: Finding) -> list[str]:
    """Return what helps a person to act, and the lines of the rules."""
    remark = wording.remark(finding, finding.troubles)
    steps = dict.fromkeys(next_steps.next_step(check, finding) for check in finding.troubles)
    places = dict.fromkeys(wording.place(check, finding) for check in finding.troubles)
    lines = [
        shortened(printable(remark), _LONGEST_DETAIL) if remark else None,
        finding.age,
        _segment(finding),
        *(f"next: {step}" for step in steps if step),
        f"ask: {_name(finding.owner)}" if finding.owner else None,
        ", ".join(places),
    ]
    return [line for line in lines if line]


def _add_pass(page: _Page, finding: Finding) -> None:
    picture = gauge(finding)
    _add_headline(page, finding, ", ".join(filter(None, (picture.allowed if picture else None, finding.age))))
    if segment := _segment(finding):
        page.add_under_bar(segment, style=_STYLE[finding.verdict])


def _add_headline(page: _Page, finding: Finding, more: str) -> None:
    word = finding.verdict.upper()
    people = "no proven count" if finding.people is None else plural(finding.people, "person", "people")
    extra = f" ({more})" if more else ""
    page.add(
        f"{word} {_name(finding.name)} / {finding.part}: {people}{extra}", lead=word, style=_STYLE[finding.verdict]
    )


def _segment(finding: Finding) -> str | None:
    segment = wording.counted_segment(finding)
    return f"segment: {_name(segment)}" if segment else None


def _name(text: str) -> str:
    return shortened(printable(text), _LONGEST_NAME)
