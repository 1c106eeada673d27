"""The JSON report's segments and campaigns, with their guards, totals and checks, as pydantic models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, StrictBool, StrictStr

from guard.core.baseline import LeftOut, Source, State
from guard.core.model import BoundName, Channel, Severity
from guard.core.results import Reason, Verdict
from guard.report.json_report.values import (
    Day,
    JsonObject,
    Line,
    Number,
    People,
    Percent,
    Seconds,
    Texts,
    Timestamp,
    plain,
    written_timestamp,
)
from guard.report.json_report.words import shown

if TYPE_CHECKING:
    from guard.core.results import Before, CampaignResult, Check, GuardResult, Part, SegmentResult, TotalResult

PATH = "The rules file, as it was named to the command."
_BEFORE = (
    "What Blueshift showed before this run counted the segment; null when it showed no count, or a count was under way."
)
_REASON = (
    "Why something is unknown, in one word for machines; history and learning mean that there is a count, but nothing"
    " to compare it with. Null when everything was found out. Words may be added."
)


def _read_source(value: str) -> str:
    if not Source.is_valid(value):
        raise ValueError(f"{shown(value)} is not what a count can be compared with")
    return value


class BaselineObject(JsonObject):
    """What a change is compared with."""

    from_: Annotated[StrictStr, AfterValidator(_read_source)] = Field(
        alias="from", description="Which days: previous, same_weekday, or such as median_of_last_8."
    )
    value: Number | None = Field(description="The median of those days, in people; null as long as there is none.")
    percent: Percent | None = Field(
        description="By how many per cent the count differs from it; null without a value or a count, and at 0."
    )
    days: People = Field(description="How many earlier days it is made of.")
    needs: People = Field(description="How many earlier days it needs.")
    first: Day | None = Field(description="The first of those days; null without any.")
    last: Day | None = Field(description="The last of those days; null without any.")
    left_out: dict[LeftOut, People] = Field(
        description="How many earlier days were left out, by the first reason that holds: other_rules (judged without a"
        " change, after days judged with one), old (before history.within; only the newest is told), since (before the"
        " channel's since), excluded (in history.exclude), out_of_bounds (outside today's min and max), failed (a"
        " change.min or change.max was broken then)."
    )
    state: State = Field(
        description="ready; learning: there are too few days yet; unavailable: the history cannot be read or trusted."
    )
    until_then: Verdict = Field(description="The verdict as long as it is learning.")

    @staticmethod
    def written(check: Check) -> dict[str, Any] | None:
        """Return a check's baseline for JSON; None if it has none."""
        found = check.baseline
        if found is None:
            return None
        change = None if check.observed is None else found.change(int(check.observed))
        return {
            "from": found.source,
            "value": None if found.value is None else plain(found.value),
            "percent": None if change is None else plain(round(change * 100, 1)),
            "days": found.days,
            "needs": found.needs,
            "first": found.first.isoformat() if found.first else None,
            "last": found.last.isoformat() if found.last else None,
            "left_out": {why.value: many for why, many in found.left_out.items()},
            "state": found.state,
            "until_then": found.until_then,
        }


class CheckObject(JsonObject):
    """One bound, compared with what was observed."""

    bound: BoundName = Field(
        description="Which bound. Both ends are inclusive; a share is a part of the segment's users; a change is"
        " relative to earlier counts."
    )
    limit: Number | None = Field(
        description="The bound's limit: people, or a fraction of 1 for a share; null as long as there is nothing to"
        " compare with."
    )
    observed: Number | None = Field(
        description="What was observed, in the same terms as the limit; null when it could not be found out."
    )
    verdict: Verdict = Field(description="The verdict on this bound.")
    path: StrictStr = Field(description=PATH)
    line: Line = Field(description="The line of the bound, from 1.")
    message: StrictStr = Field(description="The result in a sentence for people.")
    baseline: BaselineObject | None = Field(
        default=None,
        description="What a change is compared with: earlier counts of the same audience; null for every other bound.",
    )

    @staticmethod
    def written(check: Check, path: str) -> dict[str, Any]:
        """Return a check for JSON."""
        as_json = check.bound.measure.as_json
        return {
            "bound": check.bound,
            "limit": as_json(check.limit),
            "observed": as_json(check.observed),
            "verdict": check.verdict,
            "path": path,
            "line": check.line,
            "message": check.message,
            "baseline": BaselineObject.written(check),
        }


class BeforeObject(JsonObject):
    """What Blueshift showed before this run counted; the guard never judges by it."""

    count: People = Field(description="How many people Blueshift showed.")
    counted_at: Timestamp = Field(description="When Blueshift had counted them, by its own clock.")

    @staticmethod
    def written(before: Before | None) -> dict[str, Any] | None:
        """Return what was shown for JSON."""
        return None if before is None else {"count": before.count, "counted_at": written_timestamp(before.counted_at)}


