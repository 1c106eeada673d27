"""Bounds relative to the past, through the real command: from the first day to a fault, and a past that is lost."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import BAD, GOOD, RULES
from tests.slack.fake_slack import SIGNING_SECRET
from tests.slack.fake_web_api import APP_TOKEN, BOT_TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Refused, Run
    from tests.conftest import Webhook

NAMED = ("--history", "history.db")
TODAY = datetime.now(UTC).date()
CHANGE = "change: {from: median_of_last_8, min: -30%, max: +50%}"


def with_change(folder: Path, change: str = CHANGE, bounds: str = "min: 10, max: 100000") -> None:
    """Let the segments good, which has 50 people, and bad, which has 5,000, be compared with the past."""
    rules = RULES.replace("{min: 10, max: 100}", f"{{{', '.join(filter(None, [bounds, change]))}}}")
    (folder / "rules.yaml").write_text(rules)


def past(audience_guard: Run, folder: Path, counts: dict[str, int], days: int = 5, *, last: int = 1) -> None:
    """Make a store in which each segment had these people on some days, up to ``last`` days before today."""
    lines = [
        f"{uuid},email,{TODAY - timedelta(days=day)},{count}"
        for uuid, count in counts.items()
        for day in range(last, last + days)
    ]
    (folder / "past.csv").write_text("\n".join(["uuid,channel,day,count", *lines, ""]))
    assert audience_guard("history", "init", *NAMED)[0] == 0
    assert audience_guard("history", "import", "past.csv", *NAMED)[0] == 0


def checked(audience_guard: Run, *arguments: str, segment: str = "good") -> tuple[int, dict[str, Any]]:
    """Return the exit code and the guard of one segment in the JSON report."""
    code, stdout, _ = audience_guard("check", "--segment", segment, *NAMED, "--output", "json", *arguments)
    return code, json.loads(stdout)["segments"][0]["guards"][0]


def test_without_a_store_nothing_is_sent(refused: Refused, folder: Path, sandbox: Any) -> None:
    with_change(folder)

    stderr = refused("check", "--segment", "middling")

    assert (
        "rules.yaml compares counts with earlier ones (change), but no history store is named\n  hint: give" in stderr
    )
    assert "rules.yaml compares" in refused("slack", "rules.yaml", environ=SLACK)
    assert not sandbox.requests


SLACK = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN, "SLACK_SIGNING_SECRET": SIGNING_SECRET}


def test_validate_needs_no_store(audience_guard: Run, folder: Path) -> None:
    with_change(folder)

    assert audience_guard("validate")[0] == 0


def test_the_first_day_is_unknown_and_begins_the_past(audience_guard: Run, folder: Path) -> None:
    with_change(folder, "change: {from: previous, min: -30%, max: +50%}")
    audience_guard("history", "init", *NAMED)

    code, guard = checked(audience_guard)

    assert (code, guard["verdict"], guard["reason"], guard["count"]) == (3, "unknown", "learning", 50)
    assert guard["detail"] == "learning, 0 of 1 earlier day"
    assert [check["limit"] for check in guard["checks"]] == [10, 100_000, None, None]
    assert guard["checks"][2]["baseline"]["state"] == "learning"
    with sqlite3.connect(folder / "history.db") as db:
        assert db.execute("SELECT count FROM audience_guard_readings").fetchall() == [(50,)]
    db.close()


@pytest.mark.parametrize(("word", "code"), [("pass", 0), ("warn", 0), ("fail", 1), ("unknown", 3)])
def test_until_then_decides_and_severity_does_not_soften_it(
    audience_guard: Run, folder: Path, word: str, code: int
) -> None:
    with_change(folder, f"severity: warn, change: {{from: previous, min: -30%, until_then: {word}}}")
    audience_guard("history", "init", *NAMED)

    found, guard = checked(audience_guard)

    assert (found, guard["verdict"], guard["checks"][2]["verdict"]) == (code, word, word)


def test_an_unchanged_audience_passes_and_a_fault_fails_again_and_again(audience_guard: Run, folder: Path) -> None:
    with_change(folder)
    past(audience_guard, folder, {GOOD: 52, BAD: 3_000})

    assert checked(audience_guard)[0] == 0
    for _ in range(2):
        code, guard = checked(audience_guard, segment="bad")
        (broken,) = [check for check in guard["checks"] if check["verdict"] == "fail"]
        assert (code, broken["bound"], broken["limit"], broken["observed"]) == (1, "change.max", 4_500, 5_000)
        assert broken["message"] == (
            "email reaches 5,000, which is 500 above the 4,500"
            " that 50% over the median of the last 5 days (3,000, 5 imported) allows"
        )
        assert broken["baseline"] == {
            "from": "median_of_last_8",
            "value": 3_000,
            "percent": 66.7,
            "days": 5,
            "needs": 3,
            "first": str(TODAY - timedelta(days=5)),
            "last": str(TODAY - timedelta(days=1)),
            "left_out": {},
            "state": "ready",
            "until_then": "unknown",
        }


def test_what_is_left_out_is_counted(audience_guard: Run, folder: Path) -> None:
    since = f"since: {{day: {TODAY - timedelta(days=3)}, reason: import}}"
    with_change(folder, f"change: {{from: previous, min: -30%}}, {since}")
    past(audience_guard, folder, {GOOD: 52})

    code, guard = checked(audience_guard)

    assert (code, guard["checks"][2]["baseline"]["left_out"]) == (0, {"since": 2})


def test_a_saved_report_says_the_same(audience_guard: Run, folder: Path) -> None:
    with_change(folder)
    past(audience_guard, folder, {GOOD: 52, BAD: 3_000})
    shown = ("--segment", "bad", "--segment", "good", *NAMED)
    _, now, _ = audience_guard("check", *shown, "--output=json=r.json", "--output=text", "--output=junit=r.xml")

    code, later, _ = audience_guard("report", "r.json", "--output", "text")

    assert (code, later) == (1, now)
    assert 'name="bad / email / change.max from median_of_last_8"' in (folder / "r.xml").read_text()
    assert "past: the median of the last 5 days (3,000), from " in now


@pytest.mark.parametrize(
    ("older", "state"),
    [
        pytest.param("change: {from: previous, min: -30%}", "unavailable", id="by-change"),
        pytest.param("", "ready", id="not"),
    ],
)
def test_what_was_pruned_is_needed_only_if_a_change_judged_it(
    audience_guard: Run, folder: Path, older: str, state: str
) -> None:
    """Else the verb that deletes old days would let a count in that nobody had looked at."""
    audience_guard("history", "init", *NAMED)
    for days, change in ((400, older), (1, "")):
        with_change(folder, change)
        audience_guard("check", "--segment", "good", *NAMED, "--no-record", "--output=json=run.json")
        text = (folder / "run.json").read_text().replace(f"{TODAY}T", f"{TODAY - timedelta(days=days)}T")
        (folder / "run.json").write_text(text)
        assert audience_guard("history", "import", "run.json", *NAMED)[0] == 0
    with_change(folder, "change: {from: previous, min: -30%}")
    before = checked(audience_guard, "--no-record")[1]["checks"][2]["baseline"]

    assert audience_guard("history", "prune", "--older-than", "200d", *NAMED)[1].startswith(
        "deleted 1 reading of 1 run"
    )

    code, guard = checked(audience_guard, "--no-record")
    assert before["state"] == ("learning" if older else "ready")
    assert (code, guard["checks"][2]["baseline"]["state"]) == (0 if state == "ready" else 3, state)


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM audience_guard_readings WHERE number = 2",
        "UPDATE audience_guard_readings SET count = 5000 WHERE number = 2",
        "DELETE FROM audience_guard_series",
        "DELETE FROM audience_guard_runs WHERE number = 1",
    ],
)
def test_a_damaged_past_is_unknown(audience_guard: Run, folder: Path, damage: str) -> None:
    with_change(folder)
    past(audience_guard, folder, {GOOD: 52, BAD: 3_000})
    with sqlite3.connect(folder / "history.db") as db:
        db.execute(damage)
    db.close()

    code, guard = checked(audience_guard)

    assert (code, guard["verdict"], guard["reason"], guard["count"]) == (3, "unknown", "history", 50)
    assert {check["bound"]: check["verdict"] for check in guard["checks"]} == {
        "min": "pass",
        "max": "pass",
        "change.min": "unknown",
        "change.max": "unknown",
    }
    assert {check["baseline"]["state"] for check in guard["checks"][2:]} == {"unavailable"}


def test_fixed_bounds_hold_over_an_unreadable_store(audience_guard: Run, folder: Path) -> None:
    with_change(folder, bounds="min: 60, max: 100")
    past(audience_guard, folder, {GOOD: 52})
    whole = (folder / "history.db").read_bytes()
    (folder / "history.db").write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))

    code, stdout, stderr = audience_guard("check", "--segment", "good", *NAMED, "--output", "json")

    assert (code, json.loads(stdout)["history"]["runs"]) == (1, None)
    assert "the history was not read" in stderr
    assert "Traceback" not in stderr


def test_the_trend_is_held_to_both_kinds_of_bounds(audience_guard: Run, folder: Path) -> None:
    with_change(folder)
    past(audience_guard, folder, {GOOD: 60})

    code, stdout, _ = audience_guard("history", "show", "--segment", "good", *NAMED)

    assert code == 0
    assert "60 on " in stdout
    assert ", allowed 42 to 90; 5 readings" in stdout


# --notify-on change


@pytest.fixture
def environ(environ: dict[str, str], webhook: Webhook) -> dict[str, str]:
    return {**environ, "SLACK_WEBHOOK_URL": webhook.url}


NEWS = ("--notify", "slack", "--notify-on", "change")


def test_only_a_changed_verdict_is_told(audience_guard: Run, folder: Path, webhook: Webhook) -> None:
    audience_guard("history", "init", *NAMED)
    told = []
    for limits in ("min: 10, max: 100", "min: 60, max: 100", "min: 60, max: 100", "min: 10, max: 100"):
        (folder / "rules.yaml").write_text(RULES.replace("min: 10, max: 100", limits, 1))
        code, _, stderr = audience_guard("check", "--segment", "good", *NAMED, *NEWS)
        assert stderr == ""
        told.append((code, len(webhook.told)))

    assert told == [(0, 0), (1, 1), (1, 1), (0, 2)]


def test_news_need_a_store(refused: Refused, webhook: Webhook) -> None:
    assert "--notify-on change needs a history store" in refused("check", *NEWS)
    assert webhook.told == []


def test_all_is_told_where_the_history_is_unreadable(audience_guard: Run, folder: Path, webhook: Webhook) -> None:
    audience_guard("history", "init", *NAMED)
    whole = (folder / "history.db").read_bytes()
    (folder / "history.db").write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))

    assert audience_guard("check", "--segment", "good", *NAMED, *NEWS)[0] == 0
    assert audience_guard("check", "--segment", "bad", *NAMED, *NEWS)[0] == 1
    assert len(webhook.told) == 2
