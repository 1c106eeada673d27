"""Write docs/performance.md and its plot from the results of the latest ``make bench``; a test fails when it is stale.

The text is in ``performance.md.jinja``.

    python -m bench.document
"""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

HERE = Path(__file__).resolve().parent
DOCS = HERE.parent / "docs"
AIM, AIM_WHEN_LIMITED = 1.10, 1.30
MANY = 100
"""Segments from which on the aim holds."""


def page() -> str:
    """Return the whole page, made from the results."""
    return _rendered("performance.md.jinja")


def in_short() -> str:
    """Return what the README quotes of it."""
    return _rendered("in_short.md.jinja")


def _rendered(template: str) -> str:
    results = json.loads((DOCS / "performance/results.json").read_text(encoding="utf-8"))
    counting = [*results["counting"], *results["counting_simulated"]]
    limits = [*results["limits"], *results["limits_simulated"]]
    many = [row for row in counting if row["segments"] >= MANY]
    requests = [row["requests_per_count"] for row in many if row["refresh"] == 1]
    texts = Environment(
        loader=FileSystemLoader(HERE),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - figures of our own, into Markdown
    )
    figures = [row["times_ideal"] for row in many]
    return texts.get_template(template).render(
        **results,
        reached=sum(figure <= AIM for figure in figures),
        worst=max(figures),
        cases=len(many),
        most=max(row["segments"] for row in many),
        worst_limited=max(row["times_ideal"] for row in limits),
        check=next(row for row in results["start"]["commands"] if row["command"] == "check"),
        peers=[row for row in results["start"]["peers"] if not row["tool"].startswith("check")],
        aim=AIM,
        aim_when_limited=AIM_WHEN_LIMITED,
        many=MANY,
        counting_verdict=verdict(many, AIM),
        least_verdict=_beside_the_least(many),
        limits_verdict=verdict(limits, AIM_WHEN_LIMITED),
        not_proven=sum(row["not_proven"] for row in counting),
        limits_not_proven=sum(row["not_proven"] for row in limits),
        wrong=sum(row["wrong"] for row in counting),
        fewest_requests=min(requests),
        most_requests=max(requests),
    )


def verdict(rows: list[dict[str, Any]], aim: float) -> str:
    """Say in how many of the rows the aim is reached, and how far off the furthest is."""
    figures = [row["times_ideal"] for row in rows]
    reached = sum(figure <= aim for figure in figures)
    cases = f"all {len(figures)}" if reached == len(figures) else f"{reached} of {len(figures)}"
    return f"Reached in {cases} cases; the furthest is {max(figures):.4f}."


def _beside_the_least(rows: list[dict[str, Any]]) -> str:
    """Say how far from what no schedule can beat the rows are."""
    figures = [row["times_least"] for row in rows]
    return (
        f"From {MANY} segments on the guard took {min(figures):.2f} to {max(figures):.2f} times the least, "
        f"half of the cases at most {statistics.median(figures):.2f}."
    )


def main() -> None:
    from bench.environments import environment  # noqa: PLC0415 - who wants the page alone needs nothing but results
    from bench.lab import process  # noqa: PLC0415 - see above

    (DOCS / "performance.md").write_text(page(), encoding="utf-8")
    process(environment("plot") / "python", HERE / "plot.py")


if __name__ == "__main__":
    main()
