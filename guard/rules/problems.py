"""From pydantic's errors to problems with their places, in the words of the file's author."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any, get_args, get_origin

from pydantic import BaseModel

from guard.core.text import did_you_mean, nearest, number
from guard.rules.scalars import REFUSED, described
from guard.rules.slips import UNFILLED, joined, odd_space, placeholder
from guard.rules.tree import MOST_PROBLEMS, Mapping, Sequence, problem_at
from guard.rules.yaml import NO_VALUE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from guard.core.errors import Problem
    from guard.rules.tree import Place

_A_COMMA_BEFORE_IT = "; if it belongs to the text before it, put that text in quotes"


def translated(error: ValidationError, root: Mapping, model: type[BaseModel]) -> Iterator[Problem]:
    """Yield a problem for each cause of a validation error."""
    for each in error.errors(include_url=False):
        loc, kind, given = each["loc"], each["type"], each["input"]
        steps, key_place, place = _way(root, loc)
        key, parent = str(loc[-1]), _model_at(model, loc[:-1])
        if kind == "extra_forbidden":
            siblings = _value_at(root, loc[:-1])
            if home := _home(key, siblings, parent):
                lost = _no_value(home, parent, "model_type")
                yield problem_at(siblings.value_place(home), (*steps[:-1], home), lost)
                what = f'belongs to "{home}" (line {siblings.line(home)}): indent it further than that'
            else:
                is_bare = given is None and place == (key_place[0], key_place[1] + len(key))
                what = _unknown_key(key, given, parent, is_bare=is_bare)
            place = key_place
        elif kind == "missing":
            if is_misspelt(key, given, parent):
                continue
            place, what = key_place, f'the key "{key}" is missing{_example(key, parent)}'
        elif given is REFUSED:
            continue
        elif given is None:
            what = _no_value(key, parent, kind)
        else:
            place = key_place if key == "[key]" else place
            keys = _model_at(model, loc).model_fields if kind == "model_type" else ()
            slip = joined(given, keys) if isinstance(given, str) else ""
            if isinstance(given, str) and placeholder(given):
                slip = f"{described(given)} {UNFILLED}"
            what = slip or _sentence(each) + (_example(key, parent) if kind in _SHOWN_BY_EXAMPLE else "")
        yield problem_at(place, steps, what)


def is_misspelt(key: str, mapping: Mapping, model: type[BaseModel]) -> bool:
    """Return whether another problem covers a missing key: an unknown key looks like it, or is refused for it."""
    unknown = (each for each in mapping if each not in model.model_fields)
    of_those_told = islice(unknown, MOST_PROBLEMS)
    return any(_refusal(each, model) or _known_key_like(each, model) == key for each in of_those_told)


# Where it is


def _way(root: Mapping, loc: Iterable[int | str]) -> tuple[list[int | str], Place, Place]:
    """Return the steps of a location that the file has, and the places of the last one's key and value."""
    here: Any = root
    steps: list[int | str] = []
    key_place = place = root.place
    for step in loc:
        if isinstance(here, Mapping) and step in here:
            key_place, place = here.key_place(str(step)), here.value_place(str(step))
        elif isinstance(step, int) and isinstance(here, Sequence):
            key_place = place = here.places[step]
        elif isinstance(step, int):
            continue  # the only entry of a list, written without the list
        else:
            break
        here = here[step]
        steps.append(step)
    return steps, key_place, place


def _value_at(root: Mapping, loc: Iterable[int | str]) -> Any:
    here: Any = root
    for step in loc:
        if isinstance(step, str) or isinstance(here, Sequence):
            here = here[step]
    return here


def _model_at(model: type[BaseModel], loc: Iterable[int | str]) -> type[BaseModel]:
    """Return the model of the mapping at a location; BaseModel (without keys) where the author chooses the keys."""
    here: Any = model
    for step in loc:
        if _is_model(here):
            here = _container(here.model_fields[str(step)].annotation)
        else:
            here = _container(get_args(here)[-1])
    return here if _is_model(here) else BaseModel


def _container(annotation: Any) -> Any:
    """Return the model, dict or list in an annotation."""
    if _is_model(annotation) or get_origin(annotation) in {dict, list}:
        return annotation
    return next((found for part in get_args(annotation) if (found := _container(part))), None)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


# What it is


