"""Runs to record, and stores to record them in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from guard.core.history import Limit, Series
from guard.history.address import parse_address
from guard.history.run_record import ReadingRecord, RunRecord
from guard.history.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOMENT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LIMITS = (Limit("min", 10_000, "pass"), Limit("max", 50_000, "pass"))


def series(name: str = "1", channel: str = "email", host: str = "api.example.com", *, bypass: bool = False) -> Series:
    return Series(host=host, uuid=f"00000000-0000-4000-8000-{name:0>12}", channel=channel, bypass_global=bypass)


def reading(of: Series, count: int | None, at: datetime = MOMENT, verdict: str = "pass") -> ReadingRecord:
    return ReadingRecord(
        series=of,
        segment=f"segment {of.uuid[-1:]}",
        count=count,
        reason="timeout" if count is None else None,
        counted_at=None if count is None else at,
        verdict="unknown" if count is None else verdict,
        limits=LIMITS,
    )


def run(number: int, counts: Mapping[Series, int | None], day: int | None = None) -> RunRecord:
    """Return a run with an id of its number, so many days after the first, at its counts."""
    at = MOMENT + timedelta(days=number if day is None else day)
    return RunRecord(
        id=f"run-{number}",
        source="check",
        started_at=at,
        finished_at=at + timedelta(minutes=1),
        host="api.example.com",
        verdict="pass",
        exit_code=0,
        rules_sha256="0" * 64,
        tool_version="0.1.0",
        readings=tuple(reading(of, count, at) for of, count in counts.items()),
    )


def made(url: str, runs: Iterable[RunRecord] = ()) -> Store:
    """Return a store that holds the runs."""
    store = Store(parse_address(url, "the test"))
    store.init()
    store.record(list(runs))
    return store