class GuardObject(JsonObject):
    """All bounds on one channel of a segment, judged."""

    channel: Channel = Field(description="The channel that is guarded.")
    verdict: Verdict = Field(description="The gravest verdict of its checks.")
    severity: Severity = Field(description="What a broken bound amounts to: fail, or warn for a guard that only warns.")
    count: People | None = Field(
        description="How many people the channel reaches, proven fresh; null when it could not be found out."
    )
    users: People | None = Field(
        description="How many users the segment holds, where a share was asked for and they were counted; else null."
    )
    counted_at: Timestamp | None = Field(description="When Blueshift counted, by its own clock; null without a count.")
    age_seconds: Seconds | None = Field(
        description="How old the count was when it was read, in whole seconds by Blueshift's own clock; null without a"
        " count, or when the answer had no date."
    )
    proof: Literal["refreshed"] | None = Field(
        description="How the count is known to be fresh: refreshed means that Blueshift counted it again for this"
        " run; null without a count. More ways may be added."
    )
    before: BeforeObject | None = Field(default=None, description=_BEFORE)
    reason: Reason | None = Field(description=_REASON)
    detail: StrictStr | None = Field(
        description="Why there is no count, or what to know of it, in a sentence; null when there is nothing to say."
    )
    path: StrictStr = Field(description=PATH)
    line: Line = Field(description="The line of the guard, from 1.")
    checks: tuple[CheckObject, ...] = Field(description="One check for each bound, in the order of the rules.")

    @staticmethod
    def written(guard: GuardResult, path: str) -> dict[str, Any]:
        """Return a guard's result for JSON."""
        count = guard.count
        return {
            "channel": guard.channel,
            "verdict": guard.verdict,
            "severity": guard.severity,
            "count": count.value if count else None,
            "users": guard.users,
            "counted_at": written_timestamp(count.counted_at) if count else None,
            "age_seconds": count.age_seconds if count else None,
            "proof": "refreshed" if count else None,
            "before": BeforeObject.written(guard.before),
            "reason": guard.reason,
            "detail": guard.detail,
            "path": path,
            "line": guard.line,
            "checks": [CheckObject.written(check, path) for check in guard.checks],
        }


class PartObject(JsonObject):
    """What one segment adds to a total."""

    segment: StrictStr = Field(description="The key of the segment.")
    count: People | None = Field(
        description="How many people its channel reaches, proven fresh; null when it was not found out."
    )
    before: BeforeObject | None = Field(default=None, description=_BEFORE)

    @staticmethod
    def written(part: Part) -> dict[str, Any]:
        """Return a part for JSON."""
        return {"segment": part.segment, "count": part.count, "before": BeforeObject.written(part.before)}


class TotalObject(JsonObject):
    """The summed reach of a campaign's segments on one channel, judged."""

    channel: Channel = Field(description="The channel that is summed.")
    verdict: Verdict = Field(description="The gravest verdict of its checks.")
    count: People | None = Field(
        description="The sum over the campaign's segments; null when any of them could not be counted."
    )
    reason: Reason | None = Field(description=_REASON)
    detail: StrictStr | None = Field(
        default=None,
        description="Why there is no count, or which numbers contradict each other, in a sentence that begins with the"
        " key of the segment; null when there is nothing to say.",
    )
    path: StrictStr = Field(description=PATH)
    line: Line = Field(description="The line of the total, from 1.")
    parts: tuple[PartObject, ...] = Field(
        default=(), description="What each of the campaign's segments adds, in their order; see part."
    )
    checks: tuple[CheckObject, ...] = Field(description="One check for each bound, in the order of the rules.")

    @staticmethod
    def written(total: TotalResult, path: str) -> dict[str, Any]:
        """Return a total's result for JSON."""
        return {
            "channel": total.channel,
            "verdict": total.verdict,
            "count": total.count,
            "reason": total.reason,
            "detail": total.detail,
            "path": path,
            "line": total.line,
            "parts": [PartObject.written(part) for part in total.parts],
            "checks": [CheckObject.written(check, path) for check in total.checks],
        }


class SegmentObject(JsonObject):
    """A segment and its guards."""

    key: StrictStr = Field(description="What the rules call it.")
    uuid: StrictStr | None = Field(
        description="The uuid that was counted; null when the rules give a name that led to none."
    )
    name: StrictStr | None = Field(
        description="The name by which the rules look it up in the account; null when they give the uuid."
    )
    description: StrictStr | None = Field(description="What the rules say it is; null when they do not.")
    owner: StrictStr | None = Field(description="Whom to ask; null when the rules do not say.")
    tags: Texts = Field(description="Its tags in the rules.")
    bypass_global: StrictBool = Field(
        description="Whether it was counted without the account's global inclusion segment."
    )
    verdict: Verdict = Field(description="The gravest verdict of its guards.")
    guards: tuple[GuardObject, ...] = Field(description="Its guards, in the order of the rules.")

    @staticmethod
    def written(result: SegmentResult, path: str) -> dict[str, Any]:
        """Return a segment's result for JSON."""
        segment = result.segment
        return {
            "key": segment.key,
            "uuid": result.uuid,
            "name": segment.name,
            "description": segment.description,
            "owner": segment.owner,
            "tags": segment.tags,
            "bypass_global": segment.bypass_global,
            "verdict": result.verdict,
            "guards": [GuardObject.written(guard, path) for guard in result.guards],
        }


class CampaignObject(JsonObject):
    """Segments that are launched together, and the ceilings on their summed reach."""

    key: StrictStr = Field(description="What the rules call it.")
    owner: StrictStr | None = Field(default=None, description="Whom to ask; null when the rules do not say.")
    segments: Texts = Field(description="The keys of its segments.")
    verdict: Verdict = Field(description="The gravest verdict of its totals and of the guards of its segments.")
    totals: tuple[TotalObject, ...] = Field(description="Its totals, in the order of the rules.")

    @staticmethod
    def written(result: CampaignResult, path: str) -> dict[str, Any]:
        """Return a campaign's result for JSON."""
        return {
            "key": result.campaign.key,
            "owner": result.campaign.owner,
            "segments": result.campaign.segments,
            "verdict": result.verdict,
            "totals": [TotalObject.written(total, path) for total in result.totals],
        }
