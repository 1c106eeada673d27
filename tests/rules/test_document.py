"""Files that are none, or cannot be read: one line, a hint, and the exit code of a wrong usage."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guard.errors import UsageError
from guard.exit_code import ExitCode
from guard.rules import load_rules
from guard.rules.document import LARGEST_FILE, read_document

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("make", "what"),
    [
        pytest.param(lambda path: None, "there is no such file", id="missing"),  # noqa: ARG005 - makes nothing
        pytest.param(Path.mkdir, "is a directory", id="directory"),
        pytest.param(os.mkfifo, "is no regular file", id="fifo"),
        pytest.param(lambda path: path.symlink_to(path), "cannot be read", id="link-to-itself"),
        pytest.param(lambda path: path.symlink_to("/dev/zero"), "is no regular file", id="device"),
        pytest.param(lambda path: path.write_bytes(b" " * (LARGEST_FILE + 1)), "is larger than 16 MiB", id="large"),
    ],
)
def test_what_is_no_file_to_be_read_ends_in_one_line(tmp_path: Path, make: Callable[[Path], object], what: str) -> None:
    path = tmp_path / "rules.yaml"
    make(path)
    with pytest.raises(UsageError) as caught:
        load_rules(path)
    assert caught.value.message.startswith(f"{path}: {what}")
    assert "\n" not in caught.value.message
    assert caught.value.hint
    assert caught.value.exit_code == ExitCode.USAGE


def test_a_file_without_permission_ends_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rules.yaml"
    path.touch()

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UsageError, match="cannot be read \\(Permission denied\\)"):
        load_rules(path)


@pytest.mark.parametrize("path", ["", "a\0b", "x" * 5000], ids=["empty", "nul", "overlong"])
def test_a_path_that_is_none_ends_in_one_line(path: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_rules(path)
    assert "\n" not in caught.value.message
    assert "\0" not in caught.value.message


def test_a_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(b"\n" * LARGEST_FILE)
    assert len(read_document(path)) == LARGEST_FILE
