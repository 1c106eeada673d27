"""What a run is asked for, its default time limit, and the effect of a bug."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

import httpx

from guard.blueshift import counting
from guard.blueshift.counting import Wanted, longest_run
from guard.core.model import Channel, Guard, Pacing, Refresh, Segment
from guard.core.results import Count, Reason
from guard.sandbox.scenario import Scenario, ScenarioSegment

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    Serve = Callable[..., Any]
    Want = Callable[..., Wanted]

UUID = "00000000-0000-4000-8000-000000000001"
PEOPLE = {Channel.EMAIL: 40, Channel.SMS: 30}
ONE = ScenarioSegment(uuid=UUID, name="One", counts=PEOPLE, fresh=PEOPLE)
BY_NAME = Wanted(key="by name", uuid=None, name="One", channels=(Channel.EMAIL, Channel.SMS))


def test_a_wanted_segment_is_made_from_its_rule() -> None:
    guards = (Guard(channel=Channel.EMAIL, bounds=(), line=3),)

    def rule(**values: Any) -> Segment:
        return Segment(key="vip", guards=guards, line=2, **values)

    channels = (Channel.USERS, Channel.EMAIL)
    assert Wanted.of(rule(uuid=UUID, bypass_global=True), channels) == Wanted(
        key="vip", uuid=UUID, name=None, bypass_global=True, channels=channels
    )
    assert Wanted.of(rule(name="VIP"), channels) == Wanted(key="vip", uuid=None, name="VIP", channels=channels)


def test_the_longest_run_allows_twice_the_slowest_segment_and_five_minutes(want: Want) -> None:
    wanted = [want(UUID, Channel.EMAIL, Channel.SMS), want(UUID, Channel.PUSH)]

    pacing, refresh = Pacing(requests_per_second=5), Refresh(timeout=600)

    assert longest_run(wanted, pacing, refresh) == 2 * (3 * 3 / 5 + 2 * 600) + 300
    assert longest_run([], pacing, refresh) == 300


def test_a_bug_in_a_look_up_makes_only_these_names_unknown(
    serve: Serve, want: Want, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="guard")

    async def fail(*_: object) -> None:
        raise ZeroDivisionError("a detail that may hold anything")

    monkeypatch.setattr(counting, "resolve", fail)

    found = serve(Scenario(segments=(ONE,))).count(BY_NAME, want(UUID))

    assert isinstance(found[UUID].channels[Channel.EMAIL], Count)
    for reading in found["by name"].channels.values():
        assert (reading.reason, reading.detail) == (
            Reason.INTERNAL,
            "audience-guard itself failed (ZeroDivisionError); see --debug",
        )
    (bug,) = [each for each in caplog.messages if each.startswith("bug ")]
    assert re.fullmatch(rf'bug error=ZeroDivisionError where="{__file__}:\d+ < \S+counting\.py:\d+"', bug)
    assert "a detail" not in caplog.text


def test_a_refused_key_is_reported_for_every_count(serve: Serve, want: Want) -> None:
    refused = httpx.Response(401, stream=httpx.ByteStream(b""))

    found = serve(Scenario(), lambda _request, _number: refused).count(BY_NAME, want(UUID))

    details = {each.detail for own in found.values() for each in own.channels.values()}
    assert details == {"Blueshift refused the API key (401 Unauthorized)"}


def test_at_the_deadline_each_variant_says_what_it_waited_for(serve: Serve, want: Want) -> None:
    stuck = ScenarioSegment(uuid=UUID, name="One", counts=PEOPLE, stuck=frozenset({Channel.EMAIL}))
    wanted = want(UUID, Channel.EMAIL, Channel.SMS, bypass_global=True)

    found = serve(Scenario(segments=(stuck,))).count(wanted, time_limit=10)[UUID].channels

    up = "the time for the whole run was up while waiting for"
    assert found[Channel.EMAIL].detail == f"{up} the refresh to end"
    assert found[Channel.SMS].detail == f"{up} this segment's email, which waits for the refresh to end"
