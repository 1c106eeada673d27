"""A strict YAML document held against a pydantic model: every problem in it, in the words of whoever wrote it.

Models for it inherit from ``Closed`` and take their kinds of values from ``guard.rules.fields``. An optional key is
``x: T | None = None``: the key can be left out, and a null is a problem anyhow.
"""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from guard.errors import Problem, RulesError, UsageError
from guard.rules.fields import decimal, text, whole_number
from guard.rules.scalars import REFUSED, described
from guard.rules.syntax import problem_in
from guard.rules.tree import Mapping, Sequence, problem_at
from guard.rules.yaml import NO_VALUE, UnreadableError, read_yaml
from guard.words import did_you_mean, plural, printable

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable

    from pydantic_core import ErrorDetails

    from guard.rules.tree import Place

_MEBIBYTE = 1024 * 1024
LARGEST_FILE = 16 * _MEBIBYTE
_THOUSANDS = re.compile("[0-9]{3}")
_LONGEST_GUESS = 100  # a longer word is compared with nothing: comparing takes the square of the length


class Closed(BaseModel):
    """A mapping that holds the keys of its fields and no others; ``refused_keys`` says why some are no keys of it."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    refused_keys: ClassVar[dict[str, str]] = {}


M = TypeVar("M", bound=BaseModel)


def read_document(path: str | os.PathLike[str]) -> bytes:
    """Return the bytes of a file of at most 16 MiB; raise UsageError where there is no such file to be read."""
    shown = printable(str(path))
    try:
        if not stat.S_ISREG((found := Path(path).stat()).st_mode):
            kind = "a directory" if stat.S_ISDIR(found.st_mode) else "no regular file"
            raise UsageError(f"{shown}: is {kind}", hint="give the path of a YAML file")
        with Path(path).open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except FileNotFoundError as error:
        raise UsageError(f"{shown}: there is no such file", hint="give the path of a YAML file") from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{shown}: cannot be read ({why})", hint="check the path and its permissions") from error
    if len(data) > LARGEST_FILE:
        limit = LARGEST_FILE // _MEBIBYTE
        raise UsageError(f"{shown}: is larger than {limit} MiB", hint="give the path of a YAML file; is it this one?")
    return data


def parse_document(
    data: bytes, path: str, model: type[M], *, across: Callable[[Mapping], Iterable[Problem]] | None = None
) -> tuple[M, Mapping]:
    """Return the document as an instance of the model, and as the mapping with the places that it was made from.

    ``across`` finds what is wrong from one key to another; it gets the mapping as it was read, right or wrong.
    Raise RulesError with every problem, from the YAML's form to the model's and ``across``, sorted by line.
    """
    path = printable(path)
    try:
        tree = read_yaml(_decoded(data))
    except UnreadableError as error:
        raise RulesError(path, error.problems) from error
    if not isinstance(tree.root, Mapping):
        raise RulesError(path, tree.problems or [_no_mapping(tree.root, model)])
    problems = list(tree.problems)
    if across is not None:
        problems += across(tree.root)
    try:
        document = model.model_validate(tree.root)
    except ValidationError as error:
        problems += _translated(error, tree.root, model)
        raise RulesError(path, [*problems, *_unreported(tree.nulls, problems)]) from error
    if problems or tree.nulls:
        raise RulesError(path, [*problems, *_unreported(tree.nulls, problems)])
    return document, tree.root


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean "users"?`` where a known word is close; an overlong word is compared with none."""
    return did_you_mean(word, known) if len(word) <= _LONGEST_GUESS else ""


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", errors="replace")
        is_utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        what = "the file is UTF-16; save it as UTF-8" if is_utf16 else "this is not UTF-8; save the file as UTF-8"
        raise UnreadableError([problem_in(before, len(before), what)]) from error


def _no_mapping(root: Any, model: type[BaseModel]) -> Problem:
    needed = " and ".join(name for name, field in model.model_fields.items() if field.is_required())
    found = "holds nothing" if root is None else f"holds {described(root)} where keys and values belong"
    advice = f"; it needs at least {needed}" if needed else ""
    return Problem(line=1, column=1, where="", what=f"the file {found}{advice}")


