"""The guide to Slack is followed word for word: its commands, its settings, and what it shows of each step.

Slack is the stand-in: ``SLACK_API_URL`` is added to the settings, and its tokens stand where one's own are to be put.
The environment is there already, so the lines that make and enter one are left out. Ports are any free ones.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from guard.slack.http import PATH
from tests.slack.fake_slack import SIGNING_SECRET
from tests.slack.fake_web_api import APP_TOKEN, BOT_TOKEN
from tests.slack.guide import PORT, ROOT, SANDBOX, blocks, commands, section, shown
from tests.slack.running import App

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.slack.fake_slack import FakeSlack
    from tests.slack.workspace import Workspace

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the guide's commands are a POSIX shell's")


def shown_in_slack(beginning: str) -> list[str]:
    """Return the lines of a message that the guide shows."""
    (block,) = [block for block in blocks("7. Ask", "text") if block.startswith(beginning)]
    return shown(block)


def lines(message: dict[str, Any]) -> list[str]:
    """Return a message as the guide writes it down: cells, facts and buttons of a row with a bar between them."""
    return [line for block in message["blocks"] for line in _lines(block)]


def _lines(block: dict[str, Any]) -> list[str]:
    match block:
        case {"type": "table", "rows": rows}:
            return [" | ".join(cell["text"] for cell in row) for row in rows]
        case {"type": "actions", "elements": buttons}:
            return [" | ".join(button["text"]["text"] for button in buttons)]
        case {"type": "context", "elements": facts}:
            return [" | ".join(fact["text"] for fact in facts)]
        case _:
            return list(block["text"]["text"].splitlines())


def ageless(line: str) -> str:
    timed = re.sub(r"fresh (at|by) \d\d:\d\d:\d\d UTC", r"fresh \1 09:01:12 UTC", line)
    return re.sub(r"30 min( \d+ s)? before", "30 min before", timed)


def assert_shown(expected: list[str], message: dict[str, Any]) -> None:
    """Assert that a message holds the lines that the guide shows, in that order."""
    told = iter([ageless(line) for line in lines(message)])
    missing = [line for line in expected if line not in told]
    assert missing == [], "\n".join(lines(message))


class Home:
    """A person's home on this machine, in which the guide is followed, against one stand-in for Blueshift."""

    def __init__(self, folder: Path, sandbox: str) -> None:
        self.replaced = {SANDBOX: sandbox, f"127.0.0.1:{PORT}": f"127.0.0.1:{free_port()}"}
        path = f"{Path(sys.executable).parent}{os.pathsep}/usr/local/bin:/usr/bin:/bin"
        self.environ = {"HOME": str(folder), "PATH": path}
        self.settings = folder / "audience-guard.env"

    def adapted(self, text: str) -> str:
        for guide, here in self.replaced.items():
            text = text.replace(guide, here)
        return text

    def run(self, block: str, *, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/bash", "-ec", self.adapted("\n".join(commands(block)))],
            cwd=ROOT,
            env=self.environ,
            input=typed,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    def start(self, block: str) -> App:
        """Run the commands, the last of which goes on; it takes the shell's place, so that signals reach it."""
        *first, last = commands(block)
        script = self.adapted("\n".join([*first, f"exec {last}"]))
        return App(["/bin/bash", "-ec", script], folder=ROOT, environ=self.environ)

    def write_settings(self, block: str, slack: FakeSlack) -> None:
        """Do what the guide asks an editor for."""
        own = block.replace("xoxb-...", BOT_TOKEN).replace("xapp-...", APP_TOKEN)
        own = own.replace("SECRET=...", f"SECRET={SIGNING_SECRET}")
        self.settings.write_text(self.adapted(own) + f"SLACK_API_URL={slack.api_url}\n")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """Follow the guide until the stand-in for Blueshift runs, and the file for the settings is there."""
    (block,) = blocks("4. Start the stand-in for Blueshift", "console")
    (command,) = commands(block)
    environ = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    sandbox = subprocess.Popen(
        [*shlex.split(command), "--port", "0"], env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert sandbox.stdout
        said = sandbox.stdout.readline()
        address = re.search(r"127\.0\.0\.1:\d+", said)
        assert address, said
        assert said.splitlines() == [line.replace(SANDBOX, address[0]) for line in shown(block)]
        home = Home(tmp_path, address[0])
        assert home.run(blocks("5. Write the settings down", "console")[0]).returncode == 0
        assert home.settings.stat().st_mode & 0o777 == 0o600
        yield home
    finally:
        sandbox.kill()
        sandbox.communicate()


def assert_logged(home: Home, block: str, app: App) -> None:
    """Assert that the app began with the log lines that the guide shows."""
    expected = [json.loads(home.adapted(line)) for line in shown(block)]
    for line in expected:
        app.wait_for_event(line["event"])
    begun = app.log[: len(expected)]
    assert [line | {"time": "..."} for line in begun] == expected


def test_the_guide_works_in_socket_mode(home: Home, slack: FakeSlack) -> None:
    home.write_settings(blocks("5. Write the settings down", "sh")[0], slack)
    (block,) = blocks("6. Start the app", "console")

    with contextlib.closing(home.start(block)) as app:
        assert_logged(home, block, app)
        slack.link.wait_for_socket()
        help_page = slack.send_socket(slack.command("")).payload
        asked = slack.command("spring-sale")
        accepted = slack.send_socket(asked).payload
        answer = slack.record.wait_for(lambda: slack.answers(asked["response_url"]))[0]
        assert help_page
        assert accepted
        assert_shown(shown_in_slack("How to check"), help_page)
        assert lines(accepted) == shown_in_slack("Counting")
        assert_shown(shown_in_slack("❌"), answer)
        shared = slack.command("win-back share")
        slack.send_socket(shared)
        good = slack.record.wait_for(lambda: slack.answers(shared["response_url"]))[0]
        assert (good["response_type"], lines(good)[0]) == (
            "in_channel",
            "✅ May be sent: 1 segment is within bounds, counted fresh",
        )
        assert app.stop() == 143


@pytest.mark.skipif(shutil.which("curl") is None, reason="the guide uses curl")
def test_the_guide_works_over_http(home: Home, slack: FakeSlack) -> None:
    home.write_settings(blocks("HTTP mode", "sh")[0], slack)
    starting, looking = blocks("HTTP mode", "console")

    with contextlib.closing(home.start(starting)) as app:
        assert_logged(home, starting, app)
        address = f"{app.wait_for_event('ready')['address']}{PATH}"
        assert home.run(looking).stdout.splitlines() == shown(looking)
        asked = slack.command("spring-sale")
        accepted = slack.send_http(address, asked)
        answer = slack.record.wait_for(lambda: slack.answers(asked["response_url"]))[0]
        assert lines(json.loads(accepted.body)) == shown_in_slack("Counting")
        assert_shown(shown_in_slack("❌"), answer)
        assert app.stop() == 143


def test_the_guide_works_in_ci(home: Home, slack: FakeSlack) -> None:
    (block,) = blocks("From CI", "console")

    ended = home.run(block, typed=f"{slack.webhook_url('ci')}\n")

    assert ended.returncode == 1
    assert set(shown(block)) <= set(ended.stdout.splitlines())
    (message,) = slack.notified("ci")
    assert_shown([line for line in shown_in_slack("❌") if line != "Check again | Share in channel"], message)


@pytest.mark.parametrize(
    ("place", "error", "told"),
    [
        ("auth.test", "invalid_auth", "Slack refused SLACK_BOT_TOKEN (invalid_auth)"),
        ("apps.connections.open", "missing_scope", "Slack refused SLACK_APP_TOKEN (missing_scope)"),
    ],
)
def test_the_guide_knows_why_the_app_ends(workspace: Workspace, place: str, error: str, told: str) -> None:
    workspace.slack.refuse(place, error)
    app = workspace.start()

    assert app.ended() == 2
    assert told in app.stderr
    assert f"`{told}`" in section("When something is wrong")


def test_the_guide_knows_mixed_up_tokens(workspace: Workspace) -> None:
    app = workspace.start(environ={"SLACK_APP_TOKEN": BOT_TOKEN})

    assert app.ended() == 2
    assert "SLACK_APP_TOKEN does not begin with xapp-" in app.stderr
    assert "`SLACK_APP_TOKEN does not begin with xapp-`" in section("When something is wrong")


def test_the_ids_of_the_guide_are_ids(workspace: Workspace) -> None:
    settings = dict(line.split("=") for line in blocks("Who may ask", "sh")[0].splitlines())
    workspace.start(environ=settings).wait_for_event("connected")
    slack = workspace.slack
    slack.link.wait_for_socket()
    user, channel = settings["SLACK_ALLOWED_USERS"].split(",")[1], settings["SLACK_ALLOWED_CHANNELS"]

    refused = slack.send_socket(slack.command("", user="U0000000000", channel=channel)).payload
    allowed = slack.send_socket(slack.command("", user=user, channel=channel)).payload

    assert refused
    assert allowed
    assert [lines(refused)[0], lines(allowed)[0]] == ["Not allowed", "How to check an audience"]
