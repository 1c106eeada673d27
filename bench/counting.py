"""How long counting takes beside the ideal schedule, as runs grow, and as latency, limit and refreshes change.

The ideal is three requests a segment and channel through the bucket, and then the last refresh. The least is
what no schedule that keeps to the rate and to the order of the segments can beat.

    python -m bench.counting            about 15 minutes; with --quick a few small runs
"""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from bench.clients import FINE_POLLS, MOST_IN_FLIGHT, bare_httpx, guard, proven, script, segments, wrong
from bench.lab import QUICK, interleaved, on_a_leaping_clock, over_sockets, save
from guard.core.model import Channel, Pacing, Refresh
from guard.sandbox.scenario import Scenario

if TYPE_CHECKING:
    from bench.lab import Measured, Place
    from guard.sandbox.scenario import ScenarioSegment

TWO_CHANNELS = (Channel.EMAIL, Channel.SMS)
_SHORT = 5.0  # seconds up to which a run on the real clock is short enough for a look
_ROUNDS = 3
_LONG = 15.0  # seconds from which on a run on the real clock is made once
_MANY = 5_000  # segments from which on a simulated one is


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Segments, requests a second, and seconds; ``spread`` is how much the refreshes differ from each other."""

    segments: int
    rate: float
    latency: float = 0.05
    refresh: float = 1.0
    poll: float = Refresh().poll_interval
    spread: float = 0.0
    channels: int = 1

    @property
    def counts(self) -> int:
        """How many counts there are to prove."""
        return self.segments * self.channels

    @property
    def account(self) -> tuple[ScenarioSegment, ...]:
        """The segments in the account."""
        channels = TWO_CHANNELS[: self.channels]
        return segments(self.segments, refresh=self.refresh, spread=self.spread, channels=channels)

    @property
    def last_refresh(self) -> float:
        """The seconds that the refresh that ends last runs on after the last trigger, with two requests before each."""
        after = enumerate(reversed(self.account))
        return max(each.refresh - 2 * later * self.channels / self.rate for later, each in after)

    @property
    def ideal(self) -> float:
        """The seconds that the aim is measured by: all requests at the rate, and then the last refresh."""
        return 3 * self.counts / self.rate + self.last_refresh

    @property
    def least(self) -> float:
        """The seconds that no schedule can beat: the last looks at earlier refreshes are done while later ones run.

        The first request waits for nothing, and a trigger may go with its look.
        """
        return max((3 * self.counts - 1) / self.rate, (2 * self.counts - 2) / self.rate + self.last_refresh)

    def run(self, place: Place) -> Measured:
        channels = TWO_CHANNELS[: self.channels]
        pacing = Pacing(requests_per_second=self.rate, concurrency=MOST_IN_FLIGHT)
        client = guard(self.segments, pacing, Refresh(poll_interval=self.poll), channels)
        return place(Scenario(latency=self.latency, segments=self.account), client)


REAL = [
    *(
        Case(segments=number, rate=400, poll=poll)
        for number in (1, 10, 100, 1_000, 10_000)
        for poll in (Refresh().poll_interval, FINE_POLLS.poll_interval)
    ),
    *(Case(segments=100, rate=50, latency=latency) for latency in (0.005, 0.05, 0.2)),
    *(Case(segments=1_000, rate=400, latency=latency) for latency in (0.005, 0.02)),
    *(Case(segments=100, rate=rate, refresh=refresh) for rate in (50, 400) for refresh in (10.0, 60.0)),
    Case(segments=1_000, rate=50),
]
SIMULATED = [
    *(
        Case(segments=number, rate=5, refresh=refresh, poll=poll)
        for number in (1, 10, 100, 1_000, 10_000)
        for refresh in (1.0, 10.0, 60.0)
        for poll in (Refresh().poll_interval, FINE_POLLS.poll_interval)
    ),
    *(Case(segments=100, rate=5, latency=latency) for latency in (0.005, 0.2)),
    *(Case(segments=number, rate=5, refresh=20.0, spread=0.5) for number in (100, 1_000)),
    *(Case(segments=number, rate=5, refresh=10.0, channels=2) for number in (100, 1_000)),
]


def rounds(case: Case, place: Place) -> int:
    """Return how often a case is measured."""
    is_long = case.ideal >= _LONG if place is over_sockets else case.segments >= _MANY
    return 1 if QUICK or is_long else _ROUNDS


def measure(cases: list[Case], place: Place) -> list[dict[str, Any]]:
    """Measure the cases in turns, round after round, and return a row of medians for each."""
    runs = interleaved({case: partial(case.run, place) for case in cases}, lambda case: rounds(case, place))
    return [_row(case, each) for case, each in runs.items()]


def _row(case: Case, runs: list[Measured]) -> dict[str, Any]:
    seconds = statistics.median(run.seconds for run in runs)
    row = asdict(case) | {
        "rounds": len(runs),
        "times_ideal": seconds / case.ideal,
        "times_least": seconds / case.least,
        "requests_per_count": round(statistics.median(run.tally.requests for run in runs) / case.counts, 3),
        "not_proven": sum(case.counts - proven(run.believed) for run in runs),
        "wrong": sum(wrong(run.believed) for run in runs),
    }
    print(row, flush=True)
    return row


def machine_alone(number: int = 1_000, rate: float = 400) -> dict[str, float]:
    """Return how long bare httpx takes to send as many requests at a rate, beside the time that this should take.

    What is above 1 here is the machine's part in the figures at such a rate.
    """
    scenario = Scenario(latency=Case(segments=number, rate=rate).latency, segments=segments(number, refresh=1.0))
    works = {"bare httpx": partial(over_sockets, scenario, bare_httpx(number, rate))}
    [runs] = interleaved(works, lambda _: 1 if QUICK else _ROUNDS).values()
    times = statistics.median(run.seconds for run in runs) / (3 * number / rate)
    return {"segments": number, "rate": rate, "rounds": len(runs), "times_ideal": round(times, 3)}


def loop_growth(sizes: list[int]) -> list[dict[str, float]]:
    """Return how long a plain loop takes on a leaping clock as runs grow, beside the ideal at 5 requests a second."""
    rows = []
    for size in sizes:
        case = Case(segments=size, rate=5)
        scenario = Scenario(latency=case.latency, segments=segments(size, refresh=case.refresh))
        seconds = on_a_leaping_clock(scenario, script(size)).seconds
        rows.append({"segments": size, "times_ideal": round(seconds / case.ideal, 3)})
        print("plain loop:", rows[-1], flush=True)
    return rows


def main() -> None:
    save("counting", measure([case for case in REAL if case.ideal < _SHORT or not QUICK], over_sockets))
    save("machine_alone", machine_alone())
    simulated = [case for case in SIMULATED if case.segments < _MANY or not QUICK]
    save("counting_simulated", measure(simulated, on_a_leaping_clock))
    save("plain_loop_simulated", loop_growth([1, 10, 100, 1_000, *([] if QUICK else [10_000])]))


if __name__ == "__main__":
    main()
