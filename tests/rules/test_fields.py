"""What is told of a value that is not of its kind: the very words, and what they say to write is accepted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from guard.rules import parse_rules

if TYPE_CHECKING:
    from collections.abc import Callable

ADVICE = "plain digits, such as 50000 or 50_000"


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ("-010", "-010 is read differently by different tools; write 10 (plain digits)"),
        ("-0", "-0 is read differently by different tools; write 0 (plain digits)"),
        ("+5", "+5 is read differently by different tools; write 5 (plain digits)"),
        ("-1e3", "-1e3 is read differently by different tools; write -1000 (plain digits)"),
        (
            "09007199254740991",
            "09007199254740991 is read differently by different tools; write 9007199254740991 (plain digits)",
        ),
        (
            "1_000_000_000_000_000_000",
            "1_000_000_000_000_000_000 is too large; the largest number is 9,007,199,254,740,991",
        ),
        (
            "1" + "_000" * 11,
            "1" + "_000" * 11 + " is too large; the largest number is 9,007,199,254,740,991",
        ),
        (".inf", ".inf is not a number; for no limit, leave the key out"),
        ("1.5", f"1.5 is not a whole number; write {ADVICE}"),
        ("'many'", f'"many" is not a whole number; write {ADVICE}'),
    ],
)
def test_a_bad_number_says_what_to_write(
    guarded: Callable[[str], str], problems: Callable[[str], list[str]], written: str, what: str
) -> None:
    assert problems(guarded(f"{{email: {{max: {written}}}}}")) == [
        f"rules.yaml:5:29: segments.vip.channels.email.max: {what}"
    ]


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
def test_a_bad_share_says_what_to_write(
    guarded: Callable[[str], str], problems: Callable[[str], list[str]], written: str, what: str
) -> None:
    assert problems(guarded(f"{{email: {{share: {{max: {written}}}}}}}")) == [
        f"rules.yaml:5:37: segments.vip.channels.email.share.max: {what}"
    ]
    for offered in re.findall("write ([0-9.]+%?)(?: or ([0-9.]+%))?$", what):
        for each in filter(None, offered):
            assert problems(guarded(f"{{email: {{share: {{max: {each}}}}}}}")) == []


@pytest.mark.parametrize(
    ("setting", "what"),
    [
        ('requests_per_second: "0.5"', '"0.5" is not a plain number; write 0.5'),
        ('requests_per_second: "2,5"', '"2,5" is not a plain number; write 2.5'),
        ("requests_per_second: soon", '"soon" is not a plain number; write one such as 5 or 0.5, without quotes'),
        ("requests_per_second: true", "true is not a plain number; write one such as 5 or 0.5, without quotes"),
        ("requests_per_second: 0", "0 is out of bounds; it must be more than 0"),
        ("concurrency: 25", "25 is out of bounds; it must be at most 24"),
        ("region: 5", "5 is not allowed here; write us or eu"),
        ("region: uss", '"uss" is not allowed here; did you mean "us"?'),
    ],
)
def test_a_bad_setting_says_what_to_write(
    guarded: Callable[[str], str], problems: Callable[[str], list[str]], setting: str, what: str
) -> None:
    key, written = setting.split(": ")
    source = guarded("{users: {min: 1}}") + f"blueshift:\n  {key}: {written}\n"
    assert problems(source) == [f"rules.yaml:7:{len(key) + 5}: blueshift.{key}: {what}"]


@pytest.mark.parametrize("groups", [1, 10])
def test_grouped_digits_are_a_text_however_many_there_are(guarded: Callable[[str], str], groups: int) -> None:
    written = "1" + "_000" * groups
    rules = parse_rules((guarded("{users: {min: 1}}") + f"    owner: {written}\n").encode(), "rules.yaml")
    assert rules.segments[0].owner == written
