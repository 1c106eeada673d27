"""Text for people: numbers, durations, suggestions, and text from elsewhere made safe to show."""

from __future__ import annotations

import re
import time
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from fractions import Fraction

UUID = "-".join(f"[0-9a-fA-F]{{{digits}}}" for digits in (8, 4, 4, 4, 12))
"""How a segment's uuid is written, as a regular expression."""
_LEAST_DECIMALS = 3  # of a fraction of 1: tenths of a per cent
_WHOLE_FROM = 10  # times; from here on nobody reads the decimal
_MOST_DECIMALS = 32  # a bound has up to 15, so its difference from any share has up to about 30
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]",
)

_COMMAND = re.compile(r"##(?=[\w.-]{0,40}\[)")


def is_quoted(text: str) -> bool:
    """Whether a value is in quotation marks; some tools that read env files keep them."""
    text = text.strip()
    return len(text) > 1 and text[0] in "\"'" and text[0] == text[-1]


def harmless(text: str, sign: str = "# ") -> str:
    """Return the text without commands that CI systems obey anywhere in a line: ``##[`` becomes ``# #[``.

    GitHub obeys ``##[``, Azure ``##vso[``, TeamCity ``##teamcity[``. ``sign`` replaces the first ``#``, for formats in
    which a blank is not allowed.
    """
    return _COMMAND.sub(lambda _: f"{sign}#", text)


_NEAR, _VERY_NEAR = 0.6, 0.8  # twice the common characters, divided by the characters of both words
_SHORTER, _LONGER = 3, 7  # a word of more than 7/3 the length of the other cannot be near it
_MOST_FOR_A_WORD = 50_000  # characters of the budget below, so that other words get some of it too
_CHARACTERS_AT_ONCE = 500  # characters of the word that make comparing one step more expensive
_CHARACTERS_PER_CHOICE = 50  # the same for choosing what to compare


def printable(text: str) -> str:
    r"""Return the text on one line; control, bidirectional and unpaired characters become ``\xNN``."""
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def shortened(text: str, limit: int = 200) -> str:
    """Return the text, cut to ``limit`` characters with an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def number(value: int) -> str:
    """Return a count with thousands separators: ``1,900``."""
    return f"{value:,}"


def plural(count: int, noun: str, nouns: str | None = None) -> str:
    """Return the count with its noun: ``1 guard``, ``3 guards``, ``1,900 people``."""
    return f"{number(count)} {noun if count == 1 else nouns or noun + 's'}"


def duration(seconds: float) -> str:
    """Return a duration in its two largest units: ``45 s``, ``3 min 5 s``, ``2 h``, ``4 days``."""
    whole = max(0, round(seconds))
    if whole >= 2 * 86_400:
        return f"{whole // 86_400} days"
    for size, name, below, below_name in ((3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // below
            return f"{whole // size} {name}" + (f" {rest} {below_name}" if rest else "")
    return f"{whole} s"


class Guesses:
    """A budget for the comparisons that find the word somebody meant.

    Files and accounts may have any number of words, and a person or an event loop waits. So one budget, in characters,
    pays for all comparisons of a process; it refills within ``seconds``. All threads share it; two at the same moment
    may spend a little more.
    """

    def __init__(
        self, characters: int = 1_000_000, *, seconds: float = 10.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._seconds, self._clock = characters, seconds, clock
        self._left, self._when = float(characters), clock()

    def pay(self, characters: int) -> bool:
        """Take that many characters from the budget and return True; if it has fewer, return False."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._when) / self._seconds * self._most)
        self._when = now
        if characters > self._left:
            return False
        self._left -= characters
        return True


GUESSES = Guesses()
"""The budget of this process."""


