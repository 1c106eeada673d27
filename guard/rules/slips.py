"""Common mistakes of people and tools that write a rules file, each with what to write instead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from guard.core.text import UUID
from guard.rules.scalars import in_short, quoted

if TYPE_CHECKING:
    from collections.abc import Collection

UNFILLED = "is a template placeholder without a value: fill it in, then check the result"
_PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}|\{%[^%]*%\}|<%[^%]*%>|\$\{[^{}]*\}|^\$[A-Za-z_]\w*$")
_MOST_LOOKED_AT = 200
_NO_PLAIN_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_JOINED = re.compile("([A-Za-z_][A-Za-z0-9_.-]*):(\\S.*|[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000].*)", re.DOTALL)
_STUCK_BRACE = re.compile("([A-Za-z_][A-Za-z0-9_.-]*)[:\uff1a][\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]*(\\{.*)")
_NO_BLANK = re.compile(r"(?<=\w):(?=[\w\"'])")
_UUID = re.compile(UUID)
_BARE_UUID = re.compile("([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})")
_COMMENT = re.compile(r"\s+#|^#")
_QUOTES_AND_BRACKETS = tuple("'\"{[|>&*%@`")


def placeholder(text: str) -> str:
    """Return the first template placeholder in the text, such as ``{{ min }}``, or an empty text."""
    found = _PLACEHOLDER.search(text[:_MOST_LOOKED_AT])
    return found[0] if found else ""


def odd_space(text: str) -> str:
    """Return a remark on a character that looks like a space but is not one in YAML, or an empty text."""
    found = _NO_PLAIN_SPACE.search(text[:_MOST_LOOKED_AT])
    return f"; it contains U+{ord(found[0]):04X}, which only looks like a space: type a plain space" if found else ""


def joined(text: str, keys: Collection[str], behind: str = "") -> str:
    """Return what is wrong with a known key without a space before its value, ``min:100``, or an empty text.

    ``behind`` is the value that YAML found if it took the text for a key, as in ``sms:{min: 5}``.
    """
    found = _JOINED.fullmatch(text[:_MOST_LOOKED_AT])
    if not found or found[1] not in keys:
        return ""
    key, value = found[1], found[2].strip()
    if value.startswith("{") and behind:
        value = f"{value}: {behind}"
    if value.startswith("{"):
        value = _NO_BLANK.sub(": ", value)
    pairs = [f"{key}: {in_short(value)}"]
    if len(parts := value.split()) > 1 and all(
        (each := _JOINED.fullmatch(part)) and each[1] in keys for part in parts[1:]
    ):
        pairs = [f"{key}: {in_short(parts[0])}", *(in_short(part.replace(":", ": ", 1)) for part in parts[1:])]
    if len(pairs) == 1:
        return f"a plain space is missing after the colon; write {pairs[0]}"
    return f"a plain space is missing after each colon; write {' and '.join(pairs)}, each on its own line"


def uuid_in(text: str) -> str | None:
    """Return the uuid in a longer text, such as a segment's address; None unless there is exactly one."""
    text = text[:_MOST_LOOKED_AT].lower()
    found = set(_UUID.findall(text))
    if not found and (bare := _BARE_UUID.fullmatch(text.strip(" {}"))):
        return "-".join(bare.groups())
    return found.pop() if len(found) == 1 else None


def second_colon(line: str, column: int) -> str:
    """Return what is wrong with a line with a second colon at the column, ``email: min: 100``, or an empty text."""
    text = line.strip().removeprefix("- ")
    if stuck := _STUCK_BRACE.match(text):
        braces = _NO_BLANK.sub(": ", _COMMENT.split(stuck[2], maxsplit=1)[0])
        return f"a plain space is missing after the colon; write {stuck[1]}: {in_short(braces)}"
    key, colon, rest = text.partition(": ")
    rest = _COMMENT.split(rest.strip(), maxsplit=1)[0]
    if not colon or line.index(": ") >= column or key[:1] in _QUOTES_AND_BRACKETS or rest[:1] in _QUOTES_AND_BRACKETS:
        return ""
    of_keys = f"{key}: {{{in_short(rest)}}}"
    return f"this line has two colons; write {of_keys} for keys and values, or {key}: {quoted(rest)} for text"


def no_colon(line: str, above: str) -> str:
    """Return what is wrong with a line that does not begin with a key, a colon and a space, or an empty text.

    A line may continue the value ``above`` if it is indented further.
    """
    text = line.strip().removeprefix("- ")
    if not text or text[0] in _QUOTES_AND_BRACKETS:
        return ""
    key, cut, comment = text.partition(" #")
    if cut and ":" not in key and not key.endswith(" ") and ":" in comment:
        comment = f"#{comment.partition(':')[0]}"
        return (
            f'"{in_short(comment)}:" is read as a comment; write {quoted(f"{key} {comment}")}: if it belongs to the key'
        )
    key, colon, value = _COMMENT.split(text, maxsplit=1)[0].partition(":")
    if not colon:
        goes_on = ": " in above and indent(above) < indent(line)
        word, _, others = key.partition(" ")
        return "" if goes_on else f'the ":" is missing; write {in_short(f"{word}: {others.strip()}".rstrip())}'
    if value and value[0] not in " \t" and not value.startswith("//"):
        return f"a plain space is missing after the colon; write {in_short(f'{key}: {value.strip()}')}"
    return ""


def comment_in(line: str) -> str:
    """Return the comment at the end of the line, outside quotes, or an empty text."""
    for found in _COMMENT.finditer(line):
        before = line[: found.start()]
        if before.count('"') % 2 == before.count("'") % 2 == 0:
            return line[found.start() :].strip()
    return ""


def indent(line: str) -> int:
    """Return the number of white-space characters at the beginning of the line."""
    return len(line) - len(line.lstrip())
