"""The trends as one self-contained HTML page, in the style of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.report.html import page
from guard.report.trends.picture import picture

if TYPE_CHECKING:
    from guard.report.trends.page import TrendPage
    from guard.report.trends.points import Trend


def as_html(shown: TrendPage) -> str:
    """Return the page, ending in a newline; all names are escaped."""
    return page(
        "trends.html",
        headline=shown.headline,
        remarks=shown.remarks,
        damage=shown.damage,
        rows=[_row(trend) for trend in shown.trends],
    )


def _row(trend: Trend) -> dict[str, object]:
    return {
        "title": trend.title,
        "note": trend.note,
        "is_outside": trend.is_outside,
        "words": trend.now_in_words,
        "picture": picture(trend) if trend.points else None,
    }
