"""The output of ``history show``: text, JSON or one self-contained HTML page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from guard.core.text import number, plural, printable
from guard.report.json_report import as_json
from guard.report.trends.blocks import LEGEND, LEGEND_IN_ASCII, blocks
from guard.report.trends.points import DAYS
from guard.report.wording import safe
from guard.version import __version__

if TYPE_CHECKING:
    from datetime import date

    from guard.report.screen import Screen
    from guard.report.trends.points import Point, Trend

_MOST_OUTSIDE = 10
_INDENT = "    "


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPage:
    """The trends of a store; ``store`` is its address without a password, ``kind`` what it is.

    A trend has at most ``last`` days, those of the ``timezone``. ``rules`` is the path of the rules file whose bounds
    are shown, None without one; ``is_relative`` says that some of them follow from the past. ``unguarded`` counts the
    series in the store that it does not guard. ``damage`` are sentences about rows that were lost or changed.
    """

    store: str
    kind: str
    began: date | None
    runs: int
    trends: tuple[Trend, ...]
    last: int = DAYS
    timezone: str = "UTC"
    rules: str | None = None
    is_relative: bool = False
    unguarded: int = 0
    damage: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        """How many runs there are, and since when."""
        return f"{self.store} {self.holds}"

    @property
    def holds(self) -> str:
        """The same without the address of the store: ``holds 26 runs since 2026-06-02``."""
        if not self.runs:
            return "holds no runs yet"
        since = f" since {self.began}" if self.began else ""
        return f"holds {plural(self.runs, 'run')}{since}"

    @property
    def remarks(self) -> list[str]:
        """What else a reader must know: whose bounds these are, what is outside them now, and what is not shown."""
        points = [point for trend in self.trends for point in trend.points]
        if self.rules:
            whose = (
                f"The bounds are those of {printable(self.rules)} today{', fixed and by the past' * self.is_relative}."
            )
        elif any(point.band.is_given for point in points):
            whose = "The bounds are those of each run."
        else:
            whose = (
                "No bounds are known, so each trend has a scale of its own from 0; a rules file says what is allowed."
            )
        told = [whose] if points else []
        if any(len(trend.points) == self.last for trend in self.trends):
            told.append(f"Each trend has the newest {plural(self.last, 'day')} with a reading at most: see --last.")
        outside = [trend.title for trend in self.trends if trend.is_outside]
        if outside:
            rest = len(outside) - _MOST_OUTSIDE
            listed = [*outside[:_MOST_OUTSIDE], *([f"{number(rest)} more"] if rest > 0 else [])]
            told.append(f"The newest count is outside its bounds: {', '.join(listed)}.")
        if self.unguarded:
            others = plural(self.unguarded, "other channel or segment", "other channels or segments")
            told.append(f"The store also has readings of {others}, which {printable(self.rules or '')} does not guard.")
        return told


def as_text(page: TrendPage, screen: Screen | None = None) -> str:
    """Return a line for each series, or for a ``screen`` with a width two, which fit it."""
    lines = _Lines(screen)
    lines.add(f"{page.headline}.")
    for trend in page.trends:
        _add(lines, trend)
    for remark in page.remarks:
        lines.add(remark)
    if any(trend.points for trend in page.trends):
        legend = LEGEND if lines.unicode else LEGEND_IN_ASCII
        lines.add(f"{legend[:1].upper()}{legend[1:]}.")
    return "".join(f"{line}\n" for line in lines.told)


def _add(lines: _Lines, trend: Trend) -> None:
    title = f"{trend.title} ({trend.note})" if trend.note else trend.title
    signs = blocks(trend.points, unicode=lines.unicode)
    if lines.width is None:
        lines.add(f"{title}: {signs} {trend.in_words}" if signs else f"{title}: {trend.in_words}")
        return
    lines.add(title)
    lines.add(signs, _INDENT)
    lines.add(trend.in_words, _INDENT)


class _Lines:
    """Lines of text in ``told``, wrapped if the screen has a width, and in ASCII if it has nothing else."""

    def __init__(self, screen: Screen | None) -> None:
        self.unicode = screen is None or screen.unicode
        self.width = screen.width if screen else None
        self.told: list[str] = []

    def add(self, text: str, indent: str = "") -> None:
        """Add the text, with the indent before each line that it wraps to."""
        line = safe(text)
        if not self.unicode:
            line = line.replace("…", "...").encode("ascii", "backslashreplace").decode("ascii")
        if self.width is None:
            self.told.append(line)
            return
        from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
        from rich.text import Text  # noqa: PLC0415 - see above

        wrapped = Text(line).wrap(Console(_environ={}), self.width - len(indent), overflow="fold")
        self.told += [f"{indent}{each.plain.rstrip()}" for each in wrapped]


def as_object(page: TrendPage) -> str:
    """Return the page as JSON."""
    return as_json(
        {
            "schema_version": 1,
            "tool": {"name": "audience-guard", "version": __version__},
            "history": {
                "store": page.kind,
                "began": page.began.isoformat() if page.began else None,
                "runs": page.runs,
                "timezone": page.timezone,
            },
            "damage": list(page.damage),
            "series": [_series(trend) for trend in page.trends],
        }
    )


def _series(trend: Trend) -> dict[str, Any]:
    series = trend.series
    return {
        "segment": trend.name,
        "host": series.host if series else None,
        "uuid": series.uuid if series else None,
        "bypass_global": series.bypass_global if series else None,
        "channel": trend.channel,
        "days": [_day(point) for point in trend.points],
    }


def _day(point: Point) -> dict[str, Any]:
    return {
        "day": point.day.isoformat(),
        "count": point.count,
        "verdict": point.verdict,
        "reason": point.reason,
        "imported": point.is_imported,
        "run": point.run,
        "min": point.band.low,
        "max": point.band.high,
    }
