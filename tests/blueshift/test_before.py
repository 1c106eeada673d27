"""What Blueshift showed before it counted: shown in every report, never judged by."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from guard.core.model import Channel, Refresh
from guard.core.progress import Progress
from guard.core.results import Before, Count, Reason
from guard.sandbox.scenario import Answers, Scenario, ScenarioSegment
from tests.blueshift.in_process import Server, answers, named, reply, uuid_of, want

if TYPE_CHECKING:
    from guard.blueshift.counting import Blueshift

ONE, TWO = uuid_of(1), uuid_of(2)
USERS, EMAIL, SMS = Channel.USERS, Channel.EMAIL, Channel.SMS
OLD = {USERS: 50, EMAIL: 40, SMS: 30}
NEW = {USERS: 500, EMAIL: 400, SMS: 300}
AN_HOUR_AGO = datetime(2027, 1, 15, 7, 0, 0, 500_000, tzinfo=UTC)
STAMPED = {"approxusers_updated_at": "2027-01-15T07:00:00.5Z"}


def segment(uuid: str = ONE, **values: Any) -> ScenarioSegment:
    return ScenarioSegment(**{"uuid": uuid, "name": f"Segment {uuid[-1]}", "counts": OLD, "fresh": NEW} | values)


def server(*answered: dict[str, Any] | None, **values: Any) -> Server:
    """Return a server with one segment that gives these answers first."""
    return Server(Scenario(segments=(segment(**values),)), answers(*answered, None))


def was(count: int) -> Before:
    return Before(count=count, counted_at=AN_HOUR_AGO)


def test_the_first_look_is_kept() -> None:
    found = server().count(want(ONE))[ONE]

    assert found.before == {EMAIL: was(40)}
    assert found.channels[EMAIL].value == 400


def test_one_look_serves_all_channels() -> None:
    """A later look has the stamp of the channel that was counted meanwhile."""
    found = server().count(want(ONE, SMS, EMAIL, USERS))[ONE]

    assert found.before == {SMS: was(30), EMAIL: was(40), USERS: was(50)}
    assert [found.channels[each].value for each in (SMS, EMAIL, USERS)] == [300, 400, 500]


def test_unwanted_channels_are_left_out() -> None:
    assert server().count(want(ONE, SMS))[ONE].before == {SMS: was(30)}


def test_each_segment_has_its_own() -> None:
    two = segment(TWO, counts={EMAIL: 7})

    found = Server(Scenario(segments=(segment(), two))).count(want(ONE), want(TWO))

    assert [found[each].before for each in (ONE, TWO)] == [{EMAIL: was(40)}, {EMAIL: was(7)}]


def test_the_second_variant_has_none() -> None:
    """Our trigger for the first one has moved the stamp that both share."""
    found = server().count(want(ONE), want(ONE, key="all", bypass_global=True))

    assert found[ONE].before == {EMAIL: was(40)}
    assert found["all"].before == {}
    assert found["all"].channels[EMAIL].value == 400


def test_a_lost_trigger_came_first_too() -> None:
    """Blueshift may have carried it out."""
    played = server(answers=Answers(triggers=(503,) * 9))

    found = played.count(want(ONE), want(ONE, key="all", bypass_global=True))

    assert (found[ONE].before, found["all"].before) == ({EMAIL: was(40)}, {})
    assert found[ONE].channels[EMAIL].reason is Reason.SERVER_ERROR


def test_a_single_variant_has_one() -> None:
    assert server().count(want(ONE, bypass_global=True))[ONE].before == {EMAIL: was(40)}


def test_two_keys_share_it() -> None:
    found = server().count(want(ONE), want(ONE, EMAIL, SMS, key="again"))

    assert found["again"].before == {EMAIL: was(40), SMS: was(30)}


def test_a_later_run_has_its_own() -> None:
    async def twice(blueshift: Blueshift) -> Any:
        for _ in range(2):
            found = await blueshift.count([want(ONE)], refresh=Refresh(), time_limit=60, progress=Progress())
        return found[ONE]

    shown = server().run(twice).before[EMAIL]

    assert shown.count == 400
    assert shown.counted_at > AN_HOUR_AGO


@pytest.mark.parametrize(
    "look",
    [
        pytest.param(STAMPED | {"refresh_status": "refreshing"}, id="refreshing"),
        pytest.param({"approxusers_updated_at": None}, id="no-stamp"),
        *(
            pytest.param(STAMPED | {"email_users": each}, id=f"{each}-people")
            for each in ("40", -1, 1.5, None, True, 2**53, [40])
        ),
    ],
)
def test_what_is_no_count_is_not_shown(look: dict[str, Any]) -> None:
    """The count itself is proven as ever."""
    found = server(look).count(want(ONE))[ONE]

    assert found.before == {}
    assert found.channels[EMAIL].value == 400


def test_a_missing_number_is_not_shown() -> None:
    found = server(STAMPED).count(want(ONE, Channel.PUSH, EMAIL))[ONE]

    assert found.before == {EMAIL: was(40)}


def test_an_empty_audience_is_shown() -> None:
    assert server(STAMPED | {"email_users": 0}).count(want(ONE))[ONE].before == {EMAIL: was(0)}


def test_only_the_first_look_counts() -> None:
    """What follows may already be of somebody else's refresh, which was running at the first look."""
    running = STAMPED | {"refresh_status": "refreshing"}

    found = server(running, running).count(want(ONE, EMAIL, SMS), refresh=Refresh(timeout=0.5))[ONE]

    assert found.channels[EMAIL].reason is Reason.TIMEOUT
    assert found.before == {}


def test_a_name_has_one() -> None:
    found = server().count(named("Segment 1"), named("Segment 9"))

    assert found["Segment 1"].before == {EMAIL: was(40)}
    assert found["Segment 9"].before == {}


@pytest.mark.parametrize("limits", [{"time_limit": 10}, {"refresh": Refresh(timeout=5)}], ids=["run", "refresh"])
def test_an_unknown_has_one(limits: dict[str, Any]) -> None:
    """It is never taken for the count."""
    found = server(stuck=frozenset(OLD)).count(want(ONE, EMAIL, SMS), **limits)[ONE]

    assert found.before == {EMAIL: was(40), SMS: was(30)}
    assert not [each for each in found.channels.values() if isinstance(each, Count)]


def test_no_answer_is_none() -> None:
    played = Server(Scenario(segments=(segment(),)), lambda _request, _number: reply(b"", 422))

    assert played.count(want(ONE))[ONE].before == {}
