"""A secret, and how it is taken out of the texts of others, which may echo what they were sent."""

from __future__ import annotations

import base64
import re
from operator import or_

_PIECE = 10  # characters; a shorter piece of a secret can stand in any text
_CHARACTER = re.compile(r"(?:\\(?:u00|x)|%)[0-9a-fA-F]{2}|\\[\"'\\/]|.", re.DOTALL)
_RUN = re.compile(rb"\x00+|\x01+")


class Secret:
    """A key for HTTP's basic authentication that is to be shown nowhere, nor is its Base64, nor any piece of them."""

    __slots__ = ("_pieces", "_sizes")

    def __init__(self, key: str) -> None:
        texts = (key, _base64(f"{key}:"), _base64(key))
        self._pieces = frozenset(piece for text in texts for piece in _pieces(text))
        self._sizes = {len(piece) for piece in self._pieces}

    def scrub(self, text: str) -> str:
        """Return the text with ``***`` in place of the secret and of every piece of it that has 10 characters or more.

        A secret shorter than that is found as a whole. Both are found also where JSON, Python or an address wrote them
        with escapes. To be called before a text is cut, so that no cut leaves less of a secret than can be found.
        """
        marks = self._marks(text)
        if "\\" in text or "%" in text:
            written = _CHARACTER.findall(text)
            meant = self._marks("".join(map(_meant, written)))
            marks = bytes(map(or_, marks, (mark for mark, each in zip(meant, written, strict=True) for _ in each)))
        runs = _RUN.finditer(marks)
        return "".join("***" if marks[run.start()] else text[run.start() : run.end()] for run in runs)

    def _marks(self, text: str) -> bytes:
        """Return a byte for each character: 1 where it is of a piece of the secret, otherwise 0."""
        marks = bytearray(len(text))
        for size in self._sizes:
            for start in range(len(text) - size + 1):
                if text[start : start + size] in self._pieces:
                    marks[start : start + size] = b"\x01" * size
        return bytes(marks)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode(errors="surrogateescape")).decode()


def _pieces(text: str) -> set[str]:
    size = min(_PIECE, len(text))
    return {text[start : start + size] for start in range(len(text) - size + 1)}


def _meant(written: str) -> str:
    r"""Return the character that is written so: as itself, as ``\"`` or the like, or by its number."""
    return chr(int(written[-2:], 16)) if len(written) > 2 else written[-1]  # noqa: PLR2004 - a backslash and a character
