"""The rules file as pydantic models. Editors show their titles and descriptions.

They say what each key can hold. Checks between keys are in ``guard.rules.cross_checks``; if JSON Schema can say the
same, it is added here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, create_model

from guard.core.model import Channel, Pacing, Refresh
from guard.rules.document import Closed, any_of_them
from guard.rules.fields import Duration, People, Remark, Share, Text, Uuid, WholeNumber, decimal, whole_number
from guard.rules.limits import Entries, made_once
from guard.rules.past_fields import OneOrSeveral, as_list
from guard.rules.past_models import CHANGE, MOST_CHANGES, SINCE_NEEDS_CHANGE, Change, HistorySettings, Since

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_IN_FLIGHT = 24
MOST_PER_SECOND = 1000
MOST_TAGS = 1_000
MOST_IN_A_CAMPAIGN = 10_000
_PACING = Pacing()
_REFRESH = Refresh()


def _version(value: int) -> int:
    if value != 1:
        raise ValueError(f"{value} is not supported by this audience-guard; write 1")
    return value


_NOT_COUNTED = (
    *("whatsapp", "rcs", "mms", "web_push", "webpush", "browser_push", "onsite", "web", "live_content"),
    *("direct_mail", "webhook", "voice", "line", "viber", "messenger", "wechat", "telegram"),
)
_GUARD = {"min": 1000, "max": 50000}
_CEILING = {"max": 100000}


class BlueshiftSettings(Closed, title="Blueshift"):
    """Which account is asked, and how fast."""

    account: Remark | None = Field(
        default=None,
        description="A name of the account for readers of the report, such as Acme EU.",
        examples=["Acme EU"],
    )
    region: Literal["us", "eu"] | None = Field(
        default=None, description="The account's region, us or eu; a key works in its own region only."
    )
    requests_per_second: Annotated[float, Field(gt=0, le=MOST_PER_SECOND), BeforeValidator(decimal)] = Field(
        default=_PACING.requests_per_second,
        description="Requests per second over the whole run, such as 5 or 0.5; fewer when Blueshift asks for that.",
    )
    concurrency: Annotated[int, Field(ge=1, le=MOST_IN_FLIGHT), BeforeValidator(whole_number)] = Field(
        default=_PACING.concurrency,
        description="Requests in flight at once, 1 to 24; a segment that waits for its refresh does not count.",
    )


class RefreshSettings(Closed, title="Refresh"):
    """How long to wait for a fresh count; durations such as 250ms, 90s, 10m or 1h30m."""

    timeout: Duration = Field(
        default=_REFRESH.timeout,
        json_schema_extra={"default": "10m"},
        description="The longest wait for the count of one channel; after it the count is unknown.",
    )
    poll_interval: Duration = Field(
        default=_REFRESH.poll_interval,
        json_schema_extra={"default": "2s"},
        description="The first pause between two looks at a running refresh; later ones grow.",
    )
    max_poll_interval: Duration = Field(
        default=_REFRESH.max_poll_interval,
        json_schema_extra={"default": "15s"},
        description="The longest pause between two looks at a running refresh.",
    )


class WarnBounds(Closed, title="Warning bounds", json_schema_extra=any_of_them("min", "max")):
    """Narrower bounds: a count outside them, but within min and max, warns."""

    min: People | None = Field(default=None, description="Fewer people than this: warn. Not below the guard's min.")
    max: People | None = Field(default=None, description="More people than this: warn. Not above the guard's max.")


class ShareBounds(Closed, title="Share of the segment", json_schema_extra=any_of_them("min", "max")):
    """Bounds on the channel's share of the segment's users, such as 60% or 0.6."""

    min: Share | None = Field(default=None, description="A smaller share than this: fail.", examples=["60%"])
    max: Share | None = Field(default=None, description="A larger share than this: fail.", examples=["90%"])


class UsersGuard(
    Closed,
    title="Guard on users",
    json_schema_extra=any_of_them("min", "max", "warn", "change") | SINCE_NEEDS_CHANGE,
):
    """All the bounds on how many people the segment has; both ends count as within bounds."""

    refused_keys: ClassVar[dict[str, str]] = {
        "share": "is not allowed on users: their share is always 100%; leave it out"
    }

    min: People | None = Field(
        default=None, description="Fewer people than this: fail. Plain digits, such as 50000 or 50_000."
    )
    max: People | None = Field(
        default=None, description="More people than this: fail. Plain digits, such as 50000 or 50_000."
    )
    warn: WarnBounds | None = Field(
        default=None, description="Narrower bounds; outside them the guard warns.", examples=[{"min": 2000}]
    )
    change: (
        Annotated[list[Change], Field(min_length=1, max_length=MOST_CHANGES), BeforeValidator(as_list), OneOrSeveral()]
        | None
    ) = Field(
        default=None,
        description="Bounds relative to earlier counts, one or a list with different from; they need --history.",
        examples=[CHANGE],
    )
    since: Since | None = Field(
        default=None,
        description="Where the past of every change begins, after an intended step.",
        examples=[{"day": "2026-11-20", "reason": "import"}],
    )
    severity: Literal["fail", "warn"] = Field(
        default="fail",
        description="warn: a broken bound of this guard warns instead of failing; an unknown count stays unknown.",
    )


class ChannelGuard(
    UsersGuard,
    title="Guard on a channel",
    json_schema_extra=any_of_them("min", "max", "warn", "share", "change") | SINCE_NEEDS_CHANGE,
):
    """All the bounds on how many people the segment reaches on one channel; both ends count as within bounds."""

    refused_keys: ClassVar[dict[str, str]] = {}

    share: ShareBounds | None = Field(
        default=None,
        description="Bounds on the share of the segment's users that the channel reaches.",
        examples=[{"min": "60%"}],
    )


def _by_channel(name: str, doc: str, kind: Callable[[Channel], Any], example: object, **rest: Any) -> Any:
    """Return the model of a mapping by channel; ``kind`` returns the model of a channel's value."""
    fields: dict[str, Any] = {
        channel.value: (
            kind(channel) | None,
            Field(default=None, description=channel.facts.people, examples=[example]),
        )
        for channel in Channel
    }
    *others, last = Channel
    why = f"Blueshift does not count it; the channels are {', '.join(others)} and {last}"
    model = create_model(
        name, __base__=Closed, __module__=__name__, __doc__=doc, __cls_kwargs__={"title": name, **rest}, **fields
    )
    model.refused_keys = {key: why for key in _NOT_COUNTED if key not in fields}
    model.other_names = {
        other: channel.value for channel in Channel for other in (channel.facts.answer, *channel.facts.other_names)
    }
    return model


