"""Judges readings by the rules: the only place that decides a verdict or writes a check's sentence.

Every bound gets a check. A count that is missing makes it unknown, never 0 and never a pass.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from guard.core.measure import ZERO_USERS, Measure
from guard.core.model import Bound, Campaign, Channel, Guard, Segment, Severity, Total
from guard.core.relative import resolved
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
    from collections.abc import Iterable, Mapping, Sequence

    from guard.core.plan import Plan
    from guard.core.relative import Past

_NOTHING_READ = Unavailable(reason=Reason.INTERNAL, detail="no count was taken")
_NO_PAST = "the history could not be read, or a part of it was lost or changed, so there is nothing to compare with"
_PARTS_NAMED = 3


def evaluate(
    plan: Plan, readings: Mapping[str, SegmentReadings], pasts: Mapping[tuple[str, Channel], Past] | None = None
) -> tuple[tuple[SegmentResult, ...], tuple[CampaignResult, ...]]:
    """Judge every guard and every total, in the order of the plan.

    ``readings`` are by the segment's key; a missing segment or channel is unknown. Channels that were not planned do
    not matter, because no report shows them. ``pasts`` are by the segment's key and the channel; without one, a bound
    that needs it is unknown.
    """
    pasts = pasts or {}
    planned = dict(readings)
    for segment in plan.segments:
        if segment.key in readings:
            planned[segment.key] = _planned(readings[segment.key], plan.channels(segment))
    segments = tuple(_judge_segment(segment, planned.get(segment.key), pasts) for segment in plan.segments)
    verdicts = {result.segment.key: result.verdict for result in segments}
    return segments, tuple(_judge_campaign(campaign, planned, verdicts) for campaign in plan.campaigns)


def _planned(readings: SegmentReadings, channels: tuple[Channel, ...]) -> SegmentReadings:
    found = {channel: readings.channels[channel] for channel in channels if channel in readings.channels}
    return replace(readings, channels=found)


def _judge_segment(
    segment: Segment, readings: SegmentReadings | None, pasts: Mapping[tuple[str, Channel], Past]
) -> SegmentResult:
    readings = readings or SegmentReadings(uuid=segment.uuid, channels={})
    judged = (
        judge_guard(guard, readings.channels, pasts.get((segment.key, guard.channel))) for guard in segment.guards
    )
    guards = tuple(replace(each, before=readings.before.get(each.channel)) for each in judged)
    return SegmentResult(segment=segment, uuid=readings.uuid, guards=guards)


def judge_guard(guard: Guard, channels: Mapping[Channel, Count | Unavailable], past: Past | None = None) -> GuardResult:
    """Judge one guard by the readings of its segment's channels, and by its past if it has one."""
    guard = resolved(guard, past)
    count = channels.get(guard.channel, _NOTHING_READ)
    users = (channels if guard.needs_users else {}).get(Channel.USERS, _NOTHING_READ)
    shares = [Fraction(bound.known_limit) for bound in guard.bounds if bound.name.measure is Measure.SHARE]
    held = [(bound, _observe(guard.channel, bound, count, users)) for bound in guard.bounds]
    checks = tuple(
        _check(bound, observed, guard.severity, _subject(guard.channel, bound, observed, count, users, shares), shares)
        for bound, observed in held
    )
    missing = next((observed for _, observed in held if isinstance(observed, Unavailable)), None)
    unknown = missing or _without_a_past(checks)
    fails = worst(check.verdict for check in checks) is Verdict.FAIL
    contradiction = _find_contradiction(guard.channel, channels)
    return GuardResult(
        channel=guard.channel,
        severity=guard.severity,
        count=count if isinstance(count, Count) and (missing is None or fails) else None,
        users=users.value if isinstance(users, Count) else None,
        reason=unknown.reason if unknown else None,
        detail=unknown.detail if unknown else contradiction,
        line=guard.line,
        checks=checks,
        cause=unknown.cause if unknown else None,
        is_contradictory=contradiction is not None,
    )


def _without_a_past(checks: Iterable[Check]) -> Unavailable | None:
    """Return why a count that is known could not be compared: the past cannot be trusted, or is too short."""
    unknown = [check.baseline for check in checks if check.verdict is Verdict.UNKNOWN and check.baseline]
    for found in unknown:
        if not found.is_learning:
            return Unavailable(reason=Reason.HISTORY, detail=_NO_PAST)
    return Unavailable(reason=Reason.LEARNING, detail=unknown[0].progress) if unknown else None


def _observe(
    channel: Channel, bound: Bound, count: Count | Unavailable, users: Count | Unavailable
) -> int | Fraction | Unavailable:
    """Return the observed value of the bound; a channel with people in a segment of 0 users is a contradiction."""
    observed = bound.name.measure.observe(count, users)
    if observed is ZERO_USERS and isinstance(count, Count) and isinstance(users, Count) and count.value:
        return Unavailable(reason=Reason.BAD_ANSWER, detail=_describe_contradiction({channel: count}, users))
    return observed


