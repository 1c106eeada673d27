from __future__ import annotations

import re

import pytest

from guard.rules.duration import LONGEST, parse_duration
from guard.rules.fields import DURATION_PATTERN


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1ms", 0.001),
        ("250ms", 0.25),
        ("1s", 1.0),
        ("90s", 90.0),
        ("10m", 600.0),
        ("1h30m", 5400.0),
        ("1h2m3s4ms", 3723.004),
        ("2h5s", 7205.0),
        ("24h", LONGEST),
        ("0h1s", 1.0),
    ],
)
def test_a_duration_is_read_in_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)
    assert re.search(DURATION_PATTERN, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "s",
        "1.5s",
        "-1s",
        "+1s",
        "1 s",
        " 1s",
        "1s\n",
        "1S",
        "1d",
        "1m1h",
        "1s1s",
        "1e3s",
        "1_0s",
        "\uff11s",
        "9" * 5000,
    ],
)
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"^write a duration such as 90s, 10m or 1h30m$"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["0s", "0h0m0s0ms", "24h1ms", "25h", "99999999h"])
def test_a_duration_of_nothing_or_of_more_than_a_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^write a duration of more than 0s and at most 24h$"):
        parse_duration(text)
