"""What the benchmarks share: a server to ask, on sockets or on a leaping clock, and a place for the results."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import platform
import random
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from guard.sandbox.api import Api
from guard.sandbox.server import Sandbox
from guard.sandbox.world import World
from tests.blueshift.in_process import LAUNCH_DAY, leap

if TYPE_CHECKING:
    import resource
    from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
    from multiprocessing.connection import Connection

    from guard.sandbox.api import Request
    from guard.sandbox.scenario import Scenario

K = TypeVar("K")
T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".bench_cache"
RESULTS = ROOT / "docs/performance/results.json"
QUICK = "--quick" in sys.argv
"""Whether a look will do: fewer and smaller measurements, and nothing written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where a client finds the server; ``transport`` stands in for the network where there is none."""

    base_url: str
    transport: httpx.AsyncBaseTransport | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The requests that a server saw: all of them, those answered 429, and the most within a second."""

    requests: int
    refused: int
    busiest_second: int

    @classmethod
    def of(cls, requests: Iterable[Request]) -> Tally:
        seen = list(requests)
        seconds = Counter(int(each.time) for each in seen)
        return cls(
            requests=len(seen),
            refused=sum(each.status == httpx.codes.TOO_MANY_REQUESTS for each in seen),
            busiest_second=max(seconds.values(), default=0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A client's run: the seconds it took, what the server saw, and the count it believed for each uuid, if any."""

    seconds: float
    tally: Tally
    believed: Mapping[str, int | None]


if TYPE_CHECKING:
    Client = Callable[[Door], Coroutine[Any, Any, Mapping[str, int | None]]]
    Place = Callable[[Scenario, Client], Measured]


class Server:
    """A sandbox in a process of its own; its ``tally`` is known when it was left."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.tally = Tally.of(())


@contextmanager
def served(scenario: Scenario) -> Iterator[Server]:
    """Serve the scenario for as long as the block lasts."""
    spawn = multiprocessing.get_context("spawn")  # a fork would keep our end of the pipe open, and outlive us
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(scenario, theirs))
    process.start()
    theirs.close()
    server = Server(ours.recv())
    try:
        yield server
    finally:
        ours.send("stop")
        server.tally = ours.recv()
        process.join()


def _serve(scenario: Scenario, pipe: Connection) -> None:
    with Sandbox(scenario) as sandbox:
        pipe.send(sandbox.url)
        with suppress(EOFError):  # whoever measured is gone
            pipe.recv()
            pipe.send(Tally.of(sandbox.requests))


def over_sockets(scenario: Scenario, client: Client) -> Measured:
    """Run the client on the real clock, against a server in a process of its own."""
    with served(scenario) as server:
        started = time.perf_counter()
        believed = asyncio.run(client(Door(base_url=server.url)))
        seconds = time.perf_counter() - started
    return Measured(seconds=seconds, tally=server.tally, believed=believed)


def on_a_leaping_clock(scenario: Scenario, client: Client) -> Measured:
    """Run the client on a clock that leaps over every wait: what is computed takes no time there."""

    async def main() -> Measured:
        loop = asyncio.get_running_loop()
        api = Api(scenario, World(scenario, clock=lambda: LAUNCH_DAY + loop.time()))

        async def answer(request: httpx.Request) -> httpx.Response:
            await asyncio.sleep(scenario.latency / 2)
            said = api.answer(request.method, request.url.raw_path.decode(), request.headers.get("Authorization"))
            await asyncio.sleep(scenario.latency / 2)
            return httpx.Response(said.status, headers=said.headers, stream=httpx.ByteStream(said.body))

        door = Door(base_url="https://blueshift.test", transport=httpx.MockTransport(answer))
        believed = await client(door)
        return Measured(seconds=loop.time(), tally=Tally.of(api.requests), believed=believed)

    return leap(main())


def interleaved(works: Mapping[K, Callable[[], T]], rounds: Callable[[K], int]) -> dict[K, list[T]]:
    """Return what each of the works returned, each done in so many rounds; a round does one after the other.

    So what else the machine does at a time falls on all of them.
    """
    found: dict[K, list[T]] = {name: [] for name in works}
    most = max(rounds(name) for name in works)
    for number in range(most):
        random.seed(number)
        print(f"round {number + 1} of {most}", file=sys.stderr)
        for name, work in works.items():
            if number < rounds(name):
                found[name].append(work())
    return found


def seconds_of_cpu(work: Callable[[], object]) -> float:
    """Return the seconds of CPU that the work takes: its wall time, but for what else the machine does meanwhile."""
    started = time.process_time()
    work()
    return time.process_time() - started


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process that has ended: its output, its seconds of wall and CPU time, and its largest memory in MiB."""

    output: str
    wall: float
    cpu: float
    peak: float


def process(
    *command: str | Path, environment: Mapping[str, str] | None = None, allowed: tuple[int, ...] = (0,)
) -> Process:
    """Run a command to its end, with more in its environment; its output is what it writes on stdout and stderr.

    Raises CalledProcessError, with all that it said, for an exit code that is not allowed.
    """
    started = time.perf_counter()
    with subprocess.Popen(
        [str(each) for each in command],
        env={**os.environ, **(environment or {})},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        assert running.stdout  # noqa: S101 - it was asked for
        output = running.stdout.read()
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if running.returncode not in allowed:
        failed = subprocess.CalledProcessError(running.returncode, running.args)
        failed.add_note(output)
        raise failed
    return Process(output=output, wall=wall, cpu=used.ru_utime + used.ru_stime, peak=_mebibytes(used))


def _mebibytes(used: resource.struct_rusage) -> float:
    """Return the largest memory of a process: Linux tells it in KiB, macOS in bytes."""
    return used.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def save(question: str, figures: Any) -> None:
    """Put the answer to a question into the results, beside the others; nothing is written in a quick run."""
    if QUICK:
        return
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    results[question] = figures
    results["machine"] = {
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("httpx", "pydantic", "pyyaml")},
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")
