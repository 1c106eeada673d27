"""What the HTML page shows, in order and in words: cards for segments and for campaigns."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from guard.core.model import Severity
from guard.core.results import GuardResult, Verdict
from guard.core.text import number, printable, shortened
from guard.report import next_steps, wording
from guard.report.gauge_picture import Bullet, bullets
from guard.report.view import guards_of, totals_of, utc, worst_first

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from guard.core.results import CampaignResult, Report, SegmentResult, TotalResult
    from guard.report.view import Finding

_LONGEST_NAME = 200
_LONGEST_TEXT = 600
_HEADINGS = {
    Verdict.FAIL: "Out of bounds",
    Verdict.UNKNOWN: "Could not be found out",
    Verdict.WARN: "Worth a look",
    Verdict.PASS: "Within bounds",
}
"""The headings of the segments by verdict, the worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The result of one bound, or of several with the same sentence, and their places in the rules."""

    verdict: Verdict
    sentence: str
    places: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A guard or a campaign's total.

    ``people`` is the count, ``distance`` how far off it is, ``origin`` when and how it was counted, ``remark`` what
    else to know, ``steps`` what to do next and ``ask`` whom to ask.
    """

    part: str
    verdict: Verdict
    people: str | None
    distance: str | None
    origin: str | None
    bullets: tuple[Bullet, ...]
    lines: tuple[Line, ...]
    remark: str | None
    steps: tuple[str, ...]
    ask: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A segment or a campaign; ``facts`` are pairs of label and value."""

    name: str
    verdict: Verdict
    description: str | None
    facts: tuple[tuple[str, str], ...]
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The segments of one verdict, or all campaigns; links lead to ``anchor``."""

    anchor: str
    heading: str
    noun: str
    cards: tuple[Card, ...]


def groups(report: Report) -> list[Group]:
    """Return the segments by verdict, the worst first, and then the campaigns, without empty groups."""
    segments = _segments(report)
    found = [
        Group(
            anchor=verdict.value,
            heading=heading,
            noun="segment",
            cards=tuple(card for card in segments if card.verdict is verdict),
        )
        for verdict, heading in _HEADINGS.items()
    ]
    found.append(Group(anchor="campaigns", heading="Campaigns", noun="campaign", cards=tuple(_campaigns(report))))
    return [group for group in found if group.cards]


def circumstances(report: Report) -> list[tuple[str, str]]:
    """Return who was asked, when, and by which rules, as pairs of label and value."""
    selection = report.selection
    asked = {"Segments": selection.segments, "Tags": selection.tags, "Campaigns": selection.campaigns}
    return [
        ("Asked", _name(report.host)),
        ("Started", utc(report.started_at)),
        ("Finished", utc(report.finished_at)),
        ("Rules", _text(report.rules_path)),
        ("SHA-256 of the rules", _name(report.rules_sha256)),
        *((f"{what} checked only", _text(", ".join(keys))) for what, keys in asked.items() if keys),
        ("Stops on", f"--fail-on {report.fail_on}"),
        ("Exit code", str(int(report.exit_code))),
        ("Checked by", f"audience-guard {_name(report.version)}"),
    ]


def _segments(report: Report) -> list[Card]:
    findings = iter(guards_of(report))
    return [_segment(result, islice(findings, len(result.guards))) for result in report.segments]


def _segment(result: SegmentResult, findings: Iterable[Finding]) -> Card:
    segment = result.segment
    facts = {
        "Owner": segment.owner,
        "Tags": ", ".join(segment.tags),
        "Name in Blueshift": segment.name,
        "UUID": result.uuid,
        "Counted": "without the account's global inclusion segment" if segment.bypass_global else None,
    }
    blocks = [_guard(guard, finding) for guard, finding in zip(result.guards, findings, strict=True)]
    return Card(
        name=_name(segment.key),
        verdict=result.verdict,
        description=_text(" ".join(segment.description.split("\n")).strip()) if segment.description else None,
        facts=tuple((what, _name(which)) for what, which in facts.items() if which),
        blocks=tuple(worst_first(blocks)),
    )


def _campaigns(report: Report) -> list[Card]:
    findings = iter(totals_of(report))
    cards = [_campaign(result, islice(findings, len(result.totals))) for result in report.campaigns]
    return worst_first(cards)


def _campaign(result: CampaignResult, findings: Iterable[Finding]) -> Card:
    segments = ", ".join(result.campaign.segments)
    return Card(
        name=_name(result.campaign.key),
        verdict=result.verdict,
        description=None,
        facts=(("Segments", _text(segments)),),
        blocks=tuple(
            worst_first(_total(total, finding) for total, finding in zip(result.totals, findings, strict=True))
        ),
    )


def _guard(guard: GuardResult, finding: Finding) -> Block:
    origin = None
    if guard.count:
        moment = utc(guard.count.counted_at)
        origin = f"Proven: Blueshift counted it again for this run; {finding.age or ''}"
        origin += "" if moment in origin else f", at {moment}"
    return _block(finding, guard.severity, origin)


def _total(total: TotalResult, finding: Finding) -> Block:
    return _block(finding, Severity.FAIL, None if total.count is None else "The sum of its segments' counts")


def _block(finding: Finding, severity: Severity, origin: str | None) -> Block:
    checks = worst_first(finding.checks)
    distances = (wording.distance(check, finding) for check in checks)
    steps = dict.fromkeys(next_steps.next_step(check, finding) for check in checks)
    remark = wording.remark(finding, checks)
    return Block(
        part=finding.part,
        verdict=finding.verdict,
        people=None if finding.people is None else number(finding.people),
        distance=next(filter(None, distances), None),
        origin=origin,
        bullets=bullets(finding.checks, severity),
        lines=tuple(_lines(finding)),
        remark=_text(remark) if remark else None,
        steps=tuple(step for step in steps if step),
        ask=_name(finding.owner) if finding.owner and finding.troubles else None,
    )


def _lines(finding: Finding) -> Iterator[Line]:
    """Yield the results of the bounds, the worst first; bounds with the same sentence share a line."""
    places: dict[tuple[Verdict, str], list[str]] = {}
    for check in worst_first(finding.checks):
        place = f"{_name(finding.path)}:{check.line}"
        places.setdefault((check.verdict, wording.sentence(check, finding)), []).append(place)
    for (verdict, sentence), where in places.items():
        yield Line(verdict=verdict, sentence=_text(sentence), places=", ".join(dict.fromkeys(where)))


def _name(text: str) -> str:
    return shortened(printable(text), _LONGEST_NAME)


def _text(text: str) -> str:
    return shortened(printable(text), _LONGEST_TEXT)
