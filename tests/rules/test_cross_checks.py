"""What does not agree from one key to another: told at its place, and beside everything else that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import guard.core.text

if TYPE_CHECKING:
    from collections.abc import Callable

SEGMENTS = "version: 1\nsegments:\n  vip: {name: VIP, channels: {users: {min: 1}}}\n"


def what_of(lines: list[str]) -> list[str]:
    return [line.split(": ", 2)[2] for line in lines]


def test_a_poll_interval_can_be_the_longest_one(problems: Callable[[str], list[str]]) -> None:
    assert problems(SEGMENTS + "refresh: {poll_interval: 15s}\n") == []
    assert problems(SEGMENTS + "refresh: {max_poll_interval: 2s}\n") == []


def test_a_bad_campaign_does_not_hide_the_next(problems: Callable[[str], list[str]]) -> None:
    told = problems(SEGMENTS + "campaigns: {c: {segments: 5}, d: {segments: [nobody]}}\n")
    assert any('d.segments[1]: there is no segment "nobody"' in line for line in told)


def test_a_bad_entry_does_not_hide_the_next(problems: Callable[[str], list[str]]) -> None:
    told = problems(SEGMENTS + "campaigns: {c: {segments: [5, ' ', nobody]}}\n")
    assert any('c.segments[3]: there is no segment "nobody"' in line for line in told)


def test_one_segment_under_two_keys(
    problems: Callable[[str], list[str]],
) -> None:
    (told,) = problems(SEGMENTS + "  b: {name: VIP, channels: {users: {min: 1}}}\n")
    what = 'is also the name of "vip" (line 3), with the same bypass_global; keep one of them'
    assert told == f"rules.yaml:4:13: segments.b.name: {what}"


@pytest.mark.parametrize(("characters", "suggested"), [(8, 0), (9, 1), (18, 2), (100, 3)])
def test_suggestions_for_long_keys_are_limited(
    characters: int, suggested: int, monkeypatch: pytest.MonkeyPatch, problems: Callable[[str], list[str]]
) -> None:
    monkeypatch.setattr(guard.core.text, "GUESSES", guard.core.text.Guesses(characters, clock=lambda: 0))
    told = what_of(problems(SEGMENTS + "campaigns: {c: {segments: [vip1, vip2, vip3]}}\n"))
    assert told == [
        f'there is no segment "vip{index}"' + ('; did you mean "vip"?' if index <= suggested else "")
        for index in (1, 2, 3)
    ]
