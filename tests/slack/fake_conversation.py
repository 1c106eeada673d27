"""The app's commands with a fake engine and a fake delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.slack.commands import Commands, Permission
from guard.slack.jobs import Jobs
from guard.slack.rules_file import RulesFile
from tests.slack.fake_parts import RULES, FakeDelivery, FakeEngine, requester, said

if TYPE_CHECKING:
    from pathlib import Path

ANYBODY = Permission(users=frozenset(), channels=frozenset())
NEVER_ASKED_FOR = "Zeppelin"


class FakeConversation:
    """The real commands and jobs, with a rules file, a fake engine and a fake delivery."""

    def __init__(self, path: Path, *, engine: FakeEngine | None = None, permission: Permission = ANYBODY) -> None:
        path.write_text(RULES)
        self.path, self.delivery = path, FakeDelivery()
        self.engine = engine or FakeEngine()
        rules = RulesFile(str(path))
        self.jobs = Jobs(self.engine, self.delivery, rules.sha256)
        self.commands = Commands(
            rules=rules,
            permission=permission,
            jobs=self.jobs,
            delivery=self.delivery,
            workers=1,
            time_limit=1200.0,
        )

    def ask(self, text: str, user: str = "U1", **values: Any) -> str:
        return said(self.commands.ask(text, requester(user, **values)))

    def brought(self) -> tuple[str, str, bool]:
        user, message, shared = self.delivery.next()
        return user, said(message), shared

    def end(self) -> None:
        self.engine.may_end.set()
        self.commands.close()

    @property
    def has_counted(self) -> bool:
        return not self.engine.begun.empty()
