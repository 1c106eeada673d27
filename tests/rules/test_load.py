"""From a file to Rules: values, lines, order; what disagrees; and hints."""

from __future__ import annotations

import gc
import hashlib
import traceback
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guard.core.errors import RulesError
from guard.core.model import (
    LARGEST_COUNT,
    Bound,
    BoundName,
    Campaign,
    Channel,
    Guard,
    Pacing,
    Refresh,
    Region,
    Severity,
    Total,
)
from guard.rules import hints, load_rules, parse_rules

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent

SOURCE = """\
version: 1
blueshift: {region: eu, requests_per_second: 0.5, concurrency: 3}
refresh: {timeout: 1m, poll_interval: 250ms, max_poll_interval: 5s}
segments:
  b:
    uuid: 2DD093E6-8c6f-4e14-8a2c-744477e1fdef
    description: what it is
    owner: me@example.com
    tags: [x, "2024"]
    channels:
      push: {max: 5, min: 0}
      email:
        share:
          max: 12.5%
          min: 0.1
        severity: warn
        warn: {max: 9_000, min: 7}
        max: 10_000
        min: 5
  a:
    name: A
    bypass_global: true
    channels: {users: {min: 1}}
campaigns:
  spring:
    segments: [a, b]
    totals:
      sms: {max: 5}
"""


def test_a_word_behind_a_choice_is_a_comment(problems: Callable[[str | bytes], list[str]]) -> None:
    source = "version: 1\nblueshift: {region: eu #us\n  }\nsegments: {a: {name: A, channels: {email: {min: 1}}}}\n"
    assert problems(source) == []
    assert problems(source.replace("eu #", "ue #")) == [
        'rules.yaml:2:21: blueshift.region: "ue" is not allowed here; write us or eu'
    ]


def test_every_value_has_its_line_and_order() -> None:
    rules = parse_rules(SOURCE.encode(), "some/rules.yaml")
    assert (rules.path, rules.sha256) == ("some/rules.yaml", hashlib.sha256(SOURCE.encode()).hexdigest())
    assert rules.region is Region.EU
    assert rules.pacing == Pacing(requests_per_second=0.5, concurrency=3)
    assert rules.refresh == Refresh(timeout=60.0, poll_interval=0.25, max_poll_interval=5.0)
    b, a = rules.segments
    assert (b.key, b.uuid, b.name, b.bypass_global, b.line) == (
        "b",
        "2dd093e6-8c6f-4e14-8a2c-744477e1fdef",
        None,
        False,
        5,
    )
    assert (b.description, b.owner, b.tags) == ("what it is", "me@example.com", ("x", "2024"))
    assert (a.key, a.uuid, a.name, a.bypass_global, a.line) == ("a", None, "A", True, 20)
    assert b.guards == (
        Guard(
            channel=Channel.PUSH,
            bounds=(
                Bound(name=BoundName.MIN, limit=0, line=11),
                Bound(name=BoundName.MAX, limit=5, line=11),
            ),
            line=11,
        ),
        Guard(
            channel=Channel.EMAIL,
            severity=Severity.WARN,
            bounds=(
                Bound(name=BoundName.MIN, limit=5, line=19),
                Bound(name=BoundName.MAX, limit=10_000, line=18),
                Bound(name=BoundName.WARN_MIN, limit=7, line=17),
                Bound(name=BoundName.WARN_MAX, limit=9_000, line=17),
                Bound(name=BoundName.SHARE_MIN, limit=Fraction(1, 10), line=15),
                Bound(name=BoundName.SHARE_MAX, limit=Fraction(1, 8), line=14),
            ),
            line=12,
        ),
    )
    ceiling = Total(channel=Channel.SMS, bounds=(Bound(name=BoundName.MAX, limit=5, line=28),), line=28)
    assert rules.campaigns == (Campaign(key="spring", segments=("a", "b"), totals=(ceiling,), line=25),)


@pytest.mark.parametrize("key", ["channels", "uuid", "share", "segments"])
def test_a_segment_can_have_a_name_that_is_a_key_elsewhere(problems: Callable[[str], list[str]], key: str) -> None:
    told = problems(f"version: 1\nsegments: {{{key}: 5, b: {{name: B, channels: {{users: {{mim: 1}}}}}}}}\n")
    assert [line.split(": ", 1)[1] for line in told] == [
        f"segments.{key}: 5 is here, but keys and values belong here",
        'segments.b.channels.users.mim: unknown key; did you mean "min"?',
    ]


