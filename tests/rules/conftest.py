"""What the tests of the rules file share: a small valid file to change, and the lines that a wrong one gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guard.core.errors import RulesError
from guard.rules import parse_rules

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def problems() -> Callable[[str | bytes], list[str]]:
    """Return the lines of what is wrong with a rules file; none when it is right."""

    def lines(source: str | bytes) -> list[str]:
        data = source.encode() if isinstance(source, str) else source
        try:
            parse_rules(data, "rules.yaml")
        except RulesError as error:
            return error.lines()
        return []

    return lines


@pytest.fixture
def guarded() -> Callable[[str], str]:
    """Return a valid rules file around the channels of its one segment, written in one line at line 5, column 15."""

    def source(channels: str) -> str:
        return f"version: 1\nsegments:\n  vip:\n    name: VIP\n    channels: {channels}\n"

    return source
