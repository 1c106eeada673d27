"""What a run has to count: the selected segments and campaigns, and the channels needed to judge them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.core.errors import UsageError
from guard.core.model import Campaign, Channel, Rules, Segment, Selection
from guard.core.text import did_you_mean, printable

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The segments to check and the campaigns whose totals are judged, both in the order of the rules."""

    segments: tuple[Segment, ...]
    campaigns: tuple[Campaign, ...]

    def channels(self, segment: Segment) -> tuple[Channel, ...]:
        """Return every channel of the segment that needs a proven count, its users first."""
        needed = {guard.channel for guard in segment.guards}
        if any(guard.needs_users for guard in segment.guards):
            needed.add(Channel.USERS)
        for campaign in self.campaigns:
            if segment.key in campaign.segments:
                needed.update(total.channel for total in campaign.totals)
        return tuple(channel for channel in Channel if channel in needed)


def plan(rules: Rules, selection: Selection) -> Plan:
    """Return the plan for a selection; an empty one selects everything.

    Segments come from all three kinds of selection together. Totals are judged for the selected campaigns, or for all
    if nothing is selected. Raises ``UsageError`` for a key or tag that the rules do not have.
    """
    if not selection:
        return Plan(segments=rules.segments, campaigns=rules.campaigns)
    _refuse_unknown("segment", selection.segments, [segment.key for segment in rules.segments], rules)
    _refuse_unknown("tag", selection.tags, sorted({tag for each in rules.segments for tag in each.tags}), rules)
    _refuse_unknown("campaign", selection.campaigns, [campaign.key for campaign in rules.campaigns], rules)
    campaigns = tuple(each for each in rules.campaigns if each.key in selection.campaigns)
    keys = {*selection.segments, *(key for campaign in campaigns for key in campaign.segments)}
    return Plan(
        segments=tuple(each for each in rules.segments if each.key in keys or set(each.tags) & set(selection.tags)),
        campaigns=campaigns,
    )


def _refuse_unknown(kind: str, asked: Iterable[str], known: list[str], rules: Rules) -> None:
    for word in asked:
        if word not in known:
            raise UsageError(
                f'{printable(rules.path)} has no {kind} "{printable(word)}"{did_you_mean(word, known)}',
                hint=f"its {kind}s are: {', '.join(map(printable, known[:20]))}" if known else f"it has no {kind}s",
            )
