from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guard.core.errors import RulesError, UsageError
from guard.core.model import Channel
from guard.sandbox.faults import Fault
from guard.sandbox.scenario import (
    Answers,
    ClockJump,
    RateLimit,
    Scenario,
    StampAfter,
    Stamps,
    load_scenario,
    parse_scenario,
)
from guard.sandbox.scripted_answers import AGAIN, WELL, ScriptedAnswer
from tests.sandbox.builders import UUID, account, segment

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = f"""\
key: a-key-for-tests
rate_limit:
  requests_per_second: 2.5
  retry_after: 1s
latency: 20ms
stamps: seconds
clock_skew: 1h30m
clock_jump: {{after: 5s, by: -1h}}
segments:
  - uuid: {UUID}
    name: Newsletter
    archived: true
    counted: 20h
    counts: {{users: 62_000, email: 41800}}
    fresh: {{users: 0}}
    outside_global_inclusion: {{in_app: 5}}
    refresh: 500ms
    lag: 250ms
    stuck: [push, sms]
    stamp: stays
    answers:
      any: [503, well, again]
      reads: [429, drip, {{status: 429, retry_after: soon}}, {{status: 302, location: /}}, {{status: 503, fault: echo}}]
      triggers: [{{says: {{email_users: "null", approxusers: absent}}}}]
"""


def parsed(text: str) -> Scenario:
    return parse_scenario(text.encode(), "scenario.yaml")


def problems_of(text: str) -> list[str]:
    with pytest.raises(RulesError) as raised:
        parsed(text)
    return raised.value.lines()


def segment_with(line: str) -> str:
    return f"segments:\n  - uuid: {UUID}\n    name: Newsletter\n    {line}\n"


def test_every_key_is_read() -> None:
    assert parsed(WHOLE) == Scenario(
        key="a-key-for-tests",
        rate_limit=RateLimit(requests_per_second=2.5, retry_after=1.0),
        latency=0.02,
        stamps=Stamps.SECONDS,
        clock_skew=5400.0,
        clock_jump=ClockJump(after=5.0, by=-3600.0),
        segments=(
            segment(
                archived=True,
                counted=72_000.0,
                counts={Channel.USERS: 62_000, Channel.EMAIL: 41_800},
                fresh={Channel.USERS: 0},
                outside_global_inclusion={Channel.IN_APP: 5},
                refresh=0.5,
                lag=0.25,
                stuck=frozenset({Channel.PUSH, Channel.SMS}),
                stamp=StampAfter.STAYS,
                answers=Answers(
                    any=(ScriptedAnswer(status=503), WELL, AGAIN),
                    reads=(
                        ScriptedAnswer(status=429),
                        ScriptedAnswer(fault=Fault.DRIP),
                        ScriptedAnswer(status=429, retry_after="soon"),
                        ScriptedAnswer(status=302, location="/"),
                        ScriptedAnswer(status=503, fault=Fault.ECHO),
                    ),
                    triggers=(ScriptedAnswer(says={"email_users": "null", "approxusers": "absent"}),),
                ),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("text", "scenario"),
    [
        pytest.param(segment_with(""), account(), id="defaults"),
        pytest.param(segment_with("stuck: all"), account(stuck=frozenset(Channel)), id="stuck-on-all-channels"),
        pytest.param(segment_with("counted: never"), account(counted=None), id="never-counted"),
        pytest.param("clock_skew: -90s\nsegments: []", Scenario(clock_skew=-90.0), id="a-clock-behind"),
    ],
)
def test_a_short_file_is_read(text: str, scenario: Scenario) -> None:
    assert parsed(text) == scenario


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("segments: []\nkye: x", '2:1: kye: unknown key; did you mean "key"'),
        ("segments: []\nstamps: minutes", '2:9: stamps: "minutes" is not allowed here'),
        ("segments: []\nclock_skew: -1", "2:13: clock_skew: -1 is not a duration"),
        ("segments: []\nlatency: soon", '2:10: latency: "soon" is not a duration'),
        ("segments: []\nrate_limit: {requests_per_second: 0}", "2:35: rate_limit.requests_per_second: 0 is out of"),
        ("latency: 1s", '1:1: the key "segments" is missing'),
        (f"segments: [{{uuid: {UUID}}}]", '1:12: segments[1]: the key "name" is missing'),
        (segment_with("counts: {emial: 5}"), "4:14: segments[1].counts.emial:"),
        (segment_with("fresh: {email: -5}"), "4:20: segments[1].fresh.email: -5 is negative"),
        (segment_with("stuck: [fax]"), "4:13: segments[1].stuck[1]:"),
        (segment_with("stuck: 5"), "4:12: segments[1].stuck: 5 is not a list"),
        (segment_with("answers: {any: [200]}"), "4:21: segments[1].answers.any[1]: 200 is not a status to give"),
        (segment_with("answers: {any: [503, dripp]}"), '4:26: segments[1].answers.any[2]: "dripp" is not allowed here'),
        (segment_with("answers: {any: [true]}"), "4:21: segments[1].answers.any[1]: true is not a whole number"),
        (
            segment_with("answers: {any: [again]}"),
            "4:20: segments[1].answers.any: write again only at the end of a list",
        ),
        (segment_with("answers: {any: [again, 503]}"), "4:20: segments[1].answers.any: write again only at the end"),
        (segment_with("answers: {reads: [{statsu: 503}]}"), "4:24: segments[1].answers.reads[1].statsu: unknown key"),
        (segment_with("answers: {reads: [{says: {email: x}}]}"), "4:31: segments[1].answers.reads[1].says.email:"),
        (segment_with("stamp: gone"), '4:12: segments[1].stamp: "gone" is not allowed here'),
        (segment_with("answers: {trigger: [503]}"), "4:15: segments[1].answers.trigger: unknown key; did you mean"),
        (segment_with("refresh: 0s"), '4:14: segments[1].refresh: "0s" is out of bounds'),
        (
            segment_with("counted: never\n    counts: {email: 5}"),
            "5:5: segments[1].counts: a segment that was never counted has no counts",
        ),
    ],
)
def test_a_problem_has_its_place(text: str, place: str) -> None:
    (line,) = problems_of(text)
    assert line.startswith(f"scenario.yaml:{place}")


def test_a_uuid_belongs_to_one_segment() -> None:
    text = f"segments:\n  - {{uuid: {UUID}, name: One}}\n  - {{uuid: {UUID.upper()}, name: Two}}\n"
    assert problems_of(text) == ["scenario.yaml:3:6: segments[2].uuid: another segment has this uuid, in line 2"]


def test_all_problems_are_reported() -> None:
    lines = problems_of(f"stamps: x\nsegments:\n  - {{uuid: {UUID}, name: 5}}\n  - 7\n  - {{uuid: {UUID}}}\n")
    assert [line.split(": ")[:2] for line in lines] == [
        ["scenario.yaml:1:9", "stamps"],
        ["scenario.yaml:3:56", "segments[1].name"],
        ["scenario.yaml:4:5", "segments[2]"],
        ["scenario.yaml:5:5", "segments[3]"],
        ["scenario.yaml:5:6", "segments[3].uuid"],
    ]


def test_a_scenario_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(WHOLE, encoding="utf-8")
    assert load_scenario(path) == parsed(WHOLE)


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such file"):
        load_scenario(tmp_path / "scenario.yaml")
