"""Durations: what is read, and the sentence for what is not a duration."""

from __future__ import annotations

import re

import pytest

from guard.rules.duration import LONGEST, parse_duration
from guard.rules.fields import DURATION_PATTERN

SECONDS = {
    "1ms": 0.001,
    "250ms": 0.25,
    "1s": 1.0,
    "90s": 90.0,
    "10m": 600.0,
    "1h30m": 5400.0,
    "1h2m3s4ms": 3723.004,
    "2h5s": 7205.0,
    "24h": LONGEST,
    "0h1s": 1.0,
}
UNITS = {
    "5": "5s, 5m or 5h",
    "24": "24s, 24m or 24h",
    "25": "25s or 25m",
    "1440": "1440s or 1440m",
    "1441": "1441s",
    "86400": "86400s",
}
NO_DURATIONS = [
    *("", "0", "05", "86401", "s", "1.5s", "-1s", "+1s", "1 s", " 1s", "1s\n"),
    *("1S", "1d", "1m1h", "1s1s", "1e3s", "1_0s", "\uff11s", "9" * 5000),
]


@pytest.mark.parametrize(("text", "seconds"), SECONDS.items())
def test_a_duration_is_read_in_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)
    assert re.search(DURATION_PATTERN, text)


@pytest.mark.parametrize("text", NO_DURATIONS)
def test_anything_else_is_not_a_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r'^".*" is not a duration; write one such as 90s, 10m or 1h30m$') as caught:
        parse_duration(text)
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize(("text", "advice"), UNITS.items())
def test_a_number_is_offered_units(text: str, advice: str) -> None:
    with pytest.raises(ValueError, match=f'^"{text}" is not a duration; write {advice}$'):
        parse_duration(text)
    for offered in re.findall("[0-9]+[smh]", advice):
        assert 0 < parse_duration(offered) <= LONGEST


@pytest.mark.parametrize("text", ["0s", "0h0m0s0ms", "24h1ms", "25h", "99999999h"])
def test_durations_are_bounded(text: str) -> None:
    with pytest.raises(ValueError, match=rf'^"{text}" is out of bounds; write a duration of more than 0s'):
        parse_duration(text)
