"""The report on a terminal: a block for each finding that did not pass, a line for each that passed."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from guard.core.results import Verdict
from guard.core.text import printable, shortened
from guard.report import decision, wording
from guard.report.facts import facts
from guard.report.gauge import gauge
from guard.report.text import with_exit_code
from guard.report.trends.blocks import blocks
from guard.report.trends.points import trend_of
from guard.report.view import findings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guard.core.results import Report
    from guard.report.screen import Screen
    from guard.report.trends.points import Trend
    from guard.report.view import Finding

_STYLE = {Verdict.FAIL: "bold red", Verdict.UNKNOWN: "bold cyan", Verdict.WARN: "bold yellow", Verdict.PASS: "green"}
_NARROWEST = 20
_EXIT, _UNBROKEN_EXIT = "(exit ", "(exit\ue000"  # a private-use character, so that lines do not break there
_LONGEST_NAME = 100
_LONGEST_DETAIL = 400
_LONGEST_FACT = 200
_WIDEST_GAUGE = 30


def render_blocks(report: Report, screen: Screen, width: int) -> str:
    """Return the report wrapped to ``width`` columns (20 at least), with colour and Unicode as the screen allows.

    Every line begins with one of our words or with a bar, so a name never begins a line.
    """
    page = _Page(width=max(width, _NARROWEST), color=screen.color, unicode=screen.unicode)
    style = _STYLE[decision.standing(report.verdict, report)]
    said = decision.decision(report)
    page.add(said, style=style)
    page.add_space()
    for answer in decision.answers(report):
        _add_answer(page, answer)
    page.add_space()
    told = findings(report)
    for finding in (each for each in told if each.verdict is not Verdict.PASS):
        _add_block(page, finding)
        page.add_space()
    fine = [each for each in told if each.verdict is Verdict.PASS]
    for finding in fine:
        _add_headline(page, finding)
    if fine:
        page.add_space()
    page.add(decision.tally(report))
    page.add(decision.circumstances(report))
    page.add(with_exit_code(said, report), style=style)
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
            beyond = f" {picture.times}x" if picture.times else ""
            self.add_under_bar(f"{bar}{beyond} allowed: {picture.allowed}", style=style)

    def add_trend(self, trend: Trend | None, *, style: str) -> None:
        """Add the trend, if there is one."""
        if trend:
            signs = blocks(trend.points, unicode=self._unicode)
            self.add_under_bar(f"trend: {signs} {trend.days_in_words}", style=style)

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


def _add_answer(page: _Page, answer: decision.Answer) -> None:
    word = answer.answer.upper()
    page.add(f"{word} {answer.about}", lead=word, style=_STYLE[answer.verdict])


def _add_block(page: _Page, finding: Finding) -> None:
    style = _STYLE[finding.verdict]
    _add_headline(page, finding)
    page.add_gauge(finding, style=style)
    trend = trend_of(finding)
    page.add_trend(trend, style=style)
    told = facts(finding, beside_trend=trend is not None)
    for labels in (("",), ("past",), ("note",), ("next",), ("ask", "stops", "rule"), ("segment",)):
        line = "; ".join(shortened(str(fact), _LONGEST_FACT) for fact in told if fact.label in labels)
        if line:
            page.add_under_bar(shortened(printable(line), _LONGEST_DETAIL), style=style)


def _add_headline(page: _Page, finding: Finding) -> None:
    word = finding.verdict.upper()
    results = "; ".join(wording.results(finding))
    line = f"{word} {finding.titled(_name(finding.name))}: {results}"
    page.add(shortened(printable(line), _LONGEST_DETAIL), lead=word, style=_STYLE[finding.verdict])


def _name(text: str) -> str:
    return shortened(printable(text), _LONGEST_NAME)
