"""Progress, the gauge and colour, on and off a terminal."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from guard.cli import progress_display
from guard.cli.progress_display import display_progress, progress_line
from guard.core.progress import Progress

if TYPE_CHECKING:
    from tests.cli.conftest import Run


def test_a_line_tells_the_progress() -> None:
    assert progress_line(Progress(total=1200, done=3, refreshing=2), 75) == (
        "3 of 1,200 counts done, 2 refreshing, 1 min 15 s"
    )
    assert (
        progress_line(Progress(total=1, trouble="no answer"), 9) == "0 of 1 counts done, 0 refreshing, 9 s; no answer"
    )


def test_a_log_gets_plain_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(progress_display, "_PLAIN_EVERY", 0.01)

    with display_progress(quiet=False) as progress:
        progress.total = 7
        time.sleep(0.05)
        told = capsys.readouterr().err

    assert told.startswith("audience-guard: 0 of 7 counts done, 0 refreshing, 0 s\n")


def test_quiet_prints_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(progress_display, "_PLAIN_EVERY", 0.01)

    with display_progress(quiet=True):
        time.sleep(0.03)

    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_one_live_line(on_terminal: Run) -> None:
    _, drawn, stdout = on_terminal("check", "--segment", "stuck", stream="stderr")

    assert re.search(r"\r\x1b\[2KCounting afresh: 0 of 1 counts done, 1 refreshing, \d s", drawn)
    assert drawn.endswith("\r\x1b[2K")
    assert "\n" not in drawn
    assert "Counting afresh" not in stdout


def test_a_terminal_gets_a_gauge(on_terminal: Run) -> None:
    code, drawn, _ = on_terminal("check", "--segment", "bad", columns=60)

    assert code == 1
    assert "\x1b[" in drawn
    assert "◆" in drawn
    assert max(map(len, re.sub(r"\x1b\[[0-9;]*m", "", drawn).splitlines())) <= 60


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
def test_colour_needs_a_request(
    audience_guard: Run, variables: dict[str, str], flags: list[str], colored: bool
) -> None:
    _, stdout, _ = audience_guard("check", "--segment", "good", *flags, environ=variables)

    assert ("\x1b[" in stdout) is colored
    assert "good / email: 50, allowed" in stdout
