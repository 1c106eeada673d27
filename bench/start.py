"""How long the command takes from start to end, beside Python, the bare imports, and tools a team might reach for.

For ``validate`` and ``check`` the bare imports include a model of one field, since pydantic imports a good part of
itself for the first model.

    python -m bench.start            about 2 minutes, and a few more to install the tools
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench.clients import segments, uuid
from bench.lab import QUICK, ROOT, interleaved, process, save, served
from bench.peers import great_expectations, soda
from guard.sandbox.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.lab import Process

ROUNDS = 3 if QUICK else 9
MODEL = "from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema\nclass One(BaseModel):\n    field: int"
BARE = {
    "pass": "pass",
    "imports of --version": "import click",
    "imports of validate": f"import click, hashlib, yaml; {MODEL}",
    "imports of check": f"import click, hashlib, yaml, asyncio, httpx; {MODEL}",
}
COMMANDS = ("--version", "validate", "check")
PEERS = ("soda", "great_expectations")
DEFAULT_PACE = "check at the default pace"
RULES = f"""\
version: 1
{{settings}}
segments:
  newsletter:
    uuid: {uuid(0)}
    channels: {{{{email: {{{{min: 1, max: 5_000_000}}}}}}}}
"""
NO_PAUSES = "blueshift: {requests_per_second: 1000}\nrefresh: {poll_interval: 10ms}"


def works(folder: Path, url: str) -> dict[str, Callable[[], Process]]:
    """Return what is measured, by name."""
    hurried, paced = folder / "hurried.yaml", folder / "paced.yaml"
    hurried.write_text(RULES.format(settings=NO_PAUSES), encoding="utf-8")
    paced.write_text(RULES.format(settings=""), encoding="utf-8")
    ours: dict[str, list[str | Path]] = {
        "--version": ["--version"],
        "validate": ["validate", ROOT / "rules.example.yaml", "--quiet"],
        "check": ["check", hurried, "--base-url", url, "--quiet"],
        DEFAULT_PACE: ["check", paced, "--base-url", url, "--quiet"],
    }
    key = {"BLUESHIFT_API_KEY": "a-key-for-the-sandbox"}
    return {
        **{name: partial(process, sys.executable, "-c", program) for name, program in BARE.items()},
        **{
            name: partial(process, sys.executable, "-m", "guard", *each, environment=key) for name, each in ours.items()
        },
        "soda": soda(),
        "great_expectations": great_expectations(),
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, served(Scenario(segments=segments(1, refresh=0.0))) as server:
        runs = interleaved(works(Path(folder), server.url), lambda _: ROUNDS)
    wall = {name: median(run.wall for run in each) for name, each in runs.items()}
    cpu = {name: median(run.cpu for run in each) for name, each in runs.items()}

    def row(kind: str, name: str, unit: str, base: str) -> dict[str, str | float]:
        return {
            kind: name,
            "times_pass": round(wall[name] / wall["pass"], 1),
            f"times_{unit}": round(wall[name] / wall[base], 2),
            f"cpu_times_{unit}": round(cpu[name] / cpu[base], 2),
        }

    commands = [row("command", name, "imports", f"imports of {name}") for name in COMMANDS]
    peers = [row("tool", name, "check", "check") for name in (*PEERS, DEFAULT_PACE)]
    print(*commands, *peers, sep="\n")
    save("start", {"rounds": ROUNDS, "commands": commands, "peers": peers})


if __name__ == "__main__":
    main()
