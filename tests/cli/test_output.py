"""Standard streams that are endless, unread or closed: the command says so and ends."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from typing import TYPE_CHECKING, TextIO

import pytest

import guard.bounded_io
from guard.cli.check import check
from guard.cli.rules import complete_key
from tests.cli.conftest import GOOD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Run, Start


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Return both ends of a pipe, which are closed in the end, so that whoever waits for them goes on."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


@pytest.fixture
def _nothing_comes(pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(guard.bounded_io, "SECONDS_TO_READ", 0)
    with open(pipe[0], encoding="utf-8", closefd=False) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield


@pytest.fixture
def _at_home(folder: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Run where the rules are, with the key and the address of the sandbox."""
    monkeypatch.chdir(folder)
    for name in ("BLUESHIFT_API_KEY", "BLUESHIFT_BASE_URL"):
        monkeypatch.setenv(name, environ[name])


@pytest.fixture
def full(pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> Iterator[TextIO]:
    """Return a pipe that is full, to be put in the place of stdout (pytest takes that until the test runs)."""
    os.set_blocking(pipe[1], False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(pipe[1], b"x")
    os.set_blocking(pipe[1], True)
    monkeypatch.setattr(guard.bounded_io, "SECONDS_TO_WRITE", 0)
    with open(pipe[1], "w", encoding="utf-8", closefd=False) as stdout:
        yield stdout


@pytest.mark.usefixtures("_nothing_comes")
@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["check", "-", "--timeout", "1ms"], "the rules"),
        (["check", "-"], "the rules"),
        (["validate", "-"], "the rules"),
        (["report", "-"], "the report"),
    ],
)
def test_an_endless_input_is_an_error(arguments: list[str], what: str, in_process: Run) -> None:
    limit = "0.001" if "--timeout" in arguments else "0"
    said = (
        f"audience-guard: {what} did not come: standard input had no end within {limit} s\n"
        "  hint: see that what writes to it comes to an end, or give the path of a file\n"
    )

    assert in_process(*arguments) == (2, "", said)


@pytest.mark.usefixtures("_nothing_comes")
def test_completion_never_waits() -> None:
    with check.make_context("check", ["-"]) as context:
        assert complete_key(context, check.params[1], "") == []


def test_a_terminal_gets_a_prompt(monkeypatch: pytest.MonkeyPatch, in_process: Run) -> None:
    class Terminal(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(io.BytesIO(b"version: 2\n")))

    code, _, stderr = in_process("validate", "-")

    first, second = stderr.splitlines()[:2]
    assert code == 2
    assert first == "audience-guard: type or paste the rules, and end with Ctrl+D; the time for it is 60 s"
    assert second.startswith("<stdin>:1:")


@pytest.mark.usefixtures("_at_home")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["schema"], 3), (["check", "--segment", "good", "--quiet"], 3), (["check", "--segment", "bad", "--quiet"], 1)],
    ids=["schema", "good", "bad"],
)
def test_an_unread_stdout_never_passes(
    arguments: list[str], code: int, full: TextIO, monkeypatch: pytest.MonkeyPatch, in_process: Run
) -> None:
    monkeypatch.setattr(sys, "stdout", full)
    missing = f"audience-guard: not every report was written, so this run exits with {code}\n"
    said = (
        "audience-guard: nobody read the report from stdout within 0 s\n"
        "  hint: have stdout read, or write the report to a file\n" + (missing if "check" in arguments else "")
    )

    assert in_process(*arguments) == (code, "", said)


NO_STDOUT = (
    "audience-guard: the report could not be written to stdout: it is closed\n"
    "  hint: let stdout go to a terminal, a file, a pipe or /dev/null\n"
)


@pytest.mark.usefixtures("_at_home")
@pytest.mark.parametrize(
    "arguments",
    [
        ["validate", "--quiet"],
        ["schema"],
        ["schema", "--report"],
        ["segments", "--quiet"],
        ["segments", "--output", "json"],
        ["counts", GOOD, "--channel", "email", "--quiet"],
        ["counts", GOOD, "--channel", "email", "--output", "csv", "--quiet"],
    ],
    ids=" ".join,
)
def test_a_closed_stdout_is_an_error(arguments: list[str], monkeypatch: pytest.MonkeyPatch, in_process: Run) -> None:
    monkeypatch.setattr(sys, "stdout", None)

    assert in_process(*arguments) == (3, "", NO_STDOUT)


@pytest.mark.usefixtures("_at_home")
@pytest.mark.parametrize("format_", [[], ["--output", "json"], ["--output", "github"]], ids=" ".join)
@pytest.mark.parametrize(("segment", "code"), [("good", 3), ("bad", 1)])
def test_a_lost_verdict_never_passes(
    segment: str, code: int, format_: list[str], monkeypatch: pytest.MonkeyPatch, in_process: Run
) -> None:
    asked = ("check", "--segment", segment, "--quiet")
    assert in_process(*asked, "--output", "json=report.json")[0] == (1 if code == 1 else 0)
    monkeypatch.setattr(sys, "stdout", None)
    missing = f"{NO_STDOUT}audience-guard: not every report was written, so this run exits with {code}\n"

    assert in_process(*asked, *format_) == (code, "", missing)

    found, stdout, stderr = in_process("report", "report.json", *format_)
    assert (found, stdout, stderr[stderr.index("\n") + 1 :]) == (code, "", missing)


@pytest.mark.skipif(os.name == "nt", reason="it takes a shell to start a process without a stdout")
def test_a_process_without_stdout_exits_3(folder: Path) -> None:
    ended = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" -m guard validate --quiet >&-', sys.executable],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (3, "", NO_STDOUT)


@pytest.mark.usefixtures("_at_home")
def test_an_unread_pipe_is_given_up(full: TextIO, in_process: Run) -> None:
    path = f"/dev/fd/{full.fileno()}"

    code, _, stderr = in_process("check", "--segment", "good", "--quiet", f"--output=json={path}")

    assert code == 3
    assert f"nobody read the report from {path} within 0 s" in stderr


def test_the_process_ends_before_its_input(start: Start) -> None:
    process = start("check", "-", "--timeout", "50ms")

    assert process.wait(timeout=40) == 2
    assert process.stderr is not None
    assert "the rules did not come" in process.stderr.read()
