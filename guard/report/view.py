"""What the readable formats tell: findings about segments and campaigns, in one order and in the same words.

The order is written down, with its reasons, in docs/report.md: the decision, who may be sent to, what is wrong, what
could not be counted, what warns, what is fine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from guard.core.history import zone_of
from guard.core.model import Severity
from guard.core.results import Check, FailOn, Reason, Verdict, gravest_first, worst
from guard.core.text import duration, multiple, number, percent, shortened, told_apart

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    from guard.core.history import Day
    from guard.core.model import Channel
    from guard.core.results import Before, CampaignResult, Count, GuardResult, Part, Report, SegmentResult, TotalResult

LONGEST_KEY = 60
"""Characters of a key in a sentence about several."""
_ONE_MINUTE = 60  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of a guard or of a campaign's total.

    - ``name`` is the key of the segment, or of the campaign if it ``is_total``.
    - ``people`` is the count, ``users`` the size of the segment if a share needs it, ``parts`` what each segment adds
      to a total; None if unknown.
    - ``counted`` says when it was counted, ``before`` what Blueshift showed before that; None if unknown.
    - ``campaigns`` are the campaigns that it belongs to, and ``is_stopping`` says that it keeps them from being sent;
      ``stopped`` says of each that anything keeps from being sent: ``do not send spring-sale yet``.
    - ``asks`` are the people to ask.
    - ``uuid`` is the counted segment, ``called`` its name in Blueshift; None for a total.
    - ``path`` is the rules file, for the lines of the checks.
    - ``cause`` is what failed until the deadline.
    - ``contradicts`` says that numbers contradict each other, also if there is a ``reason``.
    - ``past`` has the earlier days in the history store, None without one; ``today`` is the day of this count, and
      ``since`` the day on which the rules let the past begin.
    """

    name: str
    is_total: bool = False
    channel: Channel
    severity: Severity = Severity.FAIL
    people: int | None
    users: int | None = None
    parts: tuple[Part, ...] = ()
    counted: str | None = None
    before: str | None
    people_before: int | None = None
    campaigns: tuple[str, ...] = ()
    is_stopping: bool = False
    stopped: tuple[str, ...] = ()
    asks: tuple[str, ...]
    uuid: str | None = None
    called: str | None = None
    description: str | None = None
    bypass_global: bool = False
    reason: Reason | None
    detail: str | None
    path: str
    checks: tuple[Check, ...]
    cause: Reason | None = None
    contradicts: bool = False
    past: tuple[Day, ...] | None = None
    today: date | None = None
    since: date | None = None
    verdict: Verdict = field(init=False)

    def __post_init__(self) -> None:
        """Fill in the gravest verdict of its checks; every format asks for it several times."""
        object.__setattr__(self, "verdict", worst(check.verdict for check in self.checks))

    @property
    def part(self) -> str:
        """The number that was checked: ``email``, or ``sms total``."""
        return total_part(self.channel) if self.is_total else self.channel.facts.label

    @property
    def title(self) -> str:
        """What was checked: ``vip / email``, or ``campaign spring / sms total``."""
        return self.titled(self.name)

    def titled(self, name: str) -> str:
        """Return the title with this name, which may be cut: the part is never cut."""
        return f"{'campaign ' if self.is_total else ''}{name} / {self.part}"

    @property
    def is_contradictory(self) -> bool:
        """Whether its numbers contradict each other, so that a filter is not to blame."""
        more_than_users = self.people is not None and self.users is not None and self.people > self.users
        return self.contradicts or more_than_users or (self.detail is not None and self.reason is None)

    @property
    def troubles(self) -> tuple[Check, ...]:
        """The checks that did not pass, the gravest first.

        Of two bounds broken on one side the graver alone is told; unknown checks are told once.
        """
        if self.verdict is Verdict.PASS:
            return ()
        told: dict[object, Check] = {}
        for check in gravest_first(self.checks):
            if check.verdict is Verdict.UNKNOWN:
                told.setdefault(check.message, check)
            elif check.verdict is not Verdict.PASS:
                told.setdefault((check.bound.is_floor, check.bound.measure), check)
        return tuple(told.values())


