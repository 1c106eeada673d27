"""The figures in the documents are those that the benchmarks measured last."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

ROOT = Path(__file__).parents[1]
PERFORMANCE = ROOT / "docs/performance.md"


def test_the_page_on_performance_says_what_the_results_say() -> None:
    page = runpy.run_path(str(ROOT / "bench/document.py"))["page"]

    assert page() == PERFORMANCE.read_text(encoding="utf-8"), "run: python -m bench.document"


def test_the_page_tells_of_every_benchmark_that_make_bench_runs() -> None:
    listed = re.search(r"^BENCHMARKS = (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)

    assert listed
    text = PERFORMANCE.read_text(encoding="utf-8")
    assert [name for name in listed[1].split() if f"`python -m bench.{name}`" not in text] == []


def test_no_measured_count_was_wrong_or_left_unproven() -> None:
    results = json.loads((ROOT / "docs/performance/results.json").read_text(encoding="utf-8"))
    rows = [row for name in ("counting", "counting_simulated") for row in results[name]]

    assert {(row["not_proven"], row["wrong"]) for row in rows} == {(0, 0)}
    assert [row["wrong"] for row in results["scripts"]["rows"] if row["client"] == "audience-guard"] == [0]
