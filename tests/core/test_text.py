from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import guard.core.text
from guard.core.text import (
    Guesses,
    did_you_mean,
    duration,
    nearest,
    number,
    percent,
    plural,
    printable,
    shortened,
    told_apart,
)

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


def test_only_a_near_word_is_offered() -> None:
    assert did_you_mean("emial", ["email", "sms"]) == '; did you mean "email"?'
    assert did_you_mean("fax", ["email", "sms"]) == ""


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("emial", ["email", "sms"], "email"),
        ("SMS", ["email", "sms"], "sms"),
        ("EMAIL", ["email", "sms"], "email"),
        ("InApp", ["push", "in_app"], "in_app"),
        ("vip", ["News", "VIP"], "VIP"),
        ("Straße", ["STRASSE"], "STRASSE"),
        ("mewsletter", ["sms-optin", "newsletter"], "newsletter"),
        ("newsletter", [], None),
        ("", ["a"], None),
        ("a", [""], None),
        ("", [""], None),
        ("email", ["sms", "push", "users"], None),
        ("Newsletter, active 90 days", ["Loyalty programme, gold", "Cart abandoned, 3 days"], None),
    ],
)
def test_a_near_word_is_found_in_any_case(word: str, known: list[str], meant: str | None) -> None:
    assert nearest(word, known) == ([] if meant is None else [meant])


def test_the_nearest_of_several_comes_first() -> None:
    assert nearest("group-77", ["group-1", "gruop-7", "group-7"], most=2) == ["group-7", "group-1"]


@given(st.text(), st.lists(st.text()))
def test_the_same_word_is_found(word: str, others: list[str]) -> None:
    assert not word or nearest(word, [*others, word], most=1)[0].casefold() == word.casefold()


class Looked(str):
    """A known word that counts the characters of all such words that were compared."""

    __slots__ = ()
    characters = 0

    def casefold(self) -> str:
        Looked.characters += len(self)
        return super().casefold()


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> type[Looked]:
    monkeypatch.setattr(Looked, "characters", 0)
    return Looked


def test_a_name_among_many_is_found(looked: type[Looked]) -> None:
    known = [looked(f"Newsletter number {index}, active") for index in range(60_000)]

    found = [nearest(f"Newsletter nubmer {index}, active", known) for index in range(59_990, 59_995)]

    assert found == [[f"Newsletter number {index}, active"] for index in range(59_990, 59_995)]


def test_comparing_hostile_names_is_bounded(looked: type[Looked], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard.core.text, "GUESSES", Guesses(clock=lambda: 0))
    known = [looked("ab" * 495 + f"{index:05}") for index in range(50_000)]

    for index in range(50_000):
        did_you_mean("ba" * 495 + f"{index:05}", known)

    assert looked.characters <= 2 * sum(map(len, known))


def test_the_budget_refills() -> None:
    now = [0.0]
    guesses = Guesses(100, seconds=10, clock=lambda: now[0])

    assert (guesses.pay(101), guesses.pay(100), guesses.pay(1)) == (False, True, False)
    now[0] = 5
    assert (guesses.pay(51), guesses.pay(50)) == (False, True)
    now[0] = 1_000
    assert (guesses.pay(101), guesses.pay(100)) == (False, True)


DECIMALS = st.integers(0, 10**15).map(lambda digits: Fraction(digits, 10**15))


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        ("0", "0%"),
        ("0.0025", "0.25%"),
        ("0.1225", "12.25%"),
        ("0.9995", "99.95%"),
        ("0.999999999999999", "99.9999999999999%"),
        ("1", "100%"),
        ("19400", "1,940,000%"),
    ],
)
def test_a_share_is_shown_as_it_was_written(share: str, shown: str) -> None:
    assert percent(Fraction(share)) == shown


@given(DECIMALS)
def test_a_share_of_the_rules_is_not_rounded(share: Fraction) -> None:
    assert Fraction(percent(share).removesuffix("%")) / 100 == share


@pytest.mark.parametrize(
    ("share", "bounds", "shown"),
    [
        pytest.param(Fraction(1, 3), [], "33.3%", id="a-tenth-is-enough"),
        pytest.param(Fraction(99_999, 100_000), [], "99.999%", id="not-quite-all"),
        pytest.param(Fraction(1, 10**9), [], "0.0000001%", id="hardly-anybody"),
        pytest.param(Fraction("0.12255"), ["0.1226"], "12.255%", id="on-its-side-of-the-bound"),
        pytest.param(Fraction("0.5"), ["0.1225"], "50%", id="far-from-a-bound"),
        pytest.param(Fraction("0.12249"), ["0.1225", "0.9"], "12.249%", id="close-to-one-of-two"),
        pytest.param(Fraction("0.1225"), ["0.1225"], "12.25%", id="at-the-bound"),
    ],
)
def test_a_share_differs_from_its_bounds(share: Fraction, bounds: list[str], shown: str) -> None:
    assert percent(told_apart(share, *map(Fraction, bounds))) == shown


@given(st.integers(0, 2**53 - 1), st.integers(1, 2**53 - 1), st.lists(DECIMALS, max_size=2))
def test_a_share_is_on_its_side_of_every_bound(people: int, users: int, bounds: list[Fraction]) -> None:
    share = Fraction(people, users)
    shown = Fraction(percent(told_apart(share, *bounds)).removesuffix("%").replace(",", "")) / 100
    for each in (*bounds, Fraction(0), Fraction(1)):
        assert (shown > each, shown == each) == (share > each, share == each)