def findings(report: Report) -> list[Finding]:
    """Return a finding for each total and guard: the gravest first, then totals, campaigns' segments, the worst."""
    guards = sorted(guards_of(report), key=lambda finding: (not finding.campaigns, -_off(finding)))
    return gravest_first([*totals_of(report), *guards])


def _off(finding: Finding) -> float:
    """Return how many times a broken bound was missed by, to tell the worst first; nobody left is the worst."""
    ratios = [
        float(check.observed / check.limit) if check.limit else math.inf
        for check in finding.troubles
        if check.observed is not None and check.limit is not None
    ]
    return max((max(each, 1 / each) if each else math.inf for each in ratios), default=0.0)


def guards_of(report: Report) -> list[Finding]:
    """Return a finding for each guard, in the order of the rules."""
    campaigns: dict[str, list[CampaignResult]] = {}
    for result in report.campaigns:
        for key in result.campaign.segments:
            campaigns.setdefault(key, []).append(result)
    return [
        _of_guard(report, each, guard, campaigns.get(each.segment.key, []))
        for each in report.segments
        for guard in each.guards
    ]


def totals_of(report: Report) -> list[Finding]:
    """Return a finding for each campaign's total, in the order of the rules."""
    by_the_end = _counted_by_the_end(report)
    owners = {each.segment.key: each.segment.owner for each in report.segments}
    return [
        _of_total(report, each, total, by_the_end, _asks(each, owners))
        for each in report.campaigns
        for total in each.totals
    ]


