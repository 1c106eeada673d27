"""A strict YAML document held against a pydantic model: every problem in it, in the words of whoever wrote it.

Models for it inherit from ``Closed`` and take their kinds of values from ``guard.rules.fields``. An optional key is
``x: T | None = None``: the key can be left out, and a null is a problem anyhow. What holds a mapping or a list holds
nothing else, as a problem inside of it is told by its way there.
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
    """A mapping that holds the keys of its fields and no others; ``refused_keys`` says why some are not.

    ``other_names`` holds what people also call a key, with the key.

    The first of a field's ``examples`` is what is told to write where the key is missing or holds no keys and values.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    refused_keys: ClassVar[dict[str, str]] = {}
    other_names: ClassVar[dict[str, str]] = {}

    @model_validator(mode="before")
    @classmethod
    def _without_more_unknown_keys_than_are_told(cls, given: Any) -> Any:
        """Leave out what would be refused and not told; enough is left for the mapping to be refused."""
        if not isinstance(given, Mapping) or len(given) <= MOST_PROBLEMS:
            return given
        known = (key for key in cls.model_fields if key in given)
        unknown = (key for key in given if key not in cls.model_fields)
        return {key: given[key] for key in chain(known, islice(unknown, MOST_PROBLEMS + 1))}


M = TypeVar("M", bound=BaseModel)


def read_document(path: str | os.PathLike[str]) -> bytes:
    """Return the bytes of a file of at most 16 MiB; raise UsageError where there is no such file to be read."""
    if not isinstance(path, str | os.PathLike):
        raise UsageError(f"the rules file is a {type(path).__name__}; give its path")
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
        why = (error.strerror if isinstance(error, OSError) else None) or "no file can have this name"
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
    Raise RulesError with every problem, from the YAML's form to the model's and ``across``, sorted by line; with the
    first 1,000 that were found where there are more, and with a hint that says so.
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
    hint = f"{there_are} more than these {number(len(told))}, which were found first; mend them and look again"
    return RulesError(path, told, hint=hint)


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode()  # without the mark that the file may begin with
        is_utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        what = "the file is UTF-16; save it as UTF-8" if is_utf16 else "this is not UTF-8; save the file as UTF-8"
        raise UnreadableError([problem_in(before, len(before), what)]) from error


def _no_mapping(root: Any, model: type[BaseModel]) -> Problem:
    needed = " and ".join(name for name, field in model.model_fields.items() if field.is_required())
    found = "holds nothing" if root is None else f"holds {described(root)} where keys and values belong"
    return Problem(line=1, column=1, where="", what=f"the file {found}; it needs at least {needed}")


_MISPLACED = "a mapping is no "


def _told_once(problems: Iterable[Problem], nulls: Collection[Problem]) -> list[Problem]:
    """Return the problems, each once however many aliases repeat it, and the nulls that nothing else was said about.

    A null inside of a mapping that cannot stand where it does is told with that: ``uuid: {2dd093e6-...}``.
    No more are looked for when one more than can be told was found.
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
