"""Waiting for a refresh: when the polls come, when they end, and what a timeout says."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from guard.blueshift.account import Account, ApiKey
from guard.blueshift.answers import Answer
from guard.blueshift.api import Target
from guard.blueshift.counting import connect
from guard.blueshift.errors import UnavailableError
from guard.blueshift.freshness import Prover, _counted
from guard.blueshift.pending_refreshes import PendingRefreshes
from guard.core.model import Channel, Pacing, Refresh, Region
from guard.core.progress import Progress
from guard.core.results import Count, Reason, Unavailable
from guard.sandbox.scenario import Scenario, ScenarioSegment, Stamps
from tests.blueshift.in_process import LAUNCH_DAY, Server, answer, refuse, uuid_of, want

ONE = uuid_of(1)
EMAIL, SMS = Channel.EMAIL, Channel.SMS
PEOPLE = {EMAIL: 400, SMS: 300}


def segment(number: int = 1, **values: Any) -> ScenarioSegment:
    return ScenarioSegment(
        **{"uuid": uuid_of(number), "name": uuid_of(number), "counts": PEOPLE, "fresh": PEOPLE} | values
    )


def scenario(latency: float = 0.0, **values: Any) -> Scenario:
    return Scenario(segments=(segment(**values),), latency=latency)


def stuck(latency: float = 0.0) -> Scenario:
    return scenario(latency, stuck=frozenset({EMAIL}))


def email(server: Server, **options: Any) -> Any:
    """Return the reading of the segment's email."""
    return server.count(want(ONE), **options)[ONE].channels[EMAIL]


