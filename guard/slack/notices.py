"""Short messages without a verdict: help, refusals, and what is wrong with the rules file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.text import number, plural
from guard.slack.blocks import Block, header, line, mrkdwn, section, unformatted
from guard.slack.command_text import as_typed, names
from guard.slack.verdict_message import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guard.core.errors import RulesError, UsageError
    from guard.core.model import Rules

_LISTS = (("Campaigns", "campaign"), ("Tags", "tag"), ("Segments", "segment"))
_MOST_LISTED = 15
_LONGEST_LISTED = 100
_MOST_PROBLEMS = 10
_LONGEST_PROBLEM = 250

_HOW_TO_ASK = """\
Type `/audience-check` and the name of a campaign, a segment or a tag. \
Blueshift counts its audience now, and only you see the answer.
• `/audience-check NAME` checks the campaign, segment or tag with that name
• `/audience-check NAME share` shows the answer to everybody in the channel
• `/audience-check --campaign KEY`, `--segment KEY` or `--tag TAG` says which kind you mean if names are alike
• `/audience-check --all` checks everything
• `/audience-check history NAME` shows how the counts of a segment changed, if the app keeps a history"""


def notice(heading: str, *paragraphs: str) -> Message:
    """Return a short message of plain text: at most 1,000 characters a paragraph, and 3,000 together."""
    body = [section(*paragraphs)] if paragraphs else []
    return _message(heading, " ".join(paragraphs), body)


def help_page(rules: Rules) -> Message:
    """Return how to ask, and the campaigns, tags and segments of the rules."""
    known = names(rules)
    lists = [section(title, *_listed(kind, known, rules)) for title, kind in _LISTS if known[kind]]
    return _message(
        "How to check an audience",
        "Type /audience-check and the name of a campaign, a segment or a tag.",
        [{"type": "section", "text": mrkdwn(_HOW_TO_ASK)}, *lists],
    )


def problems(error: RulesError) -> Message:
    """Return the problems of a rules file, one per line."""
    found = plural(len(error.problems), "problem")
    every = error.lines()
    lines = [line(each, _LONGEST_PROBLEM) for each in every[:_MOST_PROBLEMS]] + _more(every, _MOST_PROBLEMS)
    return _message(
        "The rules file is wrong",
        f"Nothing was counted; {found} to correct.",
        [section(f"Nothing was counted. {found} to correct:", *lines)],
    )


def no_rules(error: UsageError) -> Message:
    """Return why the rules file cannot be read."""
    return notice(
        "The rules file cannot be read",
        f"Nothing was checked. {error.message}.",
        "Ask again in a minute. If that does not help, tell the person who maintains the rules.",
    )


def as_sentence(text: str) -> str:
    """Return the message or the hint of an error with a capital letter and a full stop."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def _message(heading: str, summary: str, body: list[Block]) -> Message:
    text = f"{heading}: {summary}" if summary else heading
    return Message(text=unformatted(text), blocks=(header(heading), *body))


def _listed(kind: str, known: dict[str, list[str]], rules: Rules) -> list[str]:
    """Return a line for each key: what to type, and the description of a segment."""
    described = {each.key: each.description for each in rules.segments} if kind == "segment" else {}
    keys = known[kind]
    shown = [
        ": ".join(part for part in (as_typed(kind, key, known), described.get(key)) if part)
        for key in keys[:_MOST_LISTED]
    ]
    return [f"• {line(each, _LONGEST_LISTED)}" for each in shown] + _more(keys, _MOST_LISTED)


def _more(everything: Sequence[str], shown: int) -> list[str]:
    """Return a line with how many are not shown."""
    left_out = len(everything) - shown
    return [f"and {number(left_out)} more"] if left_out > 0 else []
