"""``audience-guard history show`` as a user sees it, on every kind of screen and in every format."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import GOOD
from tests.history.builders import made, run, series

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Refused, Run

SHOW = ("history", "show", "--history=history.db")
COUNTS = (50, None, 5_000)


@pytest.fixture(autouse=True)
def db(folder: Path) -> Path:
    """Return a store of three days: within what was allowed then, not counted, and below."""
    of = series()._replace(uuid=GOOD)
    made(str(folder / "history.db"), [run(number, {of: count}) for number, count in enumerate(COUNTS)])
    return folder / "history.db"


def test_the_bounds_of_the_rules_hold(audience_guard: Run) -> None:
    code, stdout, stderr = audience_guard(*SHOW, "--segment=good")

    assert (code, stderr) == (0, "")
    assert stdout == (
        "history.db holds 3 runs since 2026-11-23.\n"
        "good / email: ▄?↑ 5,000 on 2026-11-25, above the maximum of 100;"
        " 3 readings, 2026-11-23 to 2026-11-25; 1 outside the bounds\n"
        "The bounds are those of rules.yaml today.\n"
        "The newest count is outside its bounds: good / email.\n"
        "Each sign is a day with a reading: ▁ to █ within what is allowed, ↓ below it, ↑ above it, ? not counted.\n"
    )


def test_without_rules_the_bounds_of_then_hold(audience_guard: Run, folder: Path) -> None:
    (folder / "rules.yaml").unlink()

    code, stdout, stderr = audience_guard(*SHOW)

    assert (code, stderr) == (0, "")
    assert "↓?↓ 5,000 on 2026-11-25, below the minimum of 10,000; 3 readings" in stdout
    assert "The bounds are those of each run.\n" in stdout


def test_what_is_left_out_is_told(audience_guard: Run, folder: Path) -> None:
    """Newer days than are shown, and a uuid that the rules do not have: a slip in a CSV file would go unseen."""
    slip = GOOD.replace("0", "1")
    (folder / "past.csv").write_text(f"uuid,channel,day,count\n{slip},email,2026-11-01,40\n")
    audience_guard("history", "import", "past.csv", "--history=history.db")

    _, stdout, _ = audience_guard(*SHOW, "--last=2d")

    assert "Each trend has the newest 2 days with a reading at most: see --last.\n" in stdout
    assert "The store also has readings of 1 other channel or segment, which rules.yaml does not guard.\n" in stdout
    assert "also has readings" not in audience_guard(*SHOW, "--segment=good")[1]


def test_without_any_bounds_it_says_so(audience_guard: Run, folder: Path) -> None:
    (folder / "rules.yaml").unlink()
    (folder / "past.csv").write_text(f"uuid,channel,day,count\n{GOOD},email,2026-11-01,40\n")
    audience_guard("history", "init", "--history=other.db")
    audience_guard("history", "import", "past.csv", "--history=other.db")

    _, stdout, _ = audience_guard("history", "show", "--history=other.db")

    assert "No bounds are known, so each trend has a scale of its own from 0" in stdout


def test_one_output_at_a_time(refused: Refused) -> None:
    assert "history show has one --output" in refused(*SHOW, "-o=json", "-o=html=trends.html")


@pytest.mark.parametrize("before", [(), ("history",)])
def test_a_flag_before_the_verb(refused: Refused, before: tuple[str, ...]) -> None:
    assert "hint: write it after the verb, as in audience-guard" in refused(*before, "--history=history.db", "show")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_an_encoding_without_blocks(audience_guard: Run, encoding: str) -> None:
    code, stdout, stderr = audience_guard(*SHOW, "--segment=good", environ={"PYTHONIOENCODING": encoding})

    assert (code, stderr) == (0, "")
    assert "good / email: -?^ 5,000 on 2026-11-25" in stdout
    assert stdout.splitlines()[-1].startswith("Each sign is a day with a reading: . - = within")
    assert "\\u" not in stdout


def test_only_the_newest_days(audience_guard: Run) -> None:
    code, stdout, stderr = audience_guard(*SHOW, "--segment=good", "--last=1", "--output=json")

    assert (code, stderr) == (0, "")
    assert [[day["count"] for day in each["days"]] for each in json.loads(stdout)["series"]] == [[5_000]]


@pytest.mark.parametrize("days", ["0", "-1", "3651", "many", "9w", "٣"])
def test_a_wrong_number_of_days(refused: Refused, days: str) -> None:
    assert "--last" in refused(*SHOW, f"--last={days}")


def test_a_page_in_html(audience_guard: Run, folder: Path) -> None:
    code, stdout, stderr = audience_guard(*SHOW, "--segment=good", "--output=html")
    again = audience_guard(*SHOW, "--segment=good", "--output=html=trends.html")

    assert (code, stderr, again) == (0, "", (0, "", ""))
    assert (folder / "trends.html").read_text(encoding="utf-8").startswith(stdout)
    assert '<title id="t1">good / email: 5,000 on 2026-11-25</title>' in stdout


def test_a_file_of_others_is_not_replaced(refused: Refused, folder: Path) -> None:
    (folder / "mine.html").write_text("<p>mine")

    assert "mine.html" in refused(*SHOW, "--output=html=mine.html")
    assert (folder / "mine.html").read_text() == "<p>mine"


def test_the_store_is_not_replaced(refused: Refused, db: Path) -> None:
    before = db.read_bytes()

    refused(*SHOW, "--output=html=history.db")

    assert db.read_bytes() == before


@pytest.mark.parametrize("output", ["text", "json", "html"])
def test_damage_is_told_with_exit_3(audience_guard: Run, db: Path, output: str) -> None:
    with sqlite3.connect(db) as connection:
        connection.execute("DELETE FROM audience_guard_readings WHERE run = 3")
    connection.close()

    code, stdout, stderr = audience_guard(*SHOW, "--segment=good", f"--output={output}")

    assert code == 3
    assert "audience-guard: the history store history.db is damaged: " in stderr
    assert "5,000" not in stdout
    if output != "text":
        assert "run 3" in stdout
