"""The JSON report as one pydantic model: it writes, reads, and gives the JSON Schema.

Add a key here and nowhere else. A later key needs a default, so that older reports can still be read. Keys that this
version does not know are ignored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr

from guard.core.model import BoundName, Channel, Severity
from guard.core.results import SCHEMA_VERSION, FailOn, Reason, Verdict
from guard.report.json_report.values import Line, Number, People, Seconds, Texts, Timestamp, written_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guard.core.results import Before, CampaignResult, Check, GuardResult, Part, Report, SegmentResult, TotalResult

_PATH = "The rules file, as it was named to the command."
_BEFORE = (
    "What Blueshift showed before this run counted the segment; null when it showed no count, or a count was under way."
)
_REASON = "Why there is no count, in one word for machines; null when everything was found out. Words may be added."


class _Object(BaseModel):
    """A JSON object. Every key is always written, so the schema requires all of them and allows no others."""

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        json_schema_extra={"additionalProperties": False},
        json_schema_serialization_defaults_required=True,
    )


class CheckObject(_Object):
    """One bound, compared with what was observed."""

    bound: BoundName = Field(
        description="Which bound. Both ends are inclusive; a share is a part of the segment's users."
    )
    limit: Number = Field(description="The bound's limit: people, or a fraction of 1 for a share.")
    observed: Number | None = Field(
        description="What was observed, in the same terms as the limit; null when it could not be found out."
    )
    verdict: Verdict = Field(description="The verdict on this bound.")
    path: StrictStr = Field(description=_PATH)
    line: Line = Field(description="The line of the bound, from 1.")
    message: StrictStr = Field(description="The result in a sentence for people.")

    @staticmethod
    def written(check: Check, path: str) -> dict[str, Any]:
        """Return a check for JSON."""
        as_json = check.bound.measure.as_json
        return {
            "bound": check.bound,
            "limit": as_json(check.limit),
            "observed": None if check.observed is None else as_json(check.observed),
            "verdict": check.verdict,
            "path": path,
            "line": check.line,
            "message": check.message,
        }


class BeforeObject(_Object):
    """What Blueshift showed before this run counted; the guard never judges by it."""

    count: People = Field(description="How many people Blueshift showed.")
    counted_at: Timestamp = Field(description="When Blueshift had counted them, by its own clock.")

    @staticmethod
    def written(before: Before | None) -> dict[str, Any] | None:
        """Return what was shown for JSON."""
        return None if before is None else {"count": before.count, "counted_at": written_timestamp(before.counted_at)}


class GuardObject(_Object):
    """All bounds on one channel of a segment, judged."""

    channel: Channel = Field(description="The channel that is guarded.")
    verdict: Verdict = Field(description="The gravest verdict of its checks.")
    severity: Severity = Field(description="What a broken bound amounts to: fail, or warn for a guard that only warns.")
    count: People | None = Field(
        description="How many people the channel reaches, proven fresh; null when the verdict is unknown."
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
    path: StrictStr = Field(description=_PATH)
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


class PartObject(_Object):
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


class TotalObject(_Object):
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
    path: StrictStr = Field(description=_PATH)
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


class SegmentObject(_Object):
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


class CampaignObject(_Object):
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


class ToolObject(_Object):
    """What wrote the report."""

    name: Literal["audience-guard"] = Field(description="Always audience-guard.")
    version: StrictStr = Field(description="The version of audience-guard that made the run.")


class RulesObject(_Object):
    """The rules file that the counts were held to."""

    path: StrictStr = Field(description=_PATH)
    sha256: Annotated[StrictStr, Field(pattern="^[0-9a-f]{64}$")] = Field(
        description="The SHA-256 of the file's bytes, in hexadecimal."
    )


class SelectionObject(_Object):
    """What the run was asked to check; all three empty means everything."""

    segments: Texts = Field(description="The keys given with --segment.")
    tags: Texts = Field(description="The tags given with --tag.")
    campaigns: Texts = Field(description="The keys given with --campaign.")


class TallyObject(_Object):
    """A number for each verdict."""

    pass_: People = Field(alias="pass", description="Within all bounds.")
    warn: People = Field(description="Outside a bound that only warns.")
    unknown: People = Field(description="Not found out.")
    fail: People = Field(description="Outside a bound.")

    @staticmethod
    def written(verdicts: Iterable[Verdict]) -> dict[str, Any]:
        """Return the number of each verdict."""
        found = list(verdicts)
        return {
            "pass": found.count(Verdict.PASS),
            "warn": found.count(Verdict.WARN),
            "unknown": found.count(Verdict.UNKNOWN),
            "fail": found.count(Verdict.FAIL),
        }


class SummaryObject(_Object):
    """How many came to which verdict."""

    guards: TallyObject = Field(description="The guards of all segments.")
    totals: TallyObject = Field(description="The totals of all campaigns.")


class ReportObject(_Object):
    """What one run of audience-guard found out.

    The keys are the same whatever the flags; later versions may add keys, and then publish a schema that has them.
    """

    schema_version: Literal[1] = Field(
        description="The version of this format; it changes only when something is removed or means something else."
    )
    tool: ToolObject = Field(description="What wrote the report.")
    verdict: Verdict = Field(description="The gravest verdict of all guards and totals.")
    exit_code: Literal[0, 1, 3] = Field(
        description="What the run exits with on these verdicts: 0 when nothing stops the send; 1 when something failed"
        " (or warned, under fail_on warn); 3 when something could not be found out and nothing makes it 1."
    )
    fail_on: FailOn = Field(description="Which verdicts make the exit code 1; it never changes a verdict.")
    complete: StrictBool = Field(description="Whether every bound could be judged; false when anything is unknown.")
    started_at: Timestamp = Field(description="When the run began, by the clock of the machine that ran it.")
    finished_at: Timestamp = Field(description="When the last count was in, by the clock of the machine that ran it.")
    host: StrictStr = Field(description="The host that counted.")
    account: StrictStr | None = Field(
        default=None, description="The name that the rules give the account; null when they give none."
    )
    rules: RulesObject = Field(description="The rules file that the counts were held to.")
    selection: SelectionObject = Field(description="What the run was asked to check; all three empty means everything.")
    summary: SummaryObject = Field(description="How many came to which verdict.")
    segments: tuple[SegmentObject, ...] = Field(description="The segments checked, in the order of the rules.")
    campaigns: tuple[CampaignObject, ...] = Field(
        description="The campaigns whose totals were judged, in the order of the rules."
    )

    @staticmethod
    def written(report: Report) -> dict[str, Any]:
        """Return a report for JSON."""
        path, asked = report.rules_path, report.selection
        return {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "audience-guard", "version": report.version},
            "verdict": report.verdict,
            "exit_code": int(report.exit_code),
            "fail_on": report.fail_on,
            "complete": report.complete,
            "started_at": written_timestamp(report.started_at),
            "finished_at": written_timestamp(report.finished_at),
            "host": report.host,
            "account": report.account,
            "rules": {"path": path, "sha256": report.rules_sha256},
            "selection": {"segments": asked.segments, "tags": asked.tags, "campaigns": asked.campaigns},
            "summary": {
                "guards": TallyObject.written(guard.verdict for segment in report.segments for guard in segment.guards),
                "totals": TallyObject.written(
                    total.verdict for campaign in report.campaigns for total in campaign.totals
                ),
            },
            "segments": [SegmentObject.written(each, path) for each in report.segments],
            "campaigns": [CampaignObject.written(each, path) for each in report.campaigns],
        }


def report_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) that every report of this version fits, as plain dicts and lists."""
    schema = ReportObject.model_json_schema(mode="serialization", by_alias=True)
    for each in (schema, *schema["$defs"].values()):
        del each["title"]
        for described in each.get("properties", {}).values():
            described.pop("title", None)
    named = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:audience-guard:report:1",
        "title": "Report of audience-guard",
    }
    return named | schema
