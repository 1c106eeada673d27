"""The model: channels, bounds, and what the rules ask. Every value is immutable."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from guard.core.change import PastRules
from guard.core.errors import UsageError
from guard.core.measure import Measure

if TYPE_CHECKING:
    from datetime import date
    from fractions import Fraction

    from guard.core.baseline import Baseline
    from guard.core.change import Change

_NO_RULES_OF_THE_PAST = PastRules()
LARGEST_COUNT = 2**53 - 1
"""The largest whole number that every JSON reader holds exactly; no audience and no bound is larger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFacts:
    """A channel's row of the table.

    ``label`` is its word in sentences, ``people`` says whom it reaches, ``other_names`` are other words for it.
    ``trigger`` is its word in a trigger's ``channels``, ``answer`` its key in an answer; ``is_listed`` says whether the
    account's list of segments shows it too. These three are facts of Blueshift's API:
    https://developer.blueshift.com/reference/get_api-v1-segments-segment-uuid-matching-users-json
    """

    label: str
    people: str
    trigger: str
    answer: str
    is_listed: bool = True
    other_names: tuple[str, ...]


class Channel(StrEnum):
    """A way to reach people; ``users`` is everybody in the segment."""

    USERS = "users"
    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"
    IN_APP = "in_app"

    @property
    def facts(self) -> ChannelFacts:
        """Its row of the table."""
        return _CHANNELS[self]


# The one table of channels: the rules and their schema, the requests, the lists and the reports follow from it.
_CHANNELS = {
    Channel.USERS: ChannelFacts(
        label="users",
        people="Everybody in the segment.",
        trigger="users",
        answer="approxusers",
        other_names=("all", "everybody", "everyone", "people", "total", "user", "customers"),
    ),
    Channel.EMAIL: ChannelFacts(
        label="email",
        people="People whom an email would reach.",
        trigger="email",
        answer="email_users",
        other_names=("mail", "mails", "e_mail", "emails", "newsletter"),
    ),
    Channel.SMS: ChannelFacts(
        label="sms",
        people="People whom a text message would reach.",
        trigger="sms",
        answer="sms_users",
        other_names=("text", "texts", "text_message", "text_messages", "txt", "phone"),
    ),
    Channel.PUSH: ChannelFacts(
        label="push",
        people="People whom a push notification would reach.",
        trigger="push",
        answer="push_users",
        other_names=(
            *("mobile_push", "app_push", "push_notification", "push_notifications"),
            *("notification", "notifications"),
        ),
    ),
    Channel.IN_APP: ChannelFacts(
        label="in-app",
        people="People whom a message inside the app would reach.",
        trigger="inApp",
        answer="in_app_users",
        is_listed=False,
        other_names=("inapp", "in_app_message", "in_app_messages", "app", "in_app_notification"),
    ),
}


class Region(StrEnum):
    """The region of a Blueshift account. It decides the host; a key works only in its region."""

    US = "us"
    EU = "eu"


class Severity(StrEnum):
    """The verdict for a broken bound of a guard."""

    FAIL = "fail"
    WARN = "warn"


class BoundName(StrEnum):
    """The kinds of limits; ``share`` limits are fractions of the segment's users, ``change`` limits follow the past."""

    MIN = "min"
    MAX = "max"
    WARN_MIN = "warn.min"
    WARN_MAX = "warn.max"
    SHARE_MIN = "share.min"
    SHARE_MAX = "share.max"
    CHANGE_MIN = "change.min"
    CHANGE_MAX = "change.max"
    CHANGE_WARN_MIN = "change.warn.min"
    CHANGE_WARN_MAX = "change.warn.max"

    @property
    def label(self) -> str:
        """Its name in sentences: ``warning minimum``."""
        return _BOUNDS[self].label

    @property
    def measure(self) -> Measure:
        """What it measures."""
        return _BOUNDS[self].measure

    @property
    def is_floor(self) -> bool:
        """Whether a count below the limit breaks it (a count above breaks the others)."""
        return _BOUNDS[self].is_floor

    @property
    def is_warning(self) -> bool:
        """Whether breaking the limit only warns."""
        return _BOUNDS[self].is_warning

    @property
    def is_relative(self) -> bool:
        """Whether the limit follows from earlier counts."""
        return self.startswith("change.")

    def is_broken(self, observed: float | Fraction, limit: float | Fraction) -> bool:
        """Whether the observed value breaks the limit; a value equal to the limit does not."""
        return observed < limit if self.is_floor else observed > limit


@dataclass(frozen=True, slots=True, kw_only=True)
class _BoundFacts:
    label: str
    measure: Measure = Measure.PEOPLE
    is_floor: bool = False
    is_warning: bool = False


