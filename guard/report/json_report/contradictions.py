"""What cannot be true in a saved report, whatever the rules were: it contradicts itself or its run."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from guard.core.measure import Measure
from guard.core.model import Channel
from guard.core.results import Verdict
from guard.core.text import UUID
from guard.report.json_report.past import past_of_check, past_of_report
from guard.report.json_report.words import shown

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from guard.report.json_report.model import ReportObject
    from guard.report.json_report.results import CampaignObject, GuardObject, SegmentObject, TotalObject

_CLOCKS_DIFFER = timedelta(hours=15)  # a clock with local time for UTC is off by at most 14
_STAMPS_DIFFER = timedelta(hours=1)  # Blueshift's stamps and its Date may come from two clocks


def contradictions(report: ReportObject) -> Iterator[str]:
    """Yield every contradiction, as ``where: what``."""
    for number, segment in enumerate(report.segments):
        where = f"segments[{number}]"
        for position, guard in enumerate(segment.guards):
            for what in (*_of_checks(guard), *_of_guard(guard, report)):
                yield f"{where}.guards[{position}]: {what}"
        yield from (f"{where}: {what}" for what in _of_segment(segment))
    for number, campaign in enumerate(report.campaigns):
        where = f"campaigns[{number}]"
        for position, total in enumerate(campaign.totals):
            for what in _of_checks(total):
                yield f"{where}.totals[{position}]: {what}"
        yield from (f"{where}: {what}" for what in _of_campaign(campaign))
    yield from _of_report(report)


def _of_checks(judged: GuardObject | TotalObject) -> Iterator[str]:
    if not judged.checks:
        yield "it has no checks"
    people = [check for check in judged.checks if check.bound.measure is Measure.PEOPLE]
    for check in people:
        if isinstance(check.limit, float) or isinstance(check.observed, float):
            yield f"people are counted in whole numbers, but {check.bound} has a fraction"
    uncounted = any(check.observed is None for check in judged.checks)
    if (judged.count is None) is not (uncounted and judged.verdict is Verdict.UNKNOWN):
        yield "the count must be null exactly when the verdict is unknown and nothing was observed"
    if (judged.reason is None) is any(check.verdict is Verdict.UNKNOWN for check in judged.checks):
        yield "a reason must be given exactly when a check is unknown"
    if len({check.observed for check in people}) > 1:
        yield "its checks observed different numbers of people"
    if _has_twins((check.bound, check.baseline.from_ if check.baseline else None) for check in judged.checks):
        yield "two of its checks are of the same bound"
    for check in judged.checks:
        yield from (f"{check.bound}: {what}" for what in past_of_check(check, judged.checks))


def _of_guard(guard: GuardObject, report: ReportObject) -> Iterator[str]:
    """Yield also what a refresh of this run cannot have: each began and ended within the run."""
    if (guard.count is None) is not (guard.counted_at is None):
        yield "count and counted_at must be null together"
    at, took = guard.counted_at, report.finished_at - report.started_at
    if at and (report.started_at - at > _CLOCKS_DIFFER or at - report.finished_at > _CLOCKS_DIFFER):
        yield "counted_at is not within this run, even if clocks differ by hours"
    if guard.age_seconds is not None and guard.age_seconds > (took + _STAMPS_DIFFER).total_seconds():
        yield "age_seconds is longer than this run, so the count is from another run"


def _of_segment(segment: SegmentObject) -> Iterator[str]:
    if not segment.guards:
        yield "it has no guards"
    if segment.uuid is not None and not re.fullmatch(UUID, segment.uuid):
        yield f"{shown(segment.uuid)} is not a uuid"
    if segment.uuid is None and any(guard.count is not None for guard in segment.guards):
        yield "it has a count, but no uuid"
    users = {guard.users for guard in segment.guards}
    users |= {guard.count for guard in segment.guards if guard.channel is Channel.USERS}
    if len(users - {None}) > 1:
        yield "its guards give different numbers of users"
    if _has_twins(guard.channel for guard in segment.guards):
        yield "two of its guards are on the same channel"


def _of_campaign(campaign: CampaignObject) -> Iterator[str]:
    if _has_twins(campaign.segments):
        yield "it names a segment twice"
    if _has_twins(total.channel for total in campaign.totals):
        yield "two of its totals are of the same channel"
    if any(check.baseline for total in campaign.totals for check in total.checks):
        yield "a total cannot be compared with the past"
    if any(check.bound.measure is not Measure.PEOPLE for total in campaign.totals for check in total.checks):
        yield "a total cannot have a share"
    if any(tuple(part.segment for part in total.parts) != campaign.segments for total in campaign.totals):
        yield "the parts of a total are not the segments of its campaign, each once and in order"


def _of_report(report: ReportObject) -> Iterator[str]:
    yield from past_of_report(report)
    keys = [segment.key for segment in report.segments]
    campaigns = [campaign.key for campaign in report.campaigns]
    asked = report.selection
    if _has_twins(keys):
        yield "two segments have the same key"
    given = [segment for segment in report.segments if segment.uuid and segment.name is None]
    if _has_twins((segment.uuid, segment.bypass_global) for segment in given):
        yield "two segments have the same uuid and the same bypass_global"
    if not set(asked.segments) <= set(keys) or not set(asked.campaigns) <= set(campaigns):
        yield "a selected segment or campaign is missing"
    if not set(asked.tags) <= {tag for segment in report.segments for tag in segment.tags}:
        yield "no segment has a tag that was selected"
    if any(not campaign.segments or not set(campaign.segments) <= set(keys) for campaign in report.campaigns):
        yield "a campaign has no segments, or names one that is missing"
    if _has_twins(campaigns):
        yield "two campaigns have the same key"
    if report.finished_at < report.started_at:
        yield "finished_at is before started_at"


def _has_twins(values: Iterable[Hashable]) -> bool:
    found = list(values)
    return len(set(found)) < len(found)
