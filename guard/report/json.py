"""The report for machines: one JSON object with the same keys whatever the flags, as ``report.schema.json`` has it."""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guard.outcome import SCHEMA_VERSION, Verdict
from guard.words import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from guard.outcome import CampaignResult, Check, GuardResult, Report, SegmentResult, TotalResult
    from guard.report.screen import Screen


def render(report: Report, _screen: Screen | None = None) -> str:
    """Return the report as JSON, two spaces a level, ending in a newline."""
    return as_json(_report(report))


def as_json(value: object) -> str:
    r"""Return the value as JSON, two spaces a level, ending in a newline.

    The text is plain ASCII: whatever else a name holds is escaped, unpaired surrogates too, so it passes through every
    encoding and reads back as it was. ``##[`` is written ``\u0023#[``, because GitHub obeys it anywhere in a log.
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, indent=2)
    return harmless(text, "\\u0023") + "\n"


def report_schema_text() -> str:
    """Return the JSON Schema (2020-12) that every JSON report fits."""
    return Path(__file__).with_name("report.schema.json").read_text(encoding="utf-8")


def _report(report: Report) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "audience-guard", "version": report.version},
        "verdict": report.verdict,
        "exit_code": int(report.exit_code),
        "fail_on": report.fail_on,
        "complete": report.complete,
        "started_at": _timestamp(report.started_at),
        "finished_at": _timestamp(report.finished_at),
        "host": report.host,
        "rules": {"path": report.rules_path, "sha256": report.rules_sha256},
        "selection": {
            "segments": report.selection.segments,
            "tags": report.selection.tags,
            "campaigns": report.selection.campaigns,
        },
        "summary": {
            "guards": _tally(guard.verdict for segment in report.segments for guard in segment.guards),
            "totals": _tally(total.verdict for campaign in report.campaigns for total in campaign.totals),
        },
        "segments": [_segment(each, report.rules_path) for each in report.segments],
        "campaigns": [_campaign(each, report.rules_path) for each in report.campaigns],
    }


def _segment(result: SegmentResult, path: str) -> dict[str, Any]:
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
        "guards": [_guard(guard, path) for guard in result.guards],
    }


def _guard(guard: GuardResult, path: str) -> dict[str, Any]:
    count = guard.count
    return {
        "channel": guard.channel,
        "verdict": guard.verdict,
        "severity": guard.severity,
        "count": count.value if count else None,
        "users": guard.users,
        "counted_at": _timestamp(count.counted_at) if count else None,
        "age_seconds": count.age_seconds if count else None,
        "proof": "refreshed" if count else None,
        "reason": guard.reason,
        "detail": guard.detail,
        "path": path,
        "line": guard.line,
        "checks": [_check(check, path) for check in guard.checks],
    }


def _campaign(result: CampaignResult, path: str) -> dict[str, Any]:
    return {
        "key": result.campaign.key,
        "segments": result.campaign.segments,
        "verdict": result.verdict,
        "totals": [_total(total, path) for total in result.totals],
    }


def _total(total: TotalResult, path: str) -> dict[str, Any]:
    return {
        "channel": total.channel,
        "verdict": total.verdict,
        "count": total.count,
        "reason": total.reason,
        "detail": total.detail,
        "path": path,
        "line": total.line,
        "parts": [{"segment": part.segment, "count": part.count} for part in total.parts],
        "checks": [_check(check, path) for check in total.checks],
    }


def _check(check: Check, path: str) -> dict[str, Any]:
    as_number = float if check.bound.is_share else int
    return {
        "bound": check.bound,
        "limit": as_number(check.limit),
        "observed": None if check.observed is None else as_number(check.observed),
        "verdict": check.verdict,
        "path": path,
        "line": check.line,
        "message": check.message,
    }


def _tally(verdicts: Iterable[Verdict]) -> dict[str, int]:
    found = list(verdicts)
    return {verdict.value: found.count(verdict) for verdict in Verdict}


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
