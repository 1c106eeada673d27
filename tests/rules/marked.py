"""Sources with a change, and what is wrong with them: a § marks the place."""

from __future__ import annotations

from tests.rules.source import guarded, problems

EMAIL = "segments.vip.channels.email"
CHANGE = f"{EMAIL}.change"
NO_VALUE = "has no value: give it one, or leave it out"
NOT_HERE = "is here, but keys and values belong here"


def changed(change: str, beside: str = "min: 1, max: 9") -> str:
    """Return a valid rules file around a change."""
    return guarded(f"{{email: {{{beside}, change: {change}}}}}")


def assert_told(marked: str, where: str, what: str) -> None:
    """Fail unless this is all that is wrong, at the place of the § and nowhere else."""
    before, _, after = marked.partition("§")
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    assert problems(before + after) == [f"rules.yaml:{line}:{column}: {where}: {what}"]
