"""Single values of a YAML file: YAML 1.2's core schema, strict about numbers that tools read differently."""

from __future__ import annotations

import re
from dataclasses import dataclass

from guard.core.text import printable, shortened


@dataclass(slots=True, eq=False)
class Number:
    """A number not in plain digits (``010``, ``1e3``, ``0.6``, ``{10,000}``), kept as written.

    It is not a str or an int, so nothing takes it for one by accident. Fields that allow decimals read ``text``.
    """

    text: str


class Grouped(str):
    """An unquoted whole number with grouped thousands (``50_000``): a number in bounds, text in text fields."""

    __slots__ = ()


class Cut(str):
    """An unquoted text that ends at a "#"; only its author knows whether ``rest`` is a comment."""

    __slots__ = ("rest",)
    rest: str


class CutGroup(Cut, Grouped):
    """A grouped number before a "#": a number in bounds, a doubtful text in text fields."""

    __slots__ = ()


REFUSED = object()
"""The value in place of a refused and reported one, so that it is not reported twice."""

_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBERS_BEGIN_WITH = frozenset("0123456789+-.")
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,15}")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(_[0-9]{3}){1,10}")  # longer ones stay as written
_CUT = re.compile(r"-?[0-9][0-9.]*(?:, ?[0-9]+)+(?:%|[A-Za-z]{1,2})?")
_LONGEST_CUT = 60  # a longer one stays as it is: joining its parts takes quadratic time
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
    """Return the value of an unquoted scalar; a number not in plain digits becomes a Number or Grouped."""
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
    """Return the number from start to end of the source, if commas in braces cut it; else None.

    YAML reads ``{min: 10,000}`` as ``min: 10`` and a key ``000`` without a value.
    """
    is_cut = end - start <= _LONGEST_CUT and _CUT.fullmatch(source, start, end) and _END_OF_VALUE.match(source, end)
    return Number(source[start:end]) if is_cut else None


def rest_behind(source: str, end: int, indent: int, *, in_brackets: bool) -> str:
    """Return the comment after an unquoted text if it may be meant as part of the text, else an empty text.

    It may be if it comes after one space. A word that begins with "#" may also come after a tab, or in the next line if
    that line is indented by more than ``indent`` spaces, as a continued text is.
    """
    found = (_REST_IN_BRACKETS if in_brackets else _REST).match(source, end)
    if not found or (found.re is _REST and found[4] and len(found[3]) <= indent):
        return ""
    return _COMMENT_BEHIND.split(next(filter(None, reversed(found.groups()))), maxsplit=1)[0].rstrip()


def cut(text: str, rest: str) -> Cut:
    """Return the text as one that may be cut short before the rest."""
    value = (CutGroup if isinstance(text, Grouped) else Cut)(text)
    value.rest = rest
    return value


def cut_short(text: str, rest: str, *, is_whole: bool = False) -> str:
    """Return what is unclear about a text before " #", and how to write each of its two meanings.

    A text that is whole, as a uuid can be, has only one.
    """
    said = f'this is read as {described(str(text))}, and "{in_short(rest)}" as a comment'
    if is_whole:
        return f'{said}; write two spaces and "# " before the comment'
    return (
        f"{said}; write {quoted(f'{text} {rest}')} if it belongs to the text,"
        ' or two spaces and "# " before it if it is a comment'
    )


def quoted(text: str) -> str:
    """Return a text in YAML quotes, cut to 60 characters."""
    shown = in_short(text)
    if '"' not in shown and "\\" not in text:
        return f'"{shown}"'
    return "'" + shown.replace("'", "''") + "'"


def described(value: object) -> str:
    """Return a value on one line as its author knows it: ``010``, ``"text"``, ``a list``."""
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
    """Return a text on one line, cut to 60 characters; only its beginning is read."""
    return shortened(printable(text[: _MOST_SHOWN + 1]), _MOST_SHOWN)
