"""How long a report takes to render in each format, beside JSON, and whether it grows in step with the guards.

python -m bench.rendering            about a minute
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from bench.lab import QUICK, interleaved, save, seconds_of_cpu
from bench.rules import rules_of
from guard import __version__
from guard.core.evaluate import evaluate
from guard.core.model import Channel, Selection
from guard.core.plan import plan
from guard.core.results import Count, FailOn, Report, SegmentReadings
from guard.report import Format, render
from guard.report.screen import Screen
from guard.rules import parse_rules
from guard.slack.verdict_message import verdict_message

if TYPE_CHECKING:
    from collections.abc import Callable

SMALL, LARGE = 999, 9_999
"""Guards: three for each segment."""

ROUNDS = 1 if QUICK else 5
STARTED = datetime(2026, 11, 23, 9, tzinfo=UTC)
EMAIL_REACH = (40_000, 11_000, 1_900_000)
"""One passes, one warns, one fails."""


def report_of(guards: int) -> Report:
    """Return a report in which a third of the guards on email pass, a third warn and a third fail."""
    rules = parse_rules(rules_of(guards // 3), "rules.yaml")
    planned = plan(rules, Selection())
    readings = {
        segment.key: SegmentReadings(
            uuid=segment.uuid,
            channels={
                channel: Count(
                    value=EMAIL_REACH[number % 3] if channel is Channel.EMAIL else 50_000,
                    counted_at=STARTED,
                    age_seconds=2,
                )
                for channel in planned.channels(segment)
            },
        )
        for number, segment in enumerate(planned.segments)
    }
    segments, campaigns = evaluate(planned, readings)
    return Report(
        version=__version__,
        fail_on=FailOn.FAIL,
        started_at=STARTED,
        finished_at=STARTED + timedelta(minutes=1),
        host="api.getblueshift.com",
        rules_path=rules.path,
        rules_sha256=rules.sha256,
        selection=Selection(),
        segments=segments,
        campaigns=campaigns,
    )


def renderers(report: Report) -> dict[str, Callable[[], object]]:
    """Return what is measured, by name."""
    terminal = Screen(width=100, color=True)
    return {
        **{str(each): partial(render, report, each) for each in Format},
        "text on a terminal": partial(render, report, Format.TEXT, terminal),
        "message in Slack": lambda: verdict_message(report).payload(),
    }


def main() -> None:
    works = {
        (name, guards): partial(seconds_of_cpu, work)
        for guards in (SMALL, LARGE)
        for name, work in renderers(report_of(guards)).items()
    }
    seconds = {what: median(each) for what, each in interleaved(works, lambda _: ROUNDS).items()}
    rows = [
        {
            "format": name,
            "times_json": round(seconds[name, LARGE] / seconds[Format.JSON, LARGE], 2),
            "growth_per_guard": round(seconds[name, LARGE] / LARGE / (seconds[name, SMALL] / SMALL), 2),
        }
        for name, guards in works
        if guards == LARGE
    ]
    print(*rows, sep="\n")
    save("rendering", {"rounds": ROUNDS, "small": SMALL, "large": LARGE, "rows": rows})


if __name__ == "__main__":
    main()
