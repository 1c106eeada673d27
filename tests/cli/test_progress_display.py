"""What is seen while one waits."""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING

import pytest

from guard.cli import progress_display
from guard.cli.progress_display import display_progress, progress_line
from guard.core.progress import Progress

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    Start = Callable[..., subprocess.Popen[str]]

pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals")


def test_a_line_says_how_far_the_run_has_come() -> None:
    assert progress_line(Progress(total=1200, done=3, refreshing=2), 75) == (
        "3 of 1,200 counts done, 2 refreshing, 1 min 15 s"
    )
    assert (
        progress_line(Progress(total=1, trouble="no answer"), 9) == "0 of 1 counts done, 0 refreshing, 9 s; no answer"
    )


def test_off_a_terminal_a_plain_line_is_told_every_so_often(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress_display, "_PLAIN_EVERY", 0.01)

    with display_progress(quiet=False) as progress:
        progress.total = 7
        time.sleep(0.05)
        told = capsys.readouterr().err

    assert told.startswith("audience-guard: 0 of 7 counts done, 0 refreshing, 0 s\n")


def test_nothing_is_told_when_it_is_to_be_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress_display, "_PLAIN_EVERY", 0.01)

    with display_progress(quiet=True):
        time.sleep(0.03)

    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_one_line_is_drawn_over_and_over_and_erased_at_the_end(start: Start) -> None:
    ours, theirs = pty.openpty()
    process = start("check", "--segment", "stuck", stderr=theirs, environ={"TERM": "xterm"})
    os.close(theirs)

    stdout, _ = process.communicate(timeout=20)
    drawn = os.read(ours, 100_000).decode()
    os.close(ours)

    assert re.search(r"\r\x1b\[2KCounting afresh: 0 of 1 counts done, 1 refreshing, \d s", drawn)
    assert drawn.endswith("\r\x1b[2K")
    assert "\n" not in drawn
    assert "Counting afresh" not in stdout


def test_on_a_terminal_the_report_is_drawn_with_a_gauge_and_colour(start: Start) -> None:
    ours, theirs = pty.openpty()
    process = start("check", "--segment", "bad", stdout=theirs, environ={"TERM": "xterm", "COLUMNS": "60"})
    os.close(theirs)

    process.wait(timeout=20)
    drawn = os.read(ours, 100_000).decode()
    os.close(ours)

    assert process.returncode == 1
    assert "\x1b[" in drawn
    assert "◆" in drawn
    plain = re.sub(r"\x1b\[[0-9;]*m", "", drawn)
    assert max(map(len, plain.splitlines())) <= 60


@pytest.mark.parametrize(
    ("variables", "flags", "colored"),
    [
        ({}, [], False),
        ({"FORCE_COLOR": "1"}, [], True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, [], False),
        ({"NO_COLOR": "1"}, ["--color", "always"], True),
        ({"FORCE_COLOR": "1"}, ["--color", "never"], False),
    ],
)
def test_colour_off_a_terminal_is_asked_for(
    audience_guard: Callable[..., tuple[int, str, str]], variables: dict[str, str], flags: list[str], colored: bool
) -> None:
    _, stdout, _ = audience_guard("check", "--segment", "good", *flags, environ=variables)

    assert ("\x1b[" in stdout) is colored
    assert "good / email / min: email reaches 50" in stdout
