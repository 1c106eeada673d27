"""The real app in its own process, between a fake Slack and the sandbox."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

from guard.core.model import Channel
from guard.sandbox.scenario import Scenario, ScenarioSegment
from guard.sandbox.server import Sandbox
from tests.slack.fake_slack import SECRETS, SIGNING_SECRET, FakeSlack
from tests.slack.fake_web_api import APP_TOKEN, BOT_TOKEN
from tests.slack.running import App

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from guard.sandbox.api import Request

Mode = Literal["http", "socket"]
MODES: tuple[Mode, ...] = ("http", "socket")

KEY = "a-key-for-tests"
SLOW_SECONDS = 2.0
SLOW = 24
"""How many segments there are whose refresh is slow: ``slow-1`` and so on."""

_EMAIL = "channels: {email: {min: 10, max: 100, warn: {max: 60}}}"
RULES = """\
version: 1
blueshift: {requests_per_second: 200, concurrency: 24}
refresh: {timeout: 4s, poll_interval: 100ms, max_poll_interval: 300ms}
"""


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def rules(beginning: str = RULES) -> str:
    """Return a rules file for the sandbox.

    good passes, edgy warns, bad fails, slow-N take 2 s. stuck is unknown once the timeout is over, gone is at once:
    the account has no such segment.
    """
    keys = ["good", "edgy", "bad", "stuck", *(f"slow-{number}" for number in range(1, SLOW + 1)), "gone"]
    segments = [f"  {key}: {{uuid: {uuid(number)}, {_EMAIL}}}" for number, key in enumerate(keys, start=1)]
    campaigns = ["  spring-sale: {segments: [good, bad]}", "  summer-sale: {segments: [good, edgy]}"]
    return "\n".join([beginning + "segments:", *segments, "campaigns:", *campaigns, ""])


def scenario(*, slow: float = SLOW_SECONDS) -> Scenario:
    quick = [("good", 50), ("edgy", 70), ("bad", 5000), ("stuck", 50)]
    segments = [
        _segment(number, key, people, refresh=0.05, stuck=frozenset({Channel.EMAIL} if key == "stuck" else ()))
        for number, (key, people) in enumerate(quick, start=1)
    ]
    segments += [_segment(number, f"slow-{number - 4}", 50, refresh=slow) for number in range(5, SLOW + 5)]
    return Scenario(key=KEY, segments=tuple(segments))


def _segment(number: int, name: str, people: int, **values: Any) -> ScenarioSegment:
    counts, fresh = {Channel.EMAIL: 1}, {Channel.EMAIL: people}
    return ScenarioSegment(uuid=uuid(number), name=name, counts=counts, fresh=fresh, **values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the app said at once, as it was sent (None: nothing), and in how many seconds."""

    payload: dict[str, Any] | None
    seconds: float
    response_url: str

    @property
    def text(self) -> str:
        return shown(self.payload)


def shown(message: Mapping[str, Any] | None) -> str:
    """Return all that stands in a message."""
    return json.dumps(message, ensure_ascii=False)


def buttons(message: Mapping[str, Any]) -> dict[str, str]:
    """Return the values of a message's buttons, by their action ids."""
    elements = [each for block in message["blocks"] if block["type"] == "actions" for each in block["elements"]]
    return {each["action_id"]: each["value"] for each in elements}


def hiding(*packages: str) -> str:
    """Return Python after which these packages are as good as not installed."""
    return f"""
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name in {packages}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Hidden())
"""


_DECISIONS = {
    "unknown": r"\bDo not send [^:]*\byet: ",
    "fail": r"\bDo not send ",
    "warn": r"\bLook before you send ",
    "pass": r"\bMay be sent: ",
}


