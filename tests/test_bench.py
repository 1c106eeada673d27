"""The figures in the documents are those that the benchmarks measured last."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).parents[1]
PERFORMANCE = ROOT / "docs/performance.md"
RESULTS: dict[str, Any] = json.loads((ROOT / "docs/performance/results.json").read_text(encoding="utf-8"))
DOCUMENT = SimpleNamespace(**runpy.run_path(str(ROOT / "bench/document.py")))


def test_the_page_is_current() -> None:
    assert DOCUMENT.page() == PERFORMANCE.read_text(encoding="utf-8"), "run: python -m bench.document"


def test_the_readme_quotes_it_in_short() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert " ".join(DOCUMENT.in_short().split()) in " ".join(readme.split())


def test_the_page_names_every_benchmark() -> None:
    listed = re.search(r"^BENCHMARKS = (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)

    assert listed
    text = PERFORMANCE.read_text(encoding="utf-8")
    assert [name for name in listed[1].split() if f"`python -m bench.{name}`" not in text] == []


def test_just_above_the_aim_is_a_miss() -> None:
    said = DOCUMENT.verdict([{"times_ideal": 1.0}, {"times_ideal": 1.1}, {"times_ideal": 1.1004}], 1.1)

    assert said == "Reached in 2 of 3 cases; the furthest is 1.1004."


def test_every_count_was_right() -> None:
    rows = [*RESULTS["counting"], *RESULTS["counting_simulated"]]

    assert {(row["not_proven"], row["wrong"]) for row in rows} == {(0, 0)}
    assert [row for row in rows if row["times_least"] < 1] == []  # no schedule can be faster


def test_the_guard_was_never_wrong() -> None:
    rows = [*RESULTS["scripts"]["rows"], *RESULTS["scripts_simulated"]["rows"]]
    wrong = [row["wrong"] for row in rows if row["client"] == "audience-guard"]

    assert wrong == [0, [0] * len(RESULTS["scripts_simulated"]["lags"])]
