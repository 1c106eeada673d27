"""Plain words shared by everything that speaks to people: numbers, durations, and text that came from elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction

_LEAST_DECIMALS = 3  # of a fraction of 1: tenths of a per cent
_MOST_DECIMALS = 32  # a bound has 15, and its distance to a share of the largest count no more than twice as many
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]",
)


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


def percent(share: Fraction) -> str:
    """Return a fraction of 1 as per cent, exactly: ``12.25%``, ``1,900%``."""
    whole, rest = divmod(round(share * 100 * 10**_MOST_DECIMALS), 10**_MOST_DECIMALS)
    return f"{whole:,}.{rest:0{_MOST_DECIMALS}d}".rstrip("0").rstrip(".") + "%"


def told_apart(share: Fraction, *bounds: Fraction) -> Fraction:
    """Return a fraction of 1 rounded to a tenth of a per cent, or finer where its bounds are, or where it must be.

    It stays on its side of 0, of 1 and of every bound: what is below a minimum is also shown below it.
    """
    anchors: tuple[Fraction | int, ...] = (0, 1, *bounds)
    for decimals in range(_LEAST_DECIMALS, _MOST_DECIMALS):
        rounded = round(share, decimals)
        if all(round(each, decimals) == each and _side(rounded, each) == _side(share, each) for each in anchors):
            return rounded
    return share


def _side(value: Fraction, of: Fraction | int) -> int:
    return (value > of) - (value < of)
