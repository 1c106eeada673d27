"""Who counts: the guard, and the scripts that a user would write first. Each believes a count for each segment."""

from __future__ import annotations

import asyncio
import math
import ssl
from functools import partial
from typing import TYPE_CHECKING

import httpx

from guard.blueshift.account import open_account
from guard.blueshift.counting import Wanted, connect
from guard.core.model import Channel, Pacing, Refresh
from guard.core.progress import Progress
from guard.core.results import Count
from guard.sandbox.scenario import ScenarioSegment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bench.lab import Client, Door

OLD, FRESH = 40_000, 1_900_000
"""What every channel shows before it is counted, and what a fresh count finds: who believes the old one is wrong."""

MOST_IN_FLIGHT = 24
FINE_POLLS = Refresh(poll_interval=0.25)
PAUSE = 2.0
"""Seconds between two polls of the scripts, as is the guard's first by default."""

_LONGEST_RUN = 10.0**7
_SEMAPHORE = 10


def uuid(number: int) -> str:
    """Return the uuid of a segment, by its number from 0."""
    return f"00000000-0000-4000-8000-{number:012d}"


def segments(
    number: int,
    *,
    refresh: float,
    spread: float = 0.0,
    most_lag: float = 0.0,
    channels: tuple[Channel, ...] = (Channel.EMAIL,),
) -> tuple[ScenarioSegment, ...]:
    """Return segments whose refreshes take ``refresh`` seconds, evenly up to ``spread`` times that more or less.

    They show ``ready`` with the old count for up to ``most_lag`` seconds after a trigger, evenly spread too.
    """
    parts = [(each * 37 % number + 0.5) / number for each in range(number)]  # 37 keeps neighbours unlike
    return tuple(
        ScenarioSegment(
            uuid=uuid(each),
            name=uuid(each),
            counts=dict.fromkeys(channels, OLD),
            fresh=dict.fromkeys(channels, FRESH),
            refresh=refresh * (1 + spread * (2 * part - 1)),
            lag=most_lag * part,
        )
        for each, part in enumerate(parts)
    )


def guard(number: int, pacing: Pacing, refresh: Refresh, channels: tuple[Channel, ...] = (Channel.EMAIL,)) -> Client:
    """Return the guard as a client that counts so many segments."""
    wanted = [Wanted(key=uuid(each), uuid=uuid(each), channels=channels) for each in range(number)]

    async def client(door: Door) -> Mapping[str, int | None]:
        account = open_account({"BLUESHIFT_API_KEY": "a-key-for-the-sandbox"}, base_url=door.base_url)
        async with connect(account, pacing, transport=door.transport) as blueshift:
            found = await blueshift.count(wanted, refresh=refresh, time_limit=_LONGEST_RUN, progress=Progress())
        return {
            f"{key} {channel}": reading.value if isinstance(reading, Count) else None
            for key, readings in found.items()
            for channel, reading in readings.channels.items()
        }

    return client


def bare_httpx(number: int, rate: float = math.inf) -> Client:
    """Return a client that merely sends the GETs which so many counts take, at a rate, and believes nothing."""
    looks = ({"refresh": "false"}, {"refresh": "true", "channels": "email"}, {"refresh": "false"})
    nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # loading whom to trust takes time, and no TLS is spoken here

    async def client(door: Door) -> Mapping[str, int | None]:
        loop = asyncio.get_running_loop()
        places, started = asyncio.Semaphore(MOST_IN_FLIGHT), loop.time()

        async def get(http: httpx.AsyncClient, turn: int) -> None:
            await asyncio.sleep(started + turn / rate - loop.time())
            segment, look = turn % number, turn // number
            async with places:
                answer = await http.get(f"/api/v1/segments/{uuid(segment)}/matching_users.json", params=looks[look])
            answer.raise_for_status().json()

        auth = httpx.BasicAuth("a-key-for-the-sandbox", "")
        async with httpx.AsyncClient(base_url=door.base_url, auth=auth, verify=nobody) as http:
            await asyncio.gather(*(get(http, turn) for turn in range(len(looks) * number)))
        return {}

    return client


def script(number: int, *, at_once: int = 1, first_pause: float = 0.0) -> Client:
    """Return what a user writes after reading the API's page: trigger, poll until ready, believe.

    ``first_pause`` is how many seconds pass between the trigger's answer and the first poll.
    """

    async def client(door: Door) -> Mapping[str, int | None]:
        places = asyncio.Semaphore(at_once)

        async def count(http: httpx.AsyncClient, segment: str) -> int:
            path = f"/api/v1/segments/{segment}/matching_users.json"
            async with places:
                await http.get(path, params={"refresh": "true", "channels": "email"})
                await asyncio.sleep(first_pause)
                while True:
                    answer = (await http.get(path, params={"refresh": "false"})).json()
                    if answer["refresh_status"] == "ready":
                        return int(answer["email_users"])
                    await asyncio.sleep(PAUSE)

        auth = httpx.BasicAuth("a-key-for-the-sandbox", "")
        async with httpx.AsyncClient(base_url=door.base_url, auth=auth, transport=door.transport) as http:
            counts = await asyncio.gather(*(count(http, uuid(each)) for each in range(number)))
        return {uuid(each): value for each, value in enumerate(counts)}

    return client


def proven(believed: Mapping[str, int | None]) -> int:
    """Return how many counts there are."""
    return sum(value is not None for value in believed.values())


def wrong(believed: Mapping[str, int | None]) -> int:
    """Return how many of the counts are not the fresh one."""
    return sum(value not in (None, FRESH) for value in believed.values())


SCRIPTS: Mapping[str, Callable[[int], Client]] = {
    "plain loop, polls at once": script,
    "plain loop, pauses first": partial(script, first_pause=PAUSE),
    "gather, polls at once": partial(script, at_once=_SEMAPHORE),
    "gather, pauses first": partial(script, at_once=_SEMAPHORE, first_pause=PAUSE),
}
