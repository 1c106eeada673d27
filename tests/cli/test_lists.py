"""``segments`` and ``counts`` for machines: JSON and CSV on standard output."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest

from guard import __version__
from guard.core.model import Channel
from guard.sandbox.scenario import Scenario, parse_scenario
from guard.sandbox.server import Sandbox
from tests.cli.conftest import GOOD, KEY, STUCK, segment

if TYPE_CHECKING:
    from tests.cli.conftest import Refused, Run

SEGMENT = ["uuid", "name", "archived", "users", "email", "sms", "push", "counted_at"]
COUNT = ["uuid", "channel", "bypass_global", "count", "counted_at", "age_seconds", "proof", "reason", "detail"]


NAMES = {
    "=1+1": "'=1+1",
    "+1": "'+1",
    "-1": "'-1",
    "@SUM(A1)": "'@SUM(A1)",
    "  =1": "'  =1",
    "\t=1": r"\t=1",
    "\uff1d1": "'\uff1d1",
    '"quoted", 1': '"quoted", 1',
    "::error::x": "::error::x",
    "##[add-mask]1": "# #[add-mask]1",
    "a\nb\x1b[2J": r"a\nb\x1b[2J",
    "Zoë": "Zoë",
}
"""Names that mean something elsewhere, and how a cell shows them."""


@pytest.fixture
def scenario() -> Scenario:
    nasty = [segment(f"00000000-0000-4000-9000-{number:012}", 1, name=name) for number, name in enumerate(NAMES)]
    stuck = segment(STUCK, 50, name="Stuck", stuck=frozenset({Channel.EMAIL}))
    return Scenario(key=KEY, segments=(segment(GOOD, 50, name="Good", refresh=0.05), stuck, *nasty))


def table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_segments_are_json(audience_guard: Run, sandbox: Sandbox) -> None:
    code, stdout, stderr = audience_guard("segments", "good", "--output", "json")

    listed = json.loads(stdout)
    assert (code, stderr) == (0, "")
    assert list(listed) == ["schema_version", "tool", "host", "segments"]
    assert listed["schema_version"] == 1
    assert listed["tool"] == {"name": "audience-guard", "version": __version__}
    assert listed["host"] == sandbox.url.removeprefix("http://")
    assert [list(each) for each in listed["segments"]] == [SEGMENT]
    first = listed["segments"][0]
    assert (first["uuid"], first["name"], first["archived"], first["email"]) == (GOOD, "Good", False, 50)
    assert first["counted_at"].endswith("Z")


def test_segments_are_csv(audience_guard: Run) -> None:
    code, stdout, _ = audience_guard("segments", "good", "-o", "csv")

    header, *rows = table(stdout)
    assert (code, header) == (0, SEGMENT)
    assert rows[0][:5] == [GOOD, "Good", "false", "0", "50"]


@pytest.mark.parametrize(("output", "empty"), [("csv", [",".join(SEGMENT)]), ("text", ["no segment matches"])])
def test_no_segments_are_an_empty_list(audience_guard: Run, output: str, empty: list[str]) -> None:
    assert audience_guard("segments", "no such name", "--output", output) == (0, "\n".join([*empty, ""]), "")
    assert json.loads(audience_guard("segments", "no such name", "--output", "json")[1])["segments"] == []


def test_counts_are_json(audience_guard: Run) -> None:
    uuids = (GOOD, STUCK)
    code, stdout, _ = audience_guard("counts", *uuids, "--channel", "email", "--timeout", "2s", "--output", "json")

    counted, unknown = json.loads(stdout)["counts"]
    assert code == 3
    assert list(counted) == list(unknown) == COUNT
    assert (counted["uuid"], counted["channel"], counted["count"], counted["proof"]) == (GOOD, "email", 50, "refreshed")
    assert (counted["reason"], counted["detail"], counted["bypass_global"]) == (None, None, False)
    assert (unknown["count"], unknown["counted_at"], unknown["proof"]) == (None, None, None)
    assert (unknown["reason"], bool(unknown["detail"])) == ("deadline", True)


def test_counts_are_csv(audience_guard: Run) -> None:
    code, stdout, _ = audience_guard("counts", GOOD, "--channel", "email", "--bypass-global", "--output", "csv")

    header, row = table(stdout)
    assert (code, header) == (0, COUNT)
    assert row[:4] == [GOOD, "email", "true", "50"]
    assert row[-3:] == ["refreshed", "", ""]


def test_a_late_list_says_what_failed(audience_guard: Run, environ: dict[str, str]) -> None:
    environ["BLUESHIFT_BASE_URL"] = "http://127.0.0.1:1"

    code, stdout, stderr = audience_guard("segments", "--timeout", "500ms")

    assert (code, stdout) == (3, "")
    assert "the segments were not listed within 0 s: 127.0.0.1:1 could not be reached: " in stderr
    assert "longer --timeout" not in stderr


def test_a_segment_tells_a_cause_once(audience_guard: Run, environ: dict[str, str]) -> None:
    environ["BLUESHIFT_BASE_URL"] = "http://127.0.0.1:1"

    code, stdout, stderr = audience_guard("counts", GOOD, STUCK, "--timeout", "500ms", "--quiet")

    header, *rows = stdout.splitlines()
    assert (code, stderr, header.split()) == (3, "", ["UUID", "CHANNEL", "COUNT", "COUNTED"])
    assert [row.split()[0] for row in rows] == [GOOD, STUCK]
    assert all("users, email, sms, push, in_app" in row for row in rows)
    assert stdout.count("could not be reached") == 2


MOVED = f"""\
segments:
  - uuid: {GOOD}
    name: Good
    counts: {{users: 9, email: 5}}
    answers: {{any: [{{status: 302, location: /x}}, again]}}
"""


def test_a_request_id_is_not_a_cause(audience_guard: Run, environ: dict[str, str]) -> None:
    with Sandbox(parse_scenario(MOVED.encode(), "moved.yaml")) as elsewhere:
        environ["BLUESHIFT_BASE_URL"] = elsewhere.url
        code, stdout, _ = audience_guard("counts", GOOD, "--quiet")

    header, row = stdout.splitlines()
    assert (code, row.count("x-request-id"), "check the region" in row) == (3, 1, True), header


@pytest.mark.parametrize("verb", [["segments"], ["counts", GOOD]])
@pytest.mark.parametrize(
    ("output", "words"),
    [("json=list.json", "write --output json > list.json"), ("csv=", "write --output csv > FILE"), ("xml", "'csv'")],
)
def test_a_list_goes_only_to_stdout(refused: Refused, verb: list[str], output: str, words: str) -> None:
    assert words in refused(*verb, "--output", output)


def test_csv_names_are_harmless(audience_guard: Run) -> None:
    _, stdout, _ = audience_guard("segments", "--output", "csv")

    assert {row[1] for row in table(stdout)[1:]} == {"Good", "Stuck", *NAMES.values()}
    assert "##[" not in stdout
    assert not any(line.lstrip().startswith("::") for line in stdout.splitlines())


def test_json_names_are_unchanged(audience_guard: Run) -> None:
    _, stdout, _ = audience_guard("segments", "--output", "json")

    assert {each["name"] for each in json.loads(stdout)["segments"]} == {"Good", "Stuck", *NAMES}
    assert stdout.isascii()
    assert "##[" not in stdout
