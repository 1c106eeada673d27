"""From rules and readings to a report: the only place that decides a verdict or words a result.

Pure and total: every bound gets a check, whatever was or was not found out. What could not be found out is unknown,
never 0 and never a pass.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from guard.core.measure import ZERO_USERS, Measure
from guard.core.model import Bound, Campaign, Channel, Guard, Segment, Severity, Total
from guard.core.results import (
    CampaignResult,
    Check,
    Count,
    GuardResult,
    Part,
    Reason,
    SegmentReadings,
    SegmentResult,
    TotalResult,
    Unavailable,
    Verdict,
    worst,
)
from guard.core.text import number, percent, told_apart

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from guard.core.plan import Plan

_NOTHING_READ = Unavailable(reason=Reason.INTERNAL, detail="no count was taken")
_PARTS_NAMED = 3


def evaluate(
    plan: Plan, readings: Mapping[str, SegmentReadings]
) -> tuple[tuple[SegmentResult, ...], tuple[CampaignResult, ...]]:
    """Judge every guard and every total of the plan, in its order.

    ``readings`` holds what was found out, by the segment's key; a segment or channel that is missing there is unknown.
    """
    segments = tuple(
        _judge_segment(segment, readings.get(segment.key), plan.channels(segment)) for segment in plan.segments
    )
    verdicts = {result.segment.key: result.verdict for result in segments}
    return segments, tuple(_judge_campaign(campaign, readings, verdicts) for campaign in plan.campaigns)


def _judge_segment(segment: Segment, readings: SegmentReadings | None, planned: tuple[Channel, ...]) -> SegmentResult:
    """Judge a segment by the channels that were planned to be counted; the report tells of no others."""
    found = readings.channels if readings else {}
    channels = {channel: found[channel] for channel in planned if channel in found}
    return SegmentResult(
        segment=segment,
        uuid=readings.uuid if readings else segment.uuid,
        guards=tuple(judge_guard(guard, channels) for guard in segment.guards),
    )


def judge_guard(guard: Guard, channels: Mapping[Channel, Count | Unavailable]) -> GuardResult:
    """Judge one guard by what was found out about the channels of its segment."""
    count = channels.get(guard.channel, _NOTHING_READ)
    users = (channels if guard.needs_users else {}).get(Channel.USERS, _NOTHING_READ)
    shares = [Fraction(bound.limit) for bound in guard.bounds if bound.name.measure is Measure.SHARE]
    held = [(bound, _observe(guard.channel, bound, count, users)) for bound in guard.bounds]
    checks = tuple(
        _check(bound, observed, guard.severity, _subject(guard.channel, bound, observed, count, users, shares), shares)
        for bound, observed in held
    )
    missing = next((observed for _, observed in held if isinstance(observed, Unavailable)), None)
    known = worst(check.verdict for check in checks) is not Verdict.UNKNOWN
    doubt = _doubt(guard.channel, channels)
    return GuardResult(
        channel=guard.channel,
        severity=guard.severity,
        count=count if known and isinstance(count, Count) else None,
        users=users.value if isinstance(users, Count) else None,
        reason=missing.reason if missing else None,
        detail=missing.detail if missing else doubt,
        line=guard.line,
        checks=checks,
        cause=missing.cause if missing else None,
        is_contradictory=doubt is not None,
    )


def _observe(
    channel: Channel, bound: Bound, count: Count | Unavailable, users: Count | Unavailable
) -> int | Fraction | Unavailable:
    """Return what the bound is held against; that nobody has a share of nobody may be a contradiction."""
    observed = bound.name.measure.observe(count, users)
    if observed is ZERO_USERS and isinstance(count, Count) and isinstance(users, Count) and count.value:
        return Unavailable(reason=Reason.BAD_ANSWER, detail=_contradiction({channel: count}, users))
    return observed


def _check(
    bound: Bound,
    observed: int | Fraction | Unavailable,
    severity: Severity,
    subject: str,
    shares: Sequence[Fraction] = (),
) -> Check:
    """Judge one bound; ``shares`` are all the shares that the guard is held to, as in ``_subject``."""
    if isinstance(observed, Unavailable):
        return Check(
            bound=bound.name,
            limit=bound.limit,
            observed=None,
            verdict=Verdict.UNKNOWN,
            line=bound.line,
            message=f"{subject}: {observed.detail}",
        )
    broken = bound.name.is_broken(observed, bound.limit)
    lenient = bound.name.is_warning or severity is Severity.WARN
    return Check(
        bound=bound.name,
        limit=bound.limit,
        observed=observed,
        verdict=(Verdict.WARN if lenient else Verdict.FAIL) if broken else Verdict.PASS,
        line=bound.line,
        message=f"{subject}, {_distance(bound, observed, shares, broken=broken)}",
    )


def _distance(bound: Bound, observed: int | Fraction, shares: Sequence[Fraction], *, broken: bool) -> str:
    """Say how the observed value stands to the limit, in people or in percentage points between what is shown."""
    name, measure = bound.name, bound.name.measure
    limit = measure.shown_limit(bound.limit)
    if not broken:
        return f"which {'meets' if name.is_floor else 'is within'} the {name.label} of {limit}"
    gap = measure.gap(observed, bound.limit, shares)
    return f"which is {gap} {'below' if name.is_floor else 'above'} the {name.label} of {limit}"


def _subject(
    channel: Channel,
    bound: Bound,
    observed: int | Fraction | Unavailable,
    count: Count | Unavailable,
    users: Count | Unavailable,
    shares: Sequence[Fraction],
) -> str:
    """Say what was observed, as the start of a sentence; a share can be told from all the ``shares``, as written."""
    label = channel.facts.label
    match observed, count, users:
        case Unavailable(), _, _:
            return (
                f"the share of {label} in users is unknown"
                if bound.name.measure is Measure.SHARE
                else f"{label} is unknown"
            )
        case Fraction(), Count(value=value), Count(value=all_users):
            share = percent(told_apart(observed, *shares))
            return f"{label} reaches {share} of the users ({number(value)} of {number(all_users)})"
        case int(), _, _ if channel is Channel.USERS:
            return f"the segment holds {number(observed)} users"
        case 0, _, _:
            return f"{label} reaches 0 (which can also mean that Blueshift has no {label} adapter set up)"
        case _:
            return f"{label} reaches {number(int(observed))}"


def _doubt(channel: Channel, channels: Mapping[Channel, Count | Unavailable]) -> str | None:
    """Say when the channel, or for the users any channel, reaches more people than there are users."""
    users = channels.get(Channel.USERS)
    if not isinstance(users, Count):
        return None
    held = channels.items() if channel is Channel.USERS else [(channel, channels.get(channel))]
    larger = {each: count for each, count in held if isinstance(count, Count) and count.value > users.value}
    return _contradiction(larger, users) if larger else None


def _contradiction(larger: Mapping[Channel, Count], users: Count) -> str:
    reach = [f"{channel.facts.label} ({number(count.value)})" for channel, count in larger.items()]
    are = "is" if len(reach) == 1 else "are"
    return f"these numbers contradict each other: {' and '.join(reach)} {are} more than users ({number(users.value)})"


def _judge_campaign(
    campaign: Campaign, readings: Mapping[str, SegmentReadings], verdicts: Mapping[str, Verdict]
) -> CampaignResult:
    totals = tuple(_judge_total(total, campaign, readings) for total in campaign.totals)
    own = [verdicts.get(key, Verdict.UNKNOWN) for key in campaign.segments]
    return CampaignResult(campaign=campaign, verdict=worst([*own, *(each.verdict for each in totals)]), totals=totals)


def _judge_total(total: Total, campaign: Campaign, readings: Mapping[str, SegmentReadings]) -> TotalResult:
    parts = _parts(total.channel, campaign, readings)
    observed = parts if isinstance(parts, Unavailable) else sum(parts.values())
    subject = _total_subject(total.channel, parts)
    doubt = None if isinstance(observed, Unavailable) else _doubt_of_parts(total.channel, campaign, readings)
    return TotalResult(
        channel=total.channel,
        count=None if isinstance(observed, Unavailable) else observed,
        reason=observed.reason if isinstance(observed, Unavailable) else None,
        detail=observed.detail if isinstance(observed, Unavailable) else doubt,
        line=total.line,
        checks=tuple(_check(bound, observed, Severity.FAIL, subject) for bound in total.bounds),
        parts=tuple(_part(key, _reading(key, total.channel, readings)) for key in campaign.segments),
        cause=observed.cause if isinstance(observed, Unavailable) else None,
    )


def _doubt_of_parts(channel: Channel, campaign: Campaign, readings: Mapping[str, SegmentReadings]) -> str | None:
    """Return the first contradiction among the segments of a campaign, after the segment's key."""
    for key in campaign.segments:
        if key in readings and (doubt := _doubt(channel, readings[key].channels)):
            return f"{key}: {doubt}"
    return None


