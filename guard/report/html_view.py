"""What the HTML page shows, in order and in words: groups of cards, each a campaign with its totals or a segment."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.core.results import Verdict, gravest_first
from guard.core.text import plural, printable, shortened
from guard.report import decision, wording
from guard.report.facts import facts
from guard.report.gauge_picture import Bullet, bullets
from guard.report.trends.picture import Picture, picture
from guard.report.trends.points import trend_of
from guard.report.view import findings, utc

if TYPE_CHECKING:
    from guard.core.results import Check, Report
    from guard.report.view import Finding

_LONGEST_NAME = 200
_LONGEST_TEXT = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A guard or a campaign's total: its ``part``, what it led to, its gauges, and what helps to act."""

    part: str
    verdict: Verdict
    results: tuple[str, ...]
    bullets: tuple[Bullet, ...]
    facts: tuple[tuple[str, str], ...]
    trend: Picture | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A segment, or a campaign with its totals; ``facts`` are pairs of label and value."""

    name: str
    is_campaign: bool
    verdict: Verdict
    description: str | None
    facts: tuple[tuple[str, str], ...]
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The cards of one verdict; links lead to ``anchor``, and ``many`` says how many of what: ``2 segments``."""

    anchor: str
    heading: str
    many: str
    cards: tuple[Card, ...]


def groups(report: Report) -> list[Group]:
    """Return the campaigns' totals and the segments by verdict, the worst first, without empty groups."""
    held: dict[tuple[bool, str], list[Finding]] = {}
    for finding in findings(report):
        held.setdefault((finding.is_total, finding.name), []).append(finding)
    cards = [_card(told) for told in held.values()]
    found = [(verdict, tuple(card for card in cards if card.verdict is verdict)) for verdict in wording.HEADINGS]
    return [
        Group(anchor=verdict.value, heading=wording.HEADINGS[verdict], many=_many(cards), cards=cards)
        for verdict, cards in found
        if cards
    ]


def circumstances(report: Report) -> list[tuple[str, str]]:
    """Return who was asked, when, and by which rules, as pairs of label and value."""
    selection = report.selection
    asked = {"Segments": selection.segments, "Tags": selection.tags, "Campaigns": selection.campaigns}
    return [
        ("Asked", _name(decision.account(report))),
        ("Started", utc(report.started_at)),
        ("Finished", utc(report.finished_at)),
        ("Rules", _text(report.rules_path)),
        ("SHA-256 of the rules", _name(report.rules_sha256)),
        *((f"{what} checked only", _text(", ".join(keys))) for what, keys in asked.items() if keys),
        *((("History", _text(decision.history(report))),) if report.history else ()),
        ("Stops on", f"--fail-on {report.fail_on}"),
        ("Checked by", f"audience-guard {_name(report.version)}"),
    ]


def _many(cards: tuple[Card, ...]) -> str:
    found = Counter(card.is_campaign for card in cards)
    kinds = ((found[True], "campaign"), (found[False], "segment"))
    return " and ".join(plural(many, noun) for many, noun in kinds if many)


def _card(told: list[Finding]) -> Card:
    first = told[0]
    description = " ".join((first.description or "").split("\n")).strip()
    segment = wording.counted_segment(first)
    return Card(
        name=_name(first.name),
        is_campaign=first.is_total,
        verdict=first.verdict,
        description=_text(description) or None,
        facts=(("In Blueshift", _text(segment)),) if segment else (),
        blocks=tuple(_block(finding) for finding in gravest_first(told)),
    )


def _block(finding: Finding) -> Block:
    trend = trend_of(finding)
    told = facts(finding, beside_trend=trend is not None)
    return Block(
        part=finding.part,
        verdict=finding.verdict,
        results=tuple(_text(each) for each in wording.results(finding)),
        bullets=bullets(_drawn(finding), finding.severity),
        facts=tuple((fact.label, _text(fact.text)) for fact in told if fact.label != "segment"),
        trend=picture(trend) if trend else None,
    )


def _drawn(finding: Finding) -> list[Check]:
    """Return the checks to draw: all that measure what is in trouble, or all if nothing is."""
    measures = {check.bound.measure for check in finding.troubles}
    return [check for check in finding.checks if not measures or check.bound.measure in measures]


def _name(text: str) -> str:
    return shortened(printable(text), _LONGEST_NAME)


def _text(text: str) -> str:
    return shortened(printable(text), _LONGEST_TEXT)
