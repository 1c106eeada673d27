"""Short messages in Slack that are no answer to a check: help, refusals, and what is wrong with the rules file."""

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
Its audience is counted afresh, and only you see the answer.
• `/audience-check NAME` checks what is called so
• `/audience-check NAME share` shows the answer to everybody in the channel
• `/audience-check --campaign KEY`, `--segment KEY` or `--tag TAG` says which kind it is, where names are alike
• `/audience-check --all` checks everything"""


def notice(heading: str, *paragraphs: str) -> Message:
    """Return a short message of plain text; paragraphs are cut to 1,000 characters, and to 3,000 together."""
    body = [section(*paragraphs)] if paragraphs else []
    return _message(heading, " ".join(paragraphs), body)


def help_page(rules: Rules) -> Message:
    """Return how to ask, and the campaigns, tags and segments of the rules that one can ask for."""
    known = names(rules)
    lists = [section(title, *_listed(kind, known, rules)) for title, kind in _LISTS if known[kind]]
    return _message(
        "How to check an audience",
        "Type /audience-check and the name of a campaign, a segment or a tag.",
        [{"type": "section", "text": mrkdwn(_HOW_TO_ASK)}, *lists],
    )


def problems(error: RulesError) -> Message:
    """Return what is wrong in a rules file, a line for each problem."""
    found = plural(len(error.problems), "problem")
    every = error.lines()
    lines = [line(each, _LONGEST_PROBLEM) for each in every[:_MOST_PROBLEMS]] + _more(every, _MOST_PROBLEMS)
    return _message(
        "The rules file is wrong",
        f"Nothing was counted; {found} to correct.",
        [section(f"Nothing was counted. {found} to correct:", *lines)],
    )


def no_rules(error: UsageError) -> Message:
    """Return that there is no rules file to be read, and why."""
    return notice(
        "The rules file cannot be read",
        f"Nothing was checked. {error.message}.",
        "Ask again in a minute. Where that does not help, tell whoever looks after the rules.",
    )


def _message(heading: str, summary: str, body: list[Block]) -> Message:
    text = f"{heading}: {summary}" if summary else heading
    return Message(text=unformatted(text), blocks=(header(heading), *body))


def _listed(kind: str, known: dict[str, list[str]], rules: Rules) -> list[str]:
    """Return a line for each thing of a kind: what to type for it, and what a segment is."""
    described = {each.key: each.description for each in rules.segments} if kind == "segment" else {}
    keys = known[kind]
    shown = [
        ": ".join(part for part in (as_typed(kind, key, known), described.get(key)) if part)
        for key in keys[:_MOST_LISTED]
    ]
    return [f"• {line(each, _LONGEST_LISTED)}" for each in shown] + _more(keys, _MOST_LISTED)


def _more(everything: Sequence[str], shown: int) -> list[str]:
    """Return how many more there are than are shown."""
    left_out = len(everything) - shown
    return [f"and {number(left_out)} more"] if left_out > 0 else []
