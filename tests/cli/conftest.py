"""The real command in a process of its own, against the sandbox on a real socket."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from guard.cli import main
from guard.core.model import Channel
from guard.sandbox.scenario import Scenario, ScenarioSegment
from guard.sandbox.server import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]
    Start = Callable[..., subprocess.Popen[str]]
    Refused = Callable[..., str]

KEY = "a-key-for-tests"
GOOD, BAD, STUCK, MIDDLING = (f"00000000-0000-4000-8000-00000000000{number}" for number in range(1, 5))
RULES = f"""\
version: 1
blueshift: {{requests_per_second: 200}}
refresh: {{timeout: 3s, poll_interval: 100ms, max_poll_interval: 300ms}}
segments:
  good:
    uuid: {GOOD}
    tags: [weekly]
    channels: {{email: {{min: 10, max: 100}}}}
  bad:
    uuid: {BAD}
    channels: {{email: {{min: 10, max: 100}}}}
  stuck:
    uuid: {STUCK}
    channels: {{email: {{min: 10, max: 100}}}}
  middling:
    uuid: {MIDDLING}
    tags: [weekly]
    channels: {{email: {{min: 10, warn: {{min: 60}}}}}}
campaigns:
  sale:
    segments: [good, middling]
    totals: {{email: {{max: 100}}}}
"""


def segment(uuid: str, people: int, **values: Any) -> ScenarioSegment:
    email = {Channel.EMAIL: people}
    return ScenarioSegment(**{"uuid": uuid, "name": uuid[-1], "counts": {Channel.EMAIL: 50}, "fresh": email} | values)


@pytest.fixture
def scenario() -> Scenario:
    segments = (
        segment(GOOD, 50, refresh=0.05),
        segment(BAD, 5000, refresh=0.05),
        segment(STUCK, 50, stuck=frozenset({Channel.EMAIL})),
        segment(MIDDLING, 51, refresh=0.05),
    )
    return Scenario(key=KEY, segments=segments)


@pytest.fixture
def sandbox(scenario: Scenario) -> Iterator[Sandbox]:
    with Sandbox(scenario) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a working directory with a rules file in it."""
    (tmp_path / "rules.yaml").write_text(RULES)
    return tmp_path


@pytest.fixture
def environ(sandbox: Sandbox) -> dict[str, str]:
    """Return an environment with the key and the address of the sandbox."""
    return {**os.environ, "BLUESHIFT_API_KEY": KEY, "BLUESHIFT_BASE_URL": sandbox.url}


@pytest.fixture
def start(folder: Path, environ: dict[str, str]) -> Iterator[Start]:
    """Start the command in the folder.

    ``environ`` adds variables, and None removes one; ``before`` is a command that runs it.
    """
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str, **options: Any) -> subprocess.Popen[str]:
        changed = {**environ, **options.pop("environ", {})}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        process = subprocess.Popen(
            [*pipes.pop("before", ()), sys.executable, "-m", "guard", *arguments],
            cwd=folder,
            env={name: value for name, value in changed.items() if value is not None},
            text=True,
            encoding="utf-8",
            **pipes,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def audience_guard(start: Start) -> Run:
    """Run the command to its end and return its exit code, stdout and stderr, which must not show the key."""

    def finish(*arguments: str, given: str = "", patience: float = 40, **options: Any) -> tuple[int, str, str]:
        process = start(*arguments, **options)
        stdout, stderr = process.communicate(given, timeout=patience)
        assert KEY not in (stdout or "") + (stderr or "")
        assert "Traceback" not in (stderr or "")
        return process.returncode, stdout, stderr

    return finish


@pytest.fixture
def refused(audience_guard: Run, sandbox: Sandbox) -> Refused:
    """Run a command that must end in a usage error and send nothing, and return its stderr."""

    def refuse(*arguments: str, **options: Any) -> str:
        sent = sandbox.requests
        code, stdout, stderr = audience_guard(*arguments, **options)
        assert (code, stdout, sandbox.requests) == (2, "", sent)
        return stderr

    return refuse


@pytest.fixture
def in_process(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process, and return its exit code, stdout and stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        return main.run(arguments), *capsys.readouterr()

    return call


@pytest.fixture
def crash(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Have the command crash with this message."""

    def arrange(message: str) -> None:
        def fail(_arguments: list[str]) -> None:
            raise ZeroDivisionError(message)

        monkeypatch.setattr(main, "_invoke", fail)

    return arrange


@pytest.fixture
def _unlogged() -> Iterator[None]:
    """Leave no log behind."""
    logger = logging.getLogger("guard")
    level, handlers = logger.level, list(logger.handlers)
    yield
    logger.setLevel(level)
    logger.handlers[:] = handlers


@pytest.fixture
def on_terminal(start: Start) -> Callable[..., tuple[int, str, str]]:
    """Run the command with one stream on a terminal; return its exit code, what is drawn there, and its stdout."""
    pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals")

    def draw(*arguments: str, stream: str = "stdout", columns: int = 80) -> tuple[int, str, str]:
        ours, theirs = pty.openpty()
        process = start(*arguments, environ={"TERM": "xterm", "COLUMNS": str(columns)}, **{stream: theirs})
        os.close(theirs)
        stdout, _ = process.communicate(timeout=20)
        drawn = os.read(ours, 100_000).decode()
        os.close(ours)
        return process.returncode, drawn, stdout or ""

    return draw
