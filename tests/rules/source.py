"""Small valid rules files to change, and what is wrong with a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from guard.core.errors import RulesError
from guard.rules import parse_rules

if TYPE_CHECKING:
    from guard.core.model import Rules

HERE = Path(__file__).parent
GOOD = [HERE.parents[1] / "rules.example.yaml", *sorted((HERE / "good").glob("*.yaml"))]
BAD = sorted((HERE / "bad").glob("*.yaml"))
SEGMENTS = "version: 1\nsegments:\n  vip: {name: VIP, channels: {users: {min: 1}}}\n"


def guarded(channels: str) -> str:
    """Return a valid rules file around the channels of its one segment; they begin in line 5, column 15."""
    return f"version: 1\nsegments:\n  vip:\n    name: VIP\n    channels: {channels}\n"


def parsed(source: str) -> Rules:
    return parse_rules(source.encode(), "rules.yaml")


def problems(source: str | bytes) -> list[str]:
    """Return the lines of what is wrong with a rules file; none if it is right."""
    try:
        parse_rules(source.encode() if isinstance(source, str) else source, "rules.yaml")
    except RulesError as error:
        return error.lines()
    return []


def what_of(lines: list[str]) -> list[str]:
    """Return the lines without their places in the file."""
    return [line.split(": ", 1)[1] for line in lines]
