"""A file that is no whole store is refused or noticed, and what is right is never read wrong."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guard.core.errors import GuardError, HistoryError, UsageError
from guard.history import store as store_module
from guard.history.address import parse_address
from guard.history.store import Store
from tests.history.builders import MOMENT, made, run, series

ONE, TWO = series("1"), series("2")
ROOT = Path(__file__).parents[2]


def open_path(path: Path) -> Store:
    return Store(parse_address(str(path), "the test"))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"version: 1\n" * 50, "is not an SQLite file", id="another-file"),
        pytest.param(b"SQLite format 3\0", "is not an SQLite file", id="a-bare-header"),
    ],
)
def test_another_file_is_refused_and_stays(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "history.db"
    path.write_bytes(content)

    for use in (open_path(path).read, lambda: open_path(path).record([run(1, {ONE: 1})])):
        with pytest.raises(GuardError, match=told):
            use()
    assert path.read_bytes() == content


def test_init_makes_a_store_of_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    path.touch()

    assert open_path(path).init()
    assert open_path(path).read().runs == ()


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_another_programs_database_stays(tmp_path: Path, journal: str) -> None:
    path = tmp_path / "history.db"
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA journal_mode={journal}")
        connection.execute("CREATE TABLE theirs (one)")
    connection.close()
    before = path.read_bytes()

    for use in (open_path(path).read, open_path(path).init):
        with pytest.raises(UsageError, match=r"is the database of another program|has a write-ahead log"):
            use()
    assert path.read_bytes() == before


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder, not a file"):
        open_path(tmp_path).read()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no FIFOs")
def test_a_pipe_is_no_store(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(UsageError, match="is a pipe, not a file"):
        open_path(tmp_path / "pipe").init()


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    for use in (open_path(tmp_path / "no" / "history.db").init, open_path(tmp_path / "no" / "history.db").read):
        with pytest.raises(UsageError, match="is in a folder that does not exist"):
            use()


def test_odd_names_are_files(tmp_path: Path) -> None:
    path = tmp_path / "a b?c#d%20é.db"

    made(str(path), [run(1, {ONE: 1})])

    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_write_ahead_log_is_refused_and_mended(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    made(str(path), [run(1, {ONE: 1})])
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    connection.close()

    with pytest.raises(UsageError, match="has a write-ahead log"):
        open_path(path).read()
    assert not open_path(path).init()
    assert len(open_path(path).read().held) == 1


def test_there_is_never_a_write_ahead_log(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    made(str(path), [run(1, {ONE: 1})])

    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    connection.close()


def test_a_lock_is_waited_for_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "history.db"
    store = made(str(path))
    monkeypatch.setattr(store_module, "SECONDS_TO_RECORD", 0.3)
    monkeypatch.setattr(store_module, "SECONDS_TO_READ", 0.3)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    for use in (store.read, lambda: store.record([run(1, {ONE: 1})])):
        with pytest.raises(HistoryError, match=r"is locked by another program|took longer than 0.3 s"):
            use()
    other.execute("ROLLBACK")
    other.close()

    assert store.record([run(1, {ONE: 1})]) == [1]


def test_reading_goes_on_beside_a_writer(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    store = made(str(path), [run(1, {ONE: 1})])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    assert len(store.read().held) == 1
    other.close()


def test_nothing_of_a_pruned_reading_stays_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    gone = series("987654321")
    store = made(str(path), [run(1, {gone: 1}), run(2, {ONE: 2})])
    assert gone.uuid.encode() in path.read_bytes()

    store.prune(MOMENT + timedelta(days=2))

    data = path.read_bytes()
    assert ONE.uuid.encode() in data
    assert gone.uuid.encode() not in data


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "history.db"
    made(str(path), [run(number, {ONE: 1000 + number, TWO: 2000 + number}) for number in range(1, 20)])
    return path


@pytest.mark.parametrize("pages", [1, 2, 4])
def test_a_cut_file_is_noticed(tmp_path: Path, whole: Path, pages: int) -> None:
    path = tmp_path / "history.db"
    data = whole.read_bytes()
    path.write_bytes(data[: len(data) - pages * 4096])

    with pytest.raises(HistoryError, match="is damaged: "):
        open_path(path).read()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_never_changes_a_count(tmp_path: Path, whole: Path, place: float, bit: int) -> None:
    right = open_path(whole).read([ONE, TWO])
    data = bytearray(whole.read_bytes())
    data[int(place * len(data))] ^= 1 << bit
    path = tmp_path / "history.db"
    path.write_bytes(data)

    try:
        found = open_path(path).read([ONE, TWO])
    except GuardError:
        return
    assert found.damage or found.readings == right.readings
    if not found.damage:
        assert [each.number for each in found.runs] == [each.number for each in right.runs]


LOCKS = """
import sqlite3, sys, threading
from tests.history.builders import made, run, series
store = made(sys.argv[1], [run(1, {series("1"): 1})])
ours = sqlite3.connect(sys.argv[1], isolation_level=None)
ours.execute("BEGIN IMMEDIATE")
reader = threading.Thread(target=store.read)
reader.start()
reader.join()
print("read", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(os.name != "posix", reason="only POSIX ends all locks of a process with one descriptor")
def test_a_read_ends_no_lock_of_another_thread(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    script = [sys.executable, "-c", LOCKS, str(path)]
    with subprocess.Popen(script, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == "read\n"
        other = sqlite3.connect(path, timeout=0, isolation_level=None)
        with pytest.raises(sqlite3.OperationalError, match="database is locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()
        process.stdin.close()


# Killed


DIES = """
import os, signal, sys
from guard.history import writer
from tests.history.builders import MOMENT, made, run, series
write = writer._Lengths.write
def die(self):
    write(self)
    os.kill(os.getpid(), signal.SIGKILL)
store = made(sys.argv[1])
writer._Lengths.write = die
store.record([run(2, {series(str(number)): number for number in range(500)})])
"""


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGKILL")
def test_a_kill_while_recording_leaves_no_run(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    made(str(path), [run(1, {ONE: 1})])

    killed = subprocess.run([sys.executable, "-c", DIES, str(path)], cwd=ROOT, check=False)

    assert killed.returncode == -signal.SIGKILL
    store = open_path(path)
    assert [(each.number, each.id) for each in store.read_all().runs] == [(1, "run-1")]
    assert store.record([run(3, {ONE: 3})]) == [2]
    assert store.read_all().damage == ()


def test_a_copy_of_the_file_alone_has_every_run(tmp_path: Path, whole: Path) -> None:
    shutil.copy(whole, tmp_path / "copy.db")

    assert len(open_path(tmp_path / "copy.db").read().held) == 19
