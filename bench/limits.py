"""How long counting takes when the server allows less than the rules say, beside the ideal for what it allows.

python -m bench.limits            about 5 minutes
"""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from bench.clients import MOST_IN_FLIGHT, guard, proven, segments
from bench.lab import QUICK, interleaved, on_a_leaping_clock, over_sockets, save
from guard.core.model import Pacing, Refresh
from guard.sandbox.scenario import RateLimit, Scenario

if TYPE_CHECKING:
    from bench.lab import Measured, Place

LATENCY, REFRESH = 0.05, 1.0
PARTS = (0.5, 0.25)
"""Of the requests a second in the rules, how many the server allows."""

ROUNDS = 1 if QUICK else 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Segments, the rules' requests a second, the part of them that is allowed, and seconds in ``Retry-After``."""

    segments: int
    rate: float
    part: float
    retry_after: float | None

    @property
    def ideal(self) -> float:
        """The seconds that an ideal schedule takes at the rate that the server allows."""
        return 3 * self.segments / (self.rate * self.part) + REFRESH

    def run(self, place: Place) -> Measured:
        limit = RateLimit(requests_per_second=self.rate * self.part, retry_after=self.retry_after)
        found = segments(self.segments, refresh=REFRESH)
        pacing = Pacing(requests_per_second=self.rate, concurrency=MOST_IN_FLIGHT)
        scenario = Scenario(latency=LATENCY, rate_limit=limit, segments=found)
        return place(scenario, guard(self.segments, pacing, Refresh()))


def cases(number: int, rate: float) -> list[Case]:
    return [
        Case(segments=number, rate=rate, part=part, retry_after=retry_after)
        for part in PARTS
        for retry_after in (None, 1.0)
    ]


def measure(wanted: list[Case], place: Place) -> list[dict[str, Any]]:
    """Measure the cases in turns, round after round, and return a row of medians for each."""
    runs = interleaved({case: partial(case.run, place) for case in wanted}, lambda _: ROUNDS)
    return [_row(case, each) for case, each in runs.items()]


def _row(case: Case, runs: list[Measured]) -> dict[str, Any]:
    row = asdict(case) | {
        "rounds": len(runs),
        "times_ideal": statistics.median(run.seconds for run in runs) / case.ideal,
        "requests_per_count": round(statistics.median(run.tally.requests for run in runs) / case.segments, 3),
        "refused": round(statistics.median(run.tally.refused for run in runs)),
        "not_proven": sum(case.segments - proven(run.believed) for run in runs),
    }
    print(row, flush=True)
    return row


def main() -> None:
    save("limits", measure(cases(30 if QUICK else 100, 50.0), over_sockets))
    simulated = [*cases(100, 5.0), *([] if QUICK else cases(1_000, 5.0))]
    save("limits_simulated", measure(simulated, on_a_leaping_clock))


if __name__ == "__main__":
    main()
