"""A strict YAML document, validated by a pydantic model: every problem in it, in the words of its author.

Models inherit from ``Closed`` and take their value types from ``guard.rules.fields``. An optional key is
``x: T | None = None``: the key can be left out, but a null is a problem. A field that holds a mapping or a list holds
nothing else.
"""

from __future__ import annotations

import os
import stat
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from guard.core.errors import Problem, RulesError, UsageError
from guard.core.text import number, printable
from guard.rules.limits import Check
from guard.rules.problems import translated
from guard.rules.scalars import described
from guard.rules.syntax import problem_in
from guard.rules.tree import MOST_PROBLEMS, Mapping
from guard.rules.yaml import NO_VALUE, UnreadableError, read_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

_MEBIBYTE = 1024 * 1024
LARGEST_FILE = 16 * _MEBIBYTE


class Closed(BaseModel):
    """A mapping with the keys of its fields and no others.

    ``refused_keys`` says why some keys are refused. ``other_names`` maps what people also call a key to the key.
    The first of a field's ``examples`` shows what to write where the key is missing or has no keys and values.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    refused_keys: ClassVar[dict[str, str]] = {}
    other_names: ClassVar[dict[str, str]] = {}

    @model_validator(mode="before")
    @classmethod
    def _without_more_unknown_keys_than_are_told(cls, given: Any) -> Any:
        """Drop unknown keys beyond those that are reported; enough stay for the mapping to be refused."""
        if not isinstance(given, Mapping) or len(given) <= MOST_PROBLEMS:
            return given
        known = (key for key in cls.model_fields if key in given)
        unknown = (key for key in given if key not in cls.model_fields)
        return {key: given[key] for key in chain(known, islice(unknown, MOST_PROBLEMS + 1))}


def any_of_them(*keys: str) -> dict[str, Any]:
    """Return the JSON Schema that asks for at least one of the keys."""
    return {"anyOf": [{"required": [key]} for key in keys]}


M = TypeVar("M", bound=BaseModel)


def read_document(path: str | os.PathLike[str]) -> bytes:
    """Return the bytes of a file of at most 16 MiB; raise UsageError if it cannot be read."""
    if not isinstance(path, str | os.PathLike):
        raise UsageError(f"the rules file is a {type(path).__name__}; give its path")
    shown = printable(str(path))
    try:
        if not stat.S_ISREG((found := Path(path).stat()).st_mode):
            kind = "a directory" if stat.S_ISDIR(found.st_mode) else "not a regular file"
            raise UsageError(f"{shown}: is {kind}", hint="give the path of a YAML file")
        with Path(path).open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except FileNotFoundError as error:
        raise UsageError(f"{shown}: there is no such file", hint="give the path of a YAML file") from error
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or "a file cannot have this name"
        raise UsageError(f"{shown}: cannot be read ({why})", hint="check the path and its permissions") from error
    if len(data) > LARGEST_FILE:
        limit = LARGEST_FILE // _MEBIBYTE
        raise UsageError(
            f"{shown}: is larger than {limit} MiB", hint="is this the right file? give the path of a YAML file"
        )
    return data


def parse_document(
    data: bytes, path: str, model: type[M], *, across: Callable[[Mapping], Iterable[Problem]] | None = None
) -> tuple[M, Mapping]:
    """Return the document as an instance of the model, and as the mapping with places that it was made from.

    ``across`` finds problems between keys; it gets the mapping as it was read, right or wrong.
    Raise RulesError with every problem (of the YAML, the model and ``across``), sorted by line. If there are more than
    1,000, it has the first 1,000 that were found, and a hint says so.
    """
    path = printable(path)
    try:
        tree = read_yaml(_decoded(data))
    except UnreadableError as error:
        raise _refused(path, error.problems) from None
    if not isinstance(tree.root, Mapping):
        raise _refused(path, tree.problems or [_no_mapping(tree.root, model)])
    document: M | None = None
    check = Check()
    of_the_model: Iterable[Problem] = ()
    try:
        document = model.model_validate(tree.root, context=check)
    except ValidationError as error:
        of_the_model = translated(error, tree.root, model)
    problems = _told_once(chain(tree.problems, of_the_model, across(tree.root) if across else ()), tree.nulls)
    if problems or document is None:
        raise _refused(path, problems, is_cut_short=check.is_cut_short)
    return document, tree.root


def _refused(path: str, problems: list[Problem], *, is_cut_short: bool = False) -> RulesError:
    told = problems[:MOST_PROBLEMS]
    if len(told) == len(problems) and not is_cut_short:
        return RulesError(path, told)
    there_are = "there may be" if len(told) == len(problems) else "there are"
    hint = f"{there_are} more problems than these first {number(len(told))}; fix them and check again"
    return RulesError(path, told, hint=hint)


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode()  # without a byte order mark
        is_utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        what = "the file is UTF-16; save it as UTF-8" if is_utf16 else "this is not UTF-8; save the file as UTF-8"
        raise UnreadableError([problem_in(before, len(before), what)]) from error


def _no_mapping(root: Any, model: type[BaseModel]) -> Problem:
    needed = " and ".join(name for name, field in model.model_fields.items() if field.is_required())
    found = "is empty" if root is None else f"holds {described(root)}, but keys and values belong here"
    return Problem(line=1, column=1, where="", what=f"the file {found}; it needs at least {needed}")


_MISPLACED = "a mapping is not "


def _told_once(problems: Iterable[Problem], nulls: Collection[Problem]) -> list[Problem]:
    """Return each problem once, however many aliases repeat it, and the nulls without another problem.

    A null in a misplaced mapping, as in ``uuid: {2dd093e6-...}``, is not reported: the mapping is.
    The search stops at one problem more than is reported.
    """
    told: dict[tuple[int, int, str], Problem] = {}
    reported: set[str] = set()
    misplaced: list[str] = []
    by_place = {(null.line, null.column): null for null in nulls}
    as_read = (by_place.get((each.line, each.column), each) if each.what == NO_VALUE else each for each in problems)
    for each in chain(
        as_read, (null for null in nulls if null.where not in reported and not null.where.startswith(tuple(misplaced)))
    ):
        told.setdefault((each.line, each.column, each.what), each)
        reported.add(each.where)
        if each.what.startswith(_MISPLACED):
            misplaced.append(f"{each.where}.")
        if len(told) > MOST_PROBLEMS:
            break
    return list(told.values())