def _unreported(nulls: Iterable[Problem], problems: Iterable[Problem]) -> list[Problem]:
    reported = {problem.where for problem in problems}
    return [null for null in nulls if null.where not in reported]


# From pydantic's words to ours


def _translated(error: ValidationError, root: Mapping, model: type[BaseModel]) -> Iterable[Problem]:
    for each in error.errors(include_url=False):
        loc, given = each["loc"], each["input"]
        steps, key_place, place = _way(root, loc)
        if each["type"] == "extra_forbidden":
            place, what = key_place, _unknown_key(str(loc[-1]), _model_at(model, loc[:-1]))
        elif given is REFUSED:
            continue
        elif each["type"] == "missing":
            place, what = key_place, f'the key "{loc[-1]}" is missing'
        else:
            place = key_place if loc[-1] == "[key]" else place
            what = NO_VALUE if given is None else _sentence(each)
        yield problem_at(place, steps, what)


def _way(root: Mapping, loc: Iterable[int | str]) -> tuple[list[int | str], Place, Place]:
    """Return the steps of a location that are in the file, and the places of the last one's key and value."""
    here: Any = root
    steps: list[int | str] = []
    key_place = place = root.place
    for step in loc:
        if isinstance(here, Mapping) and step in here:
            key_place, place = here.key_place(str(step)), here.value_place(str(step))
        elif isinstance(here, Sequence) and isinstance(step, int):
            key_place = place = here.places[step]
        else:
            break
        here = here[step]
        steps.append(step)
    return steps, key_place, place


def _model_at(model: type[BaseModel], loc: Iterable[int | str]) -> type[BaseModel]:
    """Return the model that a location of unknown keys belongs to, going down through optional, dict and list."""
    here = model
    for step in loc:
        field = here.model_fields.get(str(step))
        if field is not None:
            here = _model_in(field.annotation) or here
    return here


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def _unknown_key(key: str, model: type[BaseModel]) -> str:
    refused: dict[str, str] = getattr(model, "refused_keys", {})
    if key in refused:
        return refused[key]
    if key[:1].isspace():
        return "begins with white space that is no indentation; indent with plain spaces"
    if _THOUSANDS.fullmatch(key):
        return "unknown key; if it belongs to the number before it, leave the comma out: 50000 or 50_000"
    known = list(model.model_fields)
    return "unknown key" + (suggestion(key, known) or f"; the keys here are {_either(known, 'and')}")


def _either(words: list[str], joint: str = "or") -> str:
    return f" {joint} ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def _sentence(error: ErrorDetails) -> str:
    """Return what is wrong with a value in our words; pydantic's never show, nor the names of our classes."""
    kind, given, context = error["type"], error["input"], error.get("ctx", {})
    said = described(given)
    if kind == "value_error":
        return str(context["error"])
    if kind in _READERS:
        return _refusal(_READERS[kind], given)
    if kind in _RELATIONS:
        (limit,) = context.values()
        return f"{said} is out of bounds; it must be {_RELATIONS[kind]} {limit:g}"
    if kind in {"literal_error", "enum"}:
        possible = re.findall("'([^']*)'", context["expected"])
        return f"{said} is not possible here; write {_either(possible)}"
    if kind == "too_short":
        return f"is empty; it needs at least {plural(context['min_length'], 'entry', 'entries')}"
    return f"{said} {_PLAINLY.get(kind, 'is not possible here')}"


_PLAINLY = {
    "model_type": "stands where keys and values belong",
    "dict_type": "stands where keys and values belong",
    "list_type": "is no list; write one such as [one, other]",
    "bool_type": "is neither true nor false; write one of these",
}
_READERS: dict[str, Callable[[object], object]] = {
    "string_type": text,
    "int_type": whole_number,
    "float_type": decimal,
}
_RELATIONS = {
    "greater_than": "more than",
    "greater_than_equal": "at least",
    "less_than": "less than",
    "less_than_equal": "at most",
}


def _refusal(read: Callable[[object], object], given: object) -> str:
    try:
        read(given)
    except ValueError as error:
        return str(error)
    return f"{described(given)} is not possible here"
