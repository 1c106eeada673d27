"""What Slack takes as a message, and what a message of ours may hold; for tests.

The limits are those of https://docs.slack.dev/reference/block-kit/blocks, and narrower ones of our own.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from slack_sdk.models.blocks import Block

if TYPE_CHECKING:
    from guard.slack.verdict_message import Message

KEYS = {
    "header": {"type", "text"},
    "section": {"type", "text"},
    "context": {"type", "elements"},
    "table": {"type", "rows", "column_settings"},
    "actions": {"type", "elements"},
    "button": {"type", "action_id", "text", "value"},
    "plain_text": {"type", "text", "emoji"},
    "mrkdwn": {"type", "text", "verbatim"},
    "raw_text": {"type", "text"},
}
BLOCKS = {"header", "section", "context", "table", "actions"}
MENTION = re.compile(r"Asked by <@[UW][A-Z0-9]+>")
HELP = re.compile(r"Type `/audience-check`[\w\s`/.,•-]+")
OBEYED_IN_MRKDWN = re.compile(
    r"^(>|&gt;)|[<>*~`@#\n]|&(?!(amp|lt|gt);)|:\S|\.(?!(?<=\d\.)\d+[%\s])\S|\b_|_\b|(?<!\w)_|_(?!\w)"
)
NASTY = 'a]]>&<b>"%\n::error::x,y:z\x07\x1b[31m|`<!channel>=1+1'
SHOWN = r'a]]>&<b>"%\n::error::x,y:z\x07\x1b[31m|`<!channel>=1+1'  # as it is written out
UNPRINTABLE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def assert_valid(payload: dict[str, Any]) -> None:
    """Fail unless Slack takes the message, and nothing from elsewhere can mention, link or format in it."""
    assert set(payload) == {"text", "blocks"}
    assert 0 < len(payload["text"]) < 3_000
    assert not OBEYED_IN_MRKDWN.search(payload["text"])
    assert not UNPRINTABLE.search(payload["text"])
    blocks = payload["blocks"]
    assert 0 < len(blocks) < 50
    assert len(json.dumps(blocks, ensure_ascii=False)) <= 12_000
    assert json.dumps(payload, ensure_ascii=False).encode()
    assert [block["type"] for block in blocks].count("table") <= 1
    assert sum(1 for text in mrkdwn(blocks) if "<" in text) <= 1
    for block in blocks:
        assert block["type"] in BLOCKS
        assert_block(block)
    assert [block.to_dict() for block in Block.parse_all(blocks)] == blocks


def mrkdwn(value: object) -> list[str]:
    """Return every text in mrkdwn."""
    if isinstance(value, list):
        return [text for each in value for text in mrkdwn(each)]
    if not isinstance(value, dict):
        return []
    own = [value["text"]] if value.get("type") == "mrkdwn" else []
    return own + [text for each in value.values() for text in mrkdwn(each)]


def assert_block(block: dict[str, Any]) -> None:
    assert set(block) == KEYS[block["type"]]
    match block["type"]:
        case "header":
            assert_text(block["text"], {"plain_text"}, 150)
        case "section":
            assert_text(block["text"], {"plain_text", "mrkdwn"}, 3_000)
        case "context":
            assert 0 < len(block["elements"]) <= 10
            for element in block["elements"]:
                assert_text(element, {"plain_text", "mrkdwn"}, 2_000)
        case "actions":
            assert 0 < len(block["elements"]) <= 25
            for element in block["elements"]:
                assert_button(element)
        case _:
            assert_table(block)


def assert_text(text: dict[str, Any], types: set[str], longest: int) -> None:
    assert text["type"] in types
    assert set(text) == KEYS[text["type"]]
    assert text["text"].strip()
    assert len(text["text"]) <= longest
    assert not UNPRINTABLE.search(text["text"])
    match text["type"]:
        case "plain_text":
            assert text["emoji"] is False
        case "mrkdwn":
            assert text["verbatim"] is True
            assert MENTION.fullmatch(text["text"]) or HELP.fullmatch(text["text"])
        case _:
            pass


def assert_button(button: dict[str, Any]) -> None:
    assert button["type"] == "button"
    assert set(button) == KEYS["button"]
    assert 0 < len(button["action_id"]) <= 255
    assert 0 < len(button["value"]) <= 2_000
    assert_text(button["text"], {"plain_text"}, 75)


def assert_table(block: dict[str, Any]) -> None:
    rows, settings = block["rows"], block["column_settings"]
    assert 1 < len(rows) <= 100
    assert {len(row) for row in rows} == {len(settings)}
    assert len(settings) <= 20
    for setting in settings:
        assert setting.keys() <= {"align", "is_wrapped"}
        assert setting.get("align", "left") in {"left", "center", "right"}
    for cell in (cell for row in rows for cell in row):
        assert_text(cell, {"raw_text"}, 2_000)
        assert "\n" not in cell["text"]
    assert sum(len(cell["text"]) for row in rows for cell in row) <= 10_000


# Reading a message


def blocks(message: Message, kind: str) -> list[dict[str, Any]]:
    return [block for block in message.blocks if block["type"] == kind]


def header(message: Message) -> str:
    text: str = message.blocks[0]["text"]["text"]
    return text


def paragraphs(message: Message) -> list[str]:
    return [block["text"]["text"] for block in blocks(message, "section")]


def heads(message: Message) -> list[str]:
    """Return the heads of the table's columns."""
    (table,) = blocks(message, "table")
    return [cell["text"] for cell in table["rows"][0]]


def rows(message: Message) -> list[list[str]]:
    """Return the cells of the table, below its heads."""
    return [[cell["text"] for cell in row] for table in blocks(message, "table") for row in table["rows"][1:]]


def small_print(message: Message) -> list[str]:
    return [element["text"] for block in blocks(message, "context") for element in block["elements"]]


def labels(message: Message) -> list[str]:
    return [button["text"]["text"] for block in blocks(message, "actions") for button in block["elements"]]
