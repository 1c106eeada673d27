"""The Slack message for a report: the decision first, then what may be sent, then the worst findings."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from guard.core.results import Verdict
from guard.core.text import duration, number
from guard.report import decision, wording
from guard.report.facts import facts
from guard.report.view import findings, utc
from guard.report.wording import SYMBOLS
from guard.security.keyring import scrubbed
from guard.slack.blocks import (
    LARGEST,
    Block,
    buttons,
    context,
    header,
    line,
    mrkdwn,
    plain_text,
    section,
    size,
    table,
    unformatted,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from guard.core.results import Report
    from guard.report.view import Finding

CHECK_AGAIN = "check_again"
SHARE = "share"

_MOST_ROWS = 20
_MOST_EXPLAINED, _ALWAYS_EXPLAINED = 6, 3
_MOST_NAMED = 5
_LONGEST_NAME = 60
_LONGEST_CELL = 200
_LONGEST_SENTENCE = 300
_LONGEST_FACT = 100
_LONGEST_TEXT = 2_700  # of the message's own `text`; remarks in front of it still fit below 3,000
_ROOM_FOR_ANSWERS = 2_000  # characters of JSON
_ROOM_FOR_EXPLANATION = 900
_ROOM_FOR_TABLE = 1_500
_ROOM_FOR_MORE = 300  # characters of JSON; the note on left-out rows needs fewer

_CUT = "…"
_HEADS = ("Verdict", "What", "Result", "Before", "Counted")
_NARROW, _WIDE = {"align": "left"}, {"is_wrapped": True}
_COLUMNS = (_NARROW, _WIDE, _WIDE, _WIDE, _WIDE)
_USER = re.compile(r"[UW][A-Z0-9]{1,50}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A Slack message: its blocks, and ``text``, the mrkdwn for notifications and screen readers."""

    text: str
    blocks: tuple[Block, ...]

    def payload(self) -> dict[str, Any]:
        """Return the JSON object to send to Slack, without the environment's secrets."""
        payload: dict[str, Any] = json.loads(scrubbed(json.dumps({"text": self.text, "blocks": self.blocks})))
        return payload


def without_buttons(message: Message) -> Message:
    """Return the message without buttons, for places where they do not work."""
    return Message(text=message.text, blocks=tuple(block for block in message.blocks if block["type"] != "actions"))


def prefaced(message: Message, remark: str) -> Message:
    """Return the message with a short remark of our own before it."""
    return Message(text=f"{unformatted(remark)} {message.text}", blocks=(section(remark), *message.blocks))


def verdict_message(
    report: Report, *, requester: str | None = None, again: str | None = None, share: str | None = None
) -> Message:
    """Return the message for a report, always within Slack's limits.

    ``requester`` is the id of the Slack user who asked; the message mentions them. ``again`` and ``share`` are the
    values of the two buttons. A button without a value, or with a value over 2,000 characters, is left out.
    """
    told = findings(report)
    top = [
        header(f"{SYMBOLS[decision.standing(report.verdict, report)]} {decision.headline(report)}"),
        *_answers(report),
    ]
    wrong = [each for each in told if each.verdict is not Verdict.PASS]
    bottom = [
        context(_facts(report, requester)),
        *buttons([(CHECK_AGAIN, "Check again", again), (SHARE, "Share in channel", share)]),
    ]
    room = LARGEST - size([*top, *bottom]) - _ROOM_FOR_MORE
    explanations = _explanations(wrong, room - _ROOM_FOR_TABLE)
    blocks = (*top, *explanations, *_table(told[len(explanations) :], room - size(explanations)), *bottom)
    return Message(text=_text([decision.decision(report), *_what_to_do(wrong), *_may_go(report)]), blocks=blocks)


def _text(sentences: Iterable[str]) -> str:
    """Return the sentences without markup, as many as fit: whole ones, the first always."""
    text = ""
    for sentence in map(unformatted, sentences):
        if text and len(text) + len(sentence) >= _LONGEST_TEXT:
            break
        text = f"{text} {sentence}".lstrip()
    return text


def _paragraph(lines: Iterable[str], room: int) -> Block:
    """Return a paragraph of as many of the lines as fit into ``room`` characters of JSON, the first always."""
    shown: list[str] = []
    for each in lines:
        if shown and size([section(*shown, each, _CUT)]) > room:
            return section(*shown, _CUT)
        shown.append(each)
    return section(*shown)


