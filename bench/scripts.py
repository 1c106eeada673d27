"""What a user would write first, beside the guard, on a server that shows the old count as ready for a while.

python -m bench.scripts            about 2 minutes
"""

from __future__ import annotations

import statistics
from functools import partial
from typing import TYPE_CHECKING, Any

from bench.clients import MOST_IN_FLIGHT, SCRIPTS, guard, proven, segments, wrong
from bench.lab import QUICK, interleaved, over_sockets, save
from guard.model import Pacing, Refresh
from guard.sandbox.scenario import Scenario

if TYPE_CHECKING:
    from bench.lab import Measured

SEGMENTS = 20 if QUICK else 100
RATE, LATENCY, REFRESH, MOST_LAG = 50.0, 0.05, 1.0, 2.0
ROUNDS = 1 if QUICK else 3


def main() -> None:
    scenario = Scenario(latency=LATENCY, segments=segments(SEGMENTS, refresh=REFRESH, most_lag=MOST_LAG))
    pacing = Pacing(requests_per_second=RATE, concurrency=MOST_IN_FLIGHT)
    clients = {name: script(SEGMENTS) for name, script in SCRIPTS.items()}
    clients["audience-guard"] = guard(SEGMENTS, pacing, Refresh())
    works = {name: partial(over_sockets, scenario, client) for name, client in clients.items()}
    runs = interleaved(works, lambda _: ROUNDS)
    ideal = 3 * SEGMENTS / RATE + MOST_LAG + REFRESH
    rows = [_row(name, each, ideal) for name, each in runs.items()]
    setting = {"segments": SEGMENTS, "rate": RATE, "latency": LATENCY, "refresh": REFRESH, "lag": MOST_LAG}
    save("scripts", setting | {"rounds": ROUNDS, "rows": rows})


def _row(name: str, runs: list[Measured], ideal: float) -> dict[str, Any]:
    row = {
        "client": name,
        "times_ideal": round(statistics.median(run.seconds for run in runs) / ideal, 2),
        "requests_per_count": round(statistics.median(run.tally.requests for run in runs) / SEGMENTS, 2),
        "busiest_second": round(statistics.median(run.tally.busiest_second for run in runs)),
        "believed": round(statistics.median(proven(run.believed) for run in runs)),
        "wrong": round(statistics.median(wrong(run.believed) for run in runs)),
    }
    print(row, flush=True)
    return row


if __name__ == "__main__":
    main()
