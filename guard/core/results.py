"""The results of a run: counts, verdicts, and the report. Every value is immutable."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING, ClassVar, TypeVar

from guard.core.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime
    from fractions import Fraction

    from guard.core.baseline import Baseline
    from guard.core.history import Day, History
    from guard.core.model import BoundName, Campaign, Channel, Segment, Selection, Severity

T = TypeVar("T")

_FRESH_FOR = timedelta(minutes=5)

SCHEMA_VERSION = 1
"""The version of the JSON report."""


class Verdict(StrEnum):
    """The verdict on a bound, from best to worst: ``pass < warn < unknown < fail``."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    WARN = "warn"
    UNKNOWN = "unknown"
    FAIL = "fail"

    @property
    def gravity(self) -> int:
        """The rank of the verdict, from 0 (pass) to 3 (fail)."""
        return _BY_GRAVITY.index(self)


_BY_GRAVITY = (Verdict.PASS, Verdict.WARN, Verdict.UNKNOWN, Verdict.FAIL)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of the verdicts; without any, nothing was judged, which is unknown."""
    return max(verdicts, key=lambda verdict: verdict.gravity, default=Verdict.UNKNOWN)


def gravest_first(values: Iterable[T], verdict: Callable[[T], Verdict] = attrgetter("verdict")) -> list[T]:
    """Return the values in falling order of their verdicts' gravity, else in the order in which they came."""
    return sorted(values, key=lambda value: -verdict(value).gravity)


class FailOn(StrEnum):
    """Which verdicts make the exit code 1; it never changes a verdict."""

    FAIL = "fail"
    WARN = "warn"
    NEVER = "never"


class NotifyOn(StrEnum):
    """When Slack is told: at any exit code but 0, always, or when a verdict is another one than in the last run."""

    FAIL = "fail"
    ALWAYS = "always"
    CHANGE = "change"


class Reason(StrEnum):
    """Why something is unknown, as a word for machines: there is no count, or nothing to compare it with."""

    REFUSED_KEY = "refused_key"
    NOT_FOUND = "not_found"
    ARCHIVED = "archived"
    AMBIGUOUS_NAME = "ambiguous_name"
    RATE_LIMITED = "rate_limited"
    NETWORK = "network"
    SERVER_ERROR = "server_error"
    BAD_ANSWER = "bad_answer"
    NOT_COUNTED = "not_counted"
    TIMEOUT = "timeout"
    DEADLINE = "deadline"
    ZERO_USERS = "zero_users"
    HISTORY = "history"
    LEARNING = "learning"
    INTERNAL = "internal"


# What was found out


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A number proven fresh: people, the server's stamp, and the age in whole seconds by the server's own clock.

    ``age_seconds`` is None if the answer had no ``Date``.
    """

    value: int
    counted_at: datetime
    age_seconds: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """Why there is no count: a word for machines and a sentence for people.

    ``cause`` is the failure that lasted until the deadline; None if nothing failed, and for every other reason.
    """

    reason: Reason
    detail: str
    cause: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What Blueshift showed before the run counted: people, and when they were counted. Shown, never judged by."""

    count: int
    counted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentReadings:
    """The readings of one segment: its uuid (None if its name was not found), its channels, and what was ``before``."""

    uuid: str | None
    channels: dict[Channel, Count | Unavailable]
    before: Mapping[Channel, Before] = field(default_factory=dict)


