"""Files that cannot be read: one line, a hint, and the exit code of a wrong usage."""

from __future__ import annotations

import os
import re
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import guard.rules.load
from guard.core.errors import ExitCode, UsageError
from guard.rules import load_rules
from guard.rules.document import LARGEST_FILE, read_document

if TYPE_CHECKING:
    from collections.abc import Callable

GIVE = "give the path of a YAML file"
IS_IT = "is this the right file? give the path of a YAML file"
CHECK = "check the path and its permissions"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rules.yaml"


def fill(path: Path, size: int) -> None:
    """Make a file that takes no room, however large it is."""
    path.touch()
    os.truncate(path, size)


@pytest.mark.parametrize(
    ("make", "what", "hint"),
    [
        pytest.param(lambda path: None, "there is no such file", GIVE, id="missing"),  # noqa: ARG005 - makes nothing
        pytest.param(Path.mkdir, "is a directory", GIVE, id="directory"),
        pytest.param(os.mkfifo, "is not a regular file", GIVE, id="fifo"),
        pytest.param(lambda path: path.symlink_to(path), "cannot be read", CHECK, id="link-to-itself"),
        pytest.param(lambda path: path.symlink_to("/dev/zero"), "is not a regular file", GIVE, id="device"),
        pytest.param(lambda path: fill(path, LARGEST_FILE + 1), "is larger than 16 MiB", IS_IT, id="large"),
        pytest.param(lambda path: fill(path, 100 * LARGEST_FILE), "is larger than 16 MiB", IS_IT, id="huge"),
    ],
)
def test_an_unreadable_file_is_one_line(path: Path, make: Callable[[Path], object], what: str, hint: str) -> None:
    make(path)
    with pytest.raises(UsageError) as caught:
        load_rules(path)
    assert caught.value.message.startswith(f"{path}: {what}")
    assert "\n" not in caught.value.message
    assert caught.value.hint == hint
    assert caught.value.exit_code == ExitCode.USAGE


def test_a_file_without_permission_is_one_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.touch()

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UsageError, match="cannot be read \\(Permission denied\\)"):
        load_rules(path)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        pytest.param("", r"[^\0\n]+", id="empty"),
        pytest.param("a\0b", r"a\\x00b: cannot be read \(a file cannot have this name\)", id="nul"),
        pytest.param("x" * 5000, r"[^\0\n]+", id="overlong"),
    ],
)
def test_a_bad_path_is_one_line(path: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_rules(path)
    assert re.fullmatch(message, caught.value.message)


def test_a_large_file_is_not_read_whole(path: Path) -> None:
    fill(path, 10 * LARGEST_FILE)
    tracemalloc.start()
    try:
        with pytest.raises(UsageError):
            read_document(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * LARGEST_FILE


def test_a_file_of_the_largest_size_is_read(path: Path) -> None:
    path.write_bytes(b"\n" * LARGEST_FILE)
    assert len(read_document(path)) == LARGEST_FILE


def test_the_package_loads_names_lazily() -> None:
    assert guard.rules.load_rules is guard.rules.load.load_rules
    with pytest.raises(AttributeError, match=r"^module 'guard.rules' has no attribute 'x'$"):
        guard.rules.__getattr__("x")