def _no_value(key: str, model: type[BaseModel], kind: str) -> str:
    """Return what to do about a key without a value; ``kind`` is pydantic's error type."""
    if kind not in {*_SHOWN_BY_EXAMPLE, "list_type"}:
        return NO_VALUE
    what = "has no value"
    if kind != "list_type":
        what += ": indent the lines that belong to it further than the key"
    field = model.model_fields.get(key)
    return what + (", or leave it out" if field and not field.is_required() else "") + _example(key, model)


def _home(key: str, mapping: Mapping, model: type[BaseModel]) -> str | None:
    """Return the empty key above that an unknown key belongs to, at the same indentation."""
    above = [
        each
        for each, field in model.model_fields.items()
        if each in mapping
        and mapping[each] is None
        and mapping.line(each) < mapping.line(key)
        and _holds(_container(field.annotation), key, mapping[key])
    ]
    return max(above, key=mapping.line, default=None)


def _holds(container: Any, key: str, value: object) -> bool:
    """Return whether a mapping of this kind can hold the key and the value."""
    if _is_model(container):
        return key in container.model_fields
    return get_origin(container) is dict and isinstance(value, Mapping)


def _unknown_key(key: str, given: object, model: type[BaseModel], *, is_bare: bool) -> str:
    if told := _refusal(key, model) or joined(key, model.model_fields, given if isinstance(given, str) else ""):
        return told
    if key[:1].isspace():
        return "begins with white space that does not count as indentation; indent with plain spaces"
    close = _known_key_like(key, model)
    meant = f'did you mean "{close}"?' if close else f"the keys here are {_either(list(model.model_fields), 'and')}"
    return f"unknown key; {meant}{odd_space(key)}{_A_COMMA_BEFORE_IT if is_bare else ''}"


def _refusal(key: str, model: type[BaseModel]) -> str | None:
    """Return why a key is refused, in any spelling; None if nothing is known about it."""
    refused: dict[str, str] = getattr(model, "refused_keys", {})
    return refused.get(_folded(key))


def _folded(key: str) -> str:
    return key.casefold().replace("-", "_").replace(" ", "_")


def _known_key_like(key: str, model: type[BaseModel]) -> str | None:
    others: dict[str, str] = getattr(model, "other_names", {})
    return others.get(_folded(key)) or next(iter(nearest(key, model.model_fields)), None)


def _example(key: str, model: type[BaseModel]) -> str:
    """Return what to write, from the key's example in the model; empty if it has none."""
    field = model.model_fields.get(key)
    if field is None or not field.examples:
        return ""
    example = field.examples[0]
    write = "write for example" if isinstance(example, dict | list) else "write"
    return f"; {write} {key}: {_in_one_line(example)}"


def _in_one_line(value: Any) -> str:
    """Return a value as YAML in braces; its texts are words that need no quotes."""
    match value:
        case dict():
            return "{" + ", ".join(f"{key}: {_in_one_line(each)}" for key, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(_in_one_line(each) for each in value) + "]"
        case _:
            return str(value)


def _either(words: list[str], joint: str = "or") -> str:
    return f" {joint} ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def _sentence(error: ErrorDetails) -> str:
    """Return what is wrong with a value, in our words: pydantic's name our classes."""
    kind, given = error["type"], error["input"]
    said = described(given)
    if kind == "value_error":
        return str(error["ctx"]["error"]) + (odd_space(given) if isinstance(given, str) else "")
    if kind in _RELATIONS:
        (limit,) = error["ctx"].values()
        return f"{said} is out of bounds; it must be {_RELATIONS[kind]} {limit:g}"
    if kind in {"literal_error", "enum"}:
        possible = re.findall("'([^']*)'", error["ctx"]["expected"])
        close = did_you_mean(given, possible) if isinstance(given, str) else ""
        return f"{said} is not allowed here" + (close or f"; write {_either(possible)}")
    if kind == "too_short":
        return "is empty; it needs at least 1 entry"
    if kind == "too_long":
        return f"has {number(len(given))} entries; at most {number(error['ctx']['max_length'])} are allowed here"
    return f"{said} {_PLAINLY.get(kind, 'is not allowed here')}"


_PLAINLY = {
    "model_type": "is here, but keys and values belong here",
    "dict_type": "is here, but keys and values belong here",
    "list_type": "is not a list; write one such as [one, other]",
    "bool_type": "is not true or false; write one of the two",
}
_SHOWN_BY_EXAMPLE = {"model_type", "dict_type", "too_short"}
_RELATIONS = {
    "greater_than": "more than",
    "greater_than_equal": "at least",
    "less_than": "less than",
    "less_than_equal": "at most",
}