def _check(
    bound: Bound,
    observed: int | Fraction | Unavailable,
    severity: Severity,
    subject: str,
    shares: Sequence[Fraction] = (),
) -> Check:
    """Judge one bound; ``shares`` are the limits of all the guard's shares."""
    if isinstance(observed, Unavailable):
        return Check(
            bound=bound.name,
            limit=bound.limit,
            observed=None,
            verdict=Verdict.UNKNOWN,
            line=bound.line,
            message=f"{subject}: {observed.detail}",
            baseline=bound.baseline,
        )
    if bound.limit is None:
        return _uncompared(bound, observed, subject)
    broken = bound.name.is_broken(observed, bound.limit)
    lenient = bound.name.is_warning or severity is Severity.WARN
    return Check(
        bound=bound.name,
        limit=bound.limit,
        observed=observed,
        verdict=(Verdict.WARN if lenient else Verdict.FAIL) if broken else Verdict.PASS,
        line=bound.line,
        message=f"{subject}, {_distance(bound, bound.limit, observed, shares, broken=broken)}",
        baseline=bound.baseline,
    )


def _uncompared(bound: Bound, observed: int | Fraction, subject: str) -> Check:
    """Return the check of a bound that has no baseline; too short a past has the verdict that the rules give it."""
    found = bound.baseline
    is_learning = found is not None and found.is_learning
    return Check(
        bound=bound.name,
        limit=None,
        observed=observed,
        verdict=found.until_then if found and is_learning else Verdict.UNKNOWN,
        line=bound.line,
        message=f"{subject}; {found.progress}" if found and is_learning else f"{subject}, but {_NO_PAST}",
        baseline=found,
    )


def _distance(
    bound: Bound, limit: int | Fraction, observed: int | Fraction, shares: Sequence[Fraction], *, broken: bool
) -> str:
    """Compare the observed value with the limit, in people or in percentage points of the rounded shares."""
    name, measure = bound.name, bound.name.measure
    against = f"the {name.label} of {measure.shown_limit(limit)}"
    if bound.baseline:
        quietly = " without a warning" if name.is_warning else ""
        allowed = f"{bound.baseline.allows} {bound.baseline.words_in_full}"
        against = f"the {measure.shown_limit(limit)} that {allowed} allows{quietly}"
    if not broken:
        return f"which {'meets' if name.is_floor else 'is within'} {against}"
    return f"which is {measure.gap(observed, limit, shares)} {'below' if name.is_floor else 'above'} {against}"


def _subject(
    channel: Channel,
    bound: Bound,
    observed: int | Fraction | Unavailable,
    count: Count | Unavailable,
    users: Count | Unavailable,
    shares: Sequence[Fraction],
) -> str:
    """Say what was observed, as the start of a sentence; a share is rounded so that it differs from ``shares``."""
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


def _find_contradiction(channel: Channel, channels: Mapping[Channel, Count | Unavailable]) -> str | None:
    """Return the contradiction if the channel, or for users any channel, has more people than users."""
    users = channels.get(Channel.USERS)
    if not isinstance(users, Count):
        return None
    held = channels.items() if channel is Channel.USERS else [(channel, channels.get(channel))]
    larger = {each: count for each, count in held if isinstance(count, Count) and count.value > users.value}
    return _describe_contradiction(larger, users) if larger else None


def _describe_contradiction(larger: Mapping[Channel, Count], users: Count) -> str:
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
    contradiction = (
        None if isinstance(observed, Unavailable) else _first_contradiction(total.channel, campaign, readings)
    )
    return TotalResult(
        channel=total.channel,
        count=None if isinstance(observed, Unavailable) else observed,
        reason=observed.reason if isinstance(observed, Unavailable) else None,
        detail=observed.detail if isinstance(observed, Unavailable) else contradiction,
        line=total.line,
        checks=tuple(_check(bound, observed, Severity.FAIL, subject) for bound in total.bounds),
        parts=tuple(_part(key, total.channel, readings) for key in campaign.segments),
        cause=observed.cause if isinstance(observed, Unavailable) else None,
    )


def _first_contradiction(channel: Channel, campaign: Campaign, readings: Mapping[str, SegmentReadings]) -> str | None:
    """Return the first contradiction in a campaign's segments, with the segment's key."""
    for key in campaign.segments:
        if key in readings and (contradiction := _find_contradiction(channel, readings[key].channels)):
            return f"{key}: {contradiction}"
    return None


def _part(key: str, channel: Channel, readings: Mapping[str, SegmentReadings]) -> Part:
    reading = _reading(key, channel, readings)
    before = readings[key].before.get(channel) if key in readings else None
    return Part(segment=key, count=reading.value if isinstance(reading, Count) else None, before=before)


def _total_subject(channel: Channel, parts: dict[str, int] | Unavailable) -> str:
    """Say how many people the segments reach together, and which reach the most."""
    label = channel.facts.label
    if isinstance(parts, Unavailable):
        return f"the total of {label} is unknown"
    largest = sorted(parts.items(), key=lambda part: -part[1])
    named = ", ".join(f"{key} {number(value)}" for key, value in largest[:_PARTS_NAMED])
    more = f", {len(largest) - _PARTS_NAMED} more" if len(largest) > _PARTS_NAMED else ""
    reaching = [value for value in parts.values() if value]
    if len(reaching) > 1:  # segments may overlap, so the sum is an upper limit
        more += f"; people in several of them are counted once for each, so it is {number(max(reaching))} at least"
    reach = "hold {} users" if channel is Channel.USERS else f"reach {{}} by {label}"
    return f"its segments together {reach.format(number(sum(parts.values())))} ({named}{more})"


def _parts(
    channel: Channel, campaign: Campaign, readings: Mapping[str, SegmentReadings]
) -> dict[str, int] | Unavailable:
    """Return each segment's count, or why the sum is unknown: at least one segment has no proven count."""
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
