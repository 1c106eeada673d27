"""Files made to keep the guard busy: their cost is bounded, and a thousand problems are told.

Cost is counted, not timed: events read, values refused, problems made, words compared, and memory.
"""

from __future__ import annotations

import tracemalloc
from collections import Counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import guard.core.text
import guard.rules.document
import guard.rules.limits
import guard.rules.problems
import guard.rules.tree
import guard.rules.yaml
from guard.core.errors import RulesError
from guard.rules.tree import MOST_PROBLEMS
from guard.rules.yaml import MOST_NODES, MOST_REPEATED, MOST_TIMES
from tests.rules.source import parsed, problems

if TYPE_CHECKING:
    from pydantic import ValidationError

pytestmark = pytest.mark.no_cover
SHORT = "name: A, channels: {users: {min: 1}}"
ONE = f"segments: {{a: {{{SHORT}}}}}\n"
HEAD = f"version: 1\n{ONE}"
IN_A_SEGMENT = "version: 1\nsegments:\n  a:\n"
MANY = 5 * MOST_PROBLEMS
ALIASED = "{" + ", ".join(f"k{index}: 1" for index in range(1400)) + "}"

REFUSED_WHILE_READ = {
    "duplicate keys": HEAD + "x: 1\n" * MANY,
    "keys without values": HEAD + "".join(f"k{index}:\n" for index in range(MANY)),
    "items without values": HEAD + "x:\n" + "-\n" * MANY,
    "tags": HEAD + "x:\n" + "- !a\n" * MANY,
    "tags below a long key": HEAD + f"? {'k' * 100_000}\n:\n" + "- !a\n" * MANY,
    "aliases of nothing": HEAD + "x:\n" + "- *a\n" * MANY,
    "merges of no mapping": HEAD + "x: {" + ", ".join(["<<: 1"] * MANY) + "}\n",
    "keys without values in braces": HEAD + "x: {a: " + "1," * MANY + "}\n",
}
REFUSED_BY_THE_MODEL = {
    "unknown keys": HEAD + "".join(f"k{index}: 1\n" for index in range(MANY)),
    "unknown keys in a segment": IN_A_SEGMENT + "".join(f"    k{index}: 1\n" for index in range(MANY)),
    "segments that are none": "version: 1\nsegments:\n" + "".join(f"  k{index}: 1\n" for index in range(MANY)),
    "segments of a campaign that are no texts": HEAD + "campaigns: {c: {segments: [" + "5," * MANY + "]}}\n",
    "unknown segments": HEAD + "campaigns:\n  c:\n    segments:\n" + "".join(f"    - k{i}\n" for i in range(MANY)),
}
BOMBS = {
    "an alias in a list": HEAD + f"x: &a {ALIASED}\ny: [" + ", ".join(["*a"] * 700) + "]\n",
    "an alias in segments": f"version: 1\nsegments:\n  b: &a {ALIASED}\n"
    + "".join(f"  k{i}: *a\n" for i in range(700)),
    "a merge in segments": f"version: 1\nsegments:\n  b: &a {ALIASED}\n"
    + "".join(f"  k{i}: {{<<: *a}}\n" for i in range(700)),
    "a long text": HEAD + f"x: &a '{' ' * 100_000}'\ny: [" + ", ".join(["*a"] * 700) + "]\n",
}
GUARDS = ", ".join(f"{channel}: {{min: 1}}" for channel in ("users", "email", "sms", "push", "in_app"))


