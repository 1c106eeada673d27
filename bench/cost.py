"""What counting costs: CPU for a request beside bare httpx, and memory for a large run beside bare imports.

python -m bench.cost            about 3 minutes
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from functools import partial
from pathlib import Path
from statistics import median

from bench.clients import MOST_IN_FLIGHT, bare_httpx, guard, segments, uuid
from bench.lab import QUICK, Door, interleaved, process, save, seconds_of_cpu, served
from guard.core.model import Pacing, Refresh
from guard.sandbox.scenario import Scenario

AT_ONCE = Refresh(poll_interval=0.25)
FASTEST = Pacing(requests_per_second=1000, concurrency=MOST_IN_FLIGHT)
FEW, MANY = (100, 300) if QUICK else (1_000, 10_000)
ROUNDS, MEMORY_ROUNDS = (1, 1) if QUICK else (5, 3)
BARE_IMPORTS = "import asyncio, click, httpx, pydantic, yaml"


def in_a_child(who: str, url: str) -> float:
    """Have somebody count in this process, and return the milliseconds of CPU."""
    clients = {"guard": guard(FEW, FASTEST, AT_ONCE), "bare httpx": bare_httpx(FEW)}
    return 1000 * seconds_of_cpu(lambda: asyncio.run(clients[who](Door(base_url=url))))


def cpu(who: str) -> float:
    """Return the milliseconds of CPU for a request that reached the server, in a process of its own."""
    quick = ["--quick"] if QUICK else []
    with served(Scenario(latency=0.005, segments=segments(FEW, refresh=0.0))) as server:
        spent = float(process(sys.executable, "-m", "bench.cost", "child", who, server.url, *quick).output)
    return spent / server.tally.requests


def peak_of_check() -> float:
    """Return the most MiB that the command held at once, which checked many segments."""
    with tempfile.TemporaryDirectory() as folder, served(Scenario(segments=segments(MANY, refresh=0.0))) as server:
        rules = Path(folder, "rules.yaml")
        rules.write_text(_rules(), encoding="utf-8")
        flags = ("--base-url", server.url, "--quiet", "--output", f"json={folder}/report.json")
        key = {"BLUESHIFT_API_KEY": "a-key-for-the-sandbox"}
        broken = 1  # the exit code, since every count is above its max
        command: list[str | Path] = [sys.executable, "-m", "guard", "check", rules, *flags]
        return process(*command, environment=key, allowed=(broken,)).peak


def peak_of_imports() -> float:
    """Return the most MiB that a Python held at once which imports what the command stands on."""
    return process(sys.executable, "-c", BARE_IMPORTS).peak


def _rules() -> str:
    pace = "blueshift: {requests_per_second: 1000, concurrency: 24}\nrefresh: {poll_interval: 250ms}\n"
    guards = "".join(
        f"  segment-{each:05}:\n    uuid: {uuid(each)}\n    channels: {{email: {{min: 1, max: 500_000}}}}\n"
        for each in range(MANY)
    )
    return f"version: 1\n{pace}segments:\n{guards}"


def main() -> None:
    if sys.argv[1:2] == ["child"]:
        print(in_a_child(*sys.argv[2:4]))
        return
    spent = interleaved({what: partial(cpu, what) for what in ("guard", "bare httpx")}, lambda _: ROUNDS)
    ratio = round(median(spent["guard"]) / median(spent["bare httpx"]), 2)
    print(f"CPU for a request: {ratio} times bare httpx", flush=True)
    save("cpu", {"segments": FEW, "rounds": ROUNDS, "times_bare_httpx": ratio})
    peaks = interleaved({"check": peak_of_check, "imports": peak_of_imports}, lambda _: MEMORY_ROUNDS)
    mebibytes = {f"{what}_mib": round(median(each), 1) for what, each in peaks.items()}
    print(mebibytes)
    save("memory", {"segments": MANY, "rounds": MEMORY_ROUNDS, **mebibytes})


if __name__ == "__main__":
    main()
