"""From a file to Rules: values, lines, order, errors and hints."""

from __future__ import annotations

import gc
import hashlib
import traceback
from fractions import Fraction

import pytest

from guard.core.errors import RulesError
from guard.core.model import Bound, BoundName, Campaign, Channel, Guard, Pacing, Refresh, Region, Severity, Total
from guard.rules import hints, load_rules, parse_rules
from tests.rules.source import HERE, SEGMENTS, guarded, parsed, problems

SOURCE = """\
version: 1
blueshift: {account: Acme EU, region: eu, requests_per_second: 0.5, concurrency: 3}
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
    owner: crm@example.com
    segments: [a, b]
    totals:
      sms: {max: 5}
"""


def test_every_value_has_its_line_and_order() -> None:
    rules = parse_rules(SOURCE.encode(), "some/rules.yaml")
    assert (rules.path, rules.sha256) == ("some/rules.yaml", hashlib.sha256(SOURCE.encode()).hexdigest())
    assert (rules.account, rules.region) == ("Acme EU", Region.EU)
    assert rules.pacing == Pacing(requests_per_second=0.5, concurrency=3)
    assert rules.refresh == Refresh(timeout=60.0, poll_interval=0.25, max_poll_interval=5.0)
    b, a = rules.segments
    assert (b.key, b.uuid, b.name) == ("b", "2dd093e6-8c6f-4e14-8a2c-744477e1fdef", None)
    assert (b.description, b.owner, b.tags) == ("what it is", "me@example.com", ("x", "2024"))
    assert (b.bypass_global, b.line) == (False, 5)
    assert (a.key, a.uuid, a.name, a.bypass_global, a.line) == ("a", None, "A", True, 20)
    push = (Bound(name=BoundName.MIN, limit=0, line=11), Bound(name=BoundName.MAX, limit=5, line=11))
    email = (
        Bound(name=BoundName.MIN, limit=5, line=19),
        Bound(name=BoundName.MAX, limit=10_000, line=18),
        Bound(name=BoundName.WARN_MIN, limit=7, line=17),
        Bound(name=BoundName.WARN_MAX, limit=9_000, line=17),
        Bound(name=BoundName.SHARE_MIN, limit=Fraction(1, 10), line=15),
        Bound(name=BoundName.SHARE_MAX, limit=Fraction(1, 8), line=14),
    )
    assert b.guards == (
        Guard(channel=Channel.PUSH, bounds=push, line=11),
        Guard(channel=Channel.EMAIL, severity=Severity.WARN, bounds=email, line=12),
    )
    ceiling = Total(channel=Channel.SMS, bounds=(Bound(name=BoundName.MAX, limit=5, line=29),), line=29)
    assert rules.campaigns == (
        Campaign(key="spring", segments=("a", "b"), owner="crm@example.com", totals=(ceiling,), line=25),
    )


def test_the_model_has_the_defaults() -> None:
    rules = parsed(SEGMENTS)
    assert (rules.account, rules.region, rules.pacing, rules.refresh) == (None, None, Pacing(), Refresh())
    assert (rules.campaigns, rules.segments[0].tags) == ((), ())


def test_a_campaign_need_not_have_an_owner() -> None:
    (campaign,) = parsed(f"{SEGMENTS}campaigns: {{spring: {{segments: [vip]}}}}\n").campaigns
    assert campaign.owner is None


def test_a_merged_bound_keeps_its_line() -> None:
    rules = load_rules(HERE / "good" / "anchors.yaml")
    sms = rules.segments[0].guards[1]
    assert (sms.line, [(bound.limit, bound.line) for bound in sms.bounds]) == (8, [(500, 8), (20_000, 7)])
    assert rules.segments[2].guards[0].channel is Channel.PUSH


def test_names_cannot_write_lines() -> None:
    told = problems('version: 1\nsegments: {}\n"x\\n::error::y": 1\nregion: "\\e[2J\\u202e"\n')
    assert len(told) == 3
    assert not [line for line in told if "\n" in line or "\x1b" in line or "\u202e" in line]


@pytest.mark.parametrize("source", ["version: 2\n", "version: [\n", "version: 1\nversion: 1\n"])
def test_a_traceback_shows_only_the_problems(source: str) -> None:
    with pytest.raises(RulesError) as caught:
        parsed(source)
    told = "".join(traceback.format_exception(caught.value))
    assert told.count("Traceback") == 1
    assert "rules.yaml:" in told
    assert "ValidationError" not in told


@pytest.mark.parametrize("source", [SEGMENTS, "x"], ids=["good", "bad"])
def test_the_garbage_collector_is_restored(source: str) -> None:
    was_on = gc.isenabled()
    try:
        for switch in (gc.enable, gc.disable):
            switch()
            before = gc.isenabled()
            problems(source)
            assert gc.isenabled() is before
    finally:
        (gc.enable if was_on else gc.disable)()


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
def test_an_open_side_gets_a_hint(guard: str, told: str) -> None:
    channel = guard.partition(":")[0]
    assert hints(parsed(guarded(f"{{{guard}}}"))) == ([f"rules.yaml:5: vip / {channel} has {told}"] if told else [])


def test_a_cut_remark_gets_a_hint() -> None:
    source = guarded("{users: {max: 9}}") + "    owner: crm #2  # the team\n    description: all  # or so\n"
    assert hints(parsed(source)) == [
        "rules.yaml:5: vip / users has no min: an empty audience would pass",
        (
            'rules.yaml:6: owner: this is read as "crm", and "#2" as a comment; '
            'write "crm #2" if it belongs to the text, or two spaces and "# " before it if it is a comment'
        ),
    ]


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        pytest.param(7, "blueshift:\n  account: Acme #1\n", id="account"),
        pytest.param(8, "campaigns:\n  spring:\n    owner: Acme #1\n    segments: [vip]\n", id="owner"),
    ],
)
def test_a_cut_name_gets_a_hint(line: int, rest: str, request: pytest.FixtureRequest) -> None:
    (hint,) = hints(parsed(guarded("{users: {min: 1, max: 9}}") + rest))
    key = request.node.callspec.id
    assert hint.startswith(f'rules.yaml:{line}: {key}: this is read as "Acme", and "#1" as a comment; write "Acme #1"')


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
def test_a_clear_text_is_taken_whole(written: str, name: str) -> None:
    source = guarded("{users: {min: 1}}").replace("name: VIP", f"name: {written}")
    assert parsed(source).segments[0].name == name


def test_a_comment_after_a_number_needs_one_space() -> None:
    channels = "\n      users:\n        min: 5 # a\n        max: 50_000 # b\n        severity: warn # c"
    settings = "blueshift: # e\n  region: us # f\nrefresh:\n  timeout: 5m # g\n"
    assert hints(parsed(f"{guarded(channels)}    bypass_global: true # d\n{settings}")) == []
