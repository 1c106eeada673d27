"""Values for the parts of the Slack app, fakes for the slow parts, and conversations with them; waits have a limit."""

from __future__ import annotations

import json
import threading
from queue import Queue
from typing import TYPE_CHECKING, Any, Self

from guard.core.model import Rules, Selection
from guard.rules import parse_rules
from guard.slack.commands import Commands, Permission
from guard.slack.delivery import Delivery
from guard.slack.engine import Engine
from guard.slack.job_queue import Job, Requester
from guard.slack.jobs import Jobs
from guard.slack.rules_file import RulesFile
from tests.report import builders

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from guard.core.results import Report
    from guard.history.store import Store
    from guard.slack.verdict_message import Message

LONGEST_WAIT = 10.0  # seconds, of which a test that passes takes hardly any
RESPONSE_URL = "https://hooks.example.com/commands/an_address_for_tests"
UUID = "00000000-0000-4000-8000-000000000001"
RULES = f"""\
version: 1
segments:
  newsletter:
    uuid: {UUID}
    description: Opened a newsletter
    tags: [weekly, both, "two words"]
    channels: {{email: {{min: 10}}, sms: {{max: 99}}}}
  both: {{uuid: 00000000-0000-4000-8000-000000000002, channels: {{email: {{min: 10}}}}}}
  share: {{uuid: 00000000-0000-4000-8000-000000000003, channels: {{email: {{min: 10}}}}}}
campaigns:
  spring-sale: {{segments: [newsletter]}}
  summer-sale: {{segments: [newsletter, both]}}
"""
PASSED = builders.report(builders.segment(builders.email(30_000)))
WEEKLY = Selection(tags=("weekly",))
ANYBODY = Permission(users=frozenset(), channels=frozenset())
NEVER_ASKED_FOR = "Zeppelin"
"""No log may hold it."""


def rules(text: str = RULES) -> Rules:
    return parse_rules(text.encode(), "rules.yaml")


def requester(user: str = "U1", **values: Any) -> Requester:
    return Requester(**{"user": user, "channel": "C1", "response_url": RESPONSE_URL} | values)


def a_job(selection: Selection = WEEKLY, *, by: Rules | None = None, ends_at: float = 0.0) -> Job:
    return Job(rules=by or rules(), selection=selection, words="weekly", ends_at=ends_at)


def said(message: Message) -> str:
    """Return everything that a message shows and does."""
    return json.dumps(message.payload(), ensure_ascii=False)


class FakeDelivery(Delivery):
    """Records messages instead of delivering them; while ``refuses`` is set, delivery fails."""

    def __init__(self) -> None:
        self._brought: Queue[tuple[str, Message, bool]] = Queue()
        self.refuses = self.hurries = False

    def hurry(self) -> None:
        self.hurries = True

    def bring(self, message: Message, requester: Requester, *, share: bool = False, check: str | None = None) -> bool:  # noqa: ARG002 - as it is called
        self._brought.put((requester.user, message, share))
        return not self.refuses

    def next(self) -> tuple[str, Message, bool]:
        """Return the user, the message, and whether the channel saw it."""
        return self._brought.get(timeout=LONGEST_WAIT)

    @property
    def is_idle(self) -> bool:
        return self._brought.empty()


class FakeEngine(Engine):
    """Counts nothing: a check begins, waits for ``may_end``, and returns or raises its outcome."""

    def __init__(self, outcome: Callable[[], Report] = lambda: PASSED, *, at_once: bool = True) -> None:
        self._outcome = outcome
        self.begun: Queue[tuple[Rules, Selection, float]] = Queue()
        self.may_end = threading.Event()
        if at_once:
            self.may_end.set()

    def check(self, rules: Rules, selection: Selection, *, time_limit: float) -> Report:
        self.begun.put((rules, selection, time_limit))
        assert self.may_end.wait(LONGEST_WAIT)
        return self._outcome()

    def next(self) -> tuple[Rules, Selection, float]:
        """Return the arguments of the next check that begins."""
        return self.begun.get(timeout=LONGEST_WAIT)


def raising(error: BaseException) -> Callable[[], Report]:
    def outcome() -> Report:
        raise error

    return outcome


class FakeConversation:
    """The real commands and jobs, with a rules file, a fake engine and a fake delivery."""

    def __init__(
        self,
        path: Path,
        *,
        engine: FakeEngine | None = None,
        permission: Permission = ANYBODY,
        store: Store | None = None,
    ) -> None:
        path.write_text(RULES)
        self.path, self.delivery = path, FakeDelivery()
        self.engine = engine or FakeEngine()
        rules = RulesFile(str(path))
        self.jobs = Jobs(self.engine, self.delivery, rules.sha256)
        parts: dict[str, Any] = {"rules": rules, "permission": permission, "jobs": self.jobs}
        self.commands = Commands(**parts, delivery=self.delivery, workers=1, time_limit=1200.0, store=store)

    def ask(self, text: str, user: str = "U1", **values: Any) -> str:
        return said(self.commands.ask(text, requester(user, **values)))

    def brought(self) -> tuple[str, str, bool]:
        user, message, shared = self.delivery.next()
        return user, said(message), shared

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.may_end.set()
        self.commands.close()

    @property
    def has_counted(self) -> bool:
        return not self.engine.begun.empty()