def verdict(message: dict[str, Any]) -> str:
    """Return the verdict that the decision of a message stands for, or its text if it has none."""
    return next((each for each, words in _DECISIONS.items() if re.search(words, message["text"])), message["text"])


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Do things at once, each in a thread of its own, and return what came of each."""
    with ThreadPoolExecutor(len(acts)) as threads:
        return [done.result() for done in [threads.submit(act) for act in acts]]


class Workspace:
    """Lives while it is entered; there is an app from ``open()`` on. ``before`` is Python that runs before the app.

    In the end no secret and no traceback may stand in what the app wrote.
    """

    def __init__(
        self,
        folder: Path,
        mode: Mode,
        *arguments: str,
        rules_file: str | None = None,
        slow: float = SLOW_SECONDS,
        environ: Mapping[str, str | None] | None = None,
        before: str = "",
    ) -> None:
        self.mode = mode
        self.slack = FakeSlack()
        self.blueshift = Sandbox(scenario(slow=slow))
        self.rules = folder / "rules.yaml"
        self.rules.write_text(rules() if rules_file is None else rules_file)
        self._arguments = [*arguments, *(["--http", "127.0.0.1:0"] if mode == "http" else [])]
        self._environ = environ or {}
        self._before = before
        self._running = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self._running.enter_context(self.slack)
        self._running.enter_context(self.blueshift)
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def start(self, *arguments: str, environ: Mapping[str, str | None] | None = None) -> App:
        """Start an app that is killed when the workspace is left; ``environ`` is on top of all else."""
        command = self._command(["slack", str(self.rules), *self._arguments, *arguments])
        environ = self.environ({**self._environ, **(environ or {})})
        running = App(command, folder=self.rules.parent, environ=environ)
        self._running.callback(self._end, running)
        return running

    def open(self) -> Self:
        """Start the app that people ask, and wait until it is ready, and connected if it is to connect."""
        self.app = self.start()
        self.app.wait_for_event("ready")
        if self.mode == "socket":
            self.app.wait_for_event("connected")
            self.slack.link.wait_for_socket()
        return self

    def environ(self, changes: Mapping[str, str | None]) -> dict[str, str]:
        machine = {name: text for name, text in os.environ.items() if not name.startswith(("SLACK_", "BLUESHIFT_"))}
        ours = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SLACK_API_URL": self.slack.api_url,
            "BLUESHIFT_API_KEY": KEY,
            "BLUESHIFT_BASE_URL": self.blueshift.url,
        }
        return {name: text for name, text in {**machine, **ours, **changes}.items() if text is not None}

    def _command(self, arguments: list[str]) -> list[str]:
        return [sys.executable, "-c", f"{self._before}\nfrom guard.__main__ import main\nmain()", *arguments]

    @staticmethod
    def _end(app: App) -> None:
        app.close()
        written = app.stdout + app.stderr
        leaked = [secret for secret in (KEY, *SECRETS) if secret in written]
        assert not leaked, f"the app wrote {leaked}:\n{written}"
        assert "Traceback" not in written, written

    def check(self, *arguments: str) -> tuple[int, str]:
        """Run ``audience-guard check`` on the same rules and account; return its exit code and its verdict."""
        ran = subprocess.run(
            self._command(["check", str(self.rules), *arguments, "--output", "json"]),
            env=self.environ({}),
            cwd=self.rules.parent,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return ran.returncode, json.loads(ran.stdout)["verdict"]

    # What people do

    def ask(self, text: str, **who: str) -> Said:
        """Type ``/audience-check TEXT``."""
        return self.send(self.slack.command(text, **who))

    def press(self, action_id: str, value: str, **who: str) -> Said:
        return self.send(self.slack.press(action_id, value, **who))

    def send(self, fields: Mapping[str, Any], **options: Any) -> Said:
        url = fields["response_url"]
        if self.mode == "socket":
            ack = self.slack.send_socket(fields, **options)
            return Said(payload=ack.payload, seconds=ack.seconds, response_url=url)
        response = self.slack.send_http(self.url, fields, **options)
        assert response.status == 200, response
        payload = json.loads(response.body) if response.body else None
        return Said(payload=payload, seconds=response.seconds, response_url=url)

    @property
    def address(self) -> str:
        return str(self.app.events("ready")[0]["address"])

    @property
    def url(self) -> str:
        return f"{self.address}/slack/events"

    # What comes of it

    def answers(self, said: Said) -> list[dict[str, Any]]:
        return self.slack.answers(said.response_url)

    def answer(self, said: Said) -> dict[str, Any]:
        """Return the answer to a command, once it came."""
        return self.slack.record.wait_for(lambda: self.answers(said), 30)[0]

    def direct_message(self, user: str) -> dict[str, Any]:
        return self.slack.record.wait_for(lambda: [each for each in self.slack.posted if each["channel"] == user], 30)[
            0
        ]

    def triggers(self) -> list[Request]:
        return [each for each in self.blueshift.requests if each.query.get("refresh") == "true"]
