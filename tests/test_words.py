from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.words import did_you_mean, duration, nearest, number, percentages, plural, printable, shortened

if TYPE_CHECKING:
    from fractions import Fraction

NASTY = 'a]]>&<b>"%\n::error::x,y:z\x07\x1b[31m|`<!channel>=1+1'


@given(st.text())
def test_nothing_printable_controls_a_terminal(text: str) -> None:
    shown = printable(text)

    assert not {each for each in shown if each < " " or "\x7f" <= each <= "\x9f" or "\u202a" <= each <= "\u202e"}
    assert "\n" not in shown
    shown.encode()


def test_control_characters_are_written_out() -> None:
    assert printable(NASTY) == r'a]]>&<b>"%\n::error::x,y:z\x07\x1b[31m|`<!channel>=1+1'
    assert printable("\u202e\ud800é") == r"\u202e\ud800é"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "0 s"), (0.4, "0 s"), (59, "59 s"), (60, "1 min"), (185, "3 min 5 s"), (3600, "1 h"), (5400, "1 h 30 min"),
     (90_000, "25 h"), (172_800, "2 days"), (864_000, "10 days")],
)  # fmt: skip
def test_durations_are_said_in_two_units(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_numbers_and_plurals() -> None:
    assert number(1_900_000) == "1,900,000"
    assert [plural(each, "guard") for each in (0, 1, 2)] == ["0 guards", "1 guard", "2 guards"]
    assert plural(1_900, "person", "people") == "1,900 people"


def test_a_long_text_is_cut_with_an_ellipsis() -> None:
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde…"


def test_the_nearest_word_is_offered_and_a_far_one_is_not() -> None:
    assert nearest("emial", ["email", "sms"]) == ["email"]
    assert did_you_mean("emial", ["email", "sms"]) == '; did you mean "email"?'
    assert did_you_mean("fax", ["email", "sms"]) == ""


@given(st.fractions(0, 2, max_denominator=10_000), st.fractions(0, 2, max_denominator=10_000))
def test_percentages_never_make_two_shares_look_the_same(one: Fraction, other: Fraction) -> None:
    shown, beside = percentages(one, other)

    assert (shown == beside) == (one == other)
    assert (shown == "0%") == (one == 0)
