"""The Slack message for a report: the verdict first, then the worst findings, then what to do."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

from guard.core.results import Verdict, gravest_first
from guard.core.text import duration, number
from guard.report import next_steps, wording
from guard.report.view import guards_of, totals_of, utc
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
    from collections.abc import Iterator

    from guard.core.results import Report
    from guard.report.view import Finding

CHECK_AGAIN = "check_again"
SHARE = "share"

_MOST_ROWS = 20
_MOST_EXPLAINED = 3
_MOST_NAMED = 2
_LONGEST_NAME = 60
_LONGEST_CELL = 200
_LONGEST_SENTENCE = 300
_LONGEST_FACT = 100
_ROOM_FOR_MORE = 300  # characters of JSON; the note on left-out rows needs fewer

_HEADS = ("Verdict", "Segment", "Channel", *wording.COLUMNS[:-1], "Age", "Segment in Blueshift")
_NARROW, _WIDE, _NUMBER = {"align": "left"}, {"is_wrapped": True}, {"align": "right"}
_COLUMNS = (_NARROW, _WIDE, _NARROW, _NUMBER, _WIDE, _WIDE, _NARROW, _WIDE)
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

    ``requester`` is the id of the Slack user who asked. ``again`` and ``share`` are the values of the two buttons;
    a button without a value is left out.
    """
    findings = gravest_first([*guards_of(report), *totals_of(report)])
    headline = f"{_verdict(report.verdict)}: {_asked_for(report)}"
    top = [header(headline), section(wording.what_follows(report))]
    bottom = [
        *_explanations(findings),
        context(_facts(report, requester)),
        *buttons([(CHECK_AGAIN, "Check again", again), (SHARE, "Share in channel", share)]),
    ]
    room = LARGEST - size([*top, *bottom]) - _ROOM_FOR_MORE
    return Message(
        text=" ".join(map(unformatted, [f"{headline}. {wording.what_follows(report)}", *_worst(findings)])),
        blocks=(*top, *_table(findings, room), *bottom),
    )


def _verdict(verdict: Verdict) -> str:
    return f"{SYMBOLS[verdict]} {verdict.upper()}"


def _asked_for(report: Report) -> str:
    """Name what was checked, short enough for a header."""
    asked = wording.asked_for(report.selection)
    if not asked:
        return "all segments"
    more = f" and {number(len(asked) - _MOST_NAMED)} more" if len(asked) > _MOST_NAMED else ""
    return ", ".join(line(each, _LONGEST_NAME) for each in asked[:_MOST_NAMED]) + more


def _table(findings: list[Finding], room: int) -> list[Block]:
    """Return a table of as many findings as fit into ``room`` characters, and a note on the rest."""
    if not findings:
        return []
    rows: list[tuple[str, ...]] = [_HEADS]
    for finding in findings[:_MOST_ROWS]:
        row = _row(finding)
        if size([table([*rows, row], _COLUMNS)]) > room:
            break
        rows.append(row)
    left_out = Counter(finding.verdict for finding in findings[len(rows) - 1 :])
    counted = ", ".join(f"{number(left_out[verdict])} {verdict}" for verdict in reversed(Verdict) if left_out[verdict])
    more = [context([plain_text(f"{number(left_out.total())} more: {counted}")])] if left_out else []
    return [table(rows, _COLUMNS), *more]


def _row(finding: Finding) -> tuple[str, ...]:
    cells = (*wording.cells(finding)[:-1], _age(finding), wording.counted_segment(finding))
    return (
        _verdict(finding.verdict),
        line(finding.name, _LONGEST_NAME),
        finding.part,
        *(line(cell, _LONGEST_CELL) for cell in cells),
    )


def _age(finding: Finding) -> str:
    """Return the age of the count and the time it refers to, because people may read the message much later."""
    if finding.age is None or finding.read_at is None:
        return finding.age or ""
    old = finding.age.removeprefix("counted ").removesuffix(" ago")
    return f"{old} old at {finding.read_at.astimezone(UTC):%H:%M:%S} UTC"


def _explanations(findings: list[Finding]) -> list[Block]:
    """Return a paragraph for each of the first findings in trouble, the first unknown one always among them."""
    troubled = [finding for finding in findings if finding.troubles]
    chosen, rest = troubled[:_MOST_EXPLAINED], troubled[_MOST_EXPLAINED:]
    unknown = [finding for finding in rest if finding.verdict is Verdict.UNKNOWN]
    if unknown and all(finding.verdict is not Verdict.UNKNOWN for finding in chosen):
        chosen[-1] = unknown[0]
    left_out = len(troubled) - len(chosen)
    more = [context([plain_text(f"{number(left_out)} more that did not pass: see the table")])] if left_out else []
    return [*map(_paragraph, chosen), *more]


def _worst(findings: list[Finding]) -> Iterator[str]:
    """Yield the worst finding's segment, numbers, bound and next step, for notifications and screen readers."""
    for finding in findings[:1]:
        if finding.troubles:
            where, what, *step = _explanation(finding)
            yield f"{where}: {what}."
            yield from (f"{each}." for each in step)


def _paragraph(finding: Finding) -> Block:
    where, *rest = _explanation(finding)
    owner = [f"Ask: {line(finding.owner, _LONGEST_NAME)}"] if finding.owner else []
    return section(f"{SYMBOLS[finding.verdict]} {where}", *rest, *owner)


def _explanation(finding: Finding) -> Iterator[str]:
    """Yield where the gravest trouble is, what it is, and the next step if there is one."""
    gravest = gravest_first(finding.troubles)[0]
    yield f"{line(finding.name, _LONGEST_NAME)}, {finding.part}"
    yield line(wording.sentence(gravest, finding), _LONGEST_SENTENCE)
    if step := next_steps.next_step(gravest, finding):
        yield f"Next: {step}"


def _facts(report: Report, requester: str | None) -> Iterator[Block]:
    """Yield who asked, when, and the source of the counts; the requester is the only mention in the message."""
    if requester and _USER.fullmatch(requester):
        yield mrkdwn(f"Asked by <@{requester}>")
    took = duration((report.finished_at - report.started_at).total_seconds())
    yield plain_text(f"{utc(report.started_at)}, took {took}")
    yield plain_text(f"Approximate counts by Blueshift ({line(report.host, _LONGEST_FACT)})")
    yield plain_text(f"{line(report.rules_path, _LONGEST_FACT)}, version {line(report.rules_sha256[:12], 12)}")
    yield plain_text(f"audience-guard {line(report.version, _LONGEST_FACT)}")
