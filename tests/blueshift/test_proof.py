"""The figures in docs/proof.md are those of the simulation."""

from __future__ import annotations

import math
import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

pytestmark = pytest.mark.no_cover
ROOT = Path(__file__).parents[2]
stale = SimpleNamespace(**runpy.run_path(str(ROOT / "bench/stale.py")))
PROOF = (ROOT / "docs/proof.md").read_text(encoding="utf-8")
A_FEW, MANY = 40, 500
GUARD = "audience-guard"
OTHERS = [client for client in stale.CLIENTS if client != GUARD]


def documented(client: str) -> dict[str, float]:
    """Return the rates of a client's row, by setting."""
    row = next(line for line in PROOF.splitlines() if line.startswith(f"| {client} |"))
    return dict(zip(stale.SETTINGS, [float(rate) / 100 for rate in re.findall(r"([\d.]+)%", row)], strict=True))


@pytest.mark.parametrize("setting", stale.SETTINGS)
@pytest.mark.parametrize("client", OTHERS)
def test_the_rates_are_those_of_the_simulation(client: str, setting: str) -> None:
    said = documented(client)[setting]

    tally = stale.measure(client, A_FEW, setting)

    assert tally.believed > 0.8 * A_FEW
    assert abs(tally.rate - said) <= 4 * math.sqrt(said * (1 - said) / A_FEW) + 1 / A_FEW


@pytest.mark.parametrize("setting", stale.SETTINGS)
def test_the_guards_rate_is_documented(setting: str) -> None:
    said = documented(GUARD)[setting]

    tally = stale.measure(GUARD, MANY, setting)

    assert tally.believed == MANY
    assert tally.stale == tally.unseen
    assert abs(tally.rate - said) <= 3 * math.sqrt(said * (1 - said) / MANY) + 1 / MANY


@pytest.mark.parametrize("setting", stale.SETTINGS)
def test_simple_scripts_are_worse(setting: str) -> None:
    at_once, after_a_pause, by_clock, guard, *_ = (documented(client)[setting] for client in stale.CLIENTS)

    assert guard < by_clock / 5 < at_once
    assert guard < after_a_pause / 5


def test_the_page_names_the_scripts_runs() -> None:
    assert f"| what is believed | {' | '.join(stale.SETTINGS)} |" in PROOF
    assert f"{stale.RUNS:,} runs each" in PROOF
    assert "`.venv/bin/python bench/stale.py`" in PROOF
