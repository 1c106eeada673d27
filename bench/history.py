"""What the history costs: a check with a store beside one without, reading and recording beside bare SQLite, trends.

python -m bench.history            about 10 minutes
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from bench.clients import segments, uuid
from bench.lab import QUICK, interleaved, process, save, seconds_of_cpu, served
from guard.core.evaluate import evaluate
from guard.core.history import Limit, Series
from guard.core.model import Channel
from guard.core.plan import Plan
from guard.core.results import Count, SegmentReadings
from guard.history.address import parse_address
from guard.history.comparison import past_of
from guard.history.run_record import LOOPBACK, ReadingRecord, RunRecord
from guard.history.show import Wanted, show_trends
from guard.history.store import Store
from guard.report.trends.html_page import as_html
from guard.rules import load_rules
from guard.sandbox.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = (10, 100) if QUICK else (10, 1_000, 10_000)
"""Segments, each with one guard."""
DAYS = 5 if QUICK else 60
SHOWN = 26
ROUNDS = 1 if QUICK else 5
NOW = datetime.now(UTC)
LIMITS = (Limit("min", 1, "pass"), Limit("max", 500_000, "pass"))
KEY = {"BLUESHIFT_API_KEY": "a-key-for-the-sandbox"}
CHANGE = "{{from: {source}, min: -30%, max: +50%}}"
PACE = "blueshift: {requests_per_second: 1000, concurrency: 24}\nrefresh: {poll_interval: 250ms}\n"
BARE = (
    "SELECT * FROM audience_guard_readings"
    " WHERE host=? AND uuid=? AND channel=? AND bypass_global=? ORDER BY number DESC"
)
WITHOUT, WITH = "import guard.run", "import guard.run, guard.history.memory, guard.history.store"


def series(number: int) -> Series:
    return Series(host=LOOPBACK, uuid=uuid(number), channel="email", bypass_global=False)


def run(days_ago: int, size: int) -> RunRecord:
    """Return a day's run; each count moves a little from day to day."""
    at = NOW - timedelta(days=days_ago)
    return RunRecord(
        id=f"day-{days_ago}",
        source="check",
        started_at=at,
        finished_at=at,
        host=LOOPBACK,
        tool_version="bench",
        readings=tuple(
            ReadingRecord(
                series=series(each),
                segment=f"segment-{each:05}",
                count=20_000 + 37 * each % 9_000 + 113 * days_ago % 2_000,
                counted_at=at,
                verdict="pass",
                limits=LIMITS,
            )
            for each in range(size)
        ),
    )


def stored(folder: Path, size: int) -> Store:
    """Return a store with so many days of so many segments."""
    store = Store(parse_address(str(folder / f"{size}.db"), "the benchmark"))
    store.init()
    for days_ago in range(DAYS, 0, -1):
        store.record([run(days_ago, size)], seconds=600)
    return store


def checked(folder: Path, size: int, *flags: str, guard: str = "{min: 1, max: 500_000}") -> tuple[float, float]:
    """Return the CPU seconds and the most MiB of one check over a socket."""
    rules = folder / "rules.yaml"
    guards = "".join(
        f"  segment-{each:05}:\n    uuid: {uuid(each)}\n    channels: {{email: {guard}}}\n" for each in range(size)
    )
    rules.write_text(f"version: 1\n{PACE}segments:\n{guards}", encoding="utf-8")
    with served(Scenario(segments=segments(size, refresh=0.0))) as server:
        told = ("--base-url", server.url, "--quiet", "--output", f"json={folder}/report.json", *flags)
        done = process(sys.executable, "-m", "guard", "check", rules, *told, environment=KEY, allowed=(0, 1))
    return done.cpu, done.peak


def check_cost(folder: Path, size: int, imports: float) -> dict[str, Any]:
    """Return what a check with a store takes beside one without, less the import of what talks to it."""
    kept = stored(folder, size).address.path
    assert kept  # noqa: S101 - it is a file

    def with_store() -> tuple[float, float]:
        shutil.copy(kept, folder / "used.db")
        return checked(folder, size, "--history", str(folder / "used.db"))

    found = interleaved({"without": lambda: checked(folder, size), "with": with_store}, lambda _: ROUNDS)
    cpu = {name: median(each for each, _ in runs) for name, runs in found.items()}
    peak = {name: median(each for _, each in runs) for name, runs in found.items()}
    return {
        "segments": size,
        "times_without": round((cpu["with"] - imports) / cpu["without"], 3),
        "with_imports": round(cpu["with"] / cpu["without"], 3),
        "times_memory": round(peak["with"] / peak["without"], 2),
    }


def reading_cost(folder: Path, size: int) -> dict[str, Any]:
    """Return what reading every series takes beside the bare query for the same rows; both open the file."""
    store = Store(parse_address(str(folder / f"{size}.db"), "the benchmark"))
    wanted = [series(each) for each in range(size)]

    def query() -> None:
        bare = sqlite3.connect(folder / f"{size}.db")
        for each in wanted:
            bare.execute(BARE, each).fetchall()
        bare.close()

    works: dict[str, Callable[[], float]] = {
        "store": partial(seconds_of_cpu, lambda: store.read(wanted, seconds=600)),
        "bare": partial(seconds_of_cpu, query),
    }
    found = {name: median(times) for name, times in interleaved(works, lambda _: ROUNDS).items()}
    return {"segments": size, "times_bare": round(found["store"] / found["bare"], 2)}


