"""The JSON report as one pydantic model: it writes, reads, and gives the JSON Schema.

Add a key here, or in ``results.py`` for a segment or a campaign, and nowhere else. A later key needs a default, so that
older reports can still be read. Keys that this version does not know are ignored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictStr

from guard.core.results import SCHEMA_VERSION, FailOn, Verdict
from guard.report.json_report.results import PATH, CampaignObject, SegmentObject
from guard.report.json_report.values import Day, JsonObject, People, Texts, Timestamp, written_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guard.core.history import History
    from guard.core.results import Report


class ToolObject(JsonObject):
    """What wrote the report."""

    name: Literal["audience-guard"] = Field(description="Always audience-guard.")
    version: StrictStr = Field(description="The version of audience-guard that made the run.")


class RulesObject(JsonObject):
    """The rules file that the counts were held to."""

    path: StrictStr = Field(description=PATH)
    sha256: Annotated[StrictStr, Field(pattern="^[0-9a-f]{64}$")] = Field(
        description="The SHA-256 of the file's bytes, in hexadecimal."
    )


class SelectionObject(JsonObject):
    """What the run was asked to check; all three empty means everything."""

    segments: Texts = Field(description="The keys given with --segment.")
    tags: Texts = Field(description="The tags given with --tag.")
    campaigns: Texts = Field(description="The keys given with --campaign.")


class TallyObject(JsonObject):
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


class SummaryObject(JsonObject):
    """How many came to which verdict."""

    guards: TallyObject = Field(description="The guards of all segments.")
    totals: TallyObject = Field(description="The totals of all campaigns.")
    learning: People = Field(
        default=0, description="How many guards have too short a past to be compared with, whatever their verdict."
    )


class HistoryObject(JsonObject):
    """The history store of the run."""

    store: StrictStr = Field(description="The kind of store: sqlite or postgresql.")
    began: Day | None = Field(
        description="The first day of which the store has a reading; null when it has none, or could not be read."
    )
    runs: People | None = Field(
        description="How many runs the store holds, this one included when it was recorded; null when it could not be"
        " read."
    )
    recorded: StrictBool = Field(description="Whether this run was recorded in the store.")
    timezone: StrictStr = Field(description="The time zone that says which day a reading belongs to.")

    @staticmethod
    def written(history: History | None) -> dict[str, Any] | None:
        """Return what a report tells of its store for JSON."""
        if history is None:
            return None
        return {
            "store": history.store,
            "began": history.began.isoformat() if history.began else None,
            "runs": history.runs,
            "recorded": history.recorded,
            "timezone": history.timezone,
        }


class ReportObject(JsonObject):
    """What one run of audience-guard found out.

    The keys are the same whatever the flags; later versions may add keys, and then publish a schema that has them.
    """

    schema_version: Literal[1] = Field(
        description="The version of this format; it changes only when something is removed or means something else."
    )
    tool: ToolObject = Field(description="What wrote the report.")
    run_id: StrictStr | None = Field(
        default=None, description="The id of the run, a UUID of version 7; null in reports of older versions."
    )
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
    history: HistoryObject | None = Field(
        default=None, description="The history store of the run; null when none was named."
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
            "run_id": report.run_id,
            "verdict": report.verdict,
            "exit_code": int(report.exit_code),
            "fail_on": report.fail_on,
            "complete": report.complete,
            "started_at": written_timestamp(report.started_at),
            "finished_at": written_timestamp(report.finished_at),
            "host": report.host,
            "account": report.account,
            "history": HistoryObject.written(report.history),
            "rules": {"path": path, "sha256": report.rules_sha256},
            "selection": {"segments": asked.segments, "tags": asked.tags, "campaigns": asked.campaigns},
            "summary": {
                "guards": TallyObject.written(guard.verdict for segment in report.segments for guard in segment.guards),
                "totals": TallyObject.written(
                    total.verdict for campaign in report.campaigns for total in campaign.totals
                ),
                "learning": sum(guard.is_learning for segment in report.segments for guard in segment.guards),
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
