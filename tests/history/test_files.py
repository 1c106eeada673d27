"""What ``history import`` takes from files."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guard.core.history import Series
from guard.history.export import as_csv
from guard.history.files import read_files
from guard.history.run_record import ReadingRecord, RunRecord
from tests.history.builders import made, run, series

if TYPE_CHECKING:
    from guard.history.files import Found

TODAY = date(2026, 11, 29)
UUID = "00000000-0000-4000-8000-000000000001"
SAVED = Path(__file__).parents[1] / "report/saved/0.1.0-failed.json"
HEAD = "uuid,channel,day,count\n"


def found(*paths: Path) -> Found:
    return read_files(paths, lambda: "api.example.com", TODAY)


def of_csv(folder: Path, text: str) -> Found:
    path = folder / "past.csv"
    path.write_text(text, encoding="utf-8")
    return found(path)


def test_lines_of_csv_are_imported_days(tmp_path: Path) -> None:
    got = of_csv(tmp_path, f"{HEAD}{UUID},email,2026-11-01,100\n{UUID.upper()},sms,2026-11-02,0\n")

    (only,) = got.runs
    assert (only.source, only.host, len(only.id), got.problems) == ("csv", "api.example.com", 64, [])
    assert [(each.series, each.day, each.count, each.counted_at) for each in only.readings] == [
        (Series("api.example.com", UUID, "email", bypass_global=False), "2026-11-01", 100, None),
        (Series("api.example.com", UUID, "sms", bypass_global=False), "2026-11-02", 0, None),
    ]
    assert (only.started_at, only.finished_at) == (
        datetime(2026, 11, 1, tzinfo=UTC),
        datetime(2026, 11, 2, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"\ufeff{HEAD}{UUID},email,2026-11-01,100\n", id="a-byte-order-mark"),
        pytest.param(f"{HEAD}{UUID},email,2026-11-01,100\n".replace("\n", "\r\n"), id="windows-lines"),
        pytest.param(f"{HEAD}\n{UUID},email,2026-11-01,100\n\n", id="empty-lines"),
        pytest.param(f"day, count ,uuid,channel\n2026-11-01, 100 ,{UUID},email", id="another-order"),
        pytest.param(f'uuid,channel,day,count\n"{UUID}","email","2026-11-01","100"\n', id="quoted"),
    ],
)
def test_csv_as_other_programs_write_it(tmp_path: Path, text: str) -> None:
    got = of_csv(tmp_path, text)

    assert got.problems == []
    assert [(each.series.uuid, each.day, each.count) for each in got.runs[0].readings] == [(UUID, "2026-11-01", 100)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ":1: the first line must be uuid,channel,day,count"),
        (HEAD.replace(",", ";"), ":1: the first line must be uuid,channel,day,count, with commas and not semicolons"),
        (f"{UUID},email,2026-11-01,100\n", ":1: the first line must be uuid,channel,day,count"),
        (f"uuid,channel,day,count,cuont\n{UUID},email,2026-11-01,100,1\n", ':1: there is no column "cuont"'),
        (f"{HEAD}{UUID},email,2026-11-01\n", ":2: it has 3 cells, but the first line has 4"),
        (f"{HEAD}no,email,2026-11-01,1\n", ':2: "no" is not a uuid'),
        (f"{HEAD}{UUID},emial,2026-11-01,1\n", ':2: there is no channel "emial"; did you mean "email"?'),
        (f"{HEAD}{UUID},email,01.11.2026,1\n", ':2: "01.11.2026" is not a day such as 2026-11-23'),
        (f"{HEAD}{UUID},email,2026-02-30,1\n", ':2: "2026-02-30" is not a day'),
        (f"{HEAD}{UUID},email,2026-12-24,1\n", ":2: 2026-12-24 is in the future"),
        (f"{HEAD}{UUID},email,2026-11-01,-1\n", ':2: "-1" is not a number of people'),
        (f'{HEAD}{UUID},email,2026-11-01,"1,000"\n', ':2: "1,000" is not a number of people'),
        (f"{HEAD}{UUID},email,2026-11-01,\n", ':2: "" is not a number of people'),
        (f"{HEAD}{UUID},email,2026-11-01,9007199254740992\n", ":2: "),
        (f"{HEAD}{UUID},email,2026-11-01,\u0661\n", ":2: "),
        (f"{HEAD}{UUID},email,2026-11-01,1\n{UUID},email,2026-11-01,2\n", ":3: this uuid, channel and day stand"),
        (f'{HEAD}"{UUID},email,2026-11-01,1\n', ":2: it is not valid CSV"),
        (f'{HEAD}{UUID},"email\n",2026-11-01,1\n{UUID},emial,2026-11-01,1\n', ':4: there is no channel "emial"'),
        (HEAD, ":1: it has no line with a count"),
    ],
)
def test_a_wrong_line_is_told_and_nothing_is_taken(tmp_path: Path, text: str, told: str) -> None:
    got = of_csv(tmp_path, text)

    assert got.runs == []
    assert any(f"past.csv{told}" in each for each in got.problems), got.problems


def test_a_bad_byte_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "past.csv"
    path.write_bytes(f"{HEAD}{UUID},email,2026-11-01,1\n".encode() + b"\xff\n")

    assert found(path).problems == [f"{path}:3: it is not valid UTF-8"]


def test_a_host_is_written_as_check_records_it(tmp_path: Path) -> None:
    hosts = {"email": "127.0.0.1:99", "sms": "API.Example.com:443"}
    lines = "".join(f"{UUID},{channel},2026-11-01,1,{host}\n" for channel, host in hosts.items())

    assert [each.series.host for each in of_csv(tmp_path, f"{HEAD[:-1]},host\n{lines}").runs[0].readings] == [
        "localhost",
        "api.example.com",
    ]


@pytest.mark.parametrize("run_id", ["", "a\0b", "\ud800", "x" * 100_000])
def test_an_odd_run_id_is_told(tmp_path: Path, run_id: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(json.dumps(json.loads(SAVED.read_bytes()) | {"run_id": run_id}))

    assert found(path).problems == [f"{path}:1: its run_id is not a uuid"]


@pytest.mark.parametrize("day", ["2099-01-01", "9999-12-31"])
def test_a_report_of_the_future_is_told(tmp_path: Path, day: str) -> None:
    path = tmp_path / "run.json"
    moments = dict.fromkeys(("started_at", "finished_at"), f"{day}T00:00:00.000Z")
    text = json.dumps(json.loads(SAVED.read_bytes()) | moments)
    path.write_text(re.sub(r'"counted_at": "[^"]*"', f'"counted_at": "{day}T00:00:00.000Z"', text))

    assert found(path).problems == [f"{path}:1: its run ended on {day}, which is in the future"]


def test_every_wrong_line_is_told(tmp_path: Path) -> None:
    got = of_csv(tmp_path, HEAD + "x,y,z,-\n" * 30)

    assert len(got.problems) == 21
    assert got.problems[-1].endswith("past.csv: and 100 more lines like these")


def test_a_report_is_a_run() -> None:
    (only,) = found(SAVED).runs

    assert (only.source, only.verdict, len(only.id)) == ("report", "fail", 64)
    saved = json.loads(SAVED.read_bytes())["segments"]
    counts = [(guard["channel"], guard["count"]) for segment in saved for guard in segment["guards"]]
    assert [(each.series.channel, each.count) for each in only.readings] == counts


def test_a_report_goes_by_its_own_id(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(json.dumps(json.loads(SAVED.read_bytes()) | {"run_id": "01a225a7-c5cc-7fb5-99aa-4e865327db9e"}))

    assert [each.id for each in found(path).runs] == ["01a225a7-c5cc-7fb5-99aa-4e865327db9e"]


@pytest.mark.parametrize("content", ["{}", "no json", '{"schema_version": 2}'])
def test_another_json_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(content)

    got = found(path)

    assert (got.runs, len(got.problems)) == ([], 1)
    assert got.problems[0].startswith(f"{path}:1: it is not a valid report: ")


def test_a_folder_is_read_to_its_bottom(tmp_path: Path) -> None:
    inside = tmp_path / "2026" / "11"
    inside.mkdir(parents=True)
    shutil.copy(SAVED, inside / "run.json")
    (tmp_path / "past.csv").write_text(f"{HEAD}{UUID},email,2026-11-01,100\n")
    (tmp_path / "README.md").write_text("not a run")
    hidden = tmp_path / ".git"
    hidden.mkdir()
    (hidden / "config.json").write_text("{}")

    got = found(tmp_path)

    assert (got.files, got.problems) == (2, [])
    assert [each.source for each in got.runs] == ["csv", "report"]  # the oldest first


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    assert found(tmp_path / "no").problems == [f"{tmp_path / 'no'}: there is no such file or folder"]


def test_one_wrong_file_leaves_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("wrong")
    (tmp_path / "b.csv").write_text(f"{HEAD}{UUID},email,2026-11-01,100\n")

    got = found(tmp_path)

    assert (len(got.runs), len(got.problems)) == (1, 1)


def test_an_export_can_be_imported(tmp_path: Path) -> None:
    one, bypass = series("1"), series("2", "sms", bypass=True)
    store = made(
        str(tmp_path / "a.db"),
        [
            run(1, {one: 100, bypass: 200}),
            run(2, {one: 101, bypass: None}, day=1),
        ],
    )
    rows, past = store.export()
    path = tmp_path / "out.csv"
    path.write_text(as_csv(rows))

    got = found(path)

    assert (got.problems, past.damage) == ([], ())
    assert [(each.series, each.day, each.count) for each in got.runs[0].readings] == [
        (one, "2026-11-24", 101),
        (bypass, "2026-11-24", 200),
    ]


def test_an_export_keeps_what_was_recorded(tmp_path: Path) -> None:
    one, nameless = series("1"), series("1")._replace(uuid="")
    imported = run(9, {}, day=1)
    store = made(str(tmp_path / "a.db"), [run(1, {one: 20_100, nameless: None})])
    store.record([imported_day(imported, one, "2026-11-24", 7)])
    rows, _ = store.export()
    path = tmp_path / "out.csv"
    path.write_text(as_csv(rows))

    got = found(path)

    assert got.problems == []
    assert [(each.series, each.count) for each in got.runs[0].readings] == [(one, 20_100)]


def imported_day(of: RunRecord, series: Series, day: str, count: int) -> RunRecord:
    return dataclasses.replace(of, source="csv", readings=(ReadingRecord(series=series, count=count, day=day),))


def test_an_export_is_safe_in_a_spreadsheet(tmp_path: Path) -> None:
    rows, _ = made(str(tmp_path / "a.db"), [run(1, {series("1"): 1})]).export()
    hostile = [row | {"segment": json.dumps('=HYPERLINK("x")')} for row in rows]

    assert '"\'=HYPERLINK(""x"")"' in as_csv(hostile)