def recording_cost(folder: Path, size: int) -> dict[str, Any]:
    """Return what recording a run takes beside a bare insert of the same rows, and its part of the time limit."""
    rows = sqlite3.connect(folder / f"{size}.db").execute("SELECT * FROM audience_guard_readings").fetchmany(size)
    places = ",".join("?" * len(rows[0]))

    def insert() -> None:
        path = folder / "bare.db"
        path.unlink(missing_ok=True)
        with sqlite3.connect(path) as bare:
            names = ",".join(f"c{number}" for number in range(len(rows[0])))
            bare.execute(f"CREATE TABLE readings ({names}, PRIMARY KEY (c0, c1, c2, c3, c4)) WITHOUT ROWID")
            bare.executemany(f"INSERT INTO readings VALUES ({places})", rows)  # noqa: S608 - question marks alone
        bare.close()

    def record() -> None:
        path = folder / "recorded.db"
        path.unlink(missing_ok=True)
        store = Store(parse_address(str(path), "the benchmark"))
        store.init()
        store.record([run(0, size)], seconds=600)

    works = {"store": partial(seconds_of_cpu, record), "bare": partial(seconds_of_cpu, insert)}
    found = {name: median(times) for name, times in interleaved(works, lambda _: ROUNDS).items()}
    return {"segments": size, "times_bare": round(found["store"] / found["bare"], 1)}


def judging_cost(folder: Path, size: int) -> dict[str, Any]:
    """Return which part of a check's CPU time it takes to judge its guards by their past, with three changes each."""
    changes = [CHANGE.format(source=source) for source in ("previous", "median_of_last_8", "same_weekday")]
    with_changes = f"{{min: 1, max: 500_000, change: [{', '.join(changes)}]}}"
    shutil.copy(folder / f"{size}.db", folder / "judged.db")
    checks = [
        checked(folder, size, "--history", str(folder / "judged.db"), guard=with_changes)[0] for _ in range(ROUNDS)
    ]
    rules = load_rules(folder / "rules.yaml")
    store = Store(parse_address(str(folder / f"{size}.db"), "the benchmark"))
    stored_past = store.read([series(each) for each in range(size)], seconds=600)
    count = Count(value=20_500, counted_at=NOW, age_seconds=1)
    found = {each.key: SegmentReadings(uuid=each.uuid, channels={Channel.EMAIL: count}) for each in rules.segments}

    def judge() -> None:
        pasts = {
            (each.key, Channel.EMAIL): past_of(each.guards[0], series(number), stored_past, rules.past, NOW)
            for number, each in enumerate(rules.segments)
        }
        results, _ = evaluate(Plan(segments=rules.segments, campaigns=()), found, pasts)
        assert {len(each.guards[0].checks) for each in results} == {8}  # noqa: S101 - all changes were judged

    seconds = median(seconds_of_cpu(judge) for _ in range(ROUNDS))
    return {"segments": size, "changes": len(changes), "part": round(seconds / median(checks), 4)}


def trends_cost(folder: Path, size: int) -> dict[str, Any]:
    """Return the seconds of CPU and the bytes that a series takes on the page of ``history show``."""
    store = Store(parse_address(str(folder / f"{size}.db"), "the benchmark"))
    pages: list[str] = []

    def show() -> None:
        pages.append(as_html(show_trends(store, None, Wanted(last=SHOWN))))

    seconds = median(seconds_of_cpu(show) for _ in range(ROUNDS))
    head = len(as_html(show_trends(store, None, Wanted(last=SHOWN, segment=f"segment-{0:05}"))).encode())
    return {"segments": size, "seconds": seconds / size, "bytes": round((len(pages[0].encode()) - head) / (size - 1))}


def main() -> None:
    imports = median(
        process(sys.executable, "-c", WITH).cpu - process(sys.executable, "-c", WITHOUT).cpu for _ in range(ROUNDS)
    )
    figures: dict[str, list[dict[str, Any]]] = {
        "check": [],
        "reading": [],
        "recording": [],
        "trends": [],
        "judging": [],
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in SIZES:
            for what, row in (
                ("check", check_cost(folder, size, imports)),
                ("reading", reading_cost(folder, size)),
                ("recording", recording_cost(folder, size)),
                ("trends", trends_cost(folder, size)),
                *([("judging", judging_cost(folder, size))] if size == SIZES[1] else []),
            ):
                figures[what].append(row)
                print(what, row, flush=True)
    of_a_few = next(row["seconds"] for row in figures["trends"] if row["segments"] == SIZES[1])
    for row in figures["trends"]:
        row["growth"] = round(row.pop("seconds") / of_a_few, 2)
    save("history", {"rounds": ROUNDS, "days": DAYS, "shown": SHOWN, **figures})


if __name__ == "__main__":
    main()
