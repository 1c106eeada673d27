"""The words of the guard as values: what the rules ask, what was counted, and what follows.

Every value is frozen and holds tuples, so a report cannot change after it was made. Nothing here reads or writes
anything, and nothing here needs more than the standard library.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from fractions import Fraction

SCHEMA_VERSION = 1
LARGEST_COUNT = 2**53 - 1
"""The largest whole number that every JSON reader holds exactly; no audience and no bound is larger."""


class ExitCode(IntEnum):
    """What the process says to whoever started it; a public contract, never renumbered."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    UNKNOWN = 3
    HANGUP = 129
    INTERRUPTED = 130
    TERMINATED = 143


class Channel(StrEnum):
    """A way to reach people; ``users`` is everybody in the segment."""

    USERS = "users"
    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"
    IN_APP = "in_app"


class Region(StrEnum):
    """Where a Blueshift account lives; it decides the host, and a key of one region is refused by the other."""

    US = "us"
    EU = "eu"


class Verdict(StrEnum):
    """What is known of a bound, in rising order of gravity: ``pass < warn < unknown < fail``."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    WARN = "warn"
    UNKNOWN = "unknown"
    FAIL = "fail"

    @property
    def gravity(self) -> int:
        """How grave the verdict is, from 0 (pass) to 3 (fail)."""
        return _BY_GRAVITY.index(self)


_BY_GRAVITY = (Verdict.PASS, Verdict.WARN, Verdict.UNKNOWN, Verdict.FAIL)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the gravest of the verdicts; where there is none, nothing was judged, and that is unknown."""
    return max(verdicts, key=lambda verdict: verdict.gravity, default=Verdict.UNKNOWN)


class Severity(StrEnum):
    """What a broken bound of a guard amounts to: the launch stops, or somebody is told."""

    FAIL = "fail"
    WARN = "warn"


class FailOn(StrEnum):
    """Which verdicts make the exit code 1; it never changes a verdict."""

    FAIL = "fail"
    WARN = "warn"
    NEVER = "never"


class BoundName(StrEnum):
    """The six limits that a count can be held to; ``share`` limits are fractions of the segment's users."""

    MIN = "min"
    MAX = "max"
    WARN_MIN = "warn.min"
    WARN_MAX = "warn.max"
    SHARE_MIN = "share.min"
    SHARE_MAX = "share.max"

    @property
    def is_floor(self) -> bool:
        """Whether a count below the limit breaks it (a count above breaks the others)."""
        return self in {BoundName.MIN, BoundName.WARN_MIN, BoundName.SHARE_MIN}

    @property
    def is_warning(self) -> bool:
        """Whether breaking the limit warns at most."""
        return self in {BoundName.WARN_MIN, BoundName.WARN_MAX}

    @property
    def is_share(self) -> bool:
        """Whether the limit is a fraction of the segment's users."""
        return self in {BoundName.SHARE_MIN, BoundName.SHARE_MAX}


class Reason(StrEnum):
    """Why there is no count, in one word for machines."""

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
    INTERNAL = "internal"


