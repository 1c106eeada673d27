"""The values of a YAML document, each with its place in the file, and those that are open while it is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from guard.core.errors import Problem
from guard.rules.scalars import REFUSED, in_short

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


def problem_at(place: Place, steps: Iterable[str | int], what: str) -> Problem:
    """Return a problem at a place of the file.

    ``steps`` are the path to the value; people read it as ``segments.vip.tags[2]``, with items counted from 1.
    """
    line, column = place
    parts = (f"[{step + 1}]" if isinstance(step, int) else f".{in_short(step)}" for step in steps)
    return Problem(line=line, column=column, where="".join(parts).removeprefix("."), what=what)


class OddKey(str):
    """A key without a value of its own: a refused key, the merge key, or a part of a number."""

    __slots__ = ()


MERGE = OddKey("<<")
PART_OF_NUMBER = OddKey("?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored:
    """What an alias repeats; ``text`` is set for a scalar, which can be a key.

    ``nodes`` counts its values, with those that aliases repeat; a long text counts as several, as it takes longer.
    """

    value: Any = REFUSED
    nodes: int = 0
    height: int = 0
    text: str | None = None
    is_open: bool = False


@dataclass(slots=True, eq=False)
class Open:
    """A mapping or list that is being read; ``key`` is the key of its next value, None if a key comes next."""

    node: Mapping | Sequence
    nodes_before: int
    is_key: bool
    in_brackets: bool = False
    is_placeholder: bool = False
    anchor: str | None = None
    anchored: Anchored | None = None
    merged: list[Mapping] | None = None
    height: int = 0
    key: str | int | None = field(init=False)
    key_place: Place = field(init=False)

    def __post_init__(self) -> None:
        self.key = 0 if isinstance(self.node, Sequence) else None
        self.key_place = self.node.place

    def merge(self) -> None:
        """Add the missing keys from merged mappings; the earlier mapping wins."""
        if not self.merged or not isinstance(self.node, Mapping):
            return
        for source in self.merged:
            for key in source:
                if key not in self.node:
                    self.node[key], self.node.spans[key] = source[key], source.spans[key]
