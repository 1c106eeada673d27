"""What counting costs: CPU for a request beside bare httpx, and memory for a large run beside bare imports.

python -m bench.cost            about 5 minutes
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import tracemalloc
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from bench.clients import MOST_IN_FLIGHT, bare_httpx, guard, segments, uuid
from bench.lab import QUICK, Door, interleaved, process, save, seconds_of_cpu, served
from guard.model import Pacing, Refresh
from guard.rules import parse_rules
from guard.sandbox.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

AT_ONCE = Refresh(poll_interval=0.25)
FASTEST = Pacing(requests_per_second=1000, concurrency=MOST_IN_FLIGHT)
FEW, MANY = (100, 300) if QUICK else (1_000, 10_000)
ROUNDS = 1 if QUICK else 5
BARE_IMPORTS = "import asyncio, click, httpx, pydantic, yaml"


def milliseconds_of_cpu(work: Coroutine[Any, Any, object]) -> float:
    """Return the milliseconds of CPU that the work takes in this process."""
    return 1000 * seconds_of_cpu(lambda: asyncio.run(work))


def mebibytes_of_objects(url: str, rules: str) -> float:
    """Return the most that Python's objects hold at once while the rules are loaded and checked, in MiB."""
    from guard.run import check  # noqa: PLC0415 - what is imported is not what is measured

    tracemalloc.start()
    check(parse_rules(Path(rules).read_bytes(), rules), api_key="a-key-for-the-sandbox", base_url=url)
    return tracemalloc.get_traced_memory()[1] / 2**20


def in_a_child(what: str, url: str, rules: str) -> float:
    """Do one thing in this process, and return what it cost."""
    door = Door(base_url=url)
    works: dict[str, Callable[[], float]] = {
        "guard": lambda: milliseconds_of_cpu(guard(FEW, FASTEST, AT_ONCE)(door)),
        "bare httpx": lambda: milliseconds_of_cpu(bare_httpx(FEW)(door)),
        "objects": lambda: mebibytes_of_objects(url, rules),
    }
    return works[what]()


def child(what: str, url: str, rules: Path = Path()) -> float:
    """Return what one thing costs in a process of its own."""
    quick = ["--quick"] if QUICK else []
    return float(process(sys.executable, "-m", "bench.cost", "child", what, url, rules, *quick).output)


def cpu(what: str) -> float:
    """Return the milliseconds of CPU for a request that reached the server."""
    with served(Scenario(latency=0.005, segments=segments(FEW, refresh=0.0))) as server:
        spent = child(what, server.url)
    return spent / server.tally.requests


def memory() -> dict[str, float]:
    """Return MiB: of the command that checks many segments, of Python's objects in it, and of the imports alone."""
    with tempfile.TemporaryDirectory() as folder, served(Scenario(segments=segments(MANY, refresh=0.0))) as server:
        rules = Path(folder, "rules.yaml")
        rules.write_text(_rules(), encoding="utf-8")
        flags = ("--base-url", server.url, "--quiet", "--output", f"json={folder}/report.json")
        key = {"BLUESHIFT_API_KEY": "a-key-for-the-sandbox"}
        broken = 1  # the exit code, since every count is above its max
        whole = process(sys.executable, "-m", "guard", "check", rules, *flags, environment=key, allowed=(broken,))
        objects = child("objects", server.url, rules)
    bare = process(sys.executable, "-c", BARE_IMPORTS)
    return {
        "segments": MANY,
        "check_mib": round(whole.peak, 1),
        "imports_mib": round(bare.peak, 1),
        "objects_mib": round(objects, 1),
    }


def _rules() -> str:
    pace = "blueshift: {requests_per_second: 1000, concurrency: 24}\nrefresh: {poll_interval: 250ms}\n"
    guards = "".join(
        f"  segment-{each:05}:\n    uuid: {uuid(each)}\n    channels: {{email: {{min: 1, max: 500_000}}}}\n"
        for each in range(MANY)
    )
    return f"version: 1\n{pace}segments:\n{guards}"


def main() -> None:
    if sys.argv[1:2] == ["child"]:
        print(in_a_child(*sys.argv[2:5]))
        return
    spent = interleaved({what: partial(cpu, what) for what in ("guard", "bare httpx")}, lambda _: ROUNDS)
    ratio = round(median(spent["guard"]) / median(spent["bare httpx"]), 2)
    print(f"CPU for a request: {ratio} times bare httpx", flush=True)
    save("cpu", {"segments": FEW, "rounds": ROUNDS, "times_bare_httpx": ratio})
    found = memory()
    print(found)
    save("memory", found)


if __name__ == "__main__":
    main()
