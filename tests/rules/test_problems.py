"""Problems of any document, at a place that is in the file."""

from __future__ import annotations

from datetime import date  # noqa: TC003 - pydantic looks it up

import pytest

from guard.core.errors import Problem, RulesError
from guard.rules.document import Closed, parse_document


class Own(Closed):
    is_on: bool
    day: date | None = None


BELONG = "but keys and values belong here; it needs at least is_on"
UNKNOWN = "unknown key; the keys here are is_on and day"


@pytest.mark.parametrize(
    ("source", "line", "column", "where", "what"),
    [
        pytest.param("is_on: true\nday: soon\n", 2, 6, "day", '"soon" is not allowed here', id="an-unknown-error"),
        pytest.param("5\n", 1, 1, "", f"the file holds 5, {BELONG}", id="a-number"),
        pytest.param("- x\n", 1, 1, "", f"the file holds a list, {BELONG}", id="a-list"),
        pytest.param("~\n", 1, 1, "", "the file is empty; it needs at least is_on", id="nothing"),
        pytest.param(f"is_on: true\n{'k' * 60}: 1\n", 2, 1, "k" * 60, UNKNOWN, id="a-long-key"),
        pytest.param(f"is_on: true\n{'k' * 61}: 1\n", 2, 1, "k" * 59 + "…", UNKNOWN, id="a-longer-key"),
    ],
)
def test_a_problem_has_its_place(source: str, line: int, column: int, where: str, what: str) -> None:
    assert problems_of(source.encode()) == [Problem(line=line, column=column, where=where, what=what)]


@pytest.mark.parametrize(
    ("source", "column", "what"),
    [
        pytest.param(b"\xef\xbb\xbfd\xc3\xa9: \xff", 5, "this is not UTF-8; save the file as UTF-8", id="bom"),
        pytest.param("\ufeffd".encode("utf-16-le"), 1, "the file is UTF-16; save it as UTF-8", id="utf-16-le"),
        pytest.param("\ufeffd".encode("utf-16-be"), 1, "the file is UTF-16; save it as UTF-8", id="utf-16-be"),
    ],
)
def test_another_encoding_is_refused(source: bytes, column: int, what: str) -> None:
    """The column after a byte order mark is the one that an editor shows."""
    assert problems_of(source) == [Problem(line=1, column=column, where="", what=what)]


def problems_of(source: bytes) -> list[Problem]:
    with pytest.raises(RulesError) as caught:
        parse_document(source, "file.yaml", Own)
    return list(caught.value.problems)
