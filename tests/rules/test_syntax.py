"""Errors of the YAML parser, in plain words and at the place where a person would look."""

from __future__ import annotations

import pytest
import yaml

from guard.core.errors import Problem
from guard.rules.syntax import problem_in, syntax_problem
from tests.rules.source import problems

SOURCE = "a: 1\nb: 2\n"


HERE = yaml.Mark("file", 6, 1, 1, None, 0)
ABOVE = yaml.Mark("file", 0, 0, 0, None, 0)


@pytest.mark.parametrize(
    ("context", "problem", "what"),
    [
        (None, "found unexpected end of stream", "a quote is not closed"),
        (ABOVE, "found unexpected end of stream", "a quote is not closed: it opens in line 1"),
        (None, "did not find expected ',' or '}'", 'a "," or the closing "}" is missing here'),
        (None, "found something new", "this is not YAML (found something new)"),
    ],
    ids=["a-quote", "a-quote-with-its-beginning", "a-brace", "unknown"],
)
def test_an_error_has_its_place(context: yaml.Mark | None, problem: str, what: str) -> None:
    error = yaml.MarkedYAMLError(None, context, problem, HERE)
    assert syntax_problem(error, SOURCE) == Problem(line=2, column=2, where="", what=what)


@pytest.mark.parametrize("kind", [yaml.YAMLError, yaml.MarkedYAMLError])
def test_an_error_without_a_place(kind: type[yaml.YAMLError]) -> None:
    what = r"this is not YAML (all\nwrong)"
    assert syntax_problem(kind("all\nwrong"), SOURCE) == Problem(line=1, column=1, where="", what=what)


def test_the_first_refused_character_is_reported() -> None:
    (told,) = problems("a: \0\nb: \0\n")
    assert told.startswith(r"rules.yaml:1:4: the character \x00 is not allowed in a file")


@pytest.mark.parametrize(
    ("source", "line", "column"),
    [("x", 1, 1), ("a\nbx", 2, 2), ("a\r\nbx", 2, 2), ("a\rbx", 2, 2), ("a\n\r\n\rx", 4, 1)],
)
def test_every_line_break_counts_once(source: str, line: int, column: int) -> None:
    assert problem_in(source, source.index("x"), "what") == Problem(line=line, column=column, where="", what="what")