@pytest.mark.parametrize("written", ["50.000", "+50.000", "-50.000", "1.500.000", "'50.000'", "999.999"])
def test_dotted_digits_keep_their_last_three(
    guarded: Callable[[str], str], problems: Callable[[str], list[str]], written: str
) -> None:
    (told,) = problems(guarded(f"{{users: {{max: {written}}}}}"))
    whole = written.strip("'+").replace(".", "")
    assert told.endswith(f" is read differently by different tools; write {whole} if the dot separates thousands")


def test_the_segments_that_are_told_to_write_are_right(problems: Callable[[str], list[str]]) -> None:
    (told,) = problems("version: 1\nsegments: []\n")
    assert problems("version: 1\n" + told.partition("; write for example ")[2]) == []


def test_what_is_left_out_is_what_the_model_has_by_default() -> None:
    rules = parse_rules(b"version: 1\nsegments: {a: {name: A, channels: {users: {min: 1}}}}\n", "rules.yaml")
    assert (rules.region, rules.pacing, rules.refresh, rules.campaigns) == (None, Pacing(), Refresh(), ())
    assert rules.segments[0].tags == ()


def test_a_merged_guard_has_the_lines_it_was_written_on() -> None:
    rules = load_rules(HERE / "good" / "anchors.yaml")
    sms = rules.segments[0].guards[1]
    assert (sms.line, [(bound.limit, bound.line) for bound in sms.bounds]) == (8, [(500, 8), (20_000, 7)])
    assert rules.segments[2].guards[0].channel is Channel.PUSH


@pytest.mark.parametrize(
    ("written", "limit"), [("0", 0), ("50000", 50_000), ("50_000", 50_000), (str(LARGEST_COUNT), LARGEST_COUNT)]
)
def test_a_bound_is_plain_digits_grouped_or_not(guarded: Callable[[str], str], written: str, limit: int) -> None:
    rules = parse_rules(guarded(f"{{email: {{max: {written}}}}}").encode(), "rules.yaml")
    assert [bound.limit for bound in rules.segments[0].guards[0].bounds] == [limit]


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
def test_a_share_is_exact(guarded: Callable[[str], str], written: str, share: str) -> None:
    rules = parse_rules(guarded(f"{{email: {{share: {{min: {written}}}}}}}").encode(), "rules.yaml")
    assert [bound.limit for bound in rules.segments[0].guards[0].bounds] == [Fraction(share)]


@pytest.mark.parametrize(
    ("channels", "what"),
    [
        ("{email: {min: 2, max: 1}}", "email.min: 2 is above max, which is 1 (line 5)"),
        ("{email: {min: 2, warn: {min: 1}}}", "email.warn.min: 1 is below min, which is 2 (line 5)"),
        ("{email: {max: 2, warn: {max: 3}}}", "email.warn.max: 3 is above max, which is 2 (line 5)"),
        ("{email: {max: 2, warn: {min: 3}}}", "email.warn.min: 3 is above max, which is 2 (line 5)"),
        ("{email: {min: 2, warn: {max: 1}}}", "email.warn.max: 1 is below min, which is 2 (line 5)"),
        ("{email: {warn: {min: 2, max: 1}}}", "email.warn.min: 2 is above warn.max, which is 1 (line 5)"),
        ("{email: {share: {min: 2%, max: 0.01}}}", "email.share.min: 2% is above share.max, which is 0.01 (line 5)"),
    ],
)
def test_bounds_that_disagree_are_told_once(
    guarded: Callable[[str], str], problems: Callable[[str], list[str]], channels: str, what: str
) -> None:
    (told,) = problems(guarded(channels))
    assert told.endswith(f": segments.vip.channels.{what}")


@pytest.mark.parametrize(
    "channels",
    [
        "{email: {min: 2, max: 2, warn: {min: 2, max: 2}, share: {min: 2%, max: 0.02}}}",
        "{email: {min: 2, warn: {min: 2}}}",
        "{email: {max: 2, warn: {max: 2}}}",
    ],
)
def test_bounds_that_meet_agree(
    guarded: Callable[[str], str], problems: Callable[[str], list[str]], channels: str
) -> None:
    assert problems(guarded(channels)) == []


