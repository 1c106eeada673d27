"""The keys of the rules file about the past, as pydantic models: changes, where they begin, and which days count."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, create_model

from guard.core.change import PastRules
from guard.rules.document import Closed, any_of_them
from guard.rules.fields import People, Remark, WholeNumber  # noqa: TC001 - pydantic reads them
from guard.rules.past_fields import Day, Decrease, Increase, SourceWord, Timezone, Within

MOST_EXCLUDED = 1_000
MOST_CHANGES = 52
"""One for each thing that a count can be compared with."""
SINCE_NEEDS_CHANGE = {"dependencies": {"since": ["change"]}}
_PAST = PastRules()


class ChangeWarn(Closed, title="Warning changes", json_schema_extra=any_of_them("min", "max")):
    """Narrower changes: a count that changed by more, but less than by min and max, warns."""

    min: Decrease | None = Field(
        default=None, description="Fewer people than this change leaves: warn.", examples=["-15%"]
    )
    max: Increase | None = Field(
        default=None, description="More people than this change makes: warn.", examples=["+25%"]
    )


class _Change(Closed):
    """Bounds relative to earlier counts of the same audience; they need a history store (--history)."""

    refused_keys: ClassVar[dict[str, str]] = {"since": "belongs beside change, one level up"}

    min: Decrease | None = Field(
        default=None,
        description="Fewer people than this change leaves: fail. From more than -100% to 0%, such as -30%.",
        examples=["-30%"],
    )
    max: Increase | None = Field(
        default=None,
        description="More people than this change makes: fail. From 0% to +100000%, such as +50%.",
        examples=["+50%"],
    )
    warn: ChangeWarn | None = Field(
        default=None, description="Narrower changes; outside them the guard warns.", examples=[{"min": "-15%"}]
    )
    ignore_under: People | None = Field(
        default=None,
        description="A change of fewer people than this breaks nothing; becoming empty always does.",
        examples=[500],
    )
    needs: WholeNumber | None = Field(
        default=None,
        json_schema_extra={"minimum": 1},
        description="How many earlier days with a count it needs: 1 for previous, 3 for a median, 2 for same_weekday.",
        examples=[3],
    )
    until_then: Literal["unknown", "fail", "warn", "pass"] = Field(
        default="unknown",
        description="The verdict as long as there are fewer days; warn and pass only with a min and a max beside it.",
    )


Change = create_model(
    "Change",
    __base__=_Change,
    __module__=__name__,
    __doc__=_Change.__doc__,
    __cls_kwargs__={"title": "Change", "json_schema_extra": any_of_them("min", "max")},
    **{  # type: ignore[call-overload]  # "from" is a word of Python's
        "from": (
            SourceWord,
            Field(
                description="What the count is compared with: previous (the newest earlier day), median_of_last_N (the"
                " median of the N newest, 3 to 52), or same_weekday (the median of the 4 newest with today's weekday).",
                examples=["median_of_last_8"],
            ),
        )
    },
)
CHANGE = {"from": "median_of_last_8", "min": "-30%", "max": "+50%"}


class Since(Closed, title="Since"):
    """The first day that counts as the past: after a change of the audience that was meant."""

    day: Day = Field(description="The first day that counts, such as 2026-11-20.", examples=["2026-11-20"])
    reason: Remark = Field(description="Why, for readers of the rules.", examples=["consent import of 19 November"])


class _Excluded(Closed):
    """Days that count for no guard, both ends included."""

    to: Day = Field(description="The last day.", examples=["2026-11-30"])
    reason: Remark = Field(description="Why, for readers of the rules.", examples=["Black Friday week"])


Excluded = create_model(
    "Excluded",
    __base__=_Excluded,
    __module__=__name__,
    __doc__=_Excluded.__doc__,
    __cls_kwargs__={"title": "Excluded days"},
    **{"from": (Day, Field(description="The first day.", examples=["2026-11-24"]))},  # type: ignore[call-overload]  # see above
)


class HistorySettings(Closed, title="History"):
    """Which earlier days a count is compared with."""

    timezone: Timezone = Field(
        default=_PAST.timezone,
        description="Whose days and weekdays, such as Europe/Berlin.",
        examples=["Europe/Berlin"],
    )
    within: Within = Field(
        default=_PAST.within,
        json_schema_extra={"default": f"{_PAST.within}d"},
        description="Older days do not count: whole days, 1d to 3650d.",
    )
    exclude: Annotated[list[Excluded], Field(max_length=MOST_EXCLUDED)] = Field(  # type: ignore[valid-type]  # see above
        default_factory=list,
        description="Days that count for no guard, such as those of a sale; at most 1,000 entries.",
        examples=[[{"from": "2026-11-24", "to": "2026-11-30", "reason": "sale"}]],
    )
