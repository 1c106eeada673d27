"""Single bounds in a rules file as it was read: what they are, how they are written, and whether two contradict."""

from __future__ import annotations

from operator import gt
from typing import TYPE_CHECKING, Any

from guard.rules.scalars import described
from guard.rules.tree import Mapping, problem_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from guard.core.errors import Problem

    Read = Callable[[object], Any]
    Steps = tuple[str | int, ...]
    Other = tuple[Callable[[Any, Any], bool], Mapping, str, str]


def clash(limits: Mapping, key: str, how: Read, steps: Steps, *others: Other) -> Iterator[Problem]:
    """Yield a problem for the first of the other limits that the limit is on the wrong side of."""
    limit = read(limits, key, how)
    if limit is None:
        return
    for is_wrong, mapping, other_key, name in others:
        other = read(mapping, other_key, how)
        if other is not None and is_wrong(limit, other):
            side = "above" if is_wrong is gt else "below"
            there = f"{name}, which is {written(mapping[other_key])} (line {mapping.line(other_key)})"
            yield problem_at(limits.value_place(key), (*steps, key), f"{written(limits[key])} is {side} {there}")
            return


def read(mapping: Mapping, key: str, how: Read, default: Any = None) -> Any:
    """Return the value as ``how`` returns it: None if it is not valid, the default if the key is missing."""
    if key not in mapping:
        return default
    try:
        return how(mapping[key])
    except ValueError:
        return None


def written(limit: object) -> str:
    """Return a valid limit as it is written, without quotes."""
    return described(limit).replace('"', "")
