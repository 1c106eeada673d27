"""A conversation as people have it with the app, with what it would count and whom it would write to at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.slack.commands import Conversation, Permission
from guard.slack.jobs import Answering
from guard.slack.rules_file import RulesFile
from tests.slack.fake_parts import RULES, Counter, Courier, asker, said

if TYPE_CHECKING:
    from pathlib import Path

ANYBODY = Permission(users=frozenset(), channels=frozenset())
NEVER_ASKED_FOR = "Zeppelin"


class Talk:
    """A conversation with its rules file, what it has counted, and what it brought to people."""

    def __init__(self, path: Path, *, counting: Counter | None = None, permission: Permission = ANYBODY) -> None:
        path.write_text(RULES)
        self.path, self.courier = path, Courier()
        self.counting = counting or Counter()
        rules = RulesFile(str(path))
        self.answering = Answering(self.counting, self.courier, rules.sha256)
        self.conversation = Conversation(
            rules=rules,
            permission=permission,
            answering=self.answering,
            delivery=self.courier,
            workers=1,
            time_limit=1200.0,
        )

    def ask(self, text: str, user: str = "U1", **values: Any) -> str:
        return said(self.conversation.ask(text, asker(user, **values)))

    def brought(self) -> tuple[str, str, bool]:
        user, message, shared = self.courier.next()
        return user, said(message), shared

    def end(self) -> None:
        self.counting.may_end.set()
        self.conversation.close()

    @property
    def has_counted(self) -> bool:
        return not self.counting.begun.empty()
