"""Complaints of the YAML parser, in plain words and at the place where a person would look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from guard.core.errors import Problem
from guard.rules.syntax import problem_in, syntax_problem

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE = "a: 1\nb: 2\n"


def mark(index: int, line: int, column: int) -> yaml.Mark:
    return yaml.Mark("file", index, line, column, None, 0)


HERE, ABOVE = mark(6, 1, 1), mark(0, 0, 0)


@pytest.mark.parametrize(
    ("error", "what"),
    [
        pytest.param(
            yaml.MarkedYAMLError(None, None, "found unexpected end of stream", HERE),
            "a quote is not closed",
            id="a quote without its beginning",
        ),
        pytest.param(
            yaml.MarkedYAMLError(None, ABOVE, "found unexpected end of stream", HERE),
            "a quote is not closed: it opens in line 1",
            id="a quote",
        ),
        pytest.param(
            yaml.MarkedYAMLError(None, None, "did not find expected ',' or '}'", HERE),
            'a "," or the closing "}" is missing here',
            id="a brace without its beginning",
        ),
        pytest.param(
            yaml.MarkedYAMLError(None, None, "found something new", HERE),
            "this is not YAML (found something new)",
            id="a complaint that is not known",
        ),
    ],
)
def test_a_complaint_is_told_at_its_place(error: yaml.MarkedYAMLError, what: str) -> None:
    assert syntax_problem(error, SOURCE) == Problem(line=2, column=2, where="", what=what)


@pytest.mark.parametrize(
    "error",
    [yaml.YAMLError("all\nwrong"), yaml.MarkedYAMLError("all\nwrong")],
    ids=["of no kind", "without a mark"],
)
def test_a_complaint_without_a_place_is_told_at_the_beginning(error: yaml.YAMLError) -> None:
    what = r"this is not YAML (all\nwrong)"
    assert syntax_problem(error, SOURCE) == Problem(line=1, column=1, where="", what=what)


def test_the_first_refused_character_is_reported(problems: Callable[[str], list[str]]) -> None:
    (told,) = problems("a: \0\nb: \0\n")
    assert told.startswith(r"rules.yaml:1:4: the character \x00 is not allowed in a file")


@pytest.mark.parametrize(
    ("source", "line", "column"),
    [
        ("x", 1, 1),
        ("a\nbx", 2, 2),
        ("a\r\nbx", 2, 2),
        ("a\rbx", 2, 2),
        ("a\n\r\n\rx", 4, 1),
    ],
)
def test_every_line_break_counts_once(source: str, line: int, column: int) -> None:
    assert problem_in(source, source.index("x"), "what") == Problem(line=line, column=column, where="", what="what")
