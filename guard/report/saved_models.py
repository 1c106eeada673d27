"""The JSON report as pydantic models: the shape of each object in it, and which of its facts exclude each other."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
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

_CLOCKS_DIFFER = timedelta(hours=15)  # a clock that was set to its zone's time in place of UTC is off by 14 at most
_STAMPS_DIFFER = timedelta(hours=1)  # Blueshift's stamps and its Date can be of two clocks


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
_Uuid = Annotated[StrictStr, Field(pattern="^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
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
        if len({check.bound for check in self.checks}) < len(self.checks):
            raise ValueError("two of its checks are of the same bound")
        return self


class SavedGuard(_Judged):
    """All the bounds on one channel of a segment, judged."""

    severity: Severity
    users: _People | None
    counted_at: _Moment | None
    age_seconds: Annotated[int, Field(strict=True, ge=0)] | None
    proof: Literal["refreshed"] | None
    detail: StrictStr | None

    @model_validator(mode="after")
    def _count_has_its_moment(self) -> Self:
        if (self.count is None) is not (self.counted_at is None):
            raise ValueError("count and counted_at are null together, and here they are not")
        return self


class SavedPart(_Object):
    """What one segment adds to a campaign's total."""

    segment: StrictStr
    count: _People | None


class SavedTotal(_Judged):
    """The summed reach of a campaign's segments on one channel, judged."""

    detail: StrictStr | None
    parts: tuple[SavedPart, ...]

    @model_validator(mode="after")
    def _is_of_people(self) -> Self:
        if any(check.bound.is_share for check in self.checks):
            raise ValueError("a total has no share")
        return self


class SavedSegment(_Object):
    """A segment and its guards."""

    key: StrictStr
    uuid: _Uuid | None
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
        if len({guard.channel for guard in self.guards}) < len(self.guards):
            raise ValueError("two of its guards are on the same channel")
        return self


class SavedCampaign(_Object):
    """Segments that are launched together, and the ceilings on their summed reach."""

    key: StrictStr
    segments: _Texts
    verdict: Verdict
    totals: tuple[SavedTotal, ...]

    @model_validator(mode="after")
    def _is_one_campaign(self) -> Self:
        if len(set(self.segments)) < len(self.segments):
            raise ValueError("it names a segment twice")
        if len({total.channel for total in self.totals}) < len(self.totals):
            raise ValueError("two of its totals are of the same channel")
        if any(tuple(part.segment for part in total.parts) != self.segments for total in self.totals):
            raise ValueError("a total is not made of the segments of its campaign, each once and in their order")
        return self


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
        given = [
            (segment.uuid, segment.bypass_global) for segment in self.segments if segment.uuid and segment.name is None
        ]
        if len(set(given)) < len(given):
            raise ValueError("two segments have the same uuid and the same bypass_global")
        campaigns = [campaign.key for campaign in self.campaigns]
        if not set(self.selection.segments) <= set(keys) or not set(self.selection.campaigns) <= set(campaigns):
            raise ValueError("what was selected is not all there")
        if not set(self.selection.tags) <= {tag for segment in self.segments for tag in segment.tags}:
            raise ValueError("no segment has a tag that was selected")
        if any(not campaign.segments or not set(campaign.segments) <= set(keys) for campaign in self.campaigns):
            raise ValueError("a campaign has no segments, or one that is not there")
        if len(set(campaigns)) < len(campaigns):
            raise ValueError("two campaigns have the same key")
        return self

    @model_validator(mode="after")
    def _is_of_one_run(self) -> Self:
        """Refuse a moment that no refresh of this run can have: each began after the run had, and ended before it."""
        if self.finished_at < self.started_at:
            raise ValueError("finished_at is before started_at")
        took = self.finished_at - self.started_at
        for where, guard in self._guards():
            at = guard.counted_at
            if at and (self.started_at - at > _CLOCKS_DIFFER or at - self.finished_at > _CLOCKS_DIFFER):
                raise ValueError(f"{where}.counted_at is no moment of this run, even with clocks that differ by hours")
            if guard.age_seconds is not None and guard.age_seconds > (took + _STAMPS_DIFFER).total_seconds():
                raise ValueError(f"{where}.age_seconds is more than this run took, so the count is not of this run")
        return self

    def _guards(self) -> Iterator[tuple[str, SavedGuard]]:
        for number, segment in enumerate(self.segments):
            for position, guard in enumerate(segment.guards):
                yield f"segments[{number}].guards[{position}]", guard


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
    "string_pattern_mismatch": "a uuid, or a SHA-256 in hexadecimal",
    "greater_than_equal": "large enough",
    "less_than_equal": "a number that an audience can have",
}


def shown(value: Any) -> str:
    """Return a value as JSON has it, cut where it is long; a list or an object is named alone."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    return shortened(json.dumps(value, ensure_ascii=False))