Channels = _by_channel(
    "Channels",
    "The guards of a segment, by channel; at least one.",
    lambda channel: UsersGuard if channel is Channel.USERS else ChannelGuard,
    _GUARD,
    json_schema_extra={"minProperties": 1},
)


class Segment(Closed, title="Segment", json_schema_extra={"oneOf": [{"required": ["uuid"]}, {"required": ["name"]}]}):
    """A segment with its guards; Blueshift knows it by its uuid or by its name (write exactly one)."""

    refused_keys: ClassVar[dict[str, str]] = dict.fromkeys(
        ("change", "since", "warn", "share"), "belongs to a channel, such as email: indent it below one"
    )

    uuid: Uuid | None = Field(default=None, description="The segment's uuid, from its address in Blueshift.")
    name: Text | None = Field(
        default=None, description="The segment's exact name; the account must have it exactly once."
    )
    description: Remark | None = Field(default=None, description="What the segment is, for readers of the report.")
    owner: Remark | None = Field(default=None, description="Whom to ask about the segment.")
    tags: Annotated[list[Text], Field(max_length=MOST_TAGS)] = Field(
        default_factory=list, description="Words that select segments: check --tag weekly. At most 1,000."
    )
    bypass_global: bool = Field(default=False, description="Count without the account's global inclusion segment.")
    channels: Annotated[Channels, made_once("channels")] = Field(  # type: ignore[valid-type]  # a model that is made
        description="The guards of the segment, by channel.", examples=[{"email": _GUARD}]
    )


class Ceiling(Closed, title="Ceiling"):
    """A ceiling on the summed reach of a campaign's segments on one channel."""

    refused_keys: ClassVar[dict[str, str]] = {
        "min": "people in several segments would be counted twice; only max is allowed here"
    }

    max: People = Field(description="More people than this, all segments together: fail.")


Totals = _by_channel(
    "Totals",
    "Ceilings on what the segments of a campaign reach together, by channel.",
    lambda _channel: Ceiling,
    _CEILING,
)


class Campaign(Closed, title="Campaign"):
    """Segments that are launched together: check --campaign KEY."""

    owner: Remark | None = Field(
        default=None, description="Whom to ask about the campaign; by default the owners of its segments."
    )
    segments: Annotated[
        list[Text], Field(min_length=1, max_length=MOST_IN_A_CAMPAIGN, json_schema_extra={"uniqueItems": True})
    ] = Field(description="The keys of its segments, each once; at most 10,000.", examples=[["vip", "newsletter"]])
    totals: Annotated[Totals, made_once("totals")] = Field(  # type: ignore[valid-type]  # see above
        default_factory=Totals,
        description="Ceilings on what the segments reach together, by channel.",
        examples=[{"sms": _CEILING}],
    )


class RulesFile(Closed, title="Rules of audience-guard"):
    """How many people each segment may reach on each channel; anything else stops the launch."""

    version: Annotated[WholeNumber, AfterValidator(_version), WithJsonSchema({"const": 1})] = Field(
        description="The version of this file's format: 1.", examples=[1]
    )
    blueshift: BlueshiftSettings = Field(
        default_factory=BlueshiftSettings,
        description="The account, and how fast it is asked; all optional.",
        examples=[{"region": "us"}],
    )
    refresh: RefreshSettings = Field(
        default_factory=RefreshSettings,
        description="How long to wait for a count; all optional.",
        examples=[{"timeout": "10m"}],
    )
    history: HistorySettings = Field(
        default_factory=HistorySettings,
        description="Which earlier days a count is compared with (change); all optional.",
        examples=[{"timezone": "Europe/Berlin"}],
    )
    segments: Annotated[Entries[Segment], Field(min_length=1)] = Field(
        description="The segments to check, each under a key of your own: what you type, and what reports show.",
        examples=[{"vip": {"name": "VIP", "channels": {"email": _GUARD}}}],
    )
    campaigns: Entries[Campaign] = Field(
        default_factory=dict,
        description="Segments that are launched together, each group under a key of your own.",
        examples=[{"spring": {"segments": ["vip", "newsletter"]}}],
    )
