"""What a run is asked for, its default time limit, and the effect of a bug."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from guard.blueshift import counting
from guard.blueshift.counting import Wanted, longest_run
from guard.core.model import Channel, Guard, Pacing, Refresh, Segment
from guard.core.progress import Progress
from guard.core.results import Count, Reason
from guard.sandbox.scenario import Scenario, ScenarioSegment
from tests.blueshift.in_process import Server, named, reply, uuid_of, want

if TYPE_CHECKING:
    import pytest

    from guard.blueshift.counting import Blueshift

UUID = uuid_of(1)
PEOPLE = {Channel.EMAIL: 40, Channel.SMS: 30}
ONE = ScenarioSegment(uuid=UUID, name="One", counts=PEOPLE, fresh=PEOPLE)
BY_NAME = named("One", Channel.EMAIL, Channel.SMS)


def test_a_wanted_segment_is_made_from_its_rule() -> None:
    guards = (Guard(channel=Channel.EMAIL, bounds=(), line=3),)

    def rule(**values: Any) -> Segment:
        return Segment(key="vip", guards=guards, line=2, **values)

    channels = (Channel.USERS, Channel.EMAIL)
    assert Wanted.of(rule(uuid=UUID, bypass_global=True), channels) == Wanted(
        key="vip", uuid=UUID, name=None, bypass_global=True, channels=channels
    )
    assert Wanted.of(rule(name="VIP"), channels) == Wanted(key="vip", uuid=None, name="VIP", channels=channels)


def test_the_longest_run() -> None:
    wanted = [want(UUID, Channel.EMAIL, Channel.SMS), want(UUID, Channel.PUSH)]

    pacing, refresh = Pacing(requests_per_second=5), Refresh(timeout=600)

    assert longest_run(wanted, pacing, refresh) == 2 * (3 * 3 / 5 + 2 * 600) + 300
    assert longest_run([], pacing, refresh) == 300


def test_a_bug_affects_only_names(monkeypatch: pytest.MonkeyPatch, logged: pytest.LogCaptureFixture) -> None:
    async def fail(*_: object) -> None:
        raise ZeroDivisionError("a detail that may hold anything")

    monkeypatch.setattr(counting, "resolve", fail)

    found = Server(Scenario(segments=(ONE,))).count(BY_NAME, want(UUID))

    assert isinstance(found[UUID].channels[Channel.EMAIL], Count)
    for reading in found["One"].channels.values():
        assert (reading.reason, reading.detail) == (
            Reason.INTERNAL,
            "audience-guard itself failed (ZeroDivisionError); see --debug",
        )
    (bug,) = [each for each in logged.messages if each.startswith("bug ")]
    assert re.fullmatch(rf'bug error=ZeroDivisionError where="{__file__}:\d+ < \S+counting\.py:\d+"', bug)
    assert "a detail" not in logged.text


def test_a_refused_key_is_told_for_all() -> None:
    found = Server(Scenario(), lambda _request, _number: reply(b"", 401)).count(BY_NAME, want(UUID))

    details = {each.detail for own in found.values() for each in own.channels.values()}
    assert details == {"Blueshift refused the API key (401 Unauthorized)"}


def test_the_deadline_names_what_is_awaited() -> None:
    stuck = ScenarioSegment(uuid=UUID, name="One", counts=PEOPLE, stuck=frozenset({Channel.EMAIL}))
    wanted = want(UUID, Channel.EMAIL, Channel.SMS, bypass_global=True)

    found = Server(Scenario(segments=(stuck,))).count(wanted, time_limit=10)[UUID].channels

    counting, up = "Blueshift was still counting email", "when the time for the whole run was up"
    assert found[Channel.EMAIL].detail == f"{counting} {up}"
    assert found[Channel.SMS].detail == f"{counting}, and sms was to come after email {up}"


def test_the_other_variant_says_so() -> None:
    """It is of the same channel, so "email was to come after email" would say nothing."""
    stuck = ScenarioSegment(uuid=UUID, name="One", counts=PEOPLE, stuck=frozenset({Channel.EMAIL}))
    other = want(UUID, key="all", bypass_global=True)

    found = Server(Scenario(segments=(stuck,))).count(want(UUID), other, time_limit=10)["all"].channels

    assert found[Channel.EMAIL].detail == (
        "Blueshift was still counting email, and this count was to come after another of the same segment"
        " when the time for the whole run was up"
    )


def test_a_run_that_waits_for_another() -> None:
    """Its segment is being counted by a run that has more time."""
    stuck = ScenarioSegment(uuid=UUID, name="One", counts=PEOPLE, stuck=frozenset({Channel.EMAIL}))

    async def second(blueshift: Blueshift) -> Any:
        first = asyncio.create_task(
            blueshift.count([want(UUID)], refresh=Refresh(), time_limit=60, progress=Progress())
        )
        await asyncio.sleep(1)
        found = await blueshift.count([want(UUID)], refresh=Refresh(), time_limit=5, progress=Progress())
        await first
        return found[UUID].channels[Channel.EMAIL]

    assert Server(Scenario(segments=(stuck,))).run(second).detail == (
        "its turn had not come when the time for the whole run was up"
    )
