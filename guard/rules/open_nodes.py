"""The state of a YAML document while it is read: open mappings and lists, their keys, and anchors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from guard.rules.scalars import REFUSED
from guard.rules.tree import Mapping, Sequence


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


class Open:
    """A mapping or list that is being read; ``key`` is the key of its next value, None if a key comes next."""

    __slots__ = (
        "anchor",
        "anchored",
        "height",
        "in_brackets",
        "is_key",
        "is_placeholder",
        "key",
        "key_place",
        "merged",
        "node",
        "nodes_before",
    )

    def __init__(self, node: Mapping | Sequence, nodes_before: int, *, is_key: bool, in_brackets: bool = False) -> None:
        self.node = node
        self.anchor: str | None = None
        self.anchored: Anchored | None = None
        self.nodes_before = nodes_before
        self.is_key = is_key
        self.in_brackets = in_brackets
        self.is_placeholder = False
        self.key: str | int | None = 0 if isinstance(node, Sequence) else None
        self.key_place = node.place
        self.merged: list[Mapping] | None = None
        self.height = 0

    def merge(self) -> None:
        """Add the missing keys from merged mappings; the earlier mapping wins."""
        if not self.merged or not isinstance(self.node, Mapping):
            return
        for source in self.merged:
            for key in source:
                if key not in self.node:
                    self.node[key], self.node.spans[key] = source[key], source.spans[key]
