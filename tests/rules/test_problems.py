"""Problems below the rules: any model of a document has them told, at a place that is in the file."""

from __future__ import annotations

from datetime import date  # noqa: TC003 - pydantic looks it up

import pytest

from guard.core.errors import Problem, RulesError
from guard.rules.document import Closed, parse_document


class Own(Closed):
    is_on: bool
    day: date | None = None


def problems_of(source: bytes) -> list[Problem]:
    with pytest.raises(RulesError) as caught:
        parse_document(source, "file.yaml", Own)
    return list(caught.value.problems)


def test_an_unknown_error_type_has_a_sentence() -> None:
    assert problems_of(b"is_on: true\nday: soon\n") == [
        Problem(line=2, column=6, where="day", what='"soon" is not allowed here')
    ]


@pytest.mark.parametrize(("source", "held"), [(b"5\n", "5"), (b"- x\n", "a list"), (b"~\n", None)])
def test_a_file_that_holds_no_keys_is_told_at_its_beginning(source: bytes, held: str | None) -> None:
    found = f"holds {held}, but keys and values belong here" if held else "is empty"
    what = f"the file {found}; it needs at least is_on"
    assert problems_of(source) == [Problem(line=1, column=1, where="", what=what)]


@pytest.mark.parametrize("length", [60, 61])
def test_only_the_beginning_of_a_long_key_is_shown(length: int) -> None:
    (problem,) = problems_of(f"is_on: true\n{'k' * length}: 1\n".encode())
    assert problem.where == ("k" * 60 if length == 60 else "k" * 59 + "…")
    assert problem.what == "unknown key; the keys here are is_on and day"


def test_a_place_after_a_byte_order_mark_is_where_an_editor_shows_it() -> None:
    assert problems_of("\ufeffdé: ".encode() + b"\xff") == [
        Problem(line=1, column=5, where="", what="this is not UTF-8; save the file as UTF-8")
    ]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_told_from_other_encodings(encoding: str) -> None:
    assert problems_of("\ufeffday: 1\n".encode(encoding)) == [
        Problem(line=1, column=1, where="", what="the file is UTF-16; save it as UTF-8")
    ]
