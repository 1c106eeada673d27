"""Checks between keys: each problem at its place, beside everything else that is wrong."""

from __future__ import annotations

import pytest

import guard.core.text
from tests.rules.source import SEGMENTS, guarded, problems, what_of

UUID = "2dd093e6-8c6f-4e14-8a2c-744477e1fdef"


@pytest.mark.parametrize("refresh", ["{poll_interval: 15s}", "{max_poll_interval: 2s}"])
def test_a_poll_interval_can_be_the_longest(refresh: str) -> None:
    assert problems(f"{SEGMENTS}refresh: {refresh}\n") == []


@pytest.mark.parametrize(
    ("campaigns", "where"),
    [
        pytest.param("{c: {segments: 5}, d: {segments: [nobody]}}", "d.segments[1]", id="the-next-campaign"),
        pytest.param("{c: {segments: [5, ' ', nobody]}}", "c.segments[3]", id="the-next-entry"),
    ],
)
def test_a_bad_value_hides_nothing(campaigns: str, where: str) -> None:
    told = problems(f"{SEGMENTS}campaigns: {campaigns}\n")
    assert any(f'{where}: there is no segment "nobody"' in line for line in told)


def test_one_name_under_two_keys() -> None:
    (told,) = problems(SEGMENTS + "  b: {name: VIP, channels: {users: {min: 1}}}\n")
    what = 'is also the name of "vip" (line 3), with the same bypass_global; keep one of them'
    assert told == f"rules.yaml:4:13: segments.b.name: {what}"


@pytest.mark.parametrize(("bypass_global", "found"), [("true", 0), ("false", 1)])
def test_one_uuid_under_two_keys(bypass_global: str, found: int) -> None:
    segment = f"uuid: {UUID}, channels: {{users: {{min: 1}}}}"
    source = f"version: 1\nsegments:\n  a: {{{segment}}}\n  b: {{{segment}, bypass_global: {bypass_global}}}\n"
    assert len(problems(source)) == found


@pytest.mark.parametrize(("characters", "suggested"), [(8, 0), (9, 1), (18, 2), (100, 3)])
def test_suggestions_are_limited(characters: int, suggested: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard.core.text, "GUESSES", guard.core.text.Guesses(characters, clock=lambda: 0))
    told = problems(SEGMENTS + "campaigns: {c: {segments: [vip1, vip2, vip3]}}\n")
    assert what_of(told) == [
        f'campaigns.c.segments[{index}]: there is no segment "vip{index}"'
        + ('; did you mean "vip"?' if index <= suggested else "")
        for index in (1, 2, 3)
    ]


def test_the_nearest_segment_is_suggested() -> None:
    segments = "".join(f"  group-{index}: {{name: N{index}, channels: {{sms: {{min: 1}}}}}}\n" for index in range(500))
    (told,) = problems(f"version: 1\nsegments:\n{segments}campaigns: {{c: {{segments: [gruop-77]}}}}\n")
    assert told.endswith('there is no segment "gruop-77"; did you mean "group-77"?')


@pytest.mark.parametrize(
    ("guard", "what"),
    [
        ("{min: 2, max: 1}", "min: 2 is above max, which is 1"),
        ("{min: 2, warn: {min: 1}}", "warn.min: 1 is below min, which is 2"),
        ("{max: 2, warn: {max: 3}}", "warn.max: 3 is above max, which is 2"),
        ("{max: 2, warn: {min: 3}}", "warn.min: 3 is above max, which is 2"),
        ("{min: 2, warn: {max: 1}}", "warn.max: 1 is below min, which is 2"),
        ("{warn: {min: 2, max: 1}}", "warn.min: 2 is above warn.max, which is 1"),
        ("{share: {min: 2%, max: 0.01}}", "share.min: 2% is above share.max, which is 0.01"),
        ("{min: 2, max: 2, warn: {min: 2, max: 2}, share: {min: 2%, max: 0.02}}", None),
        ("{min: 2, warn: {min: 2}}", None),
        ("{max: 2, warn: {max: 2}}", None),
    ],
)
def test_bounds_must_agree(guard: str, what: str | None) -> None:
    told = what_of(problems(guarded(f"{{email: {guard}}}")))
    assert told == ([f"segments.vip.channels.email.{what} (line 5)"] if what else [])


def test_cross_checks_show_beside_bad_values() -> None:
    told = problems(
        "version: 9\nsegments:\n  a: {name: 5, channels: {email: {min: 2, max: 1}}}\n  b: 5\n"
        "campaigns: {c: {segments: [a, b, x]}}\nrefresh: {poll_interval: 1m}\n"
    )
    assert [line.split(":")[1] for line in told] == ["1", "3", "3", "4", "5", "6"]
