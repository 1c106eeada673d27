"""The key where nobody thinks of it: in reprs, in tracebacks with local variables, in logs, in the process list."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import stat
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console
from rich.pretty import pretty_repr
from rich.traceback import Traceback

from guard import check, load_rules
from guard.blueshift.account import Account, ApiKey, open_account
from guard.blueshift.answers import parse_answer
from guard.blueshift.client import Client
from guard.blueshift.counting import connect
from guard.blueshift.errors import RequestError, UnavailableError
from guard.core.errors import UsageError
from guard.core.model import Channel, Pacing, Region
from guard.report import Format
from guard.sandbox.faults import Fault
from guard.sandbox.scenario import Answers, Scenario, ScenarioSegment
from guard.sandbox.scripted_answers import AGAIN, ScriptedAnswer
from guard.sandbox.server import Sandbox
from tests.faults.playing import secrets_in
from tests.faults.row import KEY, UUID, WELL, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Run = Callable[..., subprocess.Popen[str]]


def playing(*scripted: ScriptedAnswer) -> Scenario:
    people = {Channel.EMAIL: 150}
    answers = Answers(any=(*scripted, AGAIN) if scripted else ())
    segment = ScenarioSegment(uuid=UUID, name="One", counts=people, fresh=people, refresh=0.05, answers=answers)
    return Scenario(key=KEY, segments=(segment,))


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(Row("Secrets", "none", WELL).rules, encoding="utf-8")
    return path


@pytest.fixture
def run(rules: Path) -> Iterator[Run]:
    """Start ``check`` on a scenario, beside its rules; what still runs at the end of the test is killed."""
    with ExitStack() as stack:

        def start(scenario: Scenario, *arguments: str, umask: int = -1) -> subprocess.Popen[str]:
            sandbox = stack.enter_context(Sandbox(scenario))
            environ = {**os.environ, "BLUESHIFT_API_KEY": KEY, "BLUESHIFT_BASE_URL": sandbox.url}
            process = subprocess.Popen(
                [sys.executable, "-m", "guard", "check", *arguments],
                cwd=rules.parent,
                env=environ,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                umask=umask,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield start


async def ask(sandbox: Sandbox) -> None:
    account = Account(base_url=sandbox.url, region=Region.US, key=ApiKey(KEY))
    async with Client(account) as client:
        await client.get(f"/api/v1/segments/{UUID}/matching_users.json", {"refresh": "false"}, most_bytes=65_536)


def with_locals(error: BaseException) -> str:
    """Return a traceback with all local variables, without the frame of this test, which knows the key."""
    assert error.__traceback__
    ours = error.__traceback__.tb_next
    shown = Traceback.from_exception(
        type(error), error, ours, show_locals=True, locals_max_length=1000, locals_max_string=100_000
    )
    printed = io.StringIO()
    Console(file=printed, width=500).print(shown)
    return printed.getvalue()


def test_nothing_public_prints_the_key() -> None:
    opened = open_account({"BLUESHIFT_API_KEY": KEY})

    async def holders() -> list[object]:
        async with Client(opened) as client, connect(opened, Pacing()) as blueshift:
            return [opened, opened.key, client, blueshift, client._http, client._http.auth]

    for each in asyncio.run(holders()):
        for text in (str(each), repr(each), f"{each}", pretty_repr(each, max_depth=3)):
            assert secrets_in(text) == []


def test_the_key_cannot_be_copied() -> None:
    with pytest.raises(TypeError):
        json.dumps(ApiKey(KEY))
    with pytest.raises(TypeError):
        vars(ApiKey(KEY))


@pytest.mark.parametrize(
    "answer",
    [
        ScriptedAnswer(status=500, fault=Fault.ECHO),
        ScriptedAnswer(fault=Fault.RESET_BEFORE_HEADERS),
        ScriptedAnswer(fault=Fault.RESET_IN_BODY),
        ScriptedAnswer(fault=Fault.TWO_LENGTHS),
    ],
    ids=["echo", "reset-before-headers", "reset-in-body", "two-lengths"],
)
def test_a_traceback_with_locals_hides_the_key(answer: ScriptedAnswer) -> None:
    with Sandbox(playing(answer)) as sandbox:
        with pytest.raises(RequestError) as raised:
            asyncio.run(ask(sandbox))

        shown = with_locals(raised.value)

    assert "account" in shown
    assert secrets_in(shown) == []


def test_pydantic_does_not_quote_an_answer() -> None:
    body = json.dumps({"refresh_status": KEY * 20, "name": KEY}).encode()

    with pytest.raises(UnavailableError) as raised:
        parse_answer(body, None, str)

    assert "input_value" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


@pytest.mark.parametrize("text", [f"{KEY} ", f"{KEY}\n", f"{KEY}\u00e9", f"{KEY}:"])
def test_an_impossible_key_is_not_shown(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        ApiKey(text)

    assert secrets_in(f"{raised.value} {raised.value!r} {raised.value.hint}") == []


def test_no_library_logs_the_key(
    rules: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "httpcore.http11"):  # whatever the process has set before, as the Slack app does
        caplog.set_level(logging.DEBUG, logger=name)
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)

    with Sandbox(playing()) as sandbox:
        report = check(load_rules(rules), api_key=KEY, base_url=sandbox.url, timeout=20)

    assert report.exit_code == 0
    assert {"httpx", "httpcore.http11"} <= {each.name for each in caplog.records}
    assert secrets_in(caplog.text) == []


def test_debug_turns_on_our_log_only(run: Run) -> None:
    _, stderr = run(playing(), "--debug").communicate(timeout=60)

    assert "guard.blueshift: " in stderr
    assert "httpx" not in stderr
    assert "httpcore" not in stderr


def test_no_other_process_has_the_key(run: Run) -> None:
    process = run(playing(ScriptedAnswer(fault=Fault.HANG_BEFORE_HEADERS)), "--timeout", "5s")
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    seen = []
    while process.poll() is None:
        seen.append(children.read_text(encoding="ascii"))
        command_line = Path(f"/proc/{process.pid}/cmdline").read_text(encoding="utf-8")
        assert secrets_in(command_line) == []
        time.sleep(0.02)

    assert set(seen) == {""}


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_reports_follow_the_umask(run: Run, rules: Path, umask: int, mode: int) -> None:
    outputs = [word for each in Format for word in ("--output", f"{each}=report.{each}")]

    process = run(playing(), *outputs, umask=umask)
    process.communicate(timeout=60)

    assert process.returncode == 0
    assert {stat.S_IMODE(each.stat().st_mode) for each in rules.parent.glob("report.*")} == {mode}
