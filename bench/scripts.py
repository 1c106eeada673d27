"""What a user would write first, beside the guard, on a server that shows the old count as ready for a while.

The scripts poll at once after the trigger, or pause first: how long the old count is shown decides if that is enough.

    python -m bench.scripts            about 3 minutes
"""

from __future__ import annotations

import statistics
from functools import partial
from typing import TYPE_CHECKING, Any

from bench.clients import MOST_IN_FLIGHT, PAUSE, SCRIPTS, guard, proven, segments, wrong
from bench.lab import QUICK, interleaved, on_a_leaping_clock, over_sockets, save
from guard.core.model import Pacing, Refresh
from guard.sandbox.scenario import Scenario

if TYPE_CHECKING:
    from bench.lab import Client, Measured

RATE, LATENCY, REFRESH = 50.0, 0.05, 1.0
GUARD = "audience-guard"
SEGMENTS, MOST_LAG = 20 if QUICK else 40, 10.0
MANY_SEGMENTS = 100
LAGS = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
"""The longest that the old count is shown as ready, in seconds: from never to well beyond the scripts' pause."""


def clients(number: int) -> dict[str, Client]:
    """Return who counts so many segments, by name."""
    pacing = Pacing(requests_per_second=RATE, concurrency=MOST_IN_FLIGHT)
    return {name: script(number) for name, script in SCRIPTS.items()} | {GUARD: guard(number, pacing, Refresh())}


def account(number: int, most_lag: float) -> Scenario:
    """Return a server with so many segments."""
    return Scenario(latency=LATENCY, segments=segments(number, refresh=REFRESH, most_lag=most_lag))


def rounds(name: str) -> int:
    """Return how often a client is measured: a plain loop takes minutes."""
    return 1 if QUICK or name.startswith("plain loop") else 3


def by_lag(name: str) -> dict[str, Any]:
    """Return how many counts a client believes wrongly on a leaping clock, for each longest lag."""
    wrongs = [
        wrong(on_a_leaping_clock(account(MANY_SEGMENTS, lag), clients(MANY_SEGMENTS)[name]).believed) for lag in LAGS
    ]
    row = {"client": name, "wrong": wrongs}
    print(row, flush=True)
    return row


def main() -> None:
    scenario = account(SEGMENTS, MOST_LAG)
    works = {name: partial(over_sockets, scenario, client) for name, client in clients(SEGMENTS).items()}
    runs = interleaved(works, rounds)
    ideal = 3 * SEGMENTS / RATE + MOST_LAG + REFRESH
    rows = [_row(name, each, ideal) for name, each in runs.items()]
    setting = {"segments": SEGMENTS, "rate": RATE, "refresh": REFRESH, "lag": MOST_LAG, "pause": PAUSE}
    save("scripts", setting | {"rows": rows})
    rows = [by_lag(name) for name in clients(MANY_SEGMENTS)]
    save("scripts_simulated", {"segments": MANY_SEGMENTS, "lags": LAGS, "rows": rows})


def _row(name: str, runs: list[Measured], ideal: float) -> dict[str, Any]:
    row = {
        "client": name,
        "rounds": len(runs),
        "times_ideal": round(statistics.median(run.seconds for run in runs) / ideal, 2),
        "requests_per_count": round(statistics.median(run.tally.requests for run in runs) / SEGMENTS, 2),
        "busiest_second": round(statistics.median(run.tally.busiest_second for run in runs)),
        "believed": round(statistics.median(proven(run.believed) for run in runs)),
        "wrong": max(wrong(run.believed) for run in runs),
    }
    print(row, flush=True)
    return row


if __name__ == "__main__":
    main()
