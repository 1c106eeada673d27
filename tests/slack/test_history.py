"""The history in Slack: what ``/audience-check history`` answers, and that the app records each check."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest

from guard.core.results import Verdict
from guard.history import show
from guard.history.reader import Reader
from guard.slack import trends
from guard.slack.commands import Permission
from tests.history.builders import made, series
from tests.history.builders import run as a_run
from tests.slack.block_kit import assert_valid
from tests.slack.fake_parts import RULES, FakeConversation, requester, said
from tests.slack.workspace import Workspace, uuid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from guard.history.store import Store

HOST = "api.example.com"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return a store with three days of the segment newsletter, the last without a count."""
    days = ({series(): count} for count in (30_000, 1_900, None))
    return made(str(tmp_path / "history.db"), [a_run(number, counts) for number, counts in enumerate(days)])


@pytest.fixture
def remembering(tmp_path: Path, store: Store, logged: pytest.LogCaptureFixture) -> Iterator[FakeConversation]:  # noqa: ARG001 - it is looked at afterwards
    """Return a conversation with a store."""
    with FakeConversation(tmp_path / "rules.yaml", store=store) as conversation:
        yield conversation


def events(logged: pytest.LogCaptureFixture) -> dict[str, dict[str, object]]:
    return {record.getMessage(): record.__dict__["fields"] for record in logged.records}


# The answer


def test_a_history_is_looked_up(remembering: FakeConversation, logged: pytest.LogCaptureFixture) -> None:
    at_once = remembering.ask("history newsletter")

    assert "Looking up the history of newsletter" in at_once
    user, message, shared = remembering.delivery.next()
    texts = [block["text"]["text"] for block in message.blocks]
    assert (user, shared) == ("U1", False)
    assert texts[0] == "History of newsletter"
    email, sms, rest = texts[1].splitlines()
    assert email == "email: █▁? unknown on 2026-11-25, at least 10; 3 readings, 2026-11-23 to 2026-11-25"
    assert sms == "sms: no readings yet"
    assert rest.startswith("The history holds 3 runs since 2026-11-23. Each sign is a day with a reading: ")
    assert "history.db" not in said(message)
    assert_valid(message.payload())
    assert events(logged)["history"] == {"user": "U1", "channel": "C1", "known": True}
    assert not remembering.has_counted


@pytest.mark.parametrize("text", ["history newsletter share", "history SHARE newsletter"])
def test_a_history_can_be_shared(remembering: FakeConversation, text: str) -> None:
    remembering.ask(text)

    assert remembering.brought()[2]


@pytest.mark.usefixtures("store")
def test_a_history_needs_a_store(conversation: FakeConversation, logged: pytest.LogCaptureFixture) -> None:
    at_once = conversation.ask("history newsletter")

    assert "There is no history" in at_once
    assert "can start it with --history" in at_once
    assert conversation.delivery.is_idle
    assert events(logged)["history"]["known"] is False


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("history", "History needs the name of one segment."),
        ("history newsleter", "did you mean"),
        ("history newsletter both", "History needs the name of one segment."),
    ],
)
def test_a_wrong_name_looks_nothing_up(remembering: FakeConversation, text: str, told: str) -> None:
    assert told in remembering.ask(text)
    assert remembering.delivery.is_idle


def test_an_unknown_segment_has_no_readings(remembering: FakeConversation) -> None:
    remembering.ask("history --segment share")

    assert "email: no readings yet" in remembering.brought()[1]


def test_a_lost_store_is_told(remembering: FakeConversation, store: Store, logged: pytest.LogCaptureFixture) -> None:
    assert store.address.path
    store.address.path.unlink()

    remembering.ask("history newsletter share")

    _, answer, _ = remembering.brought()
    assert "The history could not be read" in answer
    assert "does not exist" in answer
    assert str(events(logged)["history_unreadable"]["why"]).endswith("Error")


def test_a_damaged_store_is_told(remembering: FakeConversation, store: Store) -> None:
    assert store.address.path
    data = store.address.path.read_bytes()
    assert data.count(b"run-1") >= 1
    store.address.path.write_bytes(data.replace(b"run-1", b"run-7"))

    remembering.ask("history newsletter")

    assert "A part of the history was lost or changed." in remembering.brought()[1]


