"""Socket Mode: envelopes that come twice, connections that die, and a Slack that is not there; real processes."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from tests.slack.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHORT_OUTAGE = "import guard.slack.socket_mode\nguard.slack.socket_mode._LONGEST_OUTAGE = 2.0"
"""A minute is too long for a test: this is set in the app's own process, before it starts."""


@pytest.fixture
def there(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, "socket")


def test_the_same_envelope_twice_is_acknowledged_twice_and_answered_once(there: Workspace) -> None:
    with there:
        there.open()
        fields = there.slack.command("good")
        first, second = (there.send(fields, envelope_id="an-envelope") for _ in range(2))
        assert "Counting" in first.text
        assert second.payload is None
        there.answer(first)
        there.answer(there.ask("bad"))
        assert len(there.answers(first)) == 1


DEATHS: dict[str, Callable[[Workspace], None]] = {
    "fin": lambda there: there.slack.kill_sockets("fin"),
    "reset": lambda there: there.slack.kill_sockets("reset"),
    "silent": lambda there: there.slack.kill_sockets("silent"),
    "close": lambda there: there.slack.kill_sockets("close"),
    "disconnect message": lambda there: there.slack.disconnect_message(),
}


def test_however_a_connection_dies_a_new_one_takes_the_next_command(tmp_path: Path) -> None:
    workspaces = {}
    for number, how in enumerate(DEATHS):
        folder = tmp_path / str(number)
        folder.mkdir()
        workspaces[how] = Workspace(folder, "socket")
    with _all_of(workspaces):
        for how, die in DEATHS.items():
            die(workspaces[how])
        for there in workspaces.values():
            there.slack.wait_for_socket(30)
            assert "Counting" in there.ask("good").text
            assert there.slack.opened >= 2


@pytest.mark.parametrize(
    ("error", "retry_after"),
    [pytest.param("internal_error", 1, id="error"), pytest.param("ratelimited", 300, id="429")],
)
def test_without_slack_for_good_the_app_ends_and_says_so(tmp_path: Path, error: str, retry_after: int) -> None:
    with Workspace(tmp_path, "socket", before=SHORT_OUTAGE) as there:
        there.open()
        there.slack.refuse("apps.connections.open", error, retry_after=retry_after)
        there.slack.kill_sockets("close")
        assert there.app.ended() == 3
        assert there.app.events("disconnected")
        assert there.app.events("lost")[0]["slack"] is True


def test_a_check_under_way_is_answered_although_the_connection_died(there: Workspace) -> None:
    with there:
        there.open()
        said = there.ask("slow-1")
        there.slack.kill_sockets("close")
        assert "PASS" in there.answer(said)["text"]


@pytest.mark.parametrize(
    ("token", "wrong"), [("SLACK_BOT_TOKEN", "xoxb-another-token"), ("SLACK_APP_TOKEN", "xapp-another-token")]
)
def test_a_token_that_slack_refuses_is_a_usage_error_with_a_hint(there: Workspace, token: str, wrong: str) -> None:
    with there:
        app = there.start(environ={token: wrong})
        assert app.ended() == 2
        assert app.stderr == (
            f"audience-guard: Slack refused {token} (invalid_auth)\n  hint: docs/slack.md says where to find it\n"
        )


def test_a_slack_that_is_not_there_at_the_start_ends_the_app(there: Workspace) -> None:
    with there:
        with there.slack.unreachable():
            app = there.start()
            assert app.ended() == 3
        assert "Slack could not be reached" in app.stderr
        assert "hint: " in app.stderr


@pytest.mark.parametrize("error", ["ratelimited", "server_error", "internal_error"])
def test_a_slack_that_hands_out_no_connection_at_the_start_ends_the_app(there: Workspace, error: str) -> None:
    with there:
        there.slack.refuse("apps.connections.open", error)
        app = there.start()
        assert app.ended() == 3
        assert "Slack could not check SLACK_APP_TOKEN" in app.stderr


def test_a_websocket_that_cannot_be_opened_at_the_start_ends_the_app(there: Workspace) -> None:
    with there:
        there.slack._web._open_link = lambda: "ws://127.0.0.1:9/link"
        app = there.start()
        assert app.ended() == 3
        assert "Slack's WebSocket could not be opened" in app.stderr


def _all_of(workspaces: dict[str, Workspace]) -> contextlib.ExitStack:
    """Enter all of them, each with its app."""
    living = contextlib.ExitStack()
    for each in workspaces.values():
        living.enter_context(each)
        each.open()
    return living
