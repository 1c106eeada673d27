"""What the readable formats show: a guard and a campaign's total as one type."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar

from guard.core.results import Check, GuardResult, Reason, Verdict, worst
from guard.core.text import duration

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from guard.core.model import Channel
    from guard.core.results import CampaignResult, Count, Report, SegmentResult, TotalResult


class Judged(Protocol):
    """Whatever has a verdict."""

    @property
    def verdict(self) -> Verdict: ...  # noqa: D102 - said above


J = TypeVar("J", bound=Judged)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of a guard or a total.

    - ``name`` is the segment or campaign, ``part`` the number that was checked.
    - ``age`` is how old the count was at ``read_at``, by the server's clock, or when it was counted if that is long
      ago; None for a total.
    - ``people`` is the count, ``users`` the size of the segment if a share needs it; None if unknown.
    - ``uuid`` is the counted segment, ``called`` its name in Blueshift; None for a total.
    - ``path`` is the rules file, for the lines of the checks.
    - ``cause`` is what failed until the deadline.
    - ``contradicts`` says that numbers contradict each other, also if there is a ``reason``.
    """

    name: str
    part: str
    channel: Channel
    people: int | None
    users: int | None
    age: str | None
    read_at: datetime | None
    uuid: str | None
    called: str | None
    owner: str | None
    description: str | None
    reason: Reason | None
    detail: str | None
    path: str
    checks: tuple[Check, ...]
    cause: Reason | None = None
    contradicts: bool = False

    @property
    def verdict(self) -> Verdict:
        """The gravest verdict of its checks."""
        return worst(check.verdict for check in self.checks)

    @property
    def is_contradictory(self) -> bool:
        """Whether its numbers contradict each other, so that a filter is not to blame."""
        more_than_users = self.people is not None and self.users is not None and self.people > self.users
        return self.contradicts or more_than_users or (self.detail is not None and self.reason is None)

    @property
    def troubles(self) -> tuple[Check, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if check.verdict is not Verdict.PASS)


def guards_of(report: Report) -> list[Finding]:
    """Return a finding for each guard, in the order of the rules."""
    return [_of_guard(report, each, guard) for each in report.segments for guard in each.guards]


def totals_of(report: Report) -> list[Finding]:
    """Return a finding for each campaign's total, in the order of the rules."""
    return [_of_total(report, each, total) for each in report.campaigns for total in each.totals]


def worst_first(judged: Iterable[J]) -> list[J]:
    """Return the items from fail to pass; items with the same verdict keep their order."""
    return sorted(judged, key=lambda each: -each.verdict.gravity)


def utc(moment: datetime) -> str:
    """Return the moment in whole seconds, as ``2026-11-23 09:00:00 UTC``."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="seconds") + " UTC"


def _of_guard(report: Report, result: SegmentResult, guard: GuardResult) -> Finding:
    segment = result.segment
    return Finding(
        name=segment.key,
        part=guard.channel.value,
        channel=guard.channel,
        people=guard.count.value if guard.count else None,
        users=guard.users,
        age=_age(guard.count, report) if guard.count else None,
        read_at=_read_at(guard.count) if guard.count else None,
        uuid=result.uuid,
        called=segment.name,
        owner=segment.owner,
        description=segment.description,
        reason=guard.reason,
        detail=guard.detail,
        path=report.rules_path,
        checks=guard.checks,
        cause=guard.cause,
        contradicts=guard.is_contradictory,
    )


def _of_total(report: Report, result: CampaignResult, total: TotalResult) -> Finding:
    return Finding(
        name=f"campaign {result.campaign.key}",
        part=f"{total.channel} total",
        channel=total.channel,
        people=total.count,
        users=None,
        age=None,
        read_at=None,
        uuid=None,
        called=None,
        owner=None,
        description=None,
        reason=total.reason,
        detail=None if total.reason else total.detail,  # its checks already say why it is unknown
        path=report.rules_path,
        checks=total.checks,
        cause=total.cause,
    )


def _age(count: Count, report: Report) -> str:
    if count.age_seconds is None or not report.is_fresh_count(count):
        return f"counted {utc(count.counted_at)}"
    return f"counted {duration(count.age_seconds)} ago"


def _read_at(count: Count) -> datetime | None:
    if count.age_seconds is None:
        return None
    try:
        return count.counted_at + timedelta(seconds=count.age_seconds)
    except OverflowError:  # a saved report can have a stamp in the year 9999
        return None
