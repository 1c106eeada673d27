"""Short messages in Slack that are no answer to a check: help, refusals, and what is wrong with the rules file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.slack.blocks import Block, header, line, mrkdwn, section, unformatted
from guard.slack.message import Message
from guard.words import number, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guard.errors import RulesError
    from guard.model import Rules

_MOST_LISTED = 15
_LONGEST_LISTED = 100
_MOST_PROBLEMS = 10
_LONGEST_PROBLEM = 250

_HOW_TO_ASK = """\
Type `/audience-check` and the name of a campaign, a segment or a tag. \
Its audience is counted afresh, and only you see the answer.
• `/audience-check spring-sale` checks what has that name
• `/audience-check spring-sale share` shows the answer to everybody in the channel
• `/audience-check --campaign KEY`, `--segment KEY` or `--tag TAG` says which kind it is, where names are alike
• `/audience-check --all` checks everything"""


def note(heading: str, *paragraphs: str) -> Message:
    """Return a short message of plain text; paragraphs are cut to 1,000 characters, and to 3,000 together."""
    body = [section(*paragraphs)] if paragraphs else []
    return _message(heading, " ".join(paragraphs), body)


def help_page(rules: Rules) -> Message:
    """Return how to ask, and the campaigns, tags and segments of the rules that one can ask for."""
    tags = sorted({tag for segment in rules.segments for tag in segment.tags})
    listed = [
        ("Campaigns", [each.key for each in rules.campaigns]),
        ("Tags", tags),
        ("Segments", [f"{each.key}: {each.description}" if each.description else each.key for each in rules.segments]),
    ]
    lists = [section(title, *_listed(names)) for title, names in listed if names]
    return _message(
        "How to check an audience",
        "/audience-check and the name of a campaign, a segment or a tag",
        [{"type": "section", "text": mrkdwn(_HOW_TO_ASK)}, *lists],
    )


def problems(error: RulesError) -> Message:
    """Return what is wrong in a rules file, a line for each problem."""
    found = plural(len(error.problems), "problem")
    lines = [line(each, _LONGEST_PROBLEM) for each in error.lines()]
    return _message(
        "The rules file is wrong",
        f"Nothing was counted; {found} to correct",
        [section(f"Nothing was counted. {found} to correct:", *_first(lines, _MOST_PROBLEMS))],
    )


def _message(heading: str, summary: str, body: list[Block]) -> Message:
    text = f"{heading}: {summary}" if summary else heading
    return Message(text=unformatted(text), blocks=(header(heading), *body))


def _listed(names: Sequence[str]) -> list[str]:
    return _first([f"• {line(name, _LONGEST_LISTED)}" for name in names], _MOST_LISTED)


def _first(lines: list[str], most: int) -> list[str]:
    """Return that many of the lines, and how many more there are."""
    left_out = len(lines) - most
    return lines if left_out <= 0 else [*lines[:most], f"and {number(left_out)} more"]
