"""Removes secrets from texts: answers of servers, and everything that leaves the program."""

from __future__ import annotations

import base64
import re
from array import array
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECE = 10  # bytes; a shorter piece of a secret may occur in any text by chance
_STEP = 5  # bytes between two anchors; every piece of a secret contains one of its anchors
_ANCHOR = _PIECE - _STEP + 1
_ESCAPE = re.compile(
    rb"(?:\\u00|\\x|%)([0-9a-f]{2})|\\([!-/:-@\[-`{-~])|&#x([0-9a-f]{2});|&#([0-9]{2,3});|&(amp|lt|gt|quot|apos);"
)
_ENTITIES = {b"amp": b"&", b"lt": b"<", b"gt": b">", b"quot": b'"', b"apos": b"'"}


class Secret:
    """Keys that are never shown: not as they are, not in the Base64 of HTTP's basic authentication, not in pieces."""

    __slots__ = ("_anchors", "_pieces")

    def __init__(self, *keys: str) -> None:
        self._pieces: set[bytes] = set()
        self._anchors: dict[bytes, int] = {}
        for key in keys:
            sent = key.encode(errors="surrogateescape")
            for text in (key.encode(errors="surrogatepass"), base64.b64encode(sent + b":"), base64.b64encode(sent)):
                self._look_for(text.lower())

    def scrub(self, text: str) -> str:
        """Return the text with ``***`` for the secret and for every piece of it of 10 characters or more.

        A shorter secret is found only as a whole. Upper and lower case do not matter, and the escapes of JSON, Python,
        addresses, Markdown and HTML are understood. Call it before a text is cut: the cut may leave a piece that is too
        short to be found. It takes a few seconds for 100 MB.
        """
        body = text.encode(errors="surrogatepass")
        lowered = body.lower()
        runs = [*self._runs(lowered), *self._runs_with_escapes(lowered)]
        return _starred(body, sorted(runs)) if runs else text

    def _look_for(self, text: bytes) -> None:
        size = min(_PIECE, len(text))
        self._pieces.update(text[start : start + size] for start in range(len(text) - size + 1))
        if size < _PIECE:
            self._anchors[text] = size
        else:
            starts = range(0, len(text) - _ANCHOR + 1, _STEP)
            self._anchors.update((text[start : start + _ANCHOR], _PIECE) for start in starts)

    def _runs(self, lowered: bytes) -> Iterator[tuple[int, int]]:
        """Yield where pieces of the secret begin and end; searching for anchors first is fast."""
        for anchor, size in self._anchors.items():
            at = lowered.find(anchor)
            while at >= 0:
                for start in range(max(0, at + len(anchor) - size), at + 1):
                    if lowered[start : start + size] in self._pieces:
                        yield start, start + size
                at = lowered.find(anchor, at + 1)

    def _runs_with_escapes(self, lowered: bytes) -> Iterator[tuple[int, int]]:
        """Yield where pieces of the secret with escapes in them begin and end."""
        starts, ends, meant_at = array("q"), array("q"), array("q")
        saved = 0

        def meant(found: re.Match[bytes]) -> bytes:
            nonlocal saved
            starts.append(found.start())
            ends.append(found.end())
            meant_at.append(found.start() - saved)
            saved += found.end() - found.start() - 1
            return _meant(found)

        def written(position: int, *, end: bool = False) -> int:
            """Return where a character of the unescaped text begins, or ends, in the text with escapes."""
            last = bisect_right(meant_at, position) - 1
            if last < 0:
                return position + end
            if meant_at[last] == position:
                return ends[last] if end else starts[last]
            return ends[last] + position - meant_at[last] - 1 + end

        if not any(sign in lowered for sign in (b"\\", b"%", b"&")):
            return
        for start, end in self._runs(_ESCAPE.sub(meant, lowered).lower()):
            yield written(start), written(end - 1, end=True)


def _meant(found: re.Match[bytes]) -> bytes:
    """Return the byte that an escape means."""
    number, itself, hexadecimal, decimal, entity = found.groups()
    if itself or entity:
        return itself or _ENTITIES[entity]
    value = int(decimal) if decimal else int(number or hexadecimal, 16)
    return bytes([value]) if value < 256 else b"?"  # noqa: PLR2004 - the values of a byte


def _starred(body: bytes, runs: list[tuple[int, int]]) -> str:
    """Return the text with ``***`` for all runs that overlap or touch; no character is cut in two."""
    kept: list[bytes] = []
    position = 0
    for begins, ends in runs:
        start, end = begins, ends
        while _continues(body, start):
            start -= 1
        while _continues(body, end):
            end += 1
        if not kept or start > position:
            kept += [body[position:start], b"***"]
        position = max(position, end)
    kept.append(body[position:])
    return b"".join(kept).decode(errors="surrogatepass")


def _continues(body: bytes, position: int) -> bool:
    return position < len(body) and body[position] & 0xC0 == 0x80  # noqa: PLR2004 - UTF-8's mark of a later byte
