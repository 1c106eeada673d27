"""The real app between stand-ins for Slack and Blueshift on real sockets, and conversations without sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guard.slack import rules_file
from guard.slack.commands import Permission
from tests.slack.fake_parts import NEVER_ASKED_FOR, FakeConversation, FakeEngine
from tests.slack.fake_slack import FakeSlack
from tests.slack.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as stand_in:
        yield stand_in


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """Return a workspace for Socket Mode, in which no app runs yet."""
    with Workspace(tmp_path, "socket") as workspace:
        yield workspace


@pytest.fixture(autouse=True)
def _no_moment_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a rules file for settled at once."""
    monkeypatch.setattr(rules_file, "_MOMENT", 0.0)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Return the log; it must hold no address, no key and no word that anybody typed."""
    with caplog.at_level("INFO", logger="guard.slack"):
        yield caplog
    written = str([vars(record) for record in caplog.records])
    forbidden = ("hooks.example", "an_address", "a-key-for-tests", NEVER_ASKED_FOR, "spring-sale")
    assert not [text for text in forbidden if text in written]


@pytest.fixture
def conversation(tmp_path: Path, logged: pytest.LogCaptureFixture) -> Iterator[FakeConversation]:  # noqa: ARG001 - it is looked at afterwards
    """Return a conversation with checks that end at once."""
    with FakeConversation(tmp_path / "rules.yaml") as conversation:
        yield conversation


@pytest.fixture
def slow(tmp_path: Path, logged: pytest.LogCaptureFixture) -> Iterator[FakeConversation]:  # noqa: ARG001 - it is looked at afterwards
    """Return a conversation with checks that end when the test allows it."""
    with FakeConversation(tmp_path / "rules.yaml", engine=FakeEngine(at_once=False)) as slow:
        yield slow


@pytest.fixture
def guarded(tmp_path: Path, logged: pytest.LogCaptureFixture) -> Iterator[FakeConversation]:  # noqa: ARG001 - it is looked at afterwards
    """Return a conversation that only one person in one channel may use."""
    permission = Permission(users=frozenset({"U1"}), channels=frozenset({"C1"}))
    with FakeConversation(tmp_path / "rules.yaml", permission=permission) as guarded:
        yield guarded