def within_braces(begin: str, unit: str, end: str, size: int = 100_000) -> str:
    """Return a source of about this size that repeats a unit, with another word in the place of ``#`` each time."""
    units = (unit.replace("#", f"k{index:x}") for index in range(size // len(unit)))
    return f"version: 1\n{begin}{''.join(units)}{end}\n"


LARGE = {
    "tags of two bytes": within_braces(f"segments: {{a: {{{SHORT}, tags: [", "1,", "]}}"),
    "tags that are lists": within_braces(f"segments: {{a: {{{SHORT}, tags: [", "[],", "]}}"),
    "tags that are texts": within_braces(f"segments: {{a: {{{SHORT}, tags: [", "a,", "]}}"),
    "segments of a campaign": within_braces(f"{ONE}campaigns: {{a: {{segments: [", "1,", "]}}"),
    "changes of two bytes": within_braces("segments: {a: {name: A, channels: {email: {change: [", "1,", "]}}}}"),
    "excluded days of two bytes": within_braces(f"{ONE}history: {{exclude: [", "1,", "]}"),
    "an unknown list": within_braces(f"{ONE}x: [", "1,", "]"),
    "unknown keys": within_braces(ONE, "#: 1\n", ""),
    "unknown keys of a guard": within_braces("segments: {a: {name: A, channels: {users: {min: 1, ", "#: 1,", "}}}}"),
    "segments that are none": within_braces("segments: {", "#: 1,", "}"),
    "keys that are none": within_braces("segments: {", "-#: 1,", "}"),
    "keys that are none, of good segments": within_braces(f"segments: {{a: &a {{{SHORT}}}, ", "-#: *a,", "}"),
    "guards that are none": within_braces("segments: {", "#: {name: #, channels: {users: 1, email: {a: 1}}},", "}"),
    "campaigns that are none": within_braces(f"{ONE}campaigns: {{", "#: 1,", "}"),
    "aliases of tags": within_braces(f"segments: {{a: {{{SHORT}, tags: &a [1,1,1]}}, ", "#: {tags: *a},", "}"),
    "aliases of a segment": within_braces(f"segments: {{a: &a {{name: A, channels: {{{GUARDS}}}}}, ", "#: *a,", "}"),
    "aliases of guards": within_braces(
        f"segments: {{a: {{name: A, channels: &a {{{GUARDS}}}}}, ", "#: {name: #, channels: *a},", "}"
    ),
    "aliases of guards that are none": within_braces(
        f"segments: {{a: {{name: A, channels: &a {{{GUARDS.replace('1', 'x')}}}}}, ", "#: {name: #, channels: *a},", "}"
    ),
}


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count what reading costs, from here on."""
    done: Counter[str] = Counter()

    def counted(module: Any, name: str, what: str) -> None:
        monkeypatch.setattr(module, name, counting(getattr(module, name), what))

    def counting(original: Any, what: str) -> Any:
        def counts(*args: Any, **options: Any) -> Any:
            done[what] += 1
            return original(*args, **options)

        return counts

    parser = guard.rules.yaml._parser
    monkeypatch.setattr(
        guard.rules.yaml,
        "_parser",
        lambda source: SimpleNamespace(get_event=counting(parser(source).get_event, "events")),
    )
    for module in (guard.rules.problems, guard.core.text):
        counted(module, "nearest", "comparisons")

    def translated(error: ValidationError, *args: Any) -> Any:
        done["refused"] += error.error_count()
        return guard.rules.problems.translated(error, *args)

    monkeypatch.setattr(guard.rules.document, "translated", translated)
    for module in (guard.rules.problems, guard.rules.yaml):
        counted(module, "problem_at", "problems")
    return done


def refusal(source: str) -> RulesError:
    with pytest.raises(RulesError) as caught:
        parsed(source)
    return caught.value


def named(sources: dict[str, str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("source", [pytest.param(each, id=name) for name, each in sources.items()])


@named(REFUSED_WHILE_READ)
def test_reading_stops_after_enough_problems(source: str, work: Counter[str]) -> None:
    error = refusal(source)
    assert len(error.problems) == MOST_PROBLEMS
    assert work["events"] < 3 * MOST_PROBLEMS
    assert work["problems"] == MOST_PROBLEMS + 1


@named(REFUSED_BY_THE_MODEL)
def test_only_reported_problems_are_worded(source: str, work: Counter[str]) -> None:
    assert len(refusal(source).problems) == MOST_PROBLEMS
    assert work["problems"] <= MOST_PROBLEMS + 1
    assert work["comparisons"] <= 2 * MOST_PROBLEMS


@named(REFUSED_WHILE_READ | REFUSED_BY_THE_MODEL)
def test_a_cut_list_of_problems_says_so(source: str) -> None:
    error = refusal(source)
    assert error.hint == "there are more problems than these first 1,000; fix them and check again"
    assert error.lines()[0].startswith("rules.yaml:")


@pytest.mark.parametrize(
    "wrong", ["k{}: 1\n", "k{}:\n", "{}: !x 1\n"], ids=["by the model", "without values", "while read"]
)
def test_a_thousand_problems_are_all_told(wrong: str) -> None:
    error = refusal(HEAD + "".join(wrong.format(index) for index in range(MOST_PROBLEMS)))
    assert len({problem.line for problem in error.problems}) == MOST_PROBLEMS
    assert (error.hint is None) == ("!x" not in wrong)


@named(BOMBS)
def test_an_alias_bomb_is_not_read(source: str, work: Counter[str]) -> None:
    (problem,) = refusal(source).problems
    assert problem.what == "the aliases up to here make the file more than 30 times as large: use fewer"
    assert work["problems"] == 1


@named(LARGE)
def test_few_more_are_refused_than_told(source: str, work: Counter[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard.rules.limits, "MOST_REFUSED", MOST_PROBLEMS)
    problems(source)
    assert work["refused"] <= 2 * MOST_PROBLEMS


@named(REFUSED_WHILE_READ | REFUSED_BY_THE_MODEL | BOMBS | LARGE)
def test_memory_is_a_multiple_of_the_size(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard.rules.limits, "MOST_REFUSED", MOST_PROBLEMS)
    problems(source)  # loads what is loaded only once
    tracemalloc.start()
    try:
        problems(source)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100 * len(source) + 10_000_000


def test_many_full_segments_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred segments with a hundredth of the limit stand for ten thousand."""
    monkeypatch.setattr(guard.rules.yaml, "MOST_NODES", MOST_NODES // 100)
    limits = "min: 1, max: 9, severity: warn, warn: {min: 2, max: 8}"
    shared = [
        f"{channel}: {{{limits}, share: {{min: 1%, max: 99%}}}}" for channel in ("email", "sms", "push", "in_app")
    ]
    segments = "".join(
        f"  k{index}: {{name: N{index}, description: D, owner: O, tags: [a, b, c], bypass_global: false,"
        f" channels: {{users: {{{limits}}}, {', '.join(shared)}}}}}\n"
        for index in range(100)
    )
    assert len(parsed(f"version: 1\nsegments:\n{segments}").segments) == 100


def test_many_segments_can_share_their_guards() -> None:
    guards = "{min: 1, max: 9, warn: {min: 2, max: 8}, share: {min: 1%, max: 99%}, severity: warn}"
    template = f"&all {{users: {{min: 1}}, email: {guards}, sms: {guards}, push: {guards}, in_app: {guards}}}"
    segments = "".join(f"  k{index}: {{name: N{index}, channels: *all}}\n" for index in range(1000))
    rules = parsed(f"version: 1\nsegments:\n  a: {{name: A, channels: {template}}}\n{segments}")
    assert len(rules.segments) == 1001


@pytest.mark.parametrize(("aliases", "is_refused"), [(MOST_REPEATED, False), (MOST_REPEATED + 1, True)])
def test_repeats_are_counted_exactly(aliases: int, is_refused: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard.rules.yaml, "MOST_TIMES", 0)
    told = problems("x: &x 1\ny: [" + ", ".join(["*x"] * aliases) + "]\n")
    assert any("make the file more than" in line for line in told) == is_refused


@pytest.mark.parametrize(("repeated", "is_refused"), [(MOST_TIMES, False), (MOST_TIMES + 1, True)])
def test_repeats_are_compared_with_the_source(repeated: int, is_refused: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file's mapping, its two keys, the item and the two lists are six values, and the alias repeats two."""
    monkeypatch.setattr(guard.rules.yaml, "MOST_REPEATED", 0)
    told = problems("x: &x [1]\ny: [" + ", ".join(["*x"] * (3 * repeated)) + "]\n")
    assert any("make the file more than" in line for line in told) == is_refused


@pytest.mark.parametrize("source", ["version: [", "", "version: 1\nsegments: 5\n"])
def test_a_full_list_of_problems_has_no_hint(source: str) -> None:
    assert refusal(source).hint is None
