"""What a single value in a YAML file is: YAML 1.2's core schema, strict about numbers that tools read differently."""

from __future__ import annotations

import re

from guard.core.text import printable, shortened


class Number:
    """A number that is not written in plain digits (``010``, ``1e3``, ``0.6``, ``{10,000}``): kept as its own text.

    It is neither a text nor an int, so nothing takes it for one by accident; what allows decimals reads ``text``.
    """

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"Number({self.text!r})"


class Grouped(str):
    """A whole number with its thousands grouped (``50_000``), unquoted: a number to bounds, a text to text fields."""

    __slots__ = ()


class Cut(str):
    """An unquoted text that a "#" ends; whether ``rest`` is a comment, only its writer knows."""

    __slots__ = ("rest",)
    rest: str


class CutGroup(Cut, Grouped):
    """A grouped number that ends so: still a number to bounds, and a doubtful text to text fields."""

    __slots__ = ()


class Refused:
    """What stands where something was refused and reported already, so that nothing reports it again."""

    __slots__ = ()


REFUSED = Refused()

_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBERS_BEGIN_WITH = frozenset("0123456789+-.")
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,15}")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(_[0-9]{3}){1,10}")  # longer ones are kept as they are written
_CUT = re.compile(r"-?[0-9][0-9.]*(?:, ?[0-9]+)+(?:%|[A-Za-z]{1,2})?")
_LONGEST_CUT = 60  # a longer one is left as it is: joining each of its parts anew takes the square of the length
_MOST_SHOWN = 60
_REST = re.compile(r" (#[^\r\n]*)|\t(#[^\s#][^\r\n]*)|(?:[ \t]*\r?\n)+( +)(#[^\s#][^\r\n]*)")
_REST_IN_BRACKETS = re.compile(r" (#[^\r\n,\]}]*)|\t(#[^\s#][^\r\n,\]}]*)")
_COMMENT_BEHIND = re.compile(r"\s{2,}#")
_END_OF_VALUE = re.compile(r"\s*[,}]")
_ANY_NUMBER = re.compile(
    r"""[-+]? (?: [0-9][0-9_]* (?: \.[0-9_]* )? (?: [eE][-+]?[0-9]+ )?   # 010  1.0  1e3  1_0  5,000 digits
                | \.[0-9][0-9_]* (?: [eE][-+]?[0-9]+ )?                  # .5
                | 0b[01_]+ | 0o[0-7_]+ | 0x[0-9a-fA-F_]+
                | \.(?: inf | Inf | INF ) )
      | \.(?: nan | NaN | NAN )""",
    re.VERBOSE,
)


def plain(text: str) -> bool | int | str | Number | None:
    """Return what an unquoted scalar stands for; a number that is not in plain digits stays a Number or Grouped."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _NUMBERS_BEGIN_WITH:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _GROUPED.fullmatch(text):
        return Grouped(text)
    return Number(text) if _ANY_NUMBER.fullmatch(text) else text


def cut_at_commas(source: str, start: int, end: int) -> Number | None:
    """Return the number from start to end of the source, where braces end a value at its commas; None for no such.

    YAML reads ``{min: 10,000}`` as ``min: 10`` and a key ``000`` without a value.
    """
    is_cut = end - start <= _LONGEST_CUT and _CUT.fullmatch(source, start, end) and _END_OF_VALUE.match(source, end)
    return Number(source[start:end]) if is_cut else None


def rest_behind(source: str, end: int, indent: int, *, in_brackets: bool) -> str:
    """Return the comment behind the unquoted text that ends here that may have been meant as a part of it, or nothing.

    That is any comment one space away. A word that begins with "#" is one too a tab away, and in the next line where
    that line is indented further than ``indent`` spaces, as what goes on with the text would be.
    """
    found = (_REST_IN_BRACKETS if in_brackets else _REST).match(source, end)
    if not found or (found.re is _REST and found[4] and len(found[3]) <= indent):
        return ""
    return _COMMENT_BEHIND.split(next(filter(None, reversed(found.groups()))), maxsplit=1)[0].rstrip()


def cut(text: str, rest: str) -> Cut:
    """Return the text as one that may have been cut short before the rest."""
    value = (CutGroup if isinstance(text, Grouped) else Cut)(text)
    value.rest = rest
    return value


def cut_short(text: str, rest: str, *, is_whole: bool = False) -> str:
    """Return what is doubtful about a text before " #", and how to write either of its readings.

    What is whole as it is, as a uuid can be, has one reading alone.
    """
    said = f'this is read as {described(str(text))}, and "{in_short(rest)}" as a comment'
    if is_whole:
        return f'{said}; write "# " with two spaces before it to say that it is one'
    return (
        f"{said}; write {quoted(f'{text} {rest}')} if it belongs to the text,"
        ' or "# " with two spaces before it if it is a comment'
    )


def quoted(text: str) -> str:
    """Return a text in quotes as YAML reads them, cut to 60 characters."""
    shown = in_short(text)
    if '"' not in shown and "\\" not in text:
        return f'"{shown}"'
    return "'" + shown.replace("'", "''") + "'"


def is_null(text: str) -> bool:
    """Return whether an unquoted scalar stands for nothing at all."""
    return _CONSTANTS.get(text, text) is None


def described(value: object) -> str:
    """Return a value as the person who wrote it would know it again, on one line: ``010``, ``"text"``, ``a list``."""
    match value:
        case bool():
            written = "true" if value else "false"
        case Number():
            written = value.text
        case Grouped() | int():
            written = str(value)
        case float():
            written = f"{value:g}"
        case str():
            written = f'"{in_short(value)}"'
        case dict():
            written = "a mapping"
        case list():
            written = "a list"
        case _:
            written = "this"
    return shortened(written, 62)


def in_short(text: str) -> str:
    """Return a text on one line, cut to 60 characters; however long it is, only its beginning is looked at."""
    return shortened(printable(text[: _MOST_SHOWN + 1]), _MOST_SHOWN)
