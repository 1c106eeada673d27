"""Draw docs/performance/growth.svg from the results: how counting grows, beside the ideal.

It runs in an environment of its own, which ``bench.document`` makes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib as mpl  # type: ignore[import-not-found]  # it is in this script's own environment alone
from matplotlib import pyplot as plt

FOLDER = Path(__file__).resolve().parents[1] / "docs/performance"
AIM = 1.10


def main() -> None:
    results = json.loads((FOLDER / "results.json").read_text(encoding="utf-8"))
    lines = {
        "a plain loop, 5 requests/s (simulated)": ("#999999", "s", results["plain_loop_simulated"]),
        "400 requests/s, first poll after 2 s": ("#d55e00", "o", _line(results["counting"], 400, 2.0)),
        "400 requests/s, first poll after 250 ms": ("#0072b2", "o", _line(results["counting"], 400, 0.25)),
        "5 requests/s, first poll after 2 s (simulated)": (
            "#009e73",
            "^",
            _line(results["counting_simulated"], 5, 2.0),
        ),
    }
    # Text stays text, in whatever font the reader has; the same results give the same bytes.
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "growth", "font.family": "sans-serif"})
    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    for label, (color, marker, rows) in lines.items():
        axes.plot(
            [row["segments"] for row in rows],
            [row["times_ideal"] for row in rows],
            label=label,
            color=color,
            marker=marker,
        )
    axes.axhline(1, color="black", linewidth=0.8)
    axes.axhline(
        AIM, color="black", linewidth=0.8, linestyle="dotted", label=f"the aim from 100 segments on: {AIM:.2f}"
    )
    axes.set(xscale="log", ylim=(0, None), xlabel="segments", ylabel="wall time, times the ideal")
    axes.set_title("Counting beside the ideal schedule; a refresh takes 1 s, a request 50 ms", fontsize="medium")
    axes.legend(frameon=False, fontsize="small")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(FOLDER / "growth.svg", metadata={"Date": None, "Creator": None})


def _line(rows: list[dict[str, Any]], rate: float, poll: float) -> list[dict[str, Any]]:
    """Return the rows in which nothing but the number of segments changes."""
    setting = {"rate": rate, "poll": poll, "latency": 0.05, "refresh": 1.0, "spread": 0.0, "channels": 1}
    return sorted(
        (row for row in rows if all(row[key] == value for key, value in setting.items())),
        key=lambda row: row["segments"],
    )


if __name__ == "__main__":
    main()
