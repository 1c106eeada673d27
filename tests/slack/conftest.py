"""The real app between stand-ins for Slack and Blueshift on real sockets, and conversations without sockets."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from guard.core.model import Channel
from guard.sandbox.scenario import Scenario, ScenarioSegment
from guard.sandbox.server import Sandbox
from guard.slack import rules_file
from guard.slack.commands import Permission
from tests.slack.fake_conversation import NEVER_ASKED_FOR, FakeConversation
from tests.slack.fake_parts import FakeEngine
from tests.slack.fake_slack import SECRETS, SIGNING_SECRET, FakeSlack
from tests.slack.fake_web_api import APP_TOKEN, BOT_TOKEN
from tests.slack.running import App

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

KEY = "a-key-for-tests"
GOOD, BAD, STUCK, SLOW = (f"00000000-0000-4000-8000-00000000000{number}" for number in range(1, 5))
RULES = f"""\
version: 1
blueshift: {{requests_per_second: 200}}
refresh: {{timeout: 5s, poll_interval: 100ms, max_poll_interval: 300ms}}
segments:
  good:
    uuid: {GOOD}
    tags: [weekly]
    channels: {{email: {{min: 10, max: 100}}}}
  bad:
    uuid: {BAD}
    tags: [weekly, launch]
    channels: {{email: {{min: 10, max: 100}}}}
  stuck:
    uuid: {STUCK}
    tags: [troubled]
    channels: {{email: {{min: 10, max: 100}}}}
  slow:
    uuid: {SLOW}
    tags: [daily]
    channels: {{email: {{min: 10, max: 100}}}}
campaigns:
  spring-sale:
    segments: [good, bad]
    totals: {{email: {{max: 100_000}}}}
  summer-sale:
    segments: [good, slow]
"""


class StartApp(Protocol):
    """Starts ``audience-guard slack RULES ARGUMENTS``; a variable given as None is taken away."""

    def __call__(self, *arguments: str, environ: Mapping[str, str | None] = ...) -> App: ...


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as stand_in:
        yield stand_in


@pytest.fixture
def slack_environ(slack: FakeSlack) -> dict[str, str]:
    """Return what an app needs to know of Slack."""
    return {
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": APP_TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "SLACK_API_URL": slack.api_url,
    }


@pytest.fixture
def blueshift() -> Iterator[Sandbox]:
    segments = (
        _segment(GOOD, "good", 50, refresh=0.05),
        _segment(BAD, "bad", 5000, refresh=0.05),
        _segment(STUCK, "stuck", 50, stuck=frozenset({Channel.EMAIL})),
        _segment(SLOW, "slow", 50, refresh=2.0),
    )
    with Sandbox(Scenario(key=KEY, segments=segments)) as sandbox:
        yield sandbox


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """Return a rules file for the sandbox: the segment good passes, bad fails, stuck is unknown, slow takes 2 s."""
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    return path


@pytest.fixture
def start_app(rules: Path, blueshift: Sandbox, slack_environ: dict[str, str]) -> Iterator[StartApp]:
    """Start the app, as often as one likes; afterwards each is killed, and no secret may stand in what it wrote."""
    started: list[App] = []

    def start(*arguments: str, environ: Mapping[str, str | None] | None = None) -> App:
        set_up = {"BLUESHIFT_API_KEY": KEY, "BLUESHIFT_BASE_URL": blueshift.url, **slack_environ}
        changed: dict[str, str | None] = {**os.environ, **set_up, **(environ or {})}
        command = [sys.executable, "-m", "guard", "slack", str(rules), *arguments]
        kept = {name: value for name, value in changed.items() if value is not None}
        app = App(command, folder=rules.parent, environ=kept)
        started.append(app)
        return app

    yield start
    for app in started:
        app.kill()
    for app in started:
        written = app.stdout + app.stderr
        leaked = [secret for secret in (KEY, *SECRETS) if secret in written]
        assert not leaked, f"the app wrote {leaked}:\n{written}"


@pytest.fixture(autouse=True)
def _no_moment_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a rules file for settled at once."""
    monkeypatch.setattr(rules_file, "_MOMENT", 0.0)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Return the log, in which no address and no word that anybody typed may stand."""
    with caplog.at_level("INFO", logger="guard.slack"):
        yield caplog
    written = str([vars(record) for record in caplog.records])
    assert not [text for text in ("hooks.example", "an_address", NEVER_ASKED_FOR, "spring-sale") if text in written]


@pytest.fixture
def conversation(tmp_path: Path, logged: pytest.LogCaptureFixture) -> Iterator[FakeConversation]:  # noqa: ARG001 - it is looked at afterwards
    """Return a conversation with checks that end at once."""
    conversation = FakeConversation(tmp_path / "rules.yaml")
    yield conversation
    conversation.end()


@pytest.fixture
def slow(tmp_path: Path, logged: pytest.LogCaptureFixture) -> Iterator[FakeConversation]:  # noqa: ARG001 - it is looked at afterwards
    """Return a conversation with checks that end when the test allows it."""
    slow = FakeConversation(tmp_path / "rules.yaml", engine=FakeEngine(at_once=False))
    yield slow
    slow.end()


@pytest.fixture
def guarded(tmp_path: Path, logged: pytest.LogCaptureFixture) -> Iterator[FakeConversation]:  # noqa: ARG001 - it is looked at afterwards
    """Return a conversation that only one person in one channel may use."""
    permission = Permission(users=frozenset({"U1"}), channels=frozenset({"C1"}))
    guarded = FakeConversation(tmp_path / "rules.yaml", permission=permission)
    yield guarded
    guarded.end()


def _segment(uuid: str, name: str, people: int, **values: Any) -> ScenarioSegment:
    counts, fresh = {Channel.EMAIL: 50}, {Channel.EMAIL: people}
    return ScenarioSegment(uuid=uuid, name=name, counts=counts, fresh=fresh, **values)
