"""Plain words shared by everything that speaks to people: numbers, durations, and text that came from elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction

_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]",
)

_COMMAND = re.compile(r"##(?=[\w.-]{0,40}\[)")


def is_quoted(text: str) -> bool:
    """Whether the value of a variable stands in quotation marks, as tools that read env files may keep them."""
    text = text.strip()
    return len(text) > 1 and text[0] in "\"'" and text[0] == text[-1]


def harmless(text: str, sign: str = "# ") -> str:
    """Return the text without what CI systems obey anywhere in a line: ``##[`` comes out as ``# #[``.

    GitHub obeys ``##[``, Azure ``##vso[``, TeamCity ``##teamcity[``. ``sign`` is how to write the first ``#`` where a
    blank must not come between.
    """
    return _COMMAND.sub(lambda _: f"{sign}#", text)


def printable(text: str) -> str:
    r"""Return the text on one line, with every control, bidirectional or unpaired character written out as ``\xNN``."""
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def shortened(text: str, limit: int = 200) -> str:
    """Return the text, cut to ``limit`` characters with an ellipsis when it is longer."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def number(value: int) -> str:
    """Return a count with thousands separators: ``1,900``."""
    return f"{value:,}"


def plural(count: int, noun: str, nouns: str | None = None) -> str:
    """Return the count with the noun it takes: ``1 guard``, ``3 guards``, ``1,900 people``."""
    return f"{number(count)} {noun if count == 1 else nouns or noun + 's'}"


def duration(seconds: float) -> str:
    """Return a duration in its two largest units, as people say it: ``45 s``, ``3 min 5 s``, ``2 h``, ``4 days``."""
    whole = max(0, round(seconds))
    if whole >= 2 * 86_400:
        return f"{whole // 86_400} days"
    for size, name, below, below_name in ((3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // below
            return f"{whole // size} {name}" + (f" {rest} {below_name}" if rest else "")
    return f"{whole} s"


def nearest(word: str, known: Iterable[str], *, most: int = 1) -> list[str]:
    """Return the known words that look most like the given one, best first; none when nothing looks like it."""
    from difflib import get_close_matches  # noqa: PLC0415 - a slip is rare, and every start would pay for it

    return get_close_matches(word, list(known), n=most, cutoff=0.6)


def did_you_mean(word: str, known: Iterable[str], *, most: int = 1) -> str:
    """Return ``; did you mean "users"?`` for a word that is close to a known one, else an empty text."""
    close = nearest(word, known, most=most)
    quoted = " or ".join(f'"{printable(each)}"' for each in close)
    return f"; did you mean {quoted}?" if close else ""


def percentages(*shares: Fraction) -> list[str]:
    """Return the fractions of 1 as per cent, with as few decimals as still tell them from 0 and from each other."""
    for decimals in range(1, 9):
        texts = [f"{float(share * 100):.{decimals}f}" for share in shares]
        distinct = len({float(text) for text in texts}) == len(set(shares))
        if distinct and all(float(text) or not share for text, share in zip(texts, shares, strict=True)):
            break
    return [f"{text.rstrip('0').rstrip('.')}%" for text in texts]
