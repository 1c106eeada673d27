"""PyYAML's syntax errors, in plain words and with their place."""

from __future__ import annotations

import yaml

from guard.core.errors import Problem
from guard.core.text import printable
from guard.rules.scalars import in_short
from guard.rules.slips import UNFILLED, comment_in, indent, no_colon, placeholder, second_colon

_OPEN_BRACKETS = {
    "did not find expected ',' or '}'": ("{", "}"),
    "did not find expected ',' or ']'": ("[", "]"),
}
_PLAINLY = {
    "mapping values are not allowed in this context": (
        'a colon is not allowed here: check the indentation, and put text that contains ": " in quotes'
    ),
    "did not find expected key": "a key is expected here: check the indentation of this line and of the line above",
    "did not find expected '-' indicator": "this list continues without a dash: check the indentation",
    "block sequence entries are not allowed in this context": "a list cannot begin here: check the indentation",
    "mapping keys are not allowed in this context": "a key is not allowed here: check the indentation",
    "could not find expected ':'": 'a key is missing its ":"',
    "did not find expected node content": "a value or a closing bracket is missing here",
    "did not find expected <document start>": "this does not belong to the document above it",
    "found unexpected document indicator": "a document ends inside a quoted text: a quote is not closed",
    "found unknown escape character": r"this escape does not exist: write \\ for a backslash, or use single quotes",
    "found invalid Unicode character escape code": "this escape is not a character",
    "did not find expected hexdecimal number": "this escape has too few digits",
    "found undefined tag handle": 'tags are not allowed here; remove what begins with "!"',
    "did not find expected tag URI": 'tags are not allowed here; remove what begins with "!"',
    "did not find expected whitespace or line break": "a space is missing here",
    "did not find expected comment or line break": "only a comment can follow here",
    "did not find expected alphabetic or numeric character": (
        'a name is missing after "*" or "&": put a text that begins with one of them in quotes'
    ),
    "found a tab character that violates indentation": "a tab is not allowed here: indent with spaces",
    "found a tab character where an indentation space is expected": ("a tab is not allowed here: indent with spaces"),
    "found incompatible YAML document": "this version of YAML is not supported: remove the %YAML line",
}
_A_KEY_WENT_WRONG = {
    "mapping values are not allowed in this context",
    "did not find expected key",
    "could not find expected ':'",
}
_LONGEST_LINE = 500
_LINES_LOOKED_AT = 3


def syntax_problem(error: yaml.YAMLError, source: str) -> Problem:
    """Return PyYAML's error as a problem with its line and column."""
    if isinstance(error, yaml.reader.ReaderError):
        # The reader gives no line. It refuses a character everywhere, so the first one is the one.
        character = chr(error.character)
        what = f"the character {printable(character)} is not allowed in a file: remove it, or write it as an escape"
        return problem_in(source, source.index(character), what)
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return Problem(line=1, column=1, where="", what=f"this is not YAML ({printable(str(error))})")
    mark = error.problem_mark
    if slip := _slip(str(error.problem), mark, source):
        return slip
    what = _sentence(error, source)
    if mark.index >= len(source):
        return problem_in(source, _end_of_text(source), what)
    return Problem(line=mark.line + 1, column=mark.column + 1, where="", what=what)


def _slip(problem: str, mark: yaml.Mark, source: str) -> Problem | None:
    """Return a better explanation from the line of the error or the line above, or None."""
    begins = [mark.index - mark.column]
    while len(begins) < _LINES_LOOKED_AT and begins[-1] > 0:
        begins.append(_line_above(source, begins[-1]))
    lines = [*(_line_at(source, begin) for begin in begins), ""]
    for begin, line in zip(begins[:2], lines, strict=False):
        if found := placeholder(line):
            return problem_in(source, begin + line.index(found), f'"{in_short(found)}" {UNFILLED}')
    if problem not in _A_KEY_WENT_WRONG:
        return None
    if what := second_colon(lines[0], mark.column):
        return problem_in(source, mark.index, what)
    for at in (1, 0):
        if at < len(begins) and (what := no_colon(lines[at], lines[at + 1])):
            return problem_in(source, begins[at] + indent(lines[at]), what)
    if (
        problem == "did not find expected key"
        and indent(lines[0]) > indent(lines[1])
        and (comment := comment_in(lines[1]))
    ):
        what = f'"{in_short(comment)}" is read as a comment and ends the text before it; put all of it in quotes'
        return problem_in(source, mark.index, what)
    return None


def _line_above(source: str, begin: int) -> int:
    """Return where the nearest line above begins, comment lines and empty lines skipped."""
    while begin > 0:
        begin = source.rfind("\n", 0, begin - 1) + 1
        if (text := _line_at(source, begin).strip()) and not text.startswith("#"):
            break
    return begin


def _line_at(source: str, begin: int) -> str:
    """Return the line that begins at an index, cut if it is long."""
    return source[begin : begin + _LONGEST_LINE].partition("\n")[0]


def _end_of_text(source: str) -> int:
    """Return the index after the last line that is more than a comment."""
    lines = source.split("\n")
    while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    return len("\n".join(lines).rstrip())


def _sentence(error: yaml.MarkedYAMLError, source: str) -> str:
    problem, begin = str(error.problem), error.context_mark
    if problem == "found unexpected end of stream":
        return "a quote is not closed" + (f": it opens in line {begin.line + 1}" if begin else "")
    if problem in _OPEN_BRACKETS:
        opening, closing = _OPEN_BRACKETS[problem]
        opened = f': the "{opening}" is in line {begin.line + 1}, column {begin.column + 1}' if begin else ""
        comment = comment_in(_line_at(source, begin.index - begin.column)) if begin else ""
        swallowed = (
            f'; "{in_short(comment)}" is a comment there: put text that contains " #" in quotes' if comment else ""
        )
        return f'a "," or the closing "{closing}" is missing here{opened}{swallowed}'
    if problem == "found character that cannot start any token" and error.problem_mark is not None:
        character = source[error.problem_mark.index : error.problem_mark.index + 1]
        if character == "\t":
            return "a tab is not allowed here: indent with spaces"
        return f'a value cannot begin with "{printable(character)}": put it in quotes'
    return _PLAINLY.get(problem, f"this is not YAML ({problem})")


def problem_in(source: str, index: int, what: str) -> Problem:
    """Return a problem at an index of the source."""
    before = source[:index].replace("\r\n", "\n").replace("\r", "\n")
    return Problem(line=before.count("\n") + 1, column=len(before) - before.rfind("\n"), where="", what=what)
