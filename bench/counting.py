"""How long counting takes beside the ideal schedule, over real sockets against the sandbox in a process of its own.

The ideal is three requests a segment through the bucket, and then the last refresh.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from typing import TYPE_CHECKING

from guard.blueshift.account import open_account
from guard.blueshift.counting import Wanted, connect
from guard.model import Channel, Pacing, Refresh
from guard.outcome import Count
from guard.progress import Progress
from guard.sandbox.scenario import Scenario, ScenarioSegment
from guard.sandbox.server import Sandbox

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

RATE, LATENCY, REFRESH = 400.0, 0.05, 1.0
PEOPLE = {Channel.EMAIL: 40}


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def serve(segments: int, pipe: Connection) -> None:
    """Serve until the other end of the pipe says stop, and tell how many requests there were."""
    scenario = Scenario(
        latency=LATENCY,
        segments=tuple(
            ScenarioSegment(uuid=uuid(number), name=uuid(number), counts=PEOPLE, fresh=PEOPLE, refresh=REFRESH)
            for number in range(segments)
        ),
    )
    with Sandbox(scenario) as sandbox:
        pipe.send(sandbox.url)
        pipe.recv()
        pipe.send(len(sandbox.requests))


async def count(url: str, segments: int) -> tuple[float, int]:
    """Return the seconds it took, and how many counts were proven."""
    account = open_account({"BLUESHIFT_API_KEY": "a-key-for-the-sandbox"}, base_url=url)
    wanted = [Wanted(key=uuid(each), uuid=uuid(each), channels=(Channel.EMAIL,)) for each in range(segments)]
    started = time.perf_counter()
    async with connect(account, Pacing(requests_per_second=RATE, concurrency=24)) as blueshift:
        found = await blueshift.count(wanted, refresh=Refresh(), time_limit=600, progress=Progress())
    proven = sum(isinstance(each.channels[Channel.EMAIL], Count) for each in found.values())
    return time.perf_counter() - started, proven


def main() -> None:
    print(f"{RATE:.0f} requests a second, {LATENCY * 1000:.0f} ms latency, a refresh takes {REFRESH:.0f} s")
    for segments in (100, 1000):
        ours, theirs = multiprocessing.Pipe()
        server = multiprocessing.Process(target=serve, args=(segments, theirs))
        server.start()
        seconds, proven = asyncio.run(count(ours.recv(), segments))
        ours.send("stop")
        requests = ours.recv()
        server.join()
        ideal = 3 * segments / RATE + REFRESH
        print(
            f"{segments:,} segments: {seconds / ideal:.2f} times the ideal, "
            f"{requests / segments:.2f} requests a segment, {proven:,} proven"
        )


if __name__ == "__main__":
    main()
