"""Values of the wrong kind: the exact words, and what they say to write is accepted."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest

from guard.core.model import LARGEST_COUNT
from tests.rules.source import SEGMENTS, guarded, parsed, problems, what_of

PLAIN_DIGITS = "is not a whole number; write plain digits, such as 50000 or 50_000"
DIFFERENTLY = "is read differently by different tools; write"
TOO_LARGE = "is too large; the largest number is 9,007,199,254,740,991"


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ("-010", f"-010 {DIFFERENTLY} 10 (plain digits)"),
        ("-0", f"-0 {DIFFERENTLY} 0 (plain digits)"),
        ("+5", f"+5 {DIFFERENTLY} 5 (plain digits)"),
        ("-1e3", f"-1e3 {DIFFERENTLY} -1000 (plain digits)"),
        ("09007199254740991", f"09007199254740991 {DIFFERENTLY} 9007199254740991 (plain digits)"),
        ("1_000_000_000_000_000_000", f"1_000_000_000_000_000_000 {TOO_LARGE}"),
        ("1" + "_000" * 11, "1" + "_000" * 11 + f" {TOO_LARGE}"),
        (".inf", ".inf is not a number; for no limit, leave the key out"),
        ("1.5", f"1.5 {PLAIN_DIGITS}"),
        ("'many'", f'"many" {PLAIN_DIGITS}'),
        ("50.000", f"50.000 {DIFFERENTLY} 50000 if the dot separates thousands"),
        ("+50.000", f"+50.000 {DIFFERENTLY} 50000 if the dot separates thousands"),
        ("-50.000", f"-50.000 {DIFFERENTLY} -50000 if the dot separates thousands"),
        ("1.500.000", f'"1.500.000" {DIFFERENTLY} 1500000 if the dot separates thousands'),
        ("'50.000'", f'"50.000" {DIFFERENTLY} 50000 if the dot separates thousands'),
        ("999.999", f"999.999 {DIFFERENTLY} 999999 if the dot separates thousands"),
    ],
)
def test_a_bad_number_says_what_to_write(written: str, what: str) -> None:
    told = problems(guarded(f"{{email: {{max: {written}}}}}"))
    assert told == [f"rules.yaml:5:29: segments.vip.channels.email.max: {what}"]


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ("100", "100 is more than 1, which is 100%; write 100%"),
        ("101", "101 is not a share; write one from 0% to 100%, such as 60% or 0.6"),
        ("1.5", "1.5 is more than 1, which is 100%; write 1.5%"),
        ('"1,0"', '"1,0" is not a share; write 1.0 or 100%'),
        ('"1,5"', '"1,5" is not a share; write 1.5%'),
        ('"0,125"', '"0,125" is not a share; write 0.125 or 12.5%'),
        ('"100,0"', '"100,0" is not a share; write 100.0%'),
        ('"101,0"', '"101,0" is not a share; write one from 0% to 100%, such as 60% or 0.6'),
        ('"12,5 %"', '"12,5 %" is not a share; write 12.5%'),
        ("{}", "a mapping is not a share; write one from 0% to 100%, such as 60% or 0.6"),
    ],
)
def test_a_bad_share_says_what_to_write(written: str, what: str) -> None:
    told = problems(guarded(f"{{email: {{share: {{max: {written}}}}}}}"))
    assert told == [f"rules.yaml:5:37: segments.vip.channels.email.share.max: {what}"]
    for offered in re.findall("write ([0-9.]+%?)(?: or ([0-9.]+%))?$", what):
        for each in filter(None, offered):
            assert problems(guarded(f"{{email: {{share: {{max: {each}}}}}}}")) == []


@pytest.mark.parametrize(
    ("key", "written", "what"),
    [
        ("requests_per_second", '"0.5"', '"0.5" is not a plain number; write 0.5'),
        ("requests_per_second", '"2,5"', '"2,5" is not a plain number; write 2.5'),
        ("requests_per_second", "soon", '"soon" is not a plain number; write one such as 5 or 0.5, without quotes'),
        ("requests_per_second", "true", "true is not a plain number; write one such as 5 or 0.5, without quotes"),
        ("requests_per_second", "0", "0 is out of bounds; it must be more than 0"),
        ("concurrency", "25", "25 is out of bounds; it must be at most 24"),
        ("region", "5", "5 is not allowed here; write us or eu"),
        ("region", "uss", '"uss" is not allowed here; did you mean "us"?'),
    ],
)
def test_a_bad_setting_says_what_to_write(key: str, written: str, what: str) -> None:
    told = problems(f"{SEGMENTS}blueshift:\n  {key}: {written}\n")
    assert told == [f"rules.yaml:5:{len(key) + 5}: blueshift.{key}: {what}"]


@pytest.mark.parametrize(
    ("written", "limit"), [("0", 0), ("50000", 50_000), ("50_000", 50_000), (str(LARGEST_COUNT), LARGEST_COUNT)]
)
def test_a_bound_is_plain_or_grouped_digits(written: str, limit: int) -> None:
    (guard,) = parsed(guarded(f"{{email: {{max: {written}}}}}")).segments[0].guards
    assert [bound.limit for bound in guard.bounds] == [limit]


@pytest.mark.parametrize(
    ("written", "share"),
    [
        ("60%", "0.6"),
        ("12.5%", "0.125"),
        ("0.6", "0.6"),
        ("1", "1"),
        ("0", "0"),
        ("100.0%", "1"),
        ("1.0", "1"),
        ("'60%'", "0.6"),
    ],
)
def test_a_share_is_exact(written: str, share: str) -> None:
    (guard,) = parsed(guarded(f"{{email: {{share: {{min: {written}}}}}}}")).segments[0].guards
    assert [bound.limit for bound in guard.bounds] == [Fraction(share)]


@pytest.mark.parametrize("written", ["50_000", "1_000", "1" + "_000" * 10], ids=["50_000", "1_000", "long"])
def test_grouped_digits_are_text_in_a_text_field(written: str) -> None:
    owner = parsed(guarded("{users: {min: 1}}") + f"    owner: {written}\n").segments[0].owner
    assert owner == written
    assert type(owner) is str


@pytest.mark.parametrize("left_out", ["owner: ~", "owner:", "uuid: null", "tags: [x, ]\n    description:"])
def test_an_optional_key_cannot_be_null(left_out: str) -> None:
    told = problems(guarded("{users: {min: 1}}") + f"    {left_out}\n")
    assert any("has no value: give it one, or leave it out" in line for line in told)


@pytest.mark.parametrize(
    ("key", "ending"),
    [
        pytest.param("\n  rgn:", "", id="with-a-colon"),
        pytest.param(" {rgn}", "; if it belongs to the text before it, put that text in quotes", id="bare"),
    ],
)
def test_an_unknown_bare_key_may_be_text(key: str, ending: str) -> None:
    told = what_of(problems(f"{SEGMENTS}blueshift:{key}\n"))
    assert told == [f'blueshift.rgn: unknown key; did you mean "region"?{ending}']


def test_odd_white_space_is_reported() -> None:
    (told,) = problems(f"{SEGMENTS}\u00a0x: 1\n")
    assert told.endswith("begins with white space that does not count as indentation; indent with plain spaces")


def test_the_suggested_segments_are_right() -> None:
    (told,) = problems("version: 1\nsegments: []\n")
    assert problems("version: 1\n" + told.partition("; write for example ")[2]) == []


def test_a_key_of_a_model_can_be_a_segment() -> None:
    for key in ("channels", "uuid", "share", "segments"):
        told = problems(f"version: 1\nsegments: {{{key}: 5, b: {{name: B, channels: {{users: {{mim: 1}}}}}}}}\n")
        assert what_of(told) == [
            f"segments.{key}: 5 is here, but keys and values belong here",
            'segments.b.channels.users.mim: unknown key; did you mean "min"?',
        ]


def test_a_comment_after_a_choice() -> None:
    source = f"{SEGMENTS}blueshift: {{region: eu #us\n  }}\n"
    assert problems(source) == []
    told = problems(source.replace("eu #", "ue #"))
    assert told == ['rules.yaml:4:21: blueshift.region: "ue" is not allowed here; write us or eu']
