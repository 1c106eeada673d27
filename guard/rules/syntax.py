"""PyYAML's complaints about a file's form, in plain words and with their place."""

from __future__ import annotations

import yaml

from guard.errors import Problem
from guard.words import printable

_OPEN_BRACKETS = {
    "did not find expected ',' or '}'": ("{", "}"),
    "did not find expected ',' or ']'": ("[", "]"),
}
_PLAINLY = {
    "mapping values are not allowed in this context": (
        'a colon stands where none can: check the indentation, and put a text that holds ": " in quotes'
    ),
    "did not find expected key": "no key stands here: check the indentation of this line and the one above",
    "did not find expected '-' indicator": "this list goes on with something else than a dash: check the indentation",
    "block sequence entries are not allowed in this context": "a list cannot begin here: check the indentation",
    "mapping keys are not allowed in this context": "a key cannot stand here: check the indentation",
    "could not find expected ':'": 'a key is missing its ":"',
    "did not find expected node content": "a value or a closing bracket is missing here",
    "did not find expected <document start>": "something stands here that does not belong to the document above it",
    "found unexpected document indicator": "a document ends inside a quoted text: a quote is not closed",
    "found unknown escape character": r"there is no such escape: write \\ for a backslash, or use single quotes",
    "found invalid Unicode character escape code": "this escape stands for no character",
    "did not find expected hexdecimal number": "this escape lacks some of its digits",
    "found undefined tag handle": 'tags are not used here; remove what begins with "!"',
    "did not find expected tag URI": 'tags are not used here; remove what begins with "!"',
    "did not find expected whitespace or line break": "a space is missing here",
    "did not find expected comment or line break": "only a comment can follow here",
    "did not find expected alphabetic or numeric character": (
        'a name is missing after "*" or "&": put a text that begins with one of them in quotes'
    ),
    "found a tab character that violates indentation": "a tab stands where only spaces can: indent with spaces",
    "found a tab character where an indentation space is expected": (
        "a tab stands where only spaces can: indent with spaces"
    ),
    "found incompatible YAML document": "this version of YAML is not known: remove the %YAML line",
}


def syntax_problem(error: yaml.YAMLError, source: str) -> Problem:
    """Return what PyYAML says of the source as a problem with its line and column."""
    if isinstance(error, yaml.reader.ReaderError):
        # The reader knows no line. A character that it refuses is refused everywhere, so the first one is the one.
        character = chr(error.character)
        what = f"the character {printable(character)} cannot stand in a file: remove it, or write it as an escape"
        return problem_in(source, source.index(character), what)
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return Problem(line=1, column=1, where="", what=f"this is not YAML ({printable(str(error))})")
    mark = error.problem_mark
    what = _sentence(error, source[mark.index : mark.index + 1])
    if mark.index >= len(source):
        return problem_in(source, _end_of_text(source), what)
    return Problem(line=mark.line + 1, column=mark.column + 1, where="", what=what)


def _end_of_text(source: str) -> int:
    """Return the index behind the last line that holds more than a comment."""
    lines = source.split("\n")
    while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    return len("\n".join(lines).rstrip())


def _sentence(error: yaml.MarkedYAMLError, character: str) -> str:
    """Return what is wrong, in plain words; ``character`` is the one that the complaint is about."""
    problem, begin = str(error.problem), error.context_mark
    if problem == "found unexpected end of stream":
        return "a quote is not closed" + (f": it is opened in line {begin.line + 1}" if begin else "")
    if problem in _OPEN_BRACKETS:
        opening, closing = _OPEN_BRACKETS[problem]
        opened = f': its "{opening}" stands in line {begin.line + 1}, column {begin.column + 1}' if begin else ""
        return f'a "," or the closing "{closing}" is missing here{opened}'
    if problem == "found character that cannot start any token":
        if character == "\t":
            return "a tab stands where only spaces can: indent with spaces"
        return f'no value can begin with "{printable(character)}": put it in quotes'
    return _PLAINLY.get(problem, f"this is not YAML ({problem})")


def problem_in(source: str, index: int, what: str) -> Problem:
    """Return a problem at a position of the source that is known only by its index."""
    before = source[:index].replace("\r\n", "\n").replace("\r", "\n")
    return Problem(line=before.count("\n") + 1, column=len(before) - before.rfind("\n"), where="", what=what)
