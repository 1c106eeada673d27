"""The JSON report as pydantic models: the shape of each object in it, and which of its facts exclude each other."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, StrictBool, StrictInt, StrictStr, model_validator

from guard.model import LARGEST_COUNT, BoundName, Channel, Severity
from guard.outcome import FailOn, Reason, Verdict
from guard.words import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")


def _moment(value: object) -> datetime:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise ValueError(f"{shown(value)} is no moment such as 2026-11-23T09:00:00.000Z")
    return datetime.fromisoformat(value)


def _number(value: object) -> int | float:
    """Return a number of people or a share; neither is negative, infinite, or larger than any count."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LARGEST_COUNT:
        raise ValueError(f"{shown(value)} is no number of people and no share")
    return value


_Moment = Annotated[datetime, PlainValidator(_moment)]
_Number = Annotated[int | float, PlainValidator(_number)]
_People = Annotated[int, Field(strict=True, ge=0, le=LARGEST_COUNT)]
_Line = Annotated[int, Field(strict=True, ge=1)]
_Texts = tuple[StrictStr, ...]


class _Object(BaseModel):
    """A JSON object that holds the keys of its fields, and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SavedCheck(_Object):
    """One bound held against what was observed."""

    bound: BoundName
    limit: _Number
    observed: _Number | None
    verdict: Verdict
    path: StrictStr
    line: _Line
    message: StrictStr

    @model_validator(mode="after")
    def _people_are_whole(self) -> Self:
        if not self.bound.is_share and (isinstance(self.limit, float) or isinstance(self.observed, float)):
            raise ValueError(f"people are counted in whole numbers, but {self.bound} is held to a fraction of one")
        return self


class _Judged(_Object):
    """What a guard and a campaign's total have in common."""

    channel: Channel
    verdict: Verdict
    count: _People | None
    reason: Reason | None
    path: StrictStr
    line: _Line
    checks: Annotated[tuple[SavedCheck, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_unknown_or_counted(self) -> Self:
        if (self.count is None) is not (self.verdict is Verdict.UNKNOWN):
            raise ValueError("the count is null exactly when the verdict is unknown, and here it is not so")
        if (self.reason is None) is any(check.verdict is Verdict.UNKNOWN for check in self.checks):
            raise ValueError("a reason is given exactly when a check is unknown, and here it is not so")
        if len({check.observed for check in self.checks if not check.bound.is_share}) > 1:
            raise ValueError("its checks observed different numbers of people")
        return self


class SavedGuard(_Judged):
    """All the bounds on one channel of a segment, judged."""

    severity: Severity
    users: _People | None
    counted_at: _Moment | None
    age_seconds: StrictInt | None
    proof: Literal["refreshed"] | None
    detail: StrictStr | None

    @model_validator(mode="after")
    def _count_has_its_moment(self) -> Self:
        if (self.count is None) is not (self.counted_at is None):
            raise ValueError("count and counted_at are null together, and here they are not")
        return self


class SavedTotal(_Judged):
    """The summed reach of a campaign's segments on one channel, judged."""


class SavedSegment(_Object):
    """A segment and its guards."""

    key: StrictStr
    uuid: StrictStr | None
    name: StrictStr | None
    description: StrictStr | None
    owner: StrictStr | None
    tags: _Texts
    bypass_global: StrictBool
    verdict: Verdict
    guards: Annotated[tuple[SavedGuard, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_one_segment(self) -> Self:
        if self.uuid is None and any(guard.count is not None for guard in self.guards):
            raise ValueError("nothing can be counted without a uuid, but a count is given")
        users = {guard.users for guard in self.guards}
        users |= {guard.count for guard in self.guards if guard.channel is Channel.USERS}
        if len(users - {None}) > 1:
            raise ValueError("its guards tell of different numbers of users")
        return self


class SavedCampaign(_Object):
    """Segments that are launched together, and the ceilings on their summed reach."""

    key: StrictStr
    segments: _Texts
    verdict: Verdict
    totals: tuple[SavedTotal, ...]


class SavedTool(_Object):
    """What wrote the report."""

    name: Literal["audience-guard"]
    version: StrictStr


class SavedRules(_Object):
    """The rules file that the counts were held to."""

    path: StrictStr
    sha256: Annotated[StrictStr, Field(pattern="^[0-9a-f]{64}$")]


class SavedSelection(_Object):
    """What the run was asked to check."""

    segments: _Texts
    tags: _Texts
    campaigns: _Texts


class SavedTally(_Object):
    """A number for each verdict."""

    pass_: Annotated[int, Field(strict=True, alias="pass")]
    warn: StrictInt
    unknown: StrictInt
    fail: StrictInt


class SavedSummary(_Object):
    """How many came to which verdict."""

    guards: SavedTally
    totals: SavedTally


class SavedReport(_Object):
    """A whole report."""

    schema_version: StrictInt
    tool: SavedTool
    verdict: Verdict
    exit_code: StrictInt
    fail_on: FailOn
    complete: StrictBool
    started_at: _Moment
    finished_at: _Moment
    host: StrictStr
    rules: SavedRules
    selection: SavedSelection
    summary: SavedSummary
    segments: tuple[SavedSegment, ...]
    campaigns: tuple[SavedCampaign, ...]

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        keys = [segment.key for segment in self.segments]
        if len(set(keys)) < len(keys):
            raise ValueError("two segments have the same key")
        campaigns = [campaign.key for campaign in self.campaigns]
        if not set(self.selection.segments) <= set(keys) or not set(self.selection.campaigns) <= set(campaigns):
            raise ValueError("what was selected is not all there")
        if not set(self.selection.tags) <= {tag for segment in self.segments for tag in segment.tags}:
            raise ValueError("no segment has a tag that was selected")
        if any(not campaign.segments or not set(campaign.segments) <= set(keys) for campaign in self.campaigns):
            raise ValueError("a campaign has no segments, or one that is not there")
        for where, total, parts in self._totals():
            told = sum(part for part in parts if part is not None)
            whole = None not in parts
            if total.count != told if whole else total.count is not None and total.count < told:
                raise ValueError(f"{where} does not come to the sum of its segments' counts")
        return self

    def _totals(self) -> Iterator[tuple[str, SavedTotal, list[int | None]]]:
        """Yield where each total stands, the total, and the counts of its segments, None where none is told."""
        counts = {(each.key, guard.channel): guard.count for each in self.segments for guard in each.guards}
        for number, campaign in enumerate(self.campaigns):
            for position, total in enumerate(campaign.totals):
                parts = [counts.get((key, total.channel)) for key in campaign.segments]
                yield f"campaigns[{number}].totals[{position}].count", total, parts


def what_is_wrong(error: ValidationError) -> str:
    """Return the first thing that is wrong and where, in our words; pydantic's name our classes."""
    first = error.errors(include_url=False)[0]
    where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in first["loc"]).lstrip(".")
    return f"{shortened(where)}: {_sentence(first)}" if where else _sentence(first)


def _sentence(error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    if error["type"] == "value_error":
        return str(context["error"])
    if error["type"] in _ABOUT_THE_KEY:
        return _ABOUT_THE_KEY[error["type"]]
    wanted = _WANTED.get(error["type"]) or context.get("expected") or "what a report holds here"
    return f"{shown(error['input'])} is not {wanted}"


_ABOUT_THE_KEY = {
    "missing": "the key is missing",
    "extra_forbidden": "no report of this version has such a key",
    "too_short": "it is empty",
    "model_type": "it is no object",
    "tuple_type": "it is no list",
}
_WANTED = {
    "bool_type": "true or false",
    "int_type": "a whole number",
    "string_type": "a text",
    "string_pattern_mismatch": "a SHA-256 in hexadecimal",
    "greater_than_equal": "large enough",
    "less_than_equal": "a number that an audience can have",
}


def shown(value: Any) -> str:
    """Return a value as JSON has it, cut where it is long; a list or an object is named alone."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    return shortened(json.dumps(value, ensure_ascii=False))
