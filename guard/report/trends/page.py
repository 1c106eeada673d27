"""The output of ``history show``: text, JSON or one self-contained HTML page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from guard.core.text import plural, printable, shortened
from guard.report.json_report import as_json
from guard.report.trends.blocks import LEGEND, LEGEND_IN_ASCII, blocks
from guard.version import __version__

if TYPE_CHECKING:
    from datetime import date

    from guard.report.screen import Screen
    from guard.report.trends.points import Point, Trend

_LONGEST_NAME = 100
_INDENT = "    "


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPage:
    """The trends of a store; ``store`` is its address without a password, ``kind`` what it is.

    ``damage`` are sentences about rows that were lost or changed.
    """

    store: str
    kind: str
    began: date | None
    runs: int
    trends: tuple[Trend, ...]
    damage: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        """How many runs there are, and since when."""
        if not self.runs:
            return f"{self.store} holds no runs yet"
        since = f" since {self.began}" if self.began else ""
        return f"{self.store} holds {plural(self.runs, 'run')}{since}"


def as_text(page: TrendPage, screen: Screen | None = None) -> str:
    """Return a line for each series, or for a ``screen`` with a width two, which fit it."""
    unicode = screen is None or screen.unicode
    lines = [f"{printable(page.headline)}."]
    for trend in page.trends:
        lines += _lines(trend, screen.width if screen else None, unicode=unicode)
    if any(trend.points for trend in page.trends):
        legend = LEGEND if unicode else LEGEND_IN_ASCII
        lines += _wrapped(f"{legend[:1].upper()}{legend[1:]}.", screen.width if screen else None)
    text = "\n".join(lines) + "\n"
    return text if unicode else text.replace("…", "...").encode("ascii", "backslashreplace").decode("ascii")


def _lines(trend: Trend, width: int | None, *, unicode: bool) -> list[str]:
    title = f"{shortened(printable(trend.name), _LONGEST_NAME)} / {trend.label}"
    note = f" ({trend.note})" if trend.note else ""
    signs = blocks(trend.points, unicode=unicode)
    if width is None:
        return [f"{title}{note}: {signs} {trend.in_words}" if signs else f"{title}{note}: {trend.in_words}"]
    body = [signs[start : start + width - len(_INDENT)] for start in range(0, len(signs), width - len(_INDENT))]
    return [
        *_wrapped(f"{title}{note}", width),
        *(f"{_INDENT}{each}" for each in body),
        *_wrapped(trend.in_words, width, _INDENT),
    ]


def _wrapped(text: str, width: int | None, indent: str = "") -> list[str]:
    """Return lines that fit the width, in columns: some characters take two."""
    if width is None:
        return [f"{indent}{text}"]
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.text import Text  # noqa: PLC0415 - see above

    lines = Text(text).wrap(Console(_environ={}), width - len(indent), overflow="fold")
    return [f"{indent}{line.plain.rstrip()}" for line in lines]


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
                "timezone": "UTC",
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