# What the rules ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One limit, inclusive: people as a whole number, or for a share an exact fraction of 1."""

    name: BoundName
    limit: int | Fraction
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """All the bounds on one channel of a segment, and the line of the rules file that the guard stands on."""

    channel: Channel
    severity: Severity = Severity.FAIL
    bounds: tuple[Bound, ...]
    line: int

    @property
    def needs_users(self) -> bool:
        """Whether judging it takes a proven count of the segment's users too."""
        return any(bound.name.is_share for bound in self.bounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A segment under guard, known to Blueshift by its ``uuid`` or by its ``name`` (exactly one is set)."""

    key: str
    uuid: str | None = None
    name: str | None = None
    description: str | None = None
    owner: str | None = None
    tags: tuple[str, ...] = ()
    bypass_global: bool = False
    guards: tuple[Guard, ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """A ceiling on the summed reach of a campaign's segments on one channel."""

    channel: Channel
    bounds: tuple[Bound, ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """Segments that are launched together, by their keys, and the ceilings on their summed reach."""

    key: str
    segments: tuple[str, ...]
    totals: tuple[Total, ...] = ()
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """How hard Blueshift may be asked: requests a second over the whole run, and requests in flight (1 to 24)."""

    requests_per_second: float = 5.0
    concurrency: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """How a refresh is waited for; all three in seconds, ``timeout`` from the answer to the trigger."""

    timeout: float = 600.0
    poll_interval: float = 2.0
    max_poll_interval: float = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A rules file that was found right, with the SHA-256 of its bytes in hexadecimal."""

    path: str
    sha256: str
    region: Region | None = None
    pacing: Pacing = Pacing()
    refresh: Refresh = Refresh()
    segments: tuple[Segment, ...]
    campaigns: tuple[Campaign, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a run was asked to check, as it was asked; empty stands for everything."""

    segments: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything was selected at all."""
        return bool(self.segments or self.tags or self.campaigns)


# What was found out


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A number proven fresh: people, the server's stamp, and the age in whole seconds by the server's own clock.

    ``age_seconds`` is None when the answer bore no ``Date`` to measure it by.
    """

    value: int
    counted_at: datetime
    age_seconds: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """Why there is no count: in one word for machines, and in a sentence for people."""

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentReadings:
    """What was found out about one segment: its uuid (None when its name was not resolved) and its channels."""

    uuid: str | None
    channels: dict[Channel, Count | Unavailable]


# What follows from it


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One bound held against what was observed; for a share both numbers are fractions of 1."""

    bound: BoundName
    limit: int | Fraction
    observed: int | Fraction | None
    verdict: Verdict
    line: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardResult:
    """A guard judged: its checks, the count they rest on, or why there is none.

    ``count`` is None exactly when the verdict is unknown. ``reason`` and ``detail`` are set when any check is unknown.
    """

    channel: Channel
    severity: Severity
    count: Count | None
    users: int | None
    reason: Reason | None
    detail: str | None
    line: int
    checks: tuple[Check, ...]

    @property
    def verdict(self) -> Verdict:
        """The gravest verdict of its checks."""
        return worst(check.verdict for check in self.checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentResult:
    """A segment judged; ``uuid`` is the one that was counted, also for a segment that the rules name."""

    segment: Segment
    uuid: str | None
    guards: tuple[GuardResult, ...]

    @property
    def verdict(self) -> Verdict:
        """The gravest verdict of its guards."""
        return worst(guard.verdict for guard in self.guards)


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalResult:
    """A campaign's ceiling judged: the summed count, or why there is none."""

    channel: Channel
    count: int | None
    reason: Reason | None
    detail: str | None
    line: int
    checks: tuple[Check, ...]

    @property
    def verdict(self) -> Verdict:
        """The gravest verdict of its checks."""
        return worst(check.verdict for check in self.checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignResult:
    """A campaign judged by its totals and by the guards of its segments."""

    campaign: Campaign
    verdict: Verdict
    totals: tuple[TotalResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Every guard and total of a run, in the order of the rules, with what a reader needs to trust it."""

    version: str
    fail_on: FailOn
    started_at: datetime
    finished_at: datetime
    host: str
    rules_path: str
    rules_sha256: str
    selection: Selection
    segments: tuple[SegmentResult, ...]
    campaigns: tuple[CampaignResult, ...] = ()

    def results(self) -> Iterator[GuardResult | TotalResult]:
        """Yield every guard, then every total, in the order of the rules."""
        for segment in self.segments:
            yield from segment.guards
        for campaign in self.campaigns:
            yield from campaign.totals

    @property
    def verdict(self) -> Verdict:
        """The gravest verdict of all; unknown when nothing was judged."""
        return worst(result.verdict for result in self.results())

    @property
    def complete(self) -> bool:
        """Whether every single bound could be judged."""
        checks = [check for result in self.results() for check in result.checks]
        return bool(checks) and all(check.verdict is not Verdict.UNKNOWN for check in checks)

    @property
    def exit_code(self) -> ExitCode:
        """The exit code that the verdicts amount to under ``fail_on``: an established failure outranks an unknown."""
        stopping = {
            FailOn.FAIL: {Verdict.FAIL},
            FailOn.WARN: {Verdict.FAIL, Verdict.WARN},
            FailOn.NEVER: set[Verdict](),
        }[self.fail_on]
        verdicts = {check.verdict for result in self.results() for check in result.checks}
        if verdicts & stopping:
            return ExitCode.FAILED
        return ExitCode.PASSED if self.complete else ExitCode.UNKNOWN