def test_cross_checks_show_beside_bad_values(problems: Callable[[str], list[str]]) -> None:
    told = problems(
        "version: 9\nsegments:\n  a: {name: 5, channels: {email: {min: 2, max: 1}}}\n  b: 5\n"
        "campaigns: {c: {segments: [a, b, x]}}\nrefresh: {poll_interval: 1m}\n"
    )
    assert [line.split(":")[1] for line in told] == ["1", "3", "3", "4", "5", "6"]


@pytest.mark.parametrize("left_out", ["owner: ~", "owner:", "uuid: null", "tags: [x, ]\n    description:"])
def test_a_null_is_refused_for_optional_keys(
    guarded: Callable[[str], str], problems: Callable[[str], list[str]], left_out: str
) -> None:
    told = problems(guarded("{users: {min: 1}}") + f"    {left_out}\n")
    assert any("has no value: give it one, or leave it out" in line for line in told)


def test_one_uuid_counted_in_two_ways_is_two_segments(problems: Callable[[str], list[str]]) -> None:
    uuid = "2dd093e6-8c6f-4e14-8a2c-744477e1fdef"
    segment = f"uuid: {uuid}, channels: {{users: {{min: 1}}}}"
    source = f"version: 1\nsegments:\n  a: {{{segment}}}\n  b: {{{segment}, bypass_global: true}}\n"
    assert problems(source) == []
    assert len(problems(source.replace("bypass_global: true", "bypass_global: false"))) == 1


def test_the_nearest_of_many_segments_is_suggested(problems: Callable[[str], list[str]]) -> None:
    segments = "".join(f"  group-{index}: {{name: N{index}, channels: {{sms: {{min: 1}}}}}}\n" for index in range(500))
    (told,) = problems(f"version: 1\nsegments:\n{segments}campaigns: {{c: {{segments: [gruop-77]}}}}\n")
    assert told.endswith('there is no segment "gruop-77"; did you mean "group-77"?')


def test_an_unknown_key_after_a_comma_may_be_text(
    problems: Callable[[str], list[str]],
) -> None:
    segments = "segments: {a: {name: A, channels: {users: {min: 1}}}}\n"
    for unknown, ending in (
        ("\n  rgn:", ""),
        (" {rgn}", "; if it belongs to the text before it, put that text in quotes"),
    ):
        (told,) = problems(f"version: 1\n{segments}blueshift:{unknown}\n")
        assert told.endswith(f': blueshift.rgn: unknown key; did you mean "region"?{ending}')


def test_odd_white_space_is_reported(problems: Callable[[str], list[str]]) -> None:
    (told,) = problems("version: 1\nsegments: {a: {name: A, channels: {users: {min: 1}}}}\n\u00a0x: 1\n")
    assert told.endswith("begins with white space that does not count as indentation; indent with plain spaces")


def test_names_cannot_write_lines(problems: Callable[[str], list[str]]) -> None:
    told = problems('version: 1\nsegments: {}\n"x\\n::error::y": 1\nregion: "\\e[2J\\u202e"\n')
    assert len(told) == 3
    assert not [line for line in told if "\n" in line or "\x1b" in line or "\u202e" in line]


def test_our_classes_and_pydantic_do_not_show(problems: Callable[[str], list[str]]) -> None:
    for path in (HERE / "bad").glob("*.yaml"):
        told = "\n".join(problems(path.read_bytes().decode("latin-1")) + problems("x: 1\n" + path.stem))
        for word in (
            "pydantic",
            "Input should",
            "Guard(",
            "RulesFile",
            "UsersGuard",
            "ChannelGuard",
            "Closed",
            "dict_type",
        ):
            assert word not in told


@pytest.mark.parametrize("source", ["version: 2\n", "version: [\n", "version: 1\nversion: 1\n"])
def test_a_traceback_shows_only_the_problems(source: str) -> None:
    with pytest.raises(RulesError) as caught:
        parse_rules(source.encode(), "rules.yaml")
    told = "".join(traceback.format_exception(caught.value))
    assert told.count("Traceback") == 1
    assert "rules.yaml:" in told
    assert "ValidationError" not in told


