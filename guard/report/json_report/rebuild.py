"""Makes a report again from the facts in a saved JSON report: what was asked, what was counted, and why it was not.

The evaluator computes every verdict and sentence again, so no edit can make a pass that the numbers do not support.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, datetime
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING

from guard.core.baseline import Baseline
from guard.core.evaluate import evaluate, judge_guard
from guard.core.history import History
from guard.core.measure import Measure
from guard.core.model import Bound, Campaign, Channel, Guard, Rules, Segment, Selection, Total
from guard.core.plan import plan
from guard.core.results import Before, Count, Reason, Report, SegmentReadings, Unavailable
from guard.report.json_report.values import ALLOWS
from guard.report.wording import share

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from guard.report.json_report.model import HistoryObject, ReportObject
    from guard.report.json_report.results import CampaignObject, CheckObject, GuardObject, SegmentObject

_NO_MOMENT = datetime.min.replace(tzinfo=UTC)
_A_LITTLE = Fraction(1, 10**40)
_MORE_THAN_NOBODY = re.compile(r"\(([\d,]{1,21})\) is more than users \(0\)\Z")
_LIMIT_AS_WRITTEN = re.compile(r" of ([\d,]{1,10}(?:\.\d{1,20})?)%\Z")
_IMPORTED = re.compile(r" \([\d,.]{1,25}, (\d{1,2}) imported\) allows")
_ANSWERED = re.compile(r"^\S+ answered (\d{3})\b(?!.*, but not as Blueshift does)")
_STATUS_CAUSES = {
    **dict.fromkeys(("301", "302", "303", "307", "308", "407", "408"), Reason.NETWORK),
    "404": Reason.NOT_FOUND,
    "409": Reason.SERVER_ERROR,
    "429": Reason.RATE_LIMITED,
}
_ANY_LINE = 1  # the file has no line for a segment or a campaign, and no format shows one


def rebuild(saved: ReportObject) -> Report:
    """Return the report that the evaluator makes from the facts; raise ValueError if they do not fit the selection."""
    selection = Selection(
        segments=saved.selection.segments, tags=saved.selection.tags, campaigns=saved.selection.campaigns
    )
    parts = _parts(saved.campaigns)
    channels = {each.key: _channels(each, parts.get(each.key, {})) for each in saved.segments}
    segments = tuple(_segment(each, channels[each.key]) for each in saved.segments)
    campaigns = tuple(_campaign(each) for each in saved.campaigns)
    rules = Rules(path=saved.rules.path, sha256=saved.rules.sha256, segments=segments, campaigns=campaigns)
    planned = plan(rules, selection)
    if (planned.segments, planned.campaigns) != (segments, campaigns):
        raise ValueError("it contains a segment or a campaign that was not selected")
    before = _before(saved)
    readings = {
        each.key: SegmentReadings(uuid=each.uuid, channels=channels[each.key], before=before[each.key])
        for each in saved.segments
    }
    judged, totals = evaluate(planned, readings)
    return Report(
        version=saved.tool.version,
        fail_on=saved.fail_on,
        started_at=saved.started_at,
        finished_at=saved.finished_at,
        host=saved.host,
        rules_path=saved.rules.path,
        rules_sha256=saved.rules.sha256,
        account=saved.account,
        selection=selection,
        segments=judged,
        campaigns=totals,
        run_id=saved.run_id,
        history=_history(saved.history),
    )


def _history(saved: HistoryObject | None) -> History | None:
    if saved is None:
        return None
    return History(
        store=saved.store, began=saved.began, runs=saved.runs, recorded=saved.recorded, timezone=saved.timezone
    )


def _segment(saved: SegmentObject, channels: Mapping[Channel, Count | Unavailable]) -> Segment:
    return Segment(
        key=saved.key,
        uuid=saved.uuid if saved.name is None else None,
        name=saved.name,
        description=saved.description,
        owner=saved.owner,
        tags=saved.tags,
        bypass_global=saved.bypass_global,
        guards=tuple(_guard(each, channels) for each in saved.guards),
        line=_ANY_LINE,
    )


def _campaign(saved: CampaignObject) -> Campaign:
    totals = tuple(
        Total(
            channel=each.channel,
            bounds=tuple(
                Bound(name=check.bound, limit=int(check.limit or 0), line=check.line) for check in each.checks
            ),
            line=each.line,
        )
        for each in saved.totals
    )
    return Campaign(key=saved.key, owner=saved.owner, segments=saved.segments, totals=totals, line=_ANY_LINE)


# What was found out


def _channels(saved: SegmentObject, parts: Mapping[Channel, Count | Unavailable]) -> dict[Channel, Count | Unavailable]:
    """Return the result of each channel, from the segment's guards and from its part in campaign totals."""
    found = dict(parts)
    for guard in saved.guards:
        found[guard.channel] = _own(guard, found.get(guard.channel))
    for guard in saved.guards:
        if guard.users is not None:
            found.setdefault(Channel.USERS, _count(guard.users))
        elif isinstance(found[guard.channel], Count) and any(check.bound.measure.needs_users for check in guard.checks):
            found.setdefault(Channel.USERS, _unavailable(guard.reason, guard.detail))
    return found


