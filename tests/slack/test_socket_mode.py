"""Socket Mode: envelopes that come twice, connections that die, and a Slack that is not there; real processes."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING, get_args

import pytest

from tests.slack.fake_socket import Death, FakeSocket
from tests.slack.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHORT_OUTAGE = "import guard.slack.socket_mode\nguard.slack.socket_mode._LONGEST_OUTAGE = 2.0"
"""A minute is too long for a test: this is set in the app's own process, before it starts."""


def test_a_repeated_envelope_is_answered_once(workspace: Workspace) -> None:
    workspace.open()
    fields = workspace.slack.command("good")
    first, second = (workspace.send(fields, envelope_id="an-envelope") for _ in range(2))
    assert "Counting" in first.text
    assert second.payload is None
    workspace.answer(first)
    workspace.answer(workspace.ask("bad"))
    assert len(workspace.answers(first)) == 1


DEATHS: list[Callable[[FakeSocket], None]] = [
    *(partial(FakeSocket.kill, how=how) for how in get_args(Death)),
    FakeSocket.say_disconnect,
]


def test_a_dead_connection_is_replaced(tmp_path: Path) -> None:
    workspaces = []
    with contextlib.ExitStack() as living:
        for number in range(len(DEATHS)):
            folder = tmp_path / str(number)
            folder.mkdir()
            workspaces.append(living.enter_context(Workspace(folder, "socket")).open())
        for there, die in zip(workspaces, DEATHS, strict=True):
            die(there.slack.link)
        for there in workspaces:
            there.slack.link.wait_for_socket(30)
            assert "Counting" in there.ask("good").text
            assert there.slack.link.opened >= 2


@pytest.mark.parametrize(
    ("error", "retry_after"),
    [pytest.param("internal_error", 1, id="error"), pytest.param("ratelimited", 300, id="429")],
)
def test_a_long_outage_ends_the_app(tmp_path: Path, error: str, retry_after: int) -> None:
    with Workspace(tmp_path, "socket", before=SHORT_OUTAGE) as there:
        there.open()
        there.slack.refuse("apps.connections.open", error, retry_after=retry_after)
        there.slack.link.kill("close")
        assert there.app.ended() == 3
        assert there.app.events("disconnected")
        assert there.app.events("lost")[0]["slack"] is True


def test_a_running_check_is_still_answered(workspace: Workspace) -> None:
    workspace.open()
    said = workspace.ask("slow-1")
    workspace.slack.link.kill("close")
    assert "May be sent" in workspace.answer(said)["text"]


@pytest.mark.parametrize(
    ("token", "wrong"), [("SLACK_BOT_TOKEN", "xoxb-another-token"), ("SLACK_APP_TOKEN", "xapp-another-token")]
)
def test_a_refused_token_is_a_usage_error(workspace: Workspace, token: str, wrong: str) -> None:
    app = workspace.start(environ={token: wrong})
    assert app.ended() == 2
    assert app.stderr == (
        f"audience-guard: Slack refused {token} (invalid_auth)\n  hint: docs/slack.md says where to find it\n"
    )


def test_no_slack_at_the_start_ends_the_app(workspace: Workspace) -> None:
    with workspace.slack.web.unreachable():
        app = workspace.start()
        assert app.ended() == 3
    assert "Slack could not be reached" in app.stderr
    assert "hint: " in app.stderr


@pytest.mark.parametrize("error", ["ratelimited", "server_error", "internal_error"])
def test_no_connection_at_the_start_ends_the_app(workspace: Workspace, error: str) -> None:
    workspace.slack.refuse("apps.connections.open", error)
    app = workspace.start()
    assert app.ended() == 3
    assert "Slack could not check SLACK_APP_TOKEN" in app.stderr


def test_no_websocket_at_the_start_ends_the_app(workspace: Workspace) -> None:
    workspace.slack.web._open_link = lambda: "ws://127.0.0.1:9/link"
    app = workspace.start()
    assert app.ended() == 3
    assert "Slack's WebSocket could not be opened" in app.stderr