def gaps(times: list[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(times)]


def looks(server: Server) -> list[float]:
    """Return the times of the polls, in seconds after the trigger's answer."""
    times = [each.time - LAUNCH_DAY for each in server.requests]
    triggered = next(at for at, each in enumerate(server.requests) if each.query["refresh"] == "true")
    latency = server.scenario.latency
    return [at - times[triggered] - latency for at in times[triggered + 1 :]]


def triggers(server: Server) -> int:
    return sum(each.query["refresh"] == "true" for each in server.requests)


@pytest.mark.usefixtures("steady")
def test_polls_come_less_and_less_often() -> None:
    server = Server(stuck())

    server.count(want(ONE), refresh=Refresh(timeout=300, poll_interval=2, max_poll_interval=15))

    first, *later = gaps([0.0, *looks(server)])
    assert first == pytest.approx(2)
    assert all(before <= after + 0.001 for before, after in pairwise(later[:-1]))
    assert 10 < max(later) <= 15


@pytest.mark.parametrize(("timeout", "last"), [(5.0, 4.5), (600.0, 599.0)])
@pytest.mark.parametrize("latency", [0.0, 0.25])
def test_the_last_poll_has_time(timeout: float, last: float, latency: float) -> None:
    server = Server(stuck(latency))

    server.count(want(ONE), refresh=Refresh(timeout=timeout))

    *_, but_one, final = looks(server)
    assert last - latency <= final <= last + 0.01
    assert but_one < last - 0.01


@pytest.mark.parametrize(("refresh", "time_limit"), [(598.5, 3600), (18.5, 20)], ids=["its-timeout", "the-runs-end"])
def test_a_late_end_is_seen(refresh: float, time_limit: float) -> None:
    found = email(Server(scenario(refresh=refresh)), refresh=Refresh(timeout=600), time_limit=time_limit)

    assert found.value == 400


def test_a_run_ends_with_a_last_poll() -> None:
    server = Server(stuck())

    server.count(want(ONE), time_limit=20)

    last = server.requests[-1].time - LAUNCH_DAY
    assert last == pytest.approx(19)
    assert sum(each.time == server.requests[-1].time for each in server.requests) == 1


def test_unanswered_polls_end_at_the_timeout() -> None:
    server = Server(scenario(), lambda request, number: refuse(request, number) if number > 2 else None)

    found = email(server, refresh=Refresh(timeout=4))

    assert found == Unavailable(reason=Reason.TIMEOUT, detail="the refresh did not end within 4 s")
    assert server.seconds == pytest.approx(4, abs=0.1)


# Another refresh


def refreshing(_request: httpx.Request, _number: int) -> httpx.Response:
    return answer(refresh_status="refreshing")


async def test_a_count_that_has_not_begun_waits() -> None:
    api: Any = SimpleNamespace(trouble=lambda _target: None)
    prover = Prover(api, Refresh(), {}, PendingRefreshes(), Progress())

    assert prover.waits_for(Target(uuid="a"), EMAIL) == "its turn had not come"


def test_the_deadline_names_a_refresh() -> None:
    assert email(Server(scenario(), refreshing), time_limit=5).detail == (
        "somebody else's refresh of this segment had not ended when the time for the whole run was up"
    )


@pytest.mark.parametrize(("timeout", "shown"), [(0.5, "0 s"), (60.0, "1 min")])
def test_another_refresh_times_out(timeout: float, shown: str) -> None:
    times: list[float] = []

    def watch(request: httpx.Request, number: int) -> httpx.Response:
        times.append(asyncio.get_running_loop().time())
        return refreshing(request, number)

    server = Server(scenario(), watch)

    assert email(server, refresh=Refresh(timeout=timeout)) == Unavailable(
        reason=Reason.TIMEOUT, detail=f"somebody else's refresh of this segment did not end within {shown}"
    )
    assert server.seconds == times[-1] == timeout
    assert all(gap >= min(1.8, timeout) for gap in gaps(times[:-1]))


def test_a_slow_baseline_costs_no_wait() -> None:
    server = Server(scenario(latency=5.0), refreshing)

    server.count(want(ONE), refresh=Refresh(timeout=60, poll_interval=1, max_poll_interval=1))

    assert 5 + 60 <= server.seconds <= 5 + 60 + 5.1


def test_the_next_channel_waits() -> None:
    server = Server(stuck())

    found = server.count(want(ONE, EMAIL, SMS), refresh=Refresh(timeout=30))[ONE].channels

    assert found[EMAIL].detail == "the refresh did not end within 30 s"
    assert found[SMS] == Unavailable(
        reason=Reason.TIMEOUT, detail="this segment's refresh of email did not end within 30 s"
    )
    assert triggers(server) == 1


def test_a_late_end_delays_nothing() -> None:
    server = Server(scenario(refresh=35.0))

    found = server.count(want(ONE, EMAIL, SMS), refresh=Refresh(timeout=30))[ONE].channels

    assert found[EMAIL].reason is Reason.TIMEOUT
    assert triggers(server) == 2


# Several segments


@pytest.mark.usefixtures("steady")
def test_a_long_refresh_is_polled_less_often() -> None:
    server = Server(Scenario(segments=(*stuck().segments, segment(2, refresh=5))))

    server.count(want(uuid_of(2)), want(ONE), refresh=Refresh(timeout=300))

    between = gaps([each.time for each in server.requests if ONE in each.path][2:])
    assert max(between[:3]) < 5 < min(between[-4:-1]) <= max(between) <= 15


@pytest.mark.usefixtures("steady")
def test_later_ends_take_one_poll() -> None:
    segments = [segment(number, refresh=30) for number in range(12)]
    server = Server(Scenario(segments=tuple(segments)))

    server.count(*(want(each.uuid) for each in segments), pacing=Pacing(requests_per_second=4))

    last_looks = {each.path: each.time for each in server.requests}
    since_the_first_ended = [each for each in server.requests if each.time > min(last_looks.values())]
    assert len(since_the_first_ended) == 12 - 1


@pytest.mark.usefixtures("steady")
def test_quick_refreshes_are_polled_soon() -> None:
    segments = [segment(number, refresh=0) for number in range(2)]
    late = want(segments[1].uuid, SMS, EMAIL)  # its email begins after the first one has ended
    server = Server(Scenario(segments=tuple(segments), stamps=Stamps.SECONDS))

    server.count(want(segments[0].uuid), late)

    *_, triggered, looked = server.requests
    assert triggered.query["channels"] == EMAIL
    assert looked.time - triggered.time < 1


# The count


def test_no_stamp_is_no_count() -> None:
    unstamped = Answer(refreshing=False, stamp=None, date=None, counts={"email_users": 0})

    with pytest.raises(UnavailableError, match=r"^Blueshift has never computed this segment's counts$") as raised:
        _counted(unstamped, EMAIL)

    assert raised.value.unavailable.reason is Reason.NOT_COUNTED


@pytest.mark.parametrize(
    ("date", "age"),
    [
        pytest.param("Fri, 15 Jan 2027 08:01:30 GMT", 90, id="by-the-servers-clock"),
        pytest.param("Fri, 15 Jan 2027 07:59:59 GMT", 0, id="never-negative"),
        pytest.param(None, None, id="unknown-without-a-date"),
    ],
)
def test_a_count_has_a_stamp_and_an_age(date: str | None, age: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guard.blueshift.answers._FURTHEST_OFF", timedelta(days=100_000))

    def interfere(_request: httpx.Request, number: int) -> httpx.Response:
        told = answer(email_users=number, approxusers_updated_at=f"2027-01-15T0{6 + (number > 2) * 2}:00:00Z")
        told.headers = httpx.Headers({"Date": date} if date else {})
        return told

    assert email(Server(scenario(), interfere)) == Count(
        value=3, counted_at=datetime(2027, 1, 15, 8, tzinfo=UTC), age_seconds=age
    )


async def test_even_a_short_key_is_not_quoted() -> None:
    account = Account(base_url="https://blueshift.test", region=Region.US, key=ApiKey("seven77"))
    numbers = iter(range(1, 10))

    def echo(_request: httpx.Request) -> httpx.Response:
        return answer(email_users="seven77", approxusers_updated_at=f"2027-01-15T07:0{next(numbers)}:00Z")

    async with connect(account, Pacing(), transport=httpx.MockTransport(echo)) as blueshift:
        found = await blueshift.count([want(ONE)], refresh=Refresh(), time_limit=60, progress=Progress())

    reading: Any = found[ONE].channels[EMAIL]
    assert reading.detail == 'email_users is "***", which is not a number of people'
