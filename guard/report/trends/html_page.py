"""The trends as one self-contained HTML page, in the style of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.text import printable, shortened
from guard.report.html import page
from guard.report.trends.picture import picture

if TYPE_CHECKING:
    from guard.report.trends.page import TrendPage
    from guard.report.trends.points import Trend

_LONGEST_NAME = 200


def as_html(shown: TrendPage) -> str:
    """Return the page, ending in a newline; all names are escaped."""
    return page(
        "trends.html", headline=shown.headline, damage=shown.damage, rows=[_row(trend) for trend in shown.trends]
    )


def _row(trend: Trend) -> dict[str, object]:
    return {
        "name": shortened(printable(trend.name), _LONGEST_NAME),
        "channel": trend.label,
        "note": trend.note,
        "words": trend.now_in_words,
        "picture": picture(trend) if trend.points else None,
    }
