"""Block Kit blocks, each within the limits of https://docs.slack.dev/reference/block-kit/blocks.

``plain_text`` and ``raw_text`` cannot mention, link or format, so all foreign text goes there. Only our own text is
mrkdwn.
"""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any, TypeAlias

from guard.core.text import printable, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Block: TypeAlias = dict[str, Any]

LARGEST = 11_500
"""Characters of JSON in a message's blocks. Slack refuses about 13,000; a remark in front of them still fits."""

_LONGEST_HEADER = 150
_LONGEST_SECTION = 3_000
_LONGEST_LINE = 1_000
_LONGEST_FALLBACK = 500
_LONGEST_VALUE = 2_000
_BLANK = "-"  # Slack refuses a text without any characters

# What mrkdwn reads as a quote, formatting, a mention, an emoji, a link or an address, except `<`, `>` and `&`.
# The point of `12.5%` stays.
_MARKUP = re.compile(r"^>|[*~`@#]|:(?=\S)|\.(?=\S)(?!(?<=\d\.)\d+[%\s])|(?<![^\W_])_|_(?![^\W_])")


def size(blocks: Sequence[Block]) -> int:
    """Return the number of characters in the blocks' JSON."""
    return len(json.dumps(blocks, ensure_ascii=False))


def line(text: str, longest: int) -> str:
    """Return the text as one printable line of at most ``longest`` characters, never empty."""
    return shortened(printable(text.strip()[: longest + 1]), longest) or _BLANK


def unformatted(text: str) -> str:
    """Return the text as one line of mrkdwn, below 3,000 characters, without markup: a middle dot replaces it."""
    return html.escape(_MARKUP.sub("·", line(text, _LONGEST_FALLBACK)), quote=False)


def plain_text(text: str) -> Block:
    """Return a text that Slack shows unchanged."""
    return {"type": "plain_text", "text": text, "emoji": False}


def mrkdwn(text: str) -> Block:
    """Return a text of our own with markup; Slack does not look for names and links in it."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def header(text: str) -> Block:
    """Return a heading, cut to one line of 150 characters."""
    return {"type": "header", "text": plain_text(line(text, _LONGEST_HEADER))}


def section(*lines: str) -> Block:
    """Return a paragraph of plain lines: at most 1,000 characters each, and 3,000 together."""
    text = "\n".join(line(each, _LONGEST_LINE) for each in lines)
    return {"type": "section", "text": plain_text(shortened(text, _LONGEST_SECTION))}


def context(elements: Iterable[Block]) -> Block:
    """Return a line of small print with at most ten texts."""
    return {"type": "context", "elements": list(elements)}


def table(rows: Iterable[Iterable[str]], columns: Sequence[Block]) -> Block:
    """Return a table; its first row is the header, and ``columns`` says how to align and wrap each column.

    https://docs.slack.dev/reference/block-kit/blocks/table-block
    """
    cells = [[{"type": "raw_text", "text": text} for text in row] for row in rows]
    return {"type": "table", "column_settings": list(columns), "rows": cells}


def buttons(labels_and_values: Iterable[tuple[str, str, str | None]]) -> list[Block]:
    """Return a row of buttons from action ids, labels and values; none for a value that is empty or too long."""
    elements = [
        {"type": "button", "action_id": action, "text": plain_text(label), "value": value}
        for action, label, value in labels_and_values
        if value and len(json.dumps(value, ensure_ascii=False)) <= _LONGEST_VALUE
    ]
    return [{"type": "actions", "elements": elements}] if elements else []
