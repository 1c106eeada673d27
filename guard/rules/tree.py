"""The values of a YAML document, each with its place in the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from guard.core.errors import Problem
from guard.rules.scalars import in_short

if TYPE_CHECKING:
    from collections.abc import Iterable


MOST_PROBLEMS = 1000
"""How many problems of a file are reported; a hostile file can have a million."""

Place = tuple[int, int]
"""A line and a column in the file, from 1."""


class Mapping(dict[str, Any]):
    """A mapping with the places of itself, its keys and its values; a merged key keeps its own place.

    ``spans`` holds the line and column of each key, then of its value, as plain numbers: a large file has hundreds of
    thousands of them.
    """

    __slots__ = ("place", "spans")

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.spans: dict[str, tuple[int, int, int, int]] = {}

    def line(self, key: str) -> int:
        """Return the line of a key, from 1."""
        return self.spans[key][0]

    def key_place(self, key: str) -> Place:
        """Return the place of a key."""
        return self.spans[key][:2]

    def value_place(self, key: str) -> Place:
        """Return where the value of a key begins."""
        return self.spans[key][2:]


class Sequence(list[Any]):
    """A list with the places of itself and its items."""

    __slots__ = ("place", "places")

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.places: list[Place] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A document that was read to its end, with its problems so far.

    ``nulls`` are the keys and items without a value; they are separate because an unknown key needs no value.
    """

    root: Any
    problems: list[Problem]
    nulls: list[Problem]


def dotted(steps: Iterable[str | int]) -> str:
    """Return the path to a value as people write it, ``segments.vip.tags[2]``; items count from 1."""
    parts = (f"[{step + 1}]" if isinstance(step, int) else f".{in_short(step)}" for step in steps)
    return "".join(parts).removeprefix(".")


def problem_at(place: Place, steps: Iterable[str | int], what: str) -> Problem:
    """Return a problem at a place of the file; ``steps`` are the path to the value."""
    line, column = place
    return Problem(line=line, column=column, where=dotted(steps), what=what)
