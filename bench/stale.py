"""How often a stale count is believed because no client can see that it is stale: some clients, one simulation.

    python bench/stale.py [RUNS]

Each run asks once for one channel of one segment, on a clock that leaps over every wait. Other people count the
segment's five channels too, now and then. A count is stale unless a refresh of that very channel, begun after the
question, produced it. The runs are numbered, and a run's number is its seed.
"""

from __future__ import annotations

import asyncio
import math
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import httpx

from guard.blueshift import counting
from guard.blueshift.account import open_account
from guard.blueshift.freshness import Prover
from guard.core.model import Channel, Pacing, Refresh
from guard.core.progress import Progress
from guard.core.results import Count
from tests.blueshift.in_process import leap

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from guard.blueshift.answers import Answer

    Client = Callable[[httpx.MockTransport], Awaitable[int | None]]

RUNS = 2000
EVERY = 300.0  # seconds between two refreshes of other people, on average
TAKES = (2.0, 60.0)  # seconds that a refresh runs, once it shows
REPLICA_LAG = 1.0  # seconds at most
SKEW = 10.0  # seconds between the server's clock and ours, as a standard deviation
LATENCY = (0.05, 0.4)
HISTORY = 1000.0  # seconds that others have been counting before the question
PATIENCE = 600.0
PAUSE, LONG_PAUSE = 2.0, 60.0
LOW_RATE = 0.2  # requests a second
FIELDS = {"users": "approxusers", "email": "email_users", "sms": "sms_users", "push": "push_users"}
ALL = (*FIELDS, "inApp")
URL = "http://127.0.0.1:1"
PATH = "/api/v1/segments/00000000-0000-4000-8000-000000000001/matching_users.json"
TODAY = time.time() // 86_400 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What Blueshift is like: the most seconds that a refresh is queued, unseen; and whether three replicas answer."""

    queued: float
    replicas: bool = False