def _answers(report: Report) -> list[Block]:
    """Return a paragraph on what may be sent and what not."""
    lines = [
        f"{SYMBOLS[each.verdict]} {each.answer.upper()} {each.about}" for each in decision.answers(report, _MOST_NAMED)
    ]
    return [_paragraph((line(each, _LONGEST_SENTENCE) for each in lines), _ROOM_FOR_ANSWERS)] if lines else []


def _explanations(wrong: list[Finding], room: int) -> list[Block]:
    """Return a paragraph on each of the worst findings: on the first three always, on more where there is room."""
    told: list[Block] = []
    for finding in wrong[:_MOST_EXPLAINED]:
        each = _paragraph(_explanation(finding), _ROOM_FOR_EXPLANATION)
        if len(told) >= _ALWAYS_EXPLAINED and size([*told, each]) > room:
            break
        told.append(each)
    return told


def _table(rest: list[Finding], room: int) -> list[Block]:
    """Return a table of as many of the other findings as fit into ``room`` characters, and a note on the rest."""
    if not rest:
        return []
    rows: list[tuple[str, ...]] = [_HEADS]
    for finding in rest[:_MOST_ROWS]:
        row = _row(finding)
        if size([table([*rows, row], _COLUMNS)]) > room:
            break
        rows.append(row)
    left_out = Counter(finding.verdict for finding in rest[len(rows) - 1 :])
    counted = ", ".join(f"{number(left_out[verdict])} {verdict}" for verdict in reversed(Verdict) if left_out[verdict])
    more = [context([plain_text(f"{number(left_out.total())} more: {counted}")])] if left_out else []
    return [*([table(rows, _COLUMNS)] if len(rows) > 1 else []), *more]


def _row(finding: Finding) -> tuple[str, ...]:
    cells = (_title(finding), "; ".join(wording.results(finding)), finding.before or "", finding.counted or "")
    return (f"{SYMBOLS[finding.verdict]} {finding.verdict.upper()}", *(line(cell, _LONGEST_CELL) for cell in cells))


def _title(finding: Finding) -> str:
    """Return what was checked; a long name is cut, so that the channel is seen."""
    return finding.titled(line(finding.name, _LONGEST_NAME))


def _explanation(finding: Finding) -> Iterator[str]:
    """Yield what is wrong with a finding, and what helps a person to act."""
    yield f"{SYMBOLS[finding.verdict]} {_title(finding)}"
    for result in wording.results(finding):
        yield line(result, _LONGEST_SENTENCE)
    for fact in facts(finding):
        yield line(str(fact), _LONGEST_SENTENCE)


def _what_to_do(wrong: list[Finding]) -> Iterator[str]:
    """Yield what to do about the worst finding, for notifications and screen readers."""
    for finding in wrong[:1]:
        told = [fact for fact in facts(finding) if fact.label in {"next", "ask"}]
        yield from (line(f"{fact.label.capitalize()}: {fact.text}.", _LONGEST_SENTENCE) for fact in told)


def _may_go(report: Report) -> Iterator[str]:
    """Yield what may go, by name."""
    for each in decision.answers(report, _MOST_NAMED):
        if each.verdict is Verdict.PASS:
            yield line(f"{each.answer.capitalize()}: {each.about}.", _LONGEST_SENTENCE)


def _facts(report: Report, requester: str | None) -> Iterator[Block]:
    """Yield who asked, when, and the source of the counts; the requester is the only mention in the message."""
    if requester and _USER.fullmatch(requester):
        yield mrkdwn(f"Asked by <@{requester}>")
    took = duration((report.finished_at - report.started_at).total_seconds())
    yield plain_text(f"{utc(report.started_at)}, took {took}")
    yield plain_text(f"Approximate counts by Blueshift: {line(decision.account(report), _LONGEST_FACT)}")
    yield plain_text(f"{line(report.rules_path, _LONGEST_FACT)}, version {line(report.rules_sha256[:12], 12)}")
    yield plain_text(f"audience-guard {line(report.version, _LONGEST_FACT)}")
    if report.history:
        yield plain_text(line(f"History: {decision.history(report)}", _LONGEST_SENTENCE))