# What follows from it


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One bound held against what was observed; for a share both numbers are fractions of 1.

    A bound relative to the past has a ``baseline``; its limit is None as long as there is nothing to compare with.
    """

    bound: BoundName
    limit: int | Fraction | None
    observed: int | Fraction | None
    verdict: Verdict
    line: int
    message: str
    baseline: Baseline | None = None

    @property
    def known_limit(self) -> int | Fraction:
        """The limit of a check that has one; raise ``ValueError`` otherwise, since no limit is not a limit of 0."""
        if self.limit is None:
            raise ValueError(f"{self.bound} has no limit")
        return self.limit

    @property
    def is_learning(self) -> bool:
        """Whether the past is too short for the bound."""
        return self.baseline is not None and self.observed is not None and self.baseline.is_learning


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """What guards and totals have in common.

    ``reason`` and ``detail`` are set if any check is unknown. A ``detail`` without a ``reason`` says which numbers
    contradict each other. ``cause`` is the failure behind the deadline: only for the advice, not for the JSON report.
    """

    channel: Channel
    reason: Reason | None
    detail: str | None
    line: int
    checks: tuple[Check, ...]
    cause: Reason | None = None

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of its checks."""
        return worst(check.verdict for check in self.checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardResult(_Result):
    """The result of a guard: its checks, and the count they use, which is None exactly if it could not be found out.

    ``segment`` is the key of its segment; ``SegmentResult`` fills it in. ``is_contradictory`` says that numbers
    contradict each other, whatever the reason; it is only for the advice too.
    """

    severity: Severity
    count: Count | None
    users: int | None
    segment: str = ""
    is_contradictory: bool = False
    before: Before | None = None
    campaign: ClassVar[None] = None

    @property
    def is_learning(self) -> bool:
        """Whether the past is too short for one of its bounds, whatever the verdict."""
        return any(check.is_learning for check in self.checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentResult:
    """The result of a segment; ``uuid`` is set even if the rules give only its name."""

    segment: Segment
    uuid: str | None
    guards: tuple[GuardResult, ...]

    def __post_init__(self) -> None:
        """Fill in each guard's segment."""
        object.__setattr__(self, "guards", tuple(replace(each, segment=self.segment.key) for each in self.guards))

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of its guards."""
        return worst(guard.verdict for guard in self.guards)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one segment adds to a campaign's total; ``count`` is None if it is unknown."""

    segment: str
    count: int | None
    before: Before | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalResult(_Result):
    """The result of a campaign's total: the sum and its parts; ``CampaignResult`` fills in the campaign's key."""

    count: int | None
    parts: tuple[Part, ...] = ()
    campaign: str = ""
    segment: ClassVar[None] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignResult:
    """The result of a campaign: its verdict includes its totals and the guards of its segments."""

    campaign: Campaign
    verdict: Verdict
    totals: tuple[TotalResult, ...]

    def __post_init__(self) -> None:
        """Fill in each total's campaign."""
        object.__setattr__(self, "totals", tuple(replace(each, campaign=self.campaign.key) for each in self.totals))


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The report of a run: every guard and total, in the order of the rules.

    ``rendered_at`` is the time at which a saved report is shown again; None in the run itself. ``run_id`` is None in
    reports of older versions, ``history`` without a store. ``past`` has the earlier days of each guard, by the key of
    its segment and its channel. ``is_changed`` says whether any verdict is another one than in the last recorded run;
    None if that is not known. Both are not part of the JSON report.
    """

    version: str
    fail_on: FailOn
    started_at: datetime
    finished_at: datetime
    host: str
    rules_path: str
    rules_sha256: str
    account: str | None = None
    selection: Selection
    segments: tuple[SegmentResult, ...]
    campaigns: tuple[CampaignResult, ...] = ()
    rendered_at: datetime | None = None
    run_id: str | None = None
    history: History | None = None
    past: Mapping[tuple[str, Channel], tuple[Day, ...]] = field(default_factory=dict, compare=False)
    is_changed: bool | None = field(default=None, compare=False)

    @property
    def is_recent(self) -> bool:
        """Whether it is shown in the run itself, or within five minutes of the run's end."""
        return self.rendered_at is None or abs(self.rendered_at - self.finished_at) <= _FRESH_FOR

    @property
    def is_fresh(self) -> bool:
        """Whether all its counts may be called fresh."""
        counts = (guard.count for segment in self.segments for guard in segment.guards)
        return self.is_recent and all(self.is_fresh_count(count) for count in counts if count is not None)

    def is_fresh_count(self, count: Count) -> bool:
        """Whether one of its counts may be called fresh.

        In the run itself every count is. A saved report may have been edited, so there both the count's age and its
        time must say that it is at most five minutes old.
        """
        if self.rendered_at is None:
            return True
        age = count.age_seconds
        return (
            self.is_recent
            and age is not None
            and timedelta(seconds=age) + abs(self.rendered_at - self.finished_at) <= _FRESH_FOR
            and abs(self.rendered_at - count.counted_at) <= _FRESH_FOR
        )

    def results(self) -> Iterator[GuardResult | TotalResult]:
        """Yield every guard, then every total, in the order of the rules."""
        for segment in self.segments:
            yield from segment.guards
        for campaign in self.campaigns:
            yield from campaign.totals

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of all; unknown if nothing was judged."""
        return worst(result.verdict for result in self.results())

    @property
    def complete(self) -> bool:
        """Whether every bound could be judged."""
        results = list(self.results())
        return bool(results) and all(
            result.checks and all(check.verdict is not Verdict.UNKNOWN for check in result.checks) for result in results
        )

    @property
    def exit_code(self) -> ExitCode:
        """The exit code for the verdicts and ``fail_on``: a failure outranks an unknown."""
        stopping = {
            FailOn.FAIL: {Verdict.FAIL},
            FailOn.WARN: {Verdict.FAIL, Verdict.WARN},
            FailOn.NEVER: set[Verdict](),
        }[self.fail_on]
        verdicts = {check.verdict for result in self.results() for check in result.checks}
        if verdicts & stopping:
            return ExitCode.FAILED
        return ExitCode.PASSED if self.complete else ExitCode.UNKNOWN
