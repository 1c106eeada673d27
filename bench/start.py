"""How long the command takes to start, beside the bare imports that it cannot do without; medians of one run.

For ``validate`` they include a model of one field, since pydantic imports a good part of itself for the first model.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 25
EXAMPLE = Path(__file__).resolve().parents[1] / "rules.example.yaml"
RUN = "import sys; from guard.cli.main import run; sys.exit(run(sys.argv[1:]))"
PAIRS = [
    ("--version", [RUN, "--version"], "import click", ["import click"], 1.3),
    (
        "validate",
        [RUN, "validate", str(EXAMPLE), "--quiet"],
        "import click, hashlib, yaml, pydantic, and one pydantic model",
        [
            (
                "import click, hashlib, yaml; from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema\n"
                "class One(BaseModel):\n    field: int"
            )
        ],
        1.5,
    ),
]


def seconds(program: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", *program], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    for ours, our_program, bare, bare_program, aim in PAIRS:
        times: list[tuple[float, float]] = [(seconds(our_program), seconds(bare_program)) for _ in range(ROUNDS)]
        ratio = statistics.median(our for our, _ in times) / statistics.median(other for _, other in times)
        print(f"{ours}: {ratio:.2f} times `{bare}` (aim: at most {aim})")


if __name__ == "__main__":
    main()
