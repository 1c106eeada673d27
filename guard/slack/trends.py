"""The answer to ``/audience-check history KEY``: the trend of each channel of a segment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.errors import GuardError
from guard.core.text import shortened
from guard.report.trends.blocks import LEGEND, blocks
from guard.report.trends.points import DAYS
from guard.slack import log
from guard.slack.notices import as_sentence, notice

if TYPE_CHECKING:
    from guard.core.model import Rules
    from guard.history.store import Store
    from guard.report.trends.points import Trend
    from guard.slack.verdict_message import Message

_LONGEST_KEY = 60
_SECONDS = 10.0  # to read the store; the threads that deliver verdicts must not wait longer
_UNREADABLE = "The history could not be read"

NO_STORE = notice(
    "There is no history", "This app keeps no history.", "The person who runs it can start it with --history."
)


def trend_message(store: Store, rules: Rules, key: str) -> Message:
    """Return the trends of a segment, or why there are none; never raises a ``GuardError``."""
    from guard.history.show import Wanted, show_trends  # noqa: PLC0415 - slow to import

    try:
        page = show_trends(store, rules, Wanted(segment=key, last=DAYS), seconds=_SECONDS)
    except GuardError as error:
        log.trouble("history_unreadable", why=type(error).__name__)
        return notice(_UNREADABLE, *(as_sentence(text) for text in (error.message, error.hint) if text))
    heading = f"History of {shortened(key, _LONGEST_KEY)}"
    damaged = ["A part of the history was lost or changed."] if page.damage else []
    legend = f"{LEGEND[:1].upper()}{LEGEND[1:]}."
    return notice(heading, *map(_line, page.trends), f"The history {page.holds}. {legend}", *damaged)


def _line(trend: Trend) -> str:
    note = f" ({trend.note})" if trend.note else ""
    signs = f"{blocks(trend.points)} " if trend.points else ""
    return f"{trend.label}{note}: {signs}{trend.in_words}"
