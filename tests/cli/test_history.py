"""The history through the real command: every way to lose it, and what each run then tells."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import sys
from typing import TYPE_CHECKING

import pytest

from guard.history import store as store_module
from guard.history.address import parse_address
from guard.history.store import Store
from tests.cli.conftest import GOOD
from tests.conftest import wait_until
from tests.postgres import programs, running

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from guard.sandbox.server import Sandbox
    from tests.cli.conftest import Refused, Run, Start
    from tests.postgres import Server

CHECK = ("check", "--segment", "good", "--output", "json")
STUCK = ("check", "--segment", "stuck")
HEAD = "uuid,channel,day,count\n"


def store_at(url: object) -> Store:
    return Store(parse_address(str(url), "the test"))


def history_of(stdout: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stdout)["history"]
    return found


@pytest.fixture
def db(folder: Path) -> Path:
    """Return an empty store beside the rules."""
    path = folder / "history.db"
    store_at(path).init()
    return path


# What a run records


def test_from_nothing_to_a_trend(audience_guard: Run, url: str) -> None:
    named = {"AUDIENCE_GUARD_HISTORY": url}
    shown = parse_address(url, "").shown

    assert audience_guard("history", "init", environ=named) == (0, f"made the history store {shown}\n", "")
    code, stdout, stderr = audience_guard(*CHECK, environ=named)
    assert (code, stderr) == (0, "")
    report = json.loads(stdout)
    day = report["started_at"][:10]
    assert report["history"] == {
        "store": "sqlite" if url.endswith(".db") else "postgresql",
        "began": day,
        "runs": 1,
        "recorded": True,
        "timezone": "UTC",
    }
    assert audience_guard("history", "init", environ=named) == (
        0,
        f"the history store {shown} is right: it holds 1 run since {day}\n",
        "",
    )
    code, stdout, stderr = audience_guard("history", "show", "--segment", "good", environ=named)
    assert (code, stderr) == (0, "")
    assert stdout.splitlines()[:2] == [
        f"{shown} holds 1 run since {day}.",
        f"good / email: \u2584 50 on {day}, allowed 10 to 100; its first day",
    ]


def test_what_a_run_found_is_in_the_store(audience_guard: Run, db: Path) -> None:
    code, stdout, _ = audience_guard("check", "--history", "history.db", "--output", "json")

    report, past = json.loads(stdout), store_at(db).read_all()
    assert code == 1
    assert [(run.number, run.id, run.exit_code, run.source) for run in past.runs] == [(1, report["run_id"], 1, "check")]
    guards = [(each["uuid"], guard) for each in report["segments"] for guard in each["guards"]]
    assert {series.uuid: (readings[0].count, readings[0].verdict) for series, readings in past.readings.items()} == {
        uuid: (guard["count"], guard["verdict"]) for uuid, guard in guards
    }
    assert {series.host for series in past.readings} == {"localhost"}


def test_the_key_and_the_store_are_not_in_the_store(audience_guard: Run, db: Path) -> None:
    audience_guard("check", "--history", "history.db")

    data = db.read_bytes()
    assert b"a-key-for-tests" not in data
    assert b"history.db" not in data
    assert GOOD.encode() in data


def test_without_recording_the_store_stays(audience_guard: Run, db: Path) -> None:
    before = db.read_bytes()

    code, stdout, stderr = audience_guard(*CHECK, "--history", "history.db", "--no-record")

    assert (code, stderr, db.read_bytes()) == (0, "", before)
    assert history_of(stdout) == {
        "store": "sqlite",
        "began": None,
        "runs": 0,
        "recorded": False,
        "timezone": "UTC",
    }


def test_without_a_store_there_is_none(audience_guard: Run) -> None:
    code, stdout, stderr = audience_guard(*CHECK)

    assert (code, stderr) == (0, "")
    assert json.loads(stdout)["history"] is None
    assert json.loads(stdout)["run_id"][14] == "7"


def test_every_format_says_when_it_began(audience_guard: Run, db: Path, folder: Path) -> None:
    formats = ("text", "markdown", "github", "junit", "html")
    store_at(db)
    audience_guard(*CHECK, "--history", "history.db")

    code, _, stderr = audience_guard(
        *CHECK, *(f"--output={each}=report.{each}" for each in formats), "--history=history.db"
    )

    assert (code, stderr) == (0, "")
    for each in formats:
        text = (folder / f"report.{each}").read_text(encoding="utf-8").replace("`", "")
        assert "2 runs since 20" in text, each
        assert "this run is recorded" in text, each


@pytest.mark.usefixtures("db")
def test_the_file_can_name_the_store(audience_guard: Run, folder: Path) -> None:
    (folder / "address").write_text("history.db\n")

    code, stdout, stderr = audience_guard(*CHECK, environ={"AUDIENCE_GUARD_HISTORY_FILE": "address"})

    assert (code, stderr) == (0, "")
    assert history_of(stdout)["recorded"]


# A store that is wrong: nothing is sent


@pytest.fixture
def spoiled(db: Path) -> dict[str, str]:
    """Return the address of a store that is wrong in each way."""
    folder = db.parent
    (folder / "empty.db").touch()
    with sqlite3.connect(folder / "theirs.db") as connection:
        connection.execute("CREATE TABLE theirs (one)")
    for name, version in (("newer", 9), ("older", 0)):
        shutil.copy(db, folder / f"{name}.db")
        with sqlite3.connect(folder / f"{name}.db") as connection:
            connection.execute("UPDATE audience_guard_store SET version = ?", [version])
    return {
        "missing": "hisotry.db",
        "no-folder": "no/history.db",
        "empty": "empty.db",
        "another-file": "rules.yaml",
        "a-folder": ".",
        "another-database": "theirs.db",
        "newer": "newer.db",
        "older": "older.db",
        "no-scheme": "mysql://host/db",
        "password": "postgresql://ana:not-a-password@host/db",
    }


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("missing", "the history store hisotry.db does not exist"),
        ("no-folder", "is in a folder that does not exist"),
        ("empty", "the history store empty.db is empty"),
        ("another-file", "the history store rules.yaml is not an SQLite file"),
        ("a-folder", "is a folder, not a file"),
        ("another-database", "is the database of another program"),
        ("newer", "was made by a newer audience-guard"),
        ("older", "is of an older version\n  hint: run audience-guard history init"),
        ("no-scheme", '--history begins with "mysql://"'),
        ("password", "--history contains a password"),
    ],
)
def test_a_wrong_store_stops_the_run(refused: Refused, spoiled: dict[str, str], name: str, told: str) -> None:
    for verb in (("check",), ("history", "show")):
        stderr = refused(*verb, "--history", spoiled[name])
        assert told in stderr
        assert "\n  hint: " in stderr
        assert "not-a-password" not in stderr


@pytest.mark.parametrize("name", ["missing", "empty", "newer"])
def test_validate_opens_the_store_that_is_named(audience_guard: Run, spoiled: dict[str, str], name: str) -> None:
    code, stdout, stderr = audience_guard("validate", "--history", spoiled[name])

    assert (code, stdout) == (2, "rules.yaml is valid: 4 segments, 4 guards, 1 campaign\n")
    assert "the history store" in stderr


def test_validate_leaves_the_variable_alone(audience_guard: Run) -> None:
    code, _, stderr = audience_guard("validate", "--quiet", environ={"AUDIENCE_GUARD_HISTORY": "nowhere.db"})

    assert (code, stderr) == (0, "")


def test_a_wrong_store_leaves_no_old_report(refused: Refused, audience_guard: Run, folder: Path) -> None:
    audience_guard("check", "--segment=good", "--output=json=report.json")
    assert (folder / "report.json").exists()

    refused("check", "--segment=good", "--output=json=report.json", "--history=nowhere.db")

    assert not (folder / "report.json").exists()


def test_a_report_never_replaces_the_store(refused: Refused, db: Path) -> None:
    before = db.read_bytes()

    refused("check", "--history=history.db", "--output=json=history.db")

    assert db.read_bytes() == before


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--record-required",), "--record-required needs a history store"),
        (("--history=history.db", "--record-required", "--no-record"), "contradict each other"),
        (("--history=",), "--history is empty"),
    ],
)
def test_flags_that_cannot_be(refused: Refused, db: Path, flags: tuple[str, ...], told: str) -> None:
    assert db.exists()
    assert told in refused("check", *flags)


def test_a_database_that_is_missing_stops_the_run(refused: Refused, postgres: Server) -> None:
    stderr = refused("check", environ={"AUDIENCE_GUARD_HISTORY": postgres.url("nowhere")})

    assert 'database "nowhere" does not exist' in stderr


def test_a_driver_that_is_missing_is_named(refused: Refused, folder: Path) -> None:
    (folder / "psycopg.py").write_text("raise ImportError")

    stderr = refused("check", "--history", "postgresql://host/db", environ={"PYTHONPATH": str(folder)})

    assert "needs the package psycopg" in stderr
    assert "pip install '.[postgres]'" in stderr


@pytest.mark.parametrize(
    "written",
    [
        "ana:not-a/password@db.example.com/guard",
        "ana:not-a#password@db.example.com/guard",
        "ana:not-a/1?password@db.example.com/guard",
        "ana:1/not-a?password@db.example.com/guard",
        "ana:1@not-a/password@db.example.com/guard",
        "ana:not-a@password@db.example.com/guard",
        "ana:not-a%zzpassword@db.example.com/guard",
        "ana:not-a password@db.example.com/guard",
    ],
)
def test_a_password_with_a_bare_sign_is_not_shown(refused: Refused, written: str) -> None:
    stderr = refused("check", environ={"AUDIENCE_GUARD_HISTORY": f"postgresql://{written}"})

    assert "not-a" not in stderr
    assert "password@" not in stderr


def test_a_parameter_that_postgresql_lacks_is_refused(refused: Refused) -> None:
    stderr = refused("check", "--history", "postgresql://db.example.com/guard?sslmod=require")

    assert "PostgreSQL does not accept the address of the history store postgresql://db.example.com/guard" in stderr


@pytest.mark.usefixtures("db")
def test_a_line_break_after_the_address_is_no_part_of_it(audience_guard: Run) -> None:
    code, stdout, stderr = audience_guard(*CHECK, environ={"AUDIENCE_GUARD_HISTORY": "history.db\n"})

    assert (code, stderr) == (0, "")
    assert history_of(stdout)["recorded"]


# A store that cannot be used now: the verdict stands


def is_told(stderr: str, why: str) -> bool:
    return f"this run was not recorded, and its verdict stands: the history store {why}" in stderr


def without_privileges() -> list[str]:
    """Return a command before the command, under which root too is stopped by permissions."""
    if os.name != "posix" or os.geteuid() != 0:
        return []
    if not shutil.which("setpriv"):
        pytest.skip("no permission stops root, and setpriv is not installed")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]


@pytest.mark.parametrize(("flags", "code"), [((), 0), (("--record-required",), 3)], ids=["plain", "required"])
def test_a_read_only_file_is_not_recorded_in(audience_guard: Run, db: Path, flags: tuple[str, ...], code: int) -> None:
    db.chmod(0o444)
    before = db.read_bytes()

    found, stdout, stderr = audience_guard(*CHECK, "--history=history.db", *flags, before=without_privileges())

    assert (found, db.read_bytes()) == (code, before)
    assert history_of(stdout) == {"store": "sqlite", "began": None, "runs": 0, "recorded": False, "timezone": "UTC"}
    assert is_told(stderr, "history.db is read-only\n  hint: make the file and its folder writable")
    assert ("so it exits with 3" in stderr) is bool(flags)


def test_an_unreadable_file_stops_the_run(audience_guard: Run, db: Path) -> None:
    db.chmod(0)

    code, stdout, stderr = audience_guard(*CHECK, "--history=history.db", before=without_privileges())

    assert (code, stdout) == (2, "")
    assert "the history store history.db cannot be opened: unable to open database file" in stderr
    assert "check its permissions" in stderr


@pytest.mark.skipif(shutil.which("prlimit") is None, reason="prlimit, which limits the size of files, is not installed")
def test_a_full_disk_is_told(audience_guard: Run, db: Path) -> None:
    before = db.read_bytes()
    untraced = {"COVERAGE_PROCESS_CONFIG": None}  # its own file would be too large too

    code, stdout, stderr = audience_guard(
        *CHECK, "--history=history.db", before=["prlimit", "--fsize=4096"], environ=untraced
    )

    assert (code, history_of(stdout)["recorded"], db.read_bytes()) == (0, False, before)
    assert is_told(stderr, "history.db c")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], folder: Path) -> None:
    """Run the command here, with little time for the store."""
    monkeypatch.setattr(store_module, "SECONDS_TO_READ", 0.5)
    monkeypatch.setattr(store_module, "SECONDS_TO_RECORD", 0.5)
    monkeypatch.chdir(folder)
    for name in ("BLUESHIFT_API_KEY", "BLUESHIFT_BASE_URL"):
        monkeypatch.setenv(name, environ[name])


@pytest.mark.usefixtures("quick")
def test_a_lock_held_by_another_is_told(in_process: Run, db: Path) -> None:
    other = sqlite3.connect(db, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    code, stdout, stderr = in_process(*CHECK, "--history=history.db")
    other.close()

    assert (code, history_of(stdout)["recorded"]) == (0, False)
    assert "this run was not recorded, and its verdict stands: the history store history.db " in stderr
    assert store_at(db).read().runs == ()


@pytest.mark.usefixtures("quick")
def test_a_file_locked_for_everybody_is_told(in_process: Run, db: Path) -> None:
    other = sqlite3.connect(db, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    code, stdout, stderr = in_process(*CHECK, "--history=history.db")
    other.close()

    assert (code, history_of(stdout)["runs"], history_of(stdout)["began"]) == (0, None, None)
    assert "the history was not read: the history store history.db " in stderr


@pytest.mark.usefixtures("quick")
def test_a_server_that_says_nothing_is_left(in_process: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("AUDIENCE_GUARD_HISTORY", f"postgresql://ana:not-a-password@127.0.0.1:{port}/guard")
        code, stdout, stderr = in_process(*CHECK, "--record-required")

    assert code == 3
    assert history_of(stdout) == {
        "store": "postgresql",
        "began": None,
        "runs": None,
        "recorded": False,
        "timezone": "UTC",
    }
    assert f"postgresql://127.0.0.1:{port}/guard took longer than 0.5 s" in stderr
    assert "not-a-password" not in stdout + stderr


def test_a_server_that_is_gone_is_told(audience_guard: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    named = {"AUDIENCE_GUARD_HISTORY": f"postgresql://ana:not-a-password@127.0.0.1:{port}/guard"}

    code, stdout, stderr = audience_guard(*CHECK, environ=named)

    assert (code, history_of(stdout)["recorded"]) == (0, False)
    assert "the history was not read" in stderr
    assert "check that the server runs and can be reached" in stderr
    assert "not-a-password" not in stdout + stderr
    assert audience_guard("history", "show", environ=named)[0] == 3


def test_a_server_that_dies_in_the_run_is_told(start: Start, sandbox: Sandbox) -> None:
    if programs() is None:
        pytest.skip("this machine has no PostgreSQL server (Debian's package postgresql)")
    with running() as server:
        url = server.create("guard")
        store_at(url).init()
        process = start(*STUCK, "--output=json", environ={"AUDIENCE_GUARD_HISTORY": url})
        wait_until(lambda: bool(sandbox.requests))
        server.kill()
        stdout, stderr = process.communicate(timeout=40)

    assert process.returncode == 3
    assert (history_of(stdout)["runs"], history_of(stdout)["recorded"]) == (0, False)
    assert "this run was not recorded, and its verdict stands" in stderr
    assert "Traceback" not in stderr


def test_a_damaged_store_is_told_and_the_verdict_stands(audience_guard: Run, db: Path) -> None:
    audience_guard(*CHECK, "--history=history.db")
    with sqlite3.connect(db) as connection:
        connection.execute("UPDATE audience_guard_readings SET count = 51")

    code, stdout, stderr = audience_guard(*CHECK, "--history=history.db")

    assert (code, history_of(stdout)["recorded"], history_of(stdout)["runs"]) == (0, True, 2)
    assert stderr == (
        "audience-guard: the history store history.db is damaged: run 1: a reading was changed after it was recorded\n"
    )
    code, _, stderr = audience_guard("history", "show", "--history=history.db")
    assert code == 3
    assert "run 1: a reading was changed after it was recorded" in stderr


def test_a_failure_stays_a_failure_without_its_record(audience_guard: Run, db: Path) -> None:
    db.chmod(0o444)

    code, _, stderr = audience_guard(
        "check", "--segment=bad", "--history=history.db", "--record-required", before=without_privileges()
    )

    assert code == 1
    assert is_told(stderr, "history.db is read-only")


# Killed


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_stopped_leaves_no_gap(
    start: Start, audience_guard: Run, sandbox: Sandbox, db: Path, sent: signal.Signals
) -> None:
    process = start(*STUCK, "--history=history.db")
    wait_until(lambda: bool(sandbox.requests))
    process.send_signal(sent)
    process.communicate(timeout=20)

    assert process.returncode == 128 + sent
    assert store_at(db).read().runs == ()
    audience_guard(*CHECK, "--history=history.db")
    assert [run.number for run in store_at(db).read_all().runs] == [1]


def test_a_run_killed_at_its_recording_leaves_none(start: Start, db: Path) -> None:
    other = sqlite3.connect(db, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    process = start(*CHECK, "--history=history.db", "--debug")
    assert process.stderr
    for line in process.stderr:
        if "run_ended" in line:
            break
    process.kill()
    process.communicate(timeout=20)
    other.execute("ROLLBACK")
    other.close()

    assert store_at(db).read_all().runs == ()
    assert store_at(db).read_all().damage == ()


# Many at once


@pytest.mark.no_cover
def test_twenty_commands_record_at_once(start: Start, url: str) -> None:
    store_at(url).init()
    named = {"AUDIENCE_GUARD_HISTORY": url}

    processes = [start(*CHECK, "--record-required", environ=named) for _ in range(20)]
    ended = [(each.communicate(timeout=120), each.returncode) for each in processes]

    reports = [json.loads(stdout) for (stdout, _), _ in ended]
    assert [each["history"]["recorded"] for each in reports] == [True] * 20, [stderr for (_, stderr), _ in ended]
    # Twenty runs disturb each other's counts, so some are unknown; what was found out has its own exit code.
    assert [code for _, code in ended] == [each["exit_code"] for each in reports]
    past = store_at(url).read_all()
    assert [run.number for run in past.runs] == list(range(1, 21))
    assert {run.id for run in past.runs} == {each["run_id"] for each in reports}
    assert past.damage == ()
    assert [len(readings) for readings in past.readings.values()] == [20]


# The other verbs


def test_import_is_idempotent(audience_guard: Run, db: Path, folder: Path) -> None:
    (folder / "past.csv").write_text(f"{HEAD}{GOOD},email,2026-11-01,40\n{GOOD},email,2026-11-02,45\n")
    audience_guard(*CHECK, "--output=json=reports.json", "--output=text")
    named = ("--history", str(db))

    first = audience_guard("history", "import", "past.csv", *named)
    again = audience_guard("history", "import", "past.csv", *named, "--min-runs=1")
    none = audience_guard("history", "import", "past.csv", *named, "--min-runs=0")
    short = audience_guard("history", "import", "past.csv", *named, "--min-runs=9")

    assert first == (0, f"imported 1 run from 1 file, of localhost; {db} holds 1 run\n", "")
    assert again == (0, f"imported 0 runs from 1 file; 1 run was there already; {db} holds 1 run\n", "")
    assert none == again
    assert short[0] == 3
    assert "the store holds 1 run, but --min-runs asks for 9" in short[2]
    assert (
        "2 readings, 2026-11-01 to 2026-11-02, 2 imported"
        in audience_guard("history", "show", "--segment=good", *named)[1]
    )


def test_a_file_of_another_account_is_told(audience_guard: Run, db: Path, folder: Path) -> None:
    """Its id is that of its bytes, so the same file cannot be there twice."""
    (folder / "past.csv").write_text(f"{HEAD}{GOOD},email,2026-11-01,40\n")
    audience_guard("history", "import", "past.csv", "--history=history.db")

    elsewhere = "https://api.eu.getblueshift.com"
    code, stdout, stderr = audience_guard(
        "history", "import", "past.csv", "--history=history.db", f"--base-url={elsewhere}"
    )

    assert (code, stdout) == (0, "imported 0 runs from 1 file; 1 run was there already; history.db holds 1 run\n")
    assert "there already with counts of localhost, so it was not imported for api.eu.getblueshift.com\n" in stderr
    assert "hint: add a column host" in stderr
    (folder / "past.csv").write_text(f"host,{HEAD}api.eu.getblueshift.com,{GOOD},email,2026-11-01,40\n")
    assert audience_guard("history", "import", "past.csv", "--history=history.db")[1].startswith(
        "imported 1 run from 1 file, of api.eu.getblueshift.com; "
    )
    assert {series.host for series in store_at(db).read_all().readings} == {"localhost", "api.eu.getblueshift.com"}


def test_a_pruned_run_is_not_imported_again(audience_guard: Run, db: Path, folder: Path) -> None:
    (folder / "past.csv").write_text(f"{HEAD}{GOOD},email,2020-11-01,40\n")
    audience_guard("history", "import", "past.csv", "--history=history.db")
    audience_guard("history", "prune", "--older-than=750", "--history=history.db")

    code, stdout, stderr = audience_guard("history", "import", "past.csv", "--history=history.db")

    assert (code, stderr) == (0, "")
    assert "; 1 run was there already, 1 of them pruned since; " in stdout
    assert store_at(db).read().held == ()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("psat.csv", 'psat.csv: there is no such file or folder; did you mean "past.csv"?\n'),
        ("past.txt", "; the name of a CSV file ends in .csv\n"),
    ],
)
def test_a_wrong_file_name_is_told(audience_guard: Run, db: Path, folder: Path, path: str, told: str) -> None:
    for name in ("past.csv", "past.txt"):
        (folder / name).write_text(f"{HEAD}{GOOD},email,2026-11-01,40\n")

    code, _, stderr = audience_guard("history", "import", path, "--history=history.db")

    assert code == 2
    assert told in stderr
    assert store_at(db).read().runs == ()


def test_a_wrong_region_is_not_the_fault_of_a_file(audience_guard: Run, db: Path, folder: Path) -> None:
    (folder / "past.csv").write_text(f"{HEAD}{GOOD},email,2026-11-01,40\n")

    code, stdout, stderr = audience_guard(
        "history", "import", "past.csv", f"--history={db}", "--region=uk", environ={"BLUESHIFT_BASE_URL": ""}
    )

    assert (code, stdout) == (2, "")
    assert stderr == 'audience-guard: there is no region "uk"\n  hint: regions are: us, eu\n'


def test_a_wrong_line_imports_nothing_of_its_file(audience_guard: Run, db: Path, folder: Path) -> None:
    (folder / "past.csv").write_text(f"{HEAD}{GOOD},email,2026-11-01,40\n{GOOD},emial,2026-11-02,45\n")

    code, stdout, stderr = audience_guard("history", "import", "past.csv", "--history=history.db")

    assert code == 2
    assert stdout == "imported 0 runs from 1 file; history.db holds 0 runs\n"
    assert stderr.splitlines()[0] == 'past.csv:3: there is no channel "emial"; did you mean "email"?'
    assert store_at(db).read().runs == ()


def test_saved_reports_make_the_same_store(audience_guard: Run, db: Path, folder: Path) -> None:
    (folder / "reports").mkdir()
    for number in (1, 2):
        audience_guard("check", "--history=history.db", f"--output=json=reports/{number}.json")
    audience_guard("history", "init", "--history=other.db")

    code, stdout, stderr = audience_guard("history", "import", "reports", "--history=other.db")

    assert (code, stderr) == (0, "")
    assert stdout == "imported 2 runs from 2 files, of localhost; other.db holds 2 runs\n"
    assert store_at(folder / "other.db").read_all().readings == store_at(db).read_all().readings


def test_export_and_prune(audience_guard: Run, db: Path) -> None:
    audience_guard(*CHECK, "--history=history.db")

    code, stdout, stderr = audience_guard("history", "export", "--history=history.db")
    assert (code, stderr) == (0, "")
    head, line = stdout.splitlines()
    assert head.startswith("uuid,channel,day,count,bypass_global,host,segment,run,")
    assert line.startswith(f"{GOOD},email,20")
    assert ",50,false,localhost,good,1," in line

    assert audience_guard("history", "prune", "--older-than=1d", "--history=history.db") == (
        0,
        "deleted 0 readings of 0 runs from history.db\n",
        "",
    )
    code, _, stderr = audience_guard("history", "prune", "--older-than=1w", "--history=history.db")
    assert code == 2
    assert '"1w" is not a number of days' in stderr
    assert len(store_at(db).read().held) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--segment", "goood"), 'has no segment "goood"; did you mean "good"?'),
        (("--channel", "emial"), 'there is no channel "emial"; did you mean "email"?'),
        (("--output", "pdf"), 'there is no format "pdf"'),
        (("--output", "html="), "names no file"),
        (("nowhere.yaml",), "nowhere.yaml"),
    ],
)
def test_show_refuses_a_slip(refused: Refused, db: Path, arguments: tuple[str, ...], told: str) -> None:
    assert db.exists()
    assert told in refused("history", "show", "--history=history.db", *arguments)


@pytest.mark.usefixtures("db")
def test_show_writes_its_page_twice(audience_guard: Run, folder: Path) -> None:
    audience_guard(*CHECK, "--history=history.db")

    for word in ("html", "json", "text", "html", "json", "text"):
        code, stdout, stderr = audience_guard("history", "show", "--history=history.db", f"--output={word}=out.{word}")
        assert (code, stdout, stderr) == (0, "", "")
    assert "<svg" in (folder / "out.html").read_text()
    assert json.loads((folder / "out.json").read_text())["series"][0]["segment"] == "good"


def test_both_kinds_of_store_tell_the_same(audience_guard: Run, db: Path, folder: Path, postgres: Server) -> None:
    server = postgres.create("the_same")
    named = [{"AUDIENCE_GUARD_HISTORY": str(db)}, {"AUDIENCE_GUARD_HISTORY": server}]
    (folder / "past.csv").write_text(f"{HEAD}{GOOD},email,2026-11-01,40\n")
    audience_guard("history", "init", environ=named[1])

    told = []
    for environ in named:
        audience_guard("history", "import", "past.csv", environ=environ)
        report = json.loads(audience_guard(*CHECK, environ=environ)[1])
        page = audience_guard("history", "show", "--output=json", environ=environ)[1]
        timed = {"run_id", "started_at", "finished_at"}
        history = {name: value for name, value in report["history"].items() if name != "store"}
        told.append((history, {*report} - timed, json.loads(page)["series"], json.loads(page)["history"]["runs"]))
    assert told[0] == told[1]


def test_without_a_store_sqlalchemy_stays_away(start: Start) -> None:
    script = (
        "import sys; from guard.cli.main import run; run(['check', '--segment=good']); "
        "print(sorted(each for each in sys.modules if each.split('.')[0] in {'sqlalchemy', 'psycopg', 'sqlite3'}"
        " or each.startswith('guard.history.')))"
    )

    untraced = {"COVERAGE_PROCESS_CONFIG": None}  # coverage keeps what it measures in SQLite

    stdout, stderr = start(before=[sys.executable, "-c", script], environ=untraced).communicate(timeout=40)

    assert (stdout.splitlines()[-1], stderr) == ("['guard.history.address']", "")