@pytest.mark.parametrize("source", [b"version: 1\nsegments: {a: {name: A, channels: {users: {min: 1}}}}\n", b"x"])
def test_the_garbage_collector_is_left_as_it_was(source: bytes, problems: Callable[[str | bytes], list[str]]) -> None:
    was_on = gc.isenabled()
    try:
        for switch in (gc.enable, gc.disable):
            switch()
            before = gc.isenabled()
            problems(source)
            assert gc.isenabled() is before
    finally:
        (gc.enable if was_on else gc.disable)()


def test_grouped_digits_are_text_in_a_text_field(guarded: Callable[[str], str]) -> None:
    source = guarded("{users: {min: 1}}") + "    description: 50_000\n"
    (segment,) = parse_rules(source.encode(), "rules.yaml").segments
    assert segment.description == "50_000"
    assert type(segment.description) is str


# Hints


@pytest.mark.parametrize(
    ("guard", "told"),
    [
        ("email: {min: 5, max: 9}", ""),
        ("email: {share: {min: 1%}, max: 9}", ""),
        ("email: {min: 5, max: 9, severity: warn}", ""),
        ("email: {max: 9}", "no min: an empty audience would pass"),
        ("email: {min: 0, max: 9}", "min: 0: an empty audience would pass"),
        ("email: {max: 9, warn: {min: 5}}", "no min: an empty audience would only warn"),
        ("email: {max: 9, warn: {min: 0}}", "no min: an empty audience would pass"),
        ("email: {max: 9, share: {min: 0%}}", "no min: an empty audience would pass"),
        ("email: {min: 5}", "no max: an audience of any size would pass"),
        ("email: {min: 5, share: {max: 9%}}", "no max: an audience of any size would pass"),
        ("email: {min: 5, warn: {max: 9}}", "no max: an audience of any size would only warn"),
        ("email: {share: {min: 1%, max: 9%}}", "no max: an audience of any size would pass"),
        (
            "users: {warn: {min: 1, max: 9}}",
            "no min and no max: an empty audience would only warn, and an audience of any size would only warn",
        ),
    ],
)
def test_an_open_side_gets_a_hint(guarded: Callable[[str], str], guard: str, told: str) -> None:
    channel = guard.partition(":")[0]
    found = hints(parse_rules(guarded(f"{{{guard}}}").encode(), "rules.yaml"))
    assert found == ([f"rules.yaml:5: vip / {channel} has {told}"] if told else [])


def test_a_cut_remark_gets_a_hint(guarded: Callable[[str], str]) -> None:
    source = guarded("{users: {max: 9}}") + "    owner: crm #2  # the team\n    description: all  # or so\n"
    told = hints(parse_rules(source.encode(), "rules.yaml"))
    assert told == [
        "rules.yaml:5: vip / users has no min: an empty audience would pass",
        (
            'rules.yaml:6: owner: this is read as "crm", and "#2" as a comment; '
            'write "crm #2" if it belongs to the text, or two spaces and "# " before it if it is a comment'
        ),
    ]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        pytest.param("VIP  # a comment", "VIP", id="two-spaces"),
        pytest.param("VIP\t# a comment", "VIP", id="a-tab"),
        pytest.param("VIP\n # a comment", "VIP", id="a-line-of-its-own"),
        pytest.param("VIP#3", "VIP#3", id="no-space"),
        pytest.param("'VIP #3' # a comment", "VIP #3", id="quotes"),
        pytest.param(">-\n      VIP #3", "VIP #3", id="a-block"),
    ],
)
def test_a_text_that_is_not_cut_short_is_what_it_says(guarded: Callable[[str], str], written: str, name: str) -> None:
    source = guarded("{users: {min: 1}}").replace("name: VIP", f"name: {written}")
    (segment,) = parse_rules(source.encode(), "rules.yaml").segments
    assert segment.name == name


def test_a_comment_after_a_number_needs_one_space(
    guarded: Callable[[str], str], problems: Callable[[str], list[str]]
) -> None:
    channels = "\n      users:\n        min: 5 # a\n        max: 50_000 # b\n        severity: warn # c"
    settings = "blueshift: # e\n  region: us # f\nrefresh:\n  timeout: 5m # g\n"
    source = f"{guarded(channels)}    bypass_global: true # d\n{settings}"
    assert problems(source) == []
    assert hints(parse_rules(source.encode(), "rules.yaml")) == []
