"""How often a stale count is believed because no client can see that it is stale: four clients, one simulation.

    python bench/stale.py [RUNS]

Each run asks once for one channel of one segment, on a clock that leaps over every wait. Other people count the
segment's five channels too, now and then. A count is stale unless a refresh of that very channel, begun after the
question, produced it. The runs are numbered, and a run's number is its seed.
"""

from __future__ import annotations

import asyncio
import math
import random
import selectors
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import httpx

from guard.blueshift import counting
from guard.blueshift.account import open_account
from guard.blueshift.fresh import Prover
from guard.model import Channel, Pacing, Refresh
from guard.outcome import Count
from guard.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from guard.blueshift.answers import Answer

    Client = Callable[[httpx.MockTransport], Awaitable[int | None]]

RUNS = 2000
EVERY = 300.0  # seconds between two refreshes of other people, on average
QUEUED, TAKES = 2.0, (2.0, 60.0)  # seconds: at most, before a refresh shows; and how long it then runs
REPLICA_LAG = 1.0  # seconds at most
SKEW = 10.0  # seconds between the server's clock and ours, as a standard deviation
LATENCY = (0.05, 0.4)
HISTORY = 1000.0  # seconds that others have been counting before the question
PATIENCE = 600.0
LONG_PAUSE = 60.0
FIELDS = {"users": "approxusers", "email": "email_users", "sms": "sms_users", "push": "push_users"}
ALL = (*FIELDS, "inApp")
URL = "http://127.0.0.1:1"
PATH = "/api/v1/segments/00000000-0000-4000-8000-000000000001/matching_users.json"
TODAY = time.time() // 86_400 * 86_400


class _Leaping(selectors.SelectSelector):
    """A selector that moves the clock on instead of waiting."""

    now = HISTORY

    def select(self, timeout: float | None = None) -> Any:
        self.now += timeout or 0.0
        return super().select(0)


class LeapingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._leaping = _Leaping()
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.now


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A refresh: unseen until it begins, and its number there once it has ended."""

    number: int
    channel: str
    begins: float
    ends: float


class Blueshift:
    """One segment: one stamp in whole seconds, one refresh at a time, and a trigger into another's is swallowed."""

    def __init__(self, chance: random.Random, *, replicas: bool) -> None:
        self._chance = chance
        self._lags = [chance.uniform(0, REPLICA_LAG) if replicas else 0.0 for _ in range(3)]
        self._skew = chance.gauss(0, SKEW)
        self._clock = asyncio.get_running_loop()
        self._next_other = chance.expovariate(1 / EVERY)
        self.all = [
            Counted(number=number, channel=channel, begins=-2.0, ends=-1.0) for number, channel in enumerate(ALL)
        ]

    async def answer(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(self._chance.uniform(*LATENCY) / 2)
        now, query = self._clock.time(), request.url.params
        while self._next_other <= now:
            self._trigger(self._chance.choice(ALL), self._next_other)
            self._next_other += self._chance.expovariate(1 / EVERY)
        is_trigger = query["refresh"] == "true"
        fields = self._shown(now if is_trigger else now - self._chance.choice(self._lags))
        if is_trigger:
            self._trigger(query["channels"], now)
            fields["refresh_status"] = "refreshing"
        await asyncio.sleep(self._chance.uniform(*LATENCY) / 2)
        date = format_datetime(self._server_time(self._clock.time()), usegmt=True)
        content = httpx.Response(200, json=fields).content
        return httpx.Response(200, headers={"Date": date}, stream=httpx.ByteStream(content))

    def _trigger(self, channel: str, now: float) -> None:
        if all(each.ends <= now for each in self.all):
            begins = now + self._chance.uniform(0, QUEUED)
            ends = begins + self._chance.uniform(*TAKES)
            self.all.append(Counted(number=len(self.all), channel=channel, begins=begins, ends=ends))

    def _shown(self, moment: float) -> dict[str, str | int]:
        ended = [each for each in self.all if each.ends <= moment]
        latest = {each.channel: each.number for each in ended}
        running = any(each.begins <= moment < each.ends for each in self.all)
        return {
            "refresh_status": "refreshing" if running else "ready",
            "approxusers_updated_at": self._server_time(math.floor(ended[-1].ends)).isoformat(),
            **{field: latest[channel] for channel, field in FIELDS.items()},
        }

    def _server_time(self, moment: float) -> datetime:
        return datetime.fromtimestamp(math.floor(TODAY + self._skew + moment), UTC)


async def first_ready(transport: httpx.MockTransport) -> int | None:
    """Believe the first answer after the trigger that says ``ready``."""
    return await _poll(transport, not_before=-math.inf)


async def by_our_clock(transport: httpx.MockTransport) -> int | None:
    """Believe an answer that says ``ready`` and bears a stamp later than our clock's time at the trigger."""
    return await _poll(transport, not_before=TODAY + asyncio.get_running_loop().time())


async def _poll(transport: httpx.MockTransport, not_before: float) -> int | None:
    async with httpx.AsyncClient(base_url=URL, transport=transport) as client:
        await client.get(PATH, params={"refresh": "true", "channels": "email"})
        for _ in range(int(PATIENCE / 2)):
            answer = (await client.get(PATH, params={"refresh": "false"})).json()
            stamp = datetime.fromisoformat(answer["approxusers_updated_at"]).timestamp()
            if answer["refresh_status"] == "ready" and stamp > not_before:
                return int(answer["email_users"])
            await asyncio.sleep(2.0)
    return None


async def guard(transport: httpx.MockTransport) -> int | None:
    """Believe what audience-guard believes."""
    wanted = counting.Wanted(key="one", uuid=PATH.split("/")[4], channels=(Channel.EMAIL,))
    account = open_account({"BLUESHIFT_API_KEY": "a-key-for-the-simulation"}, base_url=URL)
    async with counting.connect(account, Pacing(), transport=transport) as blueshift:
        found = await blueshift.count(
            [wanted], refresh=Refresh(timeout=PATIENCE), time_limit=2 * PATIENCE, progress=Progress()
        )
    reading = found["one"].channels[Channel.EMAIL]
    return reading.value if isinstance(reading, Count) else None


async def slow_guard(transport: httpx.MockTransport) -> int | None:
    """Believe what audience-guard would believe if it took its time between its look and its trigger."""

    class Slow(Prover):
        async def _baseline(self, *target: Any, **options: Any) -> Answer:
            baseline = await super()._baseline(*target, **options)
            await asyncio.sleep(LONG_PAUSE)
            return baseline

    with patch.object(counting, "Prover", Slow):
        return await guard(transport)


CLIENTS: dict[str, Client] = {
    "the first `ready`": first_ready,
    "`ready`, and a stamp later than our own clock": by_our_clock,
    "audience-guard": guard,
    f"audience-guard, {LONG_PAUSE:.0f} s between look and trigger": slow_guard,
}


@dataclass(slots=True)
class Tally:
    """How many counts were believed, and how many of them were stale."""

    believed: int = 0
    stale: int = 0

    @property
    def rate(self) -> float:
        return self.stale / self.believed if self.believed else 0.0


def ask(client: Client, number: int, *, replicas: bool) -> bool | None:
    """Return whether the count that the client believes is stale, or None when it believes none."""

    async def run() -> bool | None:
        blueshift = Blueshift(random.Random(number), replicas=replicas)  # noqa: S311 - a simulation's chance
        asked_at = asyncio.get_running_loop().time()
        value = await client(httpx.MockTransport(blueshift.answer))
        if value is None:
            return None
        believed = blueshift.all[value]
        return believed.channel != "email" or believed.begins < asked_at

    random.seed(number)
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        return runner.run(run())


def measure(name: str, runs: int, *, replicas: bool) -> Tally:
    outcomes = [ask(CLIENTS[name], number, replicas=replicas) for number in range(runs)]
    return Tally(believed=sum(each is not None for each in outcomes), stale=sum(each is True for each in outcomes))


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    print(f"stale counts among those believed; {runs:,} runs each\n")
    print("| what is believed | one Blueshift | three replicas |")
    print("|---|---|---|")
    for name in CLIENTS:
        one, three = (measure(name, runs, replicas=replicas) for replicas in (False, True))
        print(f"| {name} | {one.rate:.1%} | {three.rate:.1%} |", flush=True)


if __name__ == "__main__":
    main()