_BOUNDS = {
    BoundName.MIN: _BoundFacts(label="minimum", is_floor=True),
    BoundName.MAX: _BoundFacts(label="maximum"),
    BoundName.WARN_MIN: _BoundFacts(label="warning minimum", is_floor=True, is_warning=True),
    BoundName.WARN_MAX: _BoundFacts(label="warning maximum", is_warning=True),
    BoundName.SHARE_MIN: _BoundFacts(label="minimum share", measure=Measure.SHARE, is_floor=True),
    BoundName.SHARE_MAX: _BoundFacts(label="maximum share", measure=Measure.SHARE),
    BoundName.CHANGE_MIN: _BoundFacts(label="minimum", is_floor=True),
    BoundName.CHANGE_MAX: _BoundFacts(label="maximum"),
    BoundName.CHANGE_WARN_MIN: _BoundFacts(label="warning minimum", is_floor=True, is_warning=True),
    BoundName.CHANGE_WARN_MAX: _BoundFacts(label="warning maximum", is_warning=True),
}


# What the rules ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One limit, inclusive: people as a whole number, or for a share an exact fraction of 1.

    A relative bound is in people too, and has the ``baseline`` that it follows from; its limit is None as long as there
    is none.
    """

    name: BoundName
    limit: int | Fraction | None
    line: int
    baseline: Baseline | None = None

    @property
    def known_limit(self) -> int | Fraction:
        """The limit of a bound that has one; raise ``ValueError`` otherwise."""
        if self.limit is None:
            raise ValueError(f"{self.name} has no limit")
        return self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """All the bounds on one channel of a segment, and the guard's line in the rules file.

    ``changes`` are its bounds relative to the past, whose days begin with ``since``.
    """

    channel: Channel
    severity: Severity = Severity.FAIL
    bounds: tuple[Bound, ...]
    changes: tuple[Change, ...] = ()
    since: date | None = None
    line: int

    @property
    def needs_users(self) -> bool:
        """Whether it also needs a proven count of the segment's users."""
        return any(bound.name.measure.needs_users for bound in self.bounds)


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
    owner: str | None = None
    totals: tuple[Total, ...] = ()
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """The limits for requests: so many per second over the whole run, and so many in flight (1 to 24)."""

    requests_per_second: float = 5.0
    concurrency: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """How to wait for a refresh, in seconds; ``timeout`` begins with the answer to the trigger."""

    timeout: float = 600.0
    poll_interval: float = 2.0
    max_poll_interval: float = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A hint about a line of the rules file that is valid but may be a mistake."""

    line: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A valid rules file, with the SHA-256 of its bytes in hexadecimal."""

    path: str
    sha256: str
    account: str | None = None
    region: Region | None = None
    pacing: Pacing = Pacing()
    refresh: Refresh = Refresh()
    past: PastRules = _NO_RULES_OF_THE_PAST
    segments: tuple[Segment, ...]
    campaigns: tuple[Campaign, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    @property
    def needs_history(self) -> bool:
        """Whether any guard compares its count with the past."""
        return any(guard.changes for segment in self.segments for guard in segment.guards)


_HOW_TO_SELECT = 'write one text or several by their kind, such as Selection(campaigns="spring-sale")'


@dataclass(frozen=True, slots=True, init=False)
class Selection:
    """What a run should check; empty means everything.

    A single key or tag may be a plain text: ``Selection(campaigns="spring-sale")``.
    """

    segments: tuple[str, ...]
    tags: tuple[str, ...]
    campaigns: tuple[str, ...]

    def __init__(
        self,
        *asked_without_a_kind: object,
        segments: str | Iterable[str] = (),
        tags: str | Iterable[str] = (),
        campaigns: str | Iterable[str] = (),
    ) -> None:
        """Keep the keys and tags; raise ``UsageError`` for anything but a text or several texts."""
        if asked_without_a_kind:
            given = ", ".join(f"{each!r:.100}" for each in asked_without_a_kind)
            raise UsageError(f"Selection({given}) does not say what it selects; {_HOW_TO_SELECT}")
        kinds: dict[str, Any] = {"segments": segments, "tags": tags, "campaigns": campaigns}
        for name, asked in kinds.items():
            is_several = isinstance(asked, Iterable) and not isinstance(asked, str | bytes | bytearray)
            words = tuple(asked) if is_several else (asked,)
            if not all(isinstance(word, str) for word in words):
                raise UsageError(f"Selection({name}={asked!r:.100}) is not made of texts; {_HOW_TO_SELECT}")
            object.__setattr__(self, name, words)

    def __bool__(self) -> bool:
        """Whether anything is selected."""
        return bool(self.segments or self.tags or self.campaigns)