def utc(moment: datetime) -> str:
    """Return the moment in whole seconds, as ``2026-11-23 09:00:00 UTC``."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="seconds") + " UTC"


def is_stopping(verdict: Verdict, report: Report) -> bool:
    """Whether a verdict keeps a send from going out."""
    return verdict in {Verdict.FAIL, Verdict.UNKNOWN} or (verdict is Verdict.WARN and report.fail_on is FailOn.WARN)


def _of_guard(report: Report, result: SegmentResult, guard: GuardResult, campaigns: list[CampaignResult]) -> Finding:
    segment = result.segment
    return Finding(
        name=segment.key,
        channel=guard.channel,
        severity=guard.severity,
        people=guard.count.value if guard.count else None,
        users=guard.users,
        counted=_counted(guard.count, report) if guard.count else None,
        before=_before(guard.before, guard.count),
        people_before=guard.before.count if guard.before else None,
        campaigns=tuple(each.campaign.key for each in campaigns),
        is_stopping=is_stopping(guard.verdict, report),
        stopped=_stopped(campaigns, report) if campaigns else _stopped_alone(result, report),
        asks=_distinct([segment.owner]) or _distinct(each.campaign.owner for each in campaigns),
        uuid=result.uuid,
        called=segment.name,
        description=segment.description,
        bypass_global=segment.bypass_global,
        reason=guard.reason,
        detail=guard.detail,
        path=report.rules_path,
        checks=guard.checks,
        cause=guard.cause,
        contradicts=guard.is_contradictory,
        past=report.past.get((segment.key, guard.channel)),
        today=_today(guard, report),
        since=next((asked.since for asked in segment.guards if asked.channel is guard.channel), None),
    )


def _today(guard: GuardResult, report: Report) -> date:
    """Return the day of the count, in the time zone of the history if it was read; a saved report may name any."""
    at = guard.count.counted_at if guard.count else report.finished_at
    zone = zone_of(report.history.timezone) if report.history and report.past else UTC
    return at.astimezone(zone).date()


def _of_total(
    report: Report, result: CampaignResult, total: TotalResult, by_the_end: str, asks: tuple[str, ...]
) -> Finding:
    shown = [part.before for part in total.parts if part.before]
    together = (
        f"was {number(sum(each.count for each in shown))} before" if shown and len(shown) == len(total.parts) else None
    )
    return Finding(
        name=result.campaign.key,
        is_total=True,
        channel=total.channel,
        people=total.count,
        parts=total.parts,
        counted=None if total.count is None else by_the_end,
        before=together,
        campaigns=(result.campaign.key,),
        is_stopping=is_stopping(total.verdict, report),
        stopped=_stopped([result], report),
        asks=asks,
        reason=total.reason,
        detail=total.detail,
        path=report.rules_path,
        checks=total.checks,
        cause=total.cause,
    )


def _stopped(campaigns: Iterable[CampaignResult], report: Report) -> tuple[str, ...]:
    return tuple(
        f"do not send {shortened(each.campaign.key, LONGEST_KEY)}{_yet(each.verdict)}"
        for each in campaigns
        if is_stopping(each.verdict, report)
    )


def _stopped_alone(result: SegmentResult, report: Report) -> tuple[str, ...]:
    if not is_stopping(result.verdict, report):
        return ()
    return (f"do not send to {shortened(result.segment.key, LONGEST_KEY)}{_yet(result.verdict)}",)


def _yet(verdict: Verdict) -> str:
    return " yet" if verdict is Verdict.UNKNOWN else ""


def _asks(result: CampaignResult, owners: Mapping[str, str | None]) -> tuple[str, ...]:
    """Return whom to ask about a campaign: its owner, or else the owners of its segments."""
    return _distinct([result.campaign.owner]) or _distinct(owners.get(key) for key in result.campaign.segments)


def _distinct(names: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))


def _counted(count: Count, report: Report) -> str:
    """Return when the count was taken, by Blueshift's clock, and its age if that is over a minute."""
    if count.age_seconds is None or not report.is_fresh_count(count):
        return f"counted {utc(count.counted_at)}"
    read_at = _read_at(count)
    is_of_the_day = read_at is not None and abs(read_at - report.finished_at) < timedelta(hours=12)
    moment = utc(count.counted_at).split(" ", 1)[1] if is_of_the_day else utc(count.counted_at)
    old = f" ({duration(count.age_seconds)} old)" if count.age_seconds > _ONE_MINUTE else ""
    return f"counted fresh at {moment}{old}"


def _read_at(count: Count) -> datetime | None:
    try:
        return count.counted_at + timedelta(seconds=count.age_seconds or 0)
    except OverflowError:  # a saved report can have a stamp in the year 9999
        return None


def _counted_by_the_end(report: Report) -> str:
    """Return when the last of a total's counts was in."""
    finished = utc(report.finished_at)
    return f"counted fresh by {finished.split(' ', 1)[1]}" if report.is_fresh else f"counted by {finished}"


def _before(before: Before | None, count: Count | None) -> str | None:
    """Return what Blueshift showed before: ``was 20,500, counted 57 min before: 12% more now``."""
    if before is None:
        return None
    if count is None or count.counted_at < before.counted_at:
        return f"was {number(before.count)}, counted {utc(before.counted_at)}"
    earlier = (count.counted_at - before.counted_at).total_seconds()
    rounded = round(earlier / _ONE_MINUTE) * _ONE_MINUTE if earlier > _ONE_MINUTE else earlier
    return f"was {number(before.count)}, counted {duration(rounded)} before{_since(before.count, count.value)}"


def _since(before: int, now: int) -> str:
    """Return how much that is more or fewer; empty if it is the same, or if there was or is nobody."""
    if now == before or not before or not now:
        return ""
    if now >= 2 * before:
        ratio = Fraction(now, before)
        return f": {multiple(ratio)} times as many now"
    share = percent(told_apart(abs(Fraction(now, before) - 1)))
    return f": {share} {'more' if now > before else 'fewer'} now"


def total_part(channel: Channel) -> str:
    """Return what the total of a channel is called: ``sms total``."""
    return f"{channel.facts.label} total"
