"""What is recorded of a run: numbers, verdicts and bounds. Never people, names, descriptions, owners, or the key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from guard.core.history import Limit, Series
from guard.core.text import printable, shortened
from guard.report.json_report.values import written_timestamp
from guard.security.addresses import is_loopback
from guard.security.keyring import scrubbed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from guard.core.results import GuardResult, Report, SegmentResult

LOOPBACK = "localhost"
_LONGEST_LINK = 500
_LONGEST_TEXT = 200
_LINK = re.compile(r"https?://[!-~]+")
_LINKS = ("CI_JOB_URL", "BUILD_URL", "CIRCLE_BUILD_URL", "BUILDKITE_BUILD_URL")
"""The variables in which GitLab, Jenkins, CircleCI and Buildkite give the address of the job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRecord:
    """One reading to record: a guard's count, or why there was none, and what it was judged by.

    ``day`` is given only for a line of a CSV file, ``counted_at`` only for a count of the guard.
    """

    series: Series
    segment: str | None = None
    count: int | None
    users: int | None = None
    reason: str | None = None
    counted_at: datetime | None = None
    day: str | None = None
    verdict: str | None = None
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run to record. ``source`` is ``check``, ``report`` for a saved JSON report, or ``csv``."""

    id: str
    source: str
    started_at: datetime
    finished_at: datetime
    host: str
    verdict: str | None = None
    exit_code: int | None = None
    rules_sha256: str | None = None
    tool_version: str
    link: str | None = None
    readings: tuple[ReadingRecord, ...]

    @property
    def by_change(self) -> bool:
        """Whether any of its counts was compared with the past."""
        return any(each.is_relative for reading in self.readings for each in reading.limits)


def record_of(report: Report, *, run_id: str, source: str, link: str | None = None) -> RunRecord:
    """Return what to record of a run."""
    host = host_of(report.host)
    return RunRecord(
        id=run_id,
        source=source,
        started_at=report.started_at,
        finished_at=report.finished_at,
        host=host,
        verdict=report.verdict.value,
        exit_code=int(report.exit_code),
        rules_sha256=report.rules_sha256,
        tool_version=shortened(printable(report.version), _LONGEST_TEXT),
        link=link,
        readings=tuple(_reading(host, each, guard) for each in report.segments for guard in each.guards),
    )


def _reading(host: str, result: SegmentResult, guard: GuardResult) -> ReadingRecord:
    count = guard.count
    return ReadingRecord(
        series=series_of(host, result.uuid, bypass_global=result.segment.bypass_global, channel=guard.channel),
        segment=result.segment.key,
        count=count.value if count else None,
        users=guard.users,
        reason=guard.reason.value if guard.reason else None,
        counted_at=count.counted_at.astimezone(UTC) if count else None,
        verdict=guard.verdict.value,
        limits=tuple(
            Limit(check.bound.value, check.bound.measure.as_json(check.limit), check.verdict.value)
            for check in guard.checks
        ),
    )


def series_of(host: str, uuid: str | None, *, bypass_global: bool, channel: str) -> Series:
    """Return the series of a channel; the uuid is empty if the name of the segment led to none."""
    return Series(host=host, uuid=(uuid or "").lower(), channel=str(channel), bypass_global=bypass_global)


def host_of(netloc: str) -> str:
    """Return the host without its port; every address of this machine is one host."""
    if is_loopback(f"http://{netloc}"):
        return LOOPBACK
    try:
        host = urlsplit(f"//{netloc}").hostname
    except ValueError:
        host = None
    return shortened(printable(host or netloc), _LONGEST_TEXT)


def link_of(environ: Mapping[str, str]) -> str | None:
    """Return the address of the CI job that this run is part of, or None."""
    server, repository, run = (environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    github = f"{server}/{repository}/actions/runs/{run}" if server and repository and run else ""
    found = github or next((environ[name] for name in _LINKS if environ.get(name)), "")
    if len(found) > _LONGEST_LINK or not _LINK.fullmatch(found) or "@" in found or scrubbed(found) != found:
        return None
    return found


def moment(at: datetime) -> str:
    """Return a moment as the store writes it: in UTC, with milliseconds."""
    return written_timestamp(at)