SETTINGS = {
    "queued up to 2 s": Setting(queued=2.0),
    "queued up to 10 s": Setting(queued=10.0),
    "up to 2 s, three replicas": Setting(queued=2.0, replicas=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A refresh: unseen until it begins, and its number there once it has ended."""

    number: int
    channel: str
    begins: float
    ends: float


class Blueshift:
    """One segment: one stamp in whole seconds, one refresh at a time, and a trigger into another's is swallowed.

    ``swallowed_unseen`` says whether the trigger was, by a refresh that had not begun at the client's look before it.
    """

    def __init__(self, chance: random.Random, setting: Setting) -> None:
        self._chance = chance
        self._queued = setting.queued
        self._lags = [chance.uniform(0, REPLICA_LAG) if setting.replicas else 0.0 for _ in range(3)]
        self._skew = chance.gauss(0, SKEW)
        self._clock = asyncio.get_running_loop()
        self._next_other = chance.expovariate(1 / EVERY)
        self._looked_at = math.inf
        self.swallowed_unseen = False
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
        moment = now if is_trigger else now - self._chance.choice(self._lags)
        fields = self._shown(moment)
        if is_trigger:
            self.swallowed_unseen = any(self._looked_at < each.begins and now < each.ends for each in self.all)
            self._trigger(query["channels"], now)
            fields["refresh_status"] = "refreshing"
        else:
            self._looked_at = moment
        await asyncio.sleep(self._chance.uniform(*LATENCY) / 2)
        date = format_datetime(self._server_time(self._clock.time()), usegmt=True)
        content = httpx.Response(200, json=fields).content
        return httpx.Response(200, headers={"Date": date}, stream=httpx.ByteStream(content))

    def _trigger(self, channel: str, now: float) -> None:
        if all(each.ends <= now for each in self.all):
            begins = now + self._chance.uniform(0, self._queued)
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


async def first_ready(
    transport: httpx.MockTransport, *, first_pause: float = 0.0, by_our_clock: bool = False
) -> int | None:
    """Believe the first answer after the trigger that says ``ready``, asking after ``first_pause`` and each pause.

    With ``by_our_clock``, its stamp must also be later than our clock's time at the trigger.
    """
    not_before = TODAY + asyncio.get_running_loop().time() if by_our_clock else -math.inf
    async with httpx.AsyncClient(base_url=URL, transport=transport) as client:
        await client.get(PATH, params={"refresh": "true", "channels": "email"})
        await asyncio.sleep(first_pause)
        for _ in range(int(PATIENCE / PAUSE)):
            answer = (await client.get(PATH, params={"refresh": "false"})).json()
            stamp = datetime.fromisoformat(answer["approxusers_updated_at"]).timestamp()
            if answer["refresh_status"] == "ready" and stamp > not_before:
                return int(answer["email_users"])
            await asyncio.sleep(PAUSE)
    return None


async def guard(transport: httpx.MockTransport, pacing: Pacing = Pacing()) -> int | None:  # noqa: B008 - it is frozen
    """Believe what audience-guard believes."""
    wanted = counting.Wanted(key="one", uuid=PATH.split("/")[4], channels=(Channel.EMAIL,))
    account = open_account({"BLUESHIFT_API_KEY": "a-key-for-the-simulation"}, base_url=URL)
    async with counting.connect(account, pacing, transport=transport) as blueshift:
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
            return replace(baseline, asked_at=baseline.asked_at + LONG_PAUSE)  # or it would be too old to trigger after

    with patch.object(counting, "Prover", Slow):
        return await guard(transport)


CLIENTS: dict[str, Client] = {
    "the first `ready`, asked for at once": first_ready,
    f"the first `ready`, after a pause of {PAUSE:.0f} s": partial(first_ready, first_pause=PAUSE),
    "`ready`, and a stamp later than our own clock": partial(first_ready, by_our_clock=True),
    "audience-guard": guard,
    f"audience-guard at {LOW_RATE} requests a second": partial(guard, pacing=Pacing(requests_per_second=LOW_RATE)),
    f"audience-guard, {LONG_PAUSE:.0f} s between look and trigger": slow_guard,
}


class Outcome(Enum):
    """What is believed; ``UNSEEN`` is a stale count too, of a trigger swallowed by what its client could not see."""

    NOTHING, FRESH, STALE, UNSEEN = range(4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many counts were believed, how many of them were stale, and for how many of these nobody could see why."""

    believed: int
    stale: int
    unseen: int

    @property
    def rate(self) -> float:
        return self.stale / self.believed if self.believed else 0.0


def ask(client: Client, number: int, setting: Setting) -> Outcome:
    """Return what comes of a client's question in the run of that number."""

    async def run() -> Outcome:
        await asyncio.sleep(HISTORY)
        blueshift = Blueshift(random.Random(number), setting)  # noqa: S311 - a simulation's chance
        asked_at = asyncio.get_running_loop().time()
        value = await client(httpx.MockTransport(blueshift.answer))
        if value is None:
            return Outcome.NOTHING
        believed = blueshift.all[value]
        if believed.channel == "email" and believed.begins >= asked_at:
            return Outcome.FRESH
        return Outcome.UNSEEN if blueshift.swallowed_unseen else Outcome.STALE

    random.seed(number)
    return leap(run())


def measure(client: str, runs: int, setting: str) -> Tally:
    """Return what came of so many runs, numbered from 0."""
    outcomes = Counter(ask(CLIENTS[client], number, SETTINGS[setting]) for number in range(runs))
    return Tally(
        believed=runs - outcomes[Outcome.NOTHING],
        stale=outcomes[Outcome.STALE] + outcomes[Outcome.UNSEEN],
        unseen=outcomes[Outcome.UNSEEN],
    )


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    print(f"stale counts among those believed; {runs:,} runs each\n")
    print("| what is believed |", " | ".join(SETTINGS), "|")
    print("|---|" + "---|" * len(SETTINGS))
    for client in CLIENTS:
        rates = [f"{measure(client, runs, setting).rate:.1%}" for setting in SETTINGS]
        print(f"| {client} |", " | ".join(rates), "|", flush=True)


if __name__ == "__main__":
    main()