def test_a_slow_store_holds_nobody_up(
    remembering: FakeConversation, monkeypatch: pytest.MonkeyPatch, logged: pytest.LogCaptureFixture
) -> None:
    ends = threading.Event()
    monkeypatch.setattr(trends, "_SECONDS", 0.05)
    monkeypatch.setattr(Reader, "count_readings", lambda _: ends.wait(10))

    remembering.ask("history newsletter")

    _, answer, _ = remembering.brought()
    ends.set()
    assert "The history could not be read" in answer
    assert "took longer than 0.05 s" in answer
    assert events(logged)["history_unreadable"] == {"why": "HistoryError"}


def test_our_own_fault_is_told(
    remembering: FakeConversation, monkeypatch: pytest.MonkeyPatch, logged: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(show, "show_trends", lambda *_, **__: 1 / 0)

    remembering.ask("history newsletter")

    _, answer, _ = remembering.brought()
    assert "The audience guard crashed" in answer
    assert str(events(logged)["fault"]["check"]) in answer


def test_a_stranger_learns_no_history(tmp_path: Path, store: Store) -> None:
    permission = Permission(users=frozenset({"U1"}), channels=frozenset({"C1"}))
    with FakeConversation(tmp_path / "rules.yaml", store=store, permission=permission) as guarded:
        assert "Not allowed" in guarded.ask("history newsletter", "U2")
        assert guarded.delivery.is_idle


def test_the_help_names_the_history(conversation: FakeConversation) -> None:
    assert "/audience-check history NAME" in conversation.ask("")


def test_names_of_the_rules_format_nothing(remembering: FakeConversation) -> None:
    key = "a" * 400
    remembering.path.write_text(RULES.replace("newsletter", key))

    at_once = remembering.commands.ask(f"history {key}", requester())
    _, message, _ = remembering.delivery.next()

    for each in (at_once, message):
        assert_valid(each.payload())
        assert {block["text"]["type"] for block in each.blocks} == {"plain_text"}
        assert len(said(each)) < 2_000


# The app records


@pytest.fixture
def kept(tmp_path: Path) -> Store:
    return made(str(tmp_path / "kept.db"))


def test_the_app_records_each_check(workspace: Workspace, kept: Store) -> None:
    workspace.app = workspace.start("--history", "kept.db")
    workspace.app.wait_for_event("connected")
    workspace.slack.link.wait_for_socket()

    for key in ("good", "bad"):
        workspace.answer(workspace.ask(key))
    answer = workspace.answer(workspace.ask("history bad"))

    assert workspace.app.events("history_open")[0] | {"time": ""} == {
        "time": "",
        "level": "info",
        "event": "history_open",
        "store": "sqlite",
        "runs": 0,
    }
    assert [line["recorded"] for line in workspace.app.events("checked")] == [True, True]
    past = kept.read_all()
    assert [(run.number, run.source) for run in past.runs] == [(1, "check"), (2, "check")]
    found = {series.uuid: (readings[0].count, readings[0].verdict) for series, readings in past.readings.items()}
    assert found == {uuid(1): (50, Verdict.PASS), uuid(3): (5000, Verdict.FAIL)}
    assert "email: ↑ 5,000 on " in json.dumps(answer, ensure_ascii=False)
    assert "holds 2 runs" in json.dumps(answer)


def test_a_store_that_vanished_is_told(workspace: Workspace, kept: Store) -> None:
    workspace.app = workspace.start("--history", "kept.db")
    workspace.app.wait_for_event("connected")
    workspace.slack.link.wait_for_socket()
    assert kept.address.path
    kept.address.path.unlink()

    answer = json.dumps(workspace.answer(workspace.ask("good")))

    assert "Nothing was checked" in answer
    assert "The history store kept.db does not exist" in answer
    assert workspace.triggers() == []


@pytest.mark.parametrize(
    ("named", "told"),
    [("nowhere.db", "does not exist"), ("rules.yaml", "is not an SQLite file"), ("mysql://host/db", "mysql://")],
)
def test_a_wrong_store_stops_the_app(workspace: Workspace, named: str, told: str) -> None:
    app = workspace.start("--history", named)

    assert app.ended() == 2
    assert told in app.stderr
    assert workspace.slack.record.received() == []
    assert not workspace.blueshift.requests


def test_a_lost_store_lets_the_app_start(workspace: Workspace, kept: Store) -> None:
    """A server that is down may come back."""
    del kept
    app = workspace.start(environ={"AUDIENCE_GUARD_HISTORY": "postgresql://127.0.0.1:1/guard"})

    app.wait_for_event("history_unreadable")
    app.wait_for_event("ready")
