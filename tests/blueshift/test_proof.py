"""docs/proof.md says what the simulation of what no client can see says, and nothing that it does not say."""

from __future__ import annotations

import math
import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]
stale = SimpleNamespace(**runpy.run_path(str(ROOT / "bench/stale.py")))
PROOF = (ROOT / "docs/proof.md").read_text(encoding="utf-8")
A_FEW = 60


def documented(client: str) -> list[float]:
    """Return the rates of a client's row: with one Blueshift, and with three replicas."""
    row = next(line for line in PROOF.splitlines() if line.startswith(f"| {client} |"))
    return [float(rate) / 100 for rate in re.findall(r"([\d.]+)%", row)]


@pytest.mark.parametrize("replicas", [False, True], ids=["one", "three-replicas"])
@pytest.mark.parametrize("client", stale.CLIENTS)
def test_the_rates_are_those_of_the_simulation(client: str, replicas: bool) -> None:
    said = documented(client)[replicas]

    tally = stale.measure(client, A_FEW, replicas=replicas)

    chance = 4 * math.sqrt(said * (1 - said) / A_FEW) + 1 / A_FEW
    assert tally.believed > 0.8 * A_FEW
    assert abs(tally.rate - said) <= chance


def test_the_guard_is_wrong_far_less_often_than_what_anybody_would_write_first() -> None:
    naive, by_clock, guard, slow_guard = (max(documented(client)) for client in stale.CLIENTS)

    assert guard < 0.01 < slow_guard
    assert guard < by_clock / 5 < naive


def test_the_command_and_the_number_of_runs_are_those_of_the_script() -> None:
    assert f"{stale.RUNS:,} runs each" in PROOF
    assert "`.venv/bin/python bench/stale.py`" in PROOF
