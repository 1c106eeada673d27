"""Who may be sent to: every campaign, and every segment that is in no campaign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.core.results import Verdict, gravest_first, worst
from guard.core.text import shortened
from guard.report.view import LONGEST_KEY, total_part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.core.results import CampaignResult, Report, SegmentResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """A campaign, or a segment that is in no campaign: what people decide about.

    ``because`` names what keeps it from being sent, or warns, the gravest first: ``sms total``, ``vip (users, email)``.
    ``fine`` are the other segments of a campaign.
    """

    name: str
    is_campaign: bool
    verdict: Verdict
    because: tuple[str, ...] = ()
    fine: tuple[str, ...] = ()


def audiences(report: Report) -> list[Audience]:
    """Return every campaign, then every segment that is in no campaign of the report, each the gravest first."""
    segments = {each.segment.key: each for each in report.segments}
    campaigns = [_campaign(each, segments) for each in report.campaigns]
    grouped = {key for each in report.campaigns for key in each.campaign.segments}
    alone = [
        Audience(name=key, is_campaign=False, verdict=each.verdict, because=_channels(each))
        for key, each in segments.items()
        if key not in grouped
    ]
    return [*gravest_first(campaigns), *gravest_first(alone)]


def _campaign(result: CampaignResult, segments: Mapping[str, SegmentResult]) -> Audience:
    reasons = [(total.verdict, total_part(total.channel)) for total in result.totals]
    fine = []
    for key in result.campaign.segments:
        held = segments.get(key)
        if held and held.verdict is Verdict.PASS:
            fine.append(key)
        else:
            channels = ", ".join(_channels(held)) if held else "not checked"
            reasons.append((held.verdict if held else Verdict.UNKNOWN, f"{shortened(key, LONGEST_KEY)} ({channels})"))
    because = [what for verdict, what in gravest_first(reasons, lambda pair: pair[0]) if verdict is not Verdict.PASS]
    return Audience(
        name=result.campaign.key,
        is_campaign=True,
        verdict=worst([result.verdict, *(verdict for verdict, _ in reasons)]),
        because=tuple(because),
        fine=tuple(fine),
    )


def _channels(result: SegmentResult) -> tuple[str, ...]:
    """Return the channels that did not pass, the gravest first."""
    return tuple(each.channel.facts.label for each in gravest_first(result.guards) if each.verdict is not Verdict.PASS)