def _own(guard: GuardObject, part: Count | Unavailable | None) -> Count | Unavailable:
    """Return the count of the guard's channel, or why there is none.

    An unknown guard may still have had a count: its share lacked the users.
    """
    if guard.count is not None and guard.counted_at is not None:
        return Count(value=guard.count, counted_at=guard.counted_at, age_seconds=guard.age_seconds)
    observed = (check.observed for check in guard.checks if check.bound.measure is Measure.PEOPLE)
    people = next((int(each) for each in observed if each is not None), None)
    if people is not None:
        return _count(people)
    if isinstance(part, Count):
        return part
    if guard.users == 0 and (told := _MORE_THAN_NOBODY.search(guard.detail or "")):
        return _count(int(told[1].replace(",", "")))
    return _count(0) if guard.reason is Reason.ZERO_USERS else _unavailable(guard.reason, guard.detail)


def _parts(campaigns: Iterable[CampaignObject]) -> dict[str, dict[Channel, Count | Unavailable]]:
    """Return the results of each segment from the totals; a total says why only for its first missing segment."""
    found: defaultdict[str, dict[Channel, Count | Unavailable]] = defaultdict(dict)
    for total in (total for campaign in campaigns for total in campaign.totals):
        missing = next((part.segment for part in total.parts if part.count is None), None)
        for part in total.parts:
            if part.count is not None:
                found[part.segment][total.channel] = _count(part.count)
            elif part.segment == missing:
                why = (total.detail or "").removeprefix(f"{missing}: ")
                found[missing][total.channel] = _unavailable(total.reason, why)
    return found


def _before(saved: ReportObject) -> defaultdict[str, dict[Channel, Before]]:
    """Return what Blueshift showed of each segment before the run, by its guards and its parts in totals."""
    found: defaultdict[str, dict[Channel, Before]] = defaultdict(dict)
    parts = (
        (part.segment, total.channel, part.before)
        for campaign in saved.campaigns
        for total in campaign.totals
        for part in total.parts
    )
    guards = ((each.key, guard.channel, guard.before) for each in saved.segments for guard in each.guards)
    for key, channel, before in (*parts, *guards):
        if before:
            found[key][channel] = Before(count=before.count, counted_at=before.counted_at)
    return found


def _count(value: int) -> Count:
    """Return a count without a moment: no format shows it by itself."""
    return Count(value=value, counted_at=_NO_MOMENT, age_seconds=None)


def _unavailable(reason: Reason | None, detail: str | None) -> Unavailable:
    cause = _cause(detail or "") if reason is Reason.DEADLINE else None
    return Unavailable(reason=reason or Reason.INTERNAL, detail=detail or "", cause=cause)


def _cause(detail: str) -> Reason | None:
    """Return what failed until the deadline; a file has it only in its sentence, in brackets at the end."""
    _, is_told, failure = detail.partition(" (")
    if not is_told:
        return None
    status = _ANSWERED.search(failure)
    if not status:
        return Reason.NETWORK
    return _STATUS_CAUSES.get(status[1], Reason.SERVER_ERROR if status[1] >= "500" else Reason.BAD_ANSWER)


# What was asked


def _guard(saved: GuardObject, channels: Mapping[Channel, Count | Unavailable]) -> Guard:
    """Return the guard whose limits agree best with the file; usually only one is possible."""
    limits = [_limits(check, channels.get(saved.channel), channels.get(Channel.USERS)) for check in saved.checks]
    guards = [
        Guard(
            channel=saved.channel,
            severity=saved.severity,
            bounds=tuple(
                Bound(name=check.bound, limit=limit, line=check.line, baseline=_baseline(check))
                for check, limit in zip(saved.checks, chosen, strict=True)
            ),
            line=saved.line,
        )
        for chosen in product(*limits)
    ]
    return guards[0] if len(guards) == 1 else max(guards, key=lambda guard: _agreement(guard, saved, channels))


def _baseline(check: CheckObject) -> Baseline | None:
    """Return what it was compared with; its sentence alone says by how much it may differ, and what was imported."""
    found = check.baseline
    if found is None:
        return None
    told, imported = ALLOWS.search(check.message), _IMPORTED.search(check.message)
    return Baseline(
        source=found.from_,
        state=found.state,
        value=None if found.value is None else Fraction(found.value),
        days=found.days,
        imported=int(imported[1]) if imported else 0,
        needs=found.needs,
        first=found.first,
        last=found.last,
        left_out=found.left_out,
        until_then=found.until_then,
        allows=told[1] if told else "",
    )


def _limits(
    check: CheckObject, count: Count | Unavailable | None, users: Count | Unavailable | None
) -> Sequence[int | Fraction | None]:
    """Return the possible limits.

    The evaluator compares exact shares, but a file has rounded ones. If a rounded share equals its limit, the limit may
    have been that share, a little less, or a little more.
    """
    if check.limit is None:
        return [None]
    if check.bound.measure is Measure.PEOPLE:
        return [int(check.limit)]
    written = share(check.limit)
    told = _LIMIT_AS_WRITTEN.search(check.message)
    if told and float(exact := Fraction(told[1].replace(",", "")) / 100) == check.limit:
        written = exact  # the sentence has all digits; the number is rounded
    if isinstance(count, Count) and isinstance(users, Count) and users.value:
        observed = Fraction(count.value, users.value)
        if float(observed) == check.limit:
            return [written, observed, observed - _A_LITTLE, observed + _A_LITTLE]
    return [written]


def _agreement(guard: Guard, saved: GuardObject, channels: Mapping[Channel, Count | Unavailable]) -> tuple[int, int]:
    """Return how many checks have the saved verdict, and how many the saved sentence."""
    pairs = list(zip(judge_guard(guard, channels).checks, saved.checks, strict=True))
    return sum(one.verdict is two.verdict for one, two in pairs), sum(one.message == two.message for one, two in pairs)