def _part(key: str, reading: Count | Unavailable) -> Part:
    return Part(segment=key, count=reading.value if isinstance(reading, Count) else None)


def _total_subject(channel: Channel, parts: dict[str, int] | Unavailable) -> str:
    """Say what the segments reach together, and which of them reach the most."""
    label = channel.facts.label
    if isinstance(parts, Unavailable):
        return f"the total of {label} is unknown"
    largest = sorted(parts.items(), key=lambda part: -part[1])
    named = ", ".join(f"{key} {number(value)}" for key, value in largest[:_PARTS_NAMED])
    more = f", {len(largest) - _PARTS_NAMED} more" if len(largest) > _PARTS_NAMED else ""
    reaching = [value for value in parts.values() if value]
    if len(reaching) > 1:  # who is in several of them is not known, so the sum is the most that it can be
        more += f"; people in several of them are counted once for each, so it is {number(max(reaching))} at least"
    reach = "hold {} users" if channel is Channel.USERS else f"reach {{}} by {label}"
    return f"its segments together {reach.format(number(sum(parts.values())))} ({named}{more})"


def _parts(
    channel: Channel, campaign: Campaign, readings: Mapping[str, SegmentReadings]
) -> dict[str, int] | Unavailable:
    """Return each segment's reach, or why the sum is not known: one segment without a proven count is enough."""
    parts: dict[str, int] = {}
    for key in campaign.segments:
        reading = _reading(key, channel, readings)
        if isinstance(reading, Unavailable):
            return replace(reading, detail=f"{key}: {reading.detail}")
        parts[key] = reading.value
    return parts


def _reading(key: str, channel: Channel, readings: Mapping[str, SegmentReadings]) -> Count | Unavailable:
    own = readings.get(key)
    return own.channels.get(channel, _NOTHING_READ) if own else _NOTHING_READ