def nearest(word: str, known: Collection[str], *, most: int = 1) -> list[str]:
    """Return the known words that look most like the given one, best first, ignoring case.

    The search ends when the budget of ``GUESSES`` is spent, or this word's part of it.
    """
    price = 1 + len(word) // _CHARACTERS_AT_ONCE
    price_of_a_choice = 2 + len(word) // _CHARACTERS_PER_CHOICE
    if not word or not GUESSES.pay(price * len(word) + price_of_a_choice * len(known)):
        return []
    meant = word.casefold()
    places: dict[str, int] = {}
    for position, character in enumerate(meant):
        places[character] = places.get(character, 0) | 1 << position
    near: list[tuple[float, str]] = []
    left = _MOST_FOR_A_WORD
    for group in _likeliest_first(meant, known):
        for folded, each in group:
            left -= price * len(folded)
            if left < 0 or not GUESSES.pay(price * len(folded)):
                break
            likeness = 2 * _in_common(places, len(meant), folded) / (len(meant) + len(folded))
            if likeness >= _NEAR:
                near.append((likeness, each))
        if left < 0 or any(likeness >= _VERY_NEAR for likeness, _ in near):
            break
    near.sort(key=itemgetter(0), reverse=True)
    return [each for _, each in near[:most]]


def _likeliest_first(meant: str, known: Iterable[str]) -> Iterable[list[tuple[str, str]]]:
    """Return the known words of about the same length, each in lower case and as it is, in groups.

    A typing mistake changes one or two quarters of a word. So words with the most quarters in common come first.
    """
    size = -(-len(meant) // 4)
    quarters = [meant[begin : begin + size] for begin in range(0, len(meant), size)]
    groups: list[list[tuple[str, str]]] = [[] for _ in range(len(quarters) + 1)]
    for each in known:
        if _SHORTER * len(each) <= _LONGER * len(meant) and _SHORTER * len(meant) <= _LONGER * len(each):
            folded = each.casefold()
            groups[sum(quarter in folded for quarter in quarters)].append((folded, each))
    return reversed(groups)


def _in_common(places: Mapping[str, int], length: int, other: str) -> int:
    """Return the length of the longest common subsequence of the two words.

    ``places`` has a bit for each position of a character in the first word, which is ``length`` characters long. So
    every character of the other word takes one step (H. Hyyro, Bit-parallel LCS-length computation revisited, 2004).
    """
    row = everywhere = (1 << length) - 1
    for character in other:
        found = row & places.get(character, 0)
        row = (row + found) | (row - found)
    return length - (row & everywhere).bit_count()


def did_you_mean(word: str, known: Collection[str], *, most: int = 1) -> str:
    """Return ``; did you mean "users"?`` if the word is close to a known one, else an empty text."""
    close = nearest(word, known, most=most)
    quoted = " or ".join(f'"{printable(each)}"' for each in close)
    return f"; did you mean {quoted}?" if close else ""


def percent(share: int | Fraction) -> str:
    """Return a fraction of 1 as an exact percentage: ``12.25%``, ``1,900%``."""
    whole, rest = divmod(round(share * 100 * 10**_MOST_DECIMALS), 10**_MOST_DECIMALS)
    return f"{whole:,}.{rest:0{_MOST_DECIMALS}d}".rstrip("0").rstrip(".") + "%"


def multiple(ratio: Fraction) -> str:
    """Return a ratio of two or more as people say it: ``3.8``, ``26``; one decimal below ten."""
    if ratio >= _WHOLE_FROM:
        return number(int(2 * ratio + 1) // 2)
    return f"{int(20 * ratio + 1) // 2 / 10:g}"


def told_apart(share: Fraction, *bounds: Fraction) -> Fraction:
    """Return a fraction of 1 rounded to a tenth of a per cent, or finer if its bounds need it.

    It stays on its side of 0, of 1 and of every bound: a share below a minimum is also shown below it.
    """
    anchors: tuple[Fraction | int, ...] = (0, 1, *bounds)
    for decimals in range(_LEAST_DECIMALS, _MOST_DECIMALS):
        rounded = round(share, decimals)
        if all(round(each, decimals) == each and _side(rounded, each) == _side(share, each) for each in anchors):
            return rounded
    return share


def _side(value: Fraction, of: Fraction | int) -> int:
    return (value > of) - (value < of)
