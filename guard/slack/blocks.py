"""The pieces that messages are made of, each within the limits of https://docs.slack.dev/reference/block-kit/blocks.

Whatever stands in ``plain_text`` or ``raw_text`` can neither mention nor link nor format, so all text from elsewhere
goes there. Text in mrkdwn is our own.
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
"""The most that the JSON of a message's blocks has, in characters, so that a remark before them fits into 12,000.

Slack refuses a message somewhere above 13,000.
"""

_LONGEST_HEADER = 150
_LONGEST_SECTION = 3_000
_LONGEST_LINE = 1_000
_LONGEST_FALLBACK = 500
_LONGEST_VALUE = 2_000
_BLANK = "-"  # Slack refuses a text without any characters

# What mrkdwn takes for a quote, formatting, a mention, an emoji, a link or an address, but for `<`, `>` and `&`. The
# point of `12.5%` is none of that.
_OBEYED = re.compile(r"^>|[*~`@#]|:(?=\S)|\.(?=\S)(?!(?<=\d\.)\d+[%\s])|(?<![^\W_])_|_(?![^\W_])")


def size(blocks: Sequence[Block]) -> int:
    """Return how many characters the JSON of the blocks has."""
    return len(json.dumps(blocks, ensure_ascii=False))


def line(text: str, longest: int) -> str:
    """Return the text on one line of at most that many characters, fit to be shown, and never empty."""
    return shortened(printable(text.strip()[: longest + 1]), longest) or _BLANK


def unformatted(text: str) -> str:
    """Return the text as one line of mrkdwn, below 3,000 characters, in which nothing is obeyed.

    Signs that mrkdwn would obey come out as a dot in the middle of the line.
    """
    return html.escape(_OBEYED.sub("·", line(text, _LONGEST_FALLBACK)), quote=False)


def plain_text(text: str) -> Block:
    """Return a text that is shown as it stands."""
    return {"type": "plain_text", "text": text, "emoji": False}


def mrkdwn(text: str) -> Block:
    """Return a text of our own, in which Slack obeys what is marked, and looks for nothing else."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def header(text: str) -> Block:
    """Return a heading, cut to one line of 150 characters."""
    return {"type": "header", "text": plain_text(line(text, _LONGEST_HEADER))}


def section(*lines: str) -> Block:
    """Return a paragraph of plain lines, each cut to 1,000 characters and all of them together to 3,000."""
    text = "\n".join(line(each, _LONGEST_LINE) for each in lines)
    return {"type": "section", "text": plain_text(shortened(text, _LONGEST_SECTION))}


def context(elements: Iterable[Block]) -> Block:
    """Return a line in small print, of ten texts at most."""
    return {"type": "context", "elements": list(elements)}


def table(rows: Iterable[Iterable[str]], columns: Sequence[Block]) -> Block:
    """Return a table, its heads in the first row; ``columns`` says how each is aligned and wrapped.

    https://docs.slack.dev/reference/block-kit/blocks/table-block
    """
    cells = [[{"type": "raw_text", "text": text} for text in row] for row in rows]
    return {"type": "table", "column_settings": list(columns), "rows": cells}


def buttons(labels_and_values: Iterable[tuple[str, str, str | None]]) -> list[Block]:
    """Return a row of buttons, made of an action id, a label and a value each; no block at all without any.

    One whose value is None, empty, or longer than the 2,000 characters in JSON that always fit is left out.
    """
    elements = [
        {"type": "button", "action_id": action, "text": plain_text(label), "value": value}
        for action, label, value in labels_and_values
        if value and len(json.dumps(value, ensure_ascii=False)) <= _LONGEST_VALUE
    ]
    return [{"type": "actions", "elements": elements}] if elements else []
