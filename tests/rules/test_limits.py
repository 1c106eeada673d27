"""Where a check stops, and what aliases share: neither hides a problem."""

from __future__ import annotations

import pytest

import guard.rules.limits
from guard.core.errors import RulesError
from guard.rules.models import MOST_IN_A_CAMPAIGN, MOST_TAGS
from tests.rules.source import parsed, problems, what_of


@pytest.mark.parametrize("beyond", [0, 1])
def test_lists_have_a_longest_length(beyond: int) -> None:
    tags, keys = MOST_TAGS + beyond, [f"k{index}" for index in range(MOST_IN_A_CAMPAIGN + beyond)]
    segments = "".join(f"  {key}: {{name: {key}, channels: {{users: {{min: 1}}}}}}\n" for key in keys)
    segments += f"  t: {{name: T, channels: {{users: {{min: 1}}}}, tags: [{'a, ' * tags}]}}\n"
    told = problems(f"version: 1\nsegments:\n{segments}campaigns: {{c: {{segments: [{', '.join(keys)}]}}}}\n")
    assert (
        what_of(told)
        == [
            "segments.t.tags: has 1,001 entries; at most 1,000 are allowed here",
            "campaigns.c.segments: has 10,001 entries; at most 10,000 are allowed here",
        ][: 2 * beyond]
    )


def test_an_alias_is_checked_in_each_place() -> None:
    source = "version: 1\nsegments: {{a: {{name: A, channels: &a {{users: {{{}max: 5}}}}}}}}\n"
    source += "campaigns: {{c: {{segments: [a], totals: *a}}}}\n"
    assert problems(source.format("")) == []
    (told,) = problems(source.format("min: 1, "))
    assert ": campaigns.c.totals.users.min: people in several segments" in told


@pytest.mark.parametrize(("refused", "is_left"), [(9, False), (11, True)])
def test_a_check_cut_short_says_so(refused: int, is_left: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard.rules.limits, "MOST_REFUSED", 10)
    aliases = "".join(f"k{index}: *a, " for index in range(refused - 1))
    with pytest.raises(RulesError) as caught:
        parsed(f"version: 1\nsegments: {{a: &a {{name: 1, channels: {{users: {{min: 1}}}}}}, {aliases}z: 1}}\n")
    told = [problem.where for problem in caught.value.problems]
    assert told == (["segments.a.name"] if is_left else ["segments.a.name", "segments.z"])
    hint = "there may be more problems than these first 1; fix them and check again"
    assert caught.value.hint == (hint if is_left else None)
