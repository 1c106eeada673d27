"""The log of ``--debug``: every request and decision of a run, in order, without the key."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from guard.blueshift.counting import connect
from guard.core.model import Channel, Pacing, Refresh
from guard.sandbox.scenario import Answers, Scenario, ScenarioSegment, Stamps
from guard.security.debug_log import log
from tests.blueshift.in_process import ACCOUNT, Server, answers, named, refuse, uuid_of, want

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    Told = Callable[[], list[str]]

pytestmark = pytest.mark.usefixtures("steady")
ONE, TWO = uuid_of(1), uuid_of(2)
PATH = f"/api/v1/segments/{ONE}/matching_users.json"
EMAIL = Channel.EMAIL
PEOPLE = {EMAIL: 40, Channel.SMS: 40}
COMPARED = "baseline_stamp=2027-01-15T07:00:00.000Z trigger_stamp=2027-01-15T07:00:00.000Z"


@pytest.fixture
def told(logged: pytest.LogCaptureFixture) -> Iterator[Told]:
    """Return the lines of the log, requests without ids and sizes."""
    yield lambda: [re.sub(r" x_request_id=\S+| bytes=\d+| failure=none$", "", each) for each in logged.messages]
    assert "a-key-for-tests" not in logged.text


def scenario(**values: Any) -> Scenario:
    given: dict[str, Any] = {"uuid": ONE, "name": "One", "counts": PEOPLE, "refresh": 0.5} | values
    return Scenario(segments=(ScenarioSegment(**given),), stamps=Stamps.SECONDS)


def request(query: str, status: int = 200) -> str:
    return f"request method=GET path={PATH}?{query} status={status} seconds=0.000"


READ, TRIGGER = "refresh=false", "refresh=true&channels=email"
SEGMENT = f"segment={ONE} channel=email"


def test_a_whole_count_is_logged(told: Told) -> None:
    Server(scenario()).count(want(ONE), refresh=Refresh(poll_interval=0.4), time_limit=60)

    lines = told()
    assert lines[0].startswith("connected version=")
    assert lines[1:] == [
        "pacing requests_per_second=100 concurrency=10",
        "run_begins counts=1 time_limit=60 refresh_timeout=600.000 poll_interval=0.400 max_poll_interval=15.000",
        request(READ),
        f"first_look {SEGMENT} refreshing=no stamp=2027-01-15T07:00:00.000Z",
        request(TRIGGER),
        f"triggered {SEGMENT} stamp=2027-01-15T07:00:00.000Z",
        request(READ),
        f"not_yet {SEGMENT} refreshing=yes stamp=2027-01-15T07:00:00.000Z",
        request(READ),
        f"proven {SEGMENT} count=40 stamp=2027-01-15T08:00:01.000Z {COMPARED}",
        "run_ended proven=1 unknown=0 requests=4 refused_for_rate=0",
    ]


def test_every_retry_is_logged(told: Told) -> None:
    troubles = Answers(any=(429,), reads=(503,), triggers=(409,))

    Server(scenario(answers=troubles)).count(want(ONE), pacing=Pacing(requests_per_second=10))

    lines = [line for line in told() if not line.startswith("not_yet")]
    why = 'why="blueshift.test answered'
    assert [line.partition(': \\"')[0] for line in lines[3:11]] == [
        request(READ, 429),
        f"slowed_down path={PATH} requests_per_second=2.500 pause_seconds=1.000",
        f"trying_again path={PATH} in_seconds=0.000 attempt=2 {why} 429 Too Many Requests",
        request(READ, 503),
        f"trying_again path={PATH} in_seconds=2.000 attempt=3 {why} 503 Service Unavailable",
        request(READ),
        f"first_look {SEGMENT} refreshing=no stamp=2027-01-15T07:00:00.000Z",
        request(TRIGGER, 409),
    ]
    assert lines[11].startswith(f"starting_over {SEGMENT} in_seconds=1.000 {why} 409 Conflict: ")
    assert lines[12:14] == [request(READ), f"first_look {SEGMENT} refreshing=no stamp=2027-01-15T07:00:00.000Z"]
    assert lines[-1].endswith(" refused_for_rate=1")


def test_a_pause_is_logged_from_the_429_on(told: Told) -> None:
    Server(scenario(answers=Answers(reads=(503, 429)))).count(want(ONE))

    [pause] = [line for line in told() if line.startswith("slowed_down")]
    assert pause.endswith(" pause_seconds=1.000")


def test_a_cut_off_request_is_logged(told: Told) -> None:
    slow = Scenario(segments=scenario().segments, latency=5.0)

    Server(slow).count(want(ONE), time_limit=2.0)

    [line] = [line for line in told() if line.startswith("request")]
    assert line == f"request method=GET path={PATH}?{READ} status=none seconds=2.000 failure=cancelled"


def test_a_doubtful_move_is_logged(told: Told) -> None:
    Server(scenario(answers=Answers(triggers=(504,)))).count(want(ONE, Channel.EMAIL, Channel.SMS))

    [move] = [line for line in told() if line.startswith("may_come_twice")]
    assert re.fullmatch(rf"may_come_twice segment={ONE} channel=sms stamp=2027-01-15T\S+Z moves_left=1", move)


def test_another_refresh_is_logged(told: Told) -> None:
    now = {"approxusers_updated_at": "2027-01-15T08:00:00Z"}
    running = now | {"refresh_status": "refreshing"}

    Server(scenario(), answers(running, running, now, None)).count(want(ONE))

    lines = [line for line in told() if not line.startswith("request")]
    assert lines[3:7] == [
        f"first_look {SEGMENT} refreshing=yes stamp=2027-01-15T08:00:00.000Z",
        f"other_refresh segment={ONE} refreshing=yes stamp=2027-01-15T08:00:00.000Z",
        f"other_refresh segment={ONE} refreshing=no stamp=2027-01-15T08:00:00.000Z",
        f"second_let_pass {SEGMENT} stamp=2027-01-15T08:00:00.000Z",
    ]


def test_an_unavailable_count_is_logged(told: Told) -> None:
    Server(scenario(stuck=frozenset({EMAIL}))).count(want(ONE, bypass_global=True), refresh=Refresh(timeout=5))

    *_, given_up, run_ended = told()
    about, why = f"segment={ONE}?bypass_global=true channel=email", 'why="the refresh did not end within 5 s"'
    assert given_up == f"given_up {about} reason=timeout {why}"
    assert re.fullmatch(r"run_ended proven=0 unknown=1 requests=\d refused_for_rate=0", run_ended)


def test_counts_that_never_began_are_logged(told: Told) -> None:
    two = ScenarioSegment(uuid=TWO, name="Two", counts=PEOPLE, refresh=0)
    both = Scenario(segments=(*scenario(stuck=frozenset({EMAIL})).segments, two))
    wanted = named("x"), want(ONE, EMAIL, Channel.SMS, bypass_global=True), want(TWO)

    def hang_up(request: httpx.Request, number: int) -> httpx.Response | None:
        return refuse(request, number) if request.url.path.endswith("/list") else None

    Server(both, hang_up).count(*wanted, time_limit=5)

    up = "the time for the whole run was up"
    about = f"segment={ONE}?bypass_global=true"
    why = 'reason=deadline why="'
    counting = f"{why}Blueshift was still counting email"
    assert told()[-4:-1] == [
        f'given_up segment=unknown channel=email {why}{up} (blueshift.test could not be reached: connection refused)"',
        f'given_up {about} channel=email {counting} when {up}"',
        f'given_up {about} channel=sms {counting}, and sms was to come after email when {up}"',
    ]
    assert told()[-1].startswith("run_ended proven=1 unknown=3 requests=")


def test_names_are_logged(told: Told) -> None:
    Server(scenario()).count(named("One"), named("Two"))

    looked_up = [line for line in told() if line.startswith("looked_up")]
    assert sorted(looked_up) == [f"looked_up name=One segment={ONE}", "looked_up name=Two segment=not_found"]


async def test_a_change_of_pacing_is_logged(told: Told) -> None:
    async with connect(ACCOUNT, Pacing()) as blueshift:
        blueshift.pace(Pacing(requests_per_second=2.5, concurrency=3))

    assert told()[-1] == "pacing requests_per_second=2.500 concurrency=3"


def test_no_log_formats_nothing() -> None:
    class Unspeakable:
        def __str__(self) -> str:
            raise AssertionError("it was put into words")

    log("nothing", value=Unspeakable())


@pytest.fixture
def _in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone cannot be changed here")
@pytest.mark.usefixtures("_in_tokyo")
def test_a_value_is_one_printable_piece(logged: pytest.LogCaptureFixture) -> None:
    moment = datetime(2026, 11, 23, 10, 0, 0, 5_000, tzinfo=timezone(timedelta(hours=1)))

    log("seen", text='ä "b"\n=c', long="x" * 1000, empty="", none=None, yes=True, no=False, pi=3.14159, at=moment)

    (line,) = logged.messages
    assert line == (
        rf'seen text="ä \"b\"\\n=c" long={"x" * 399}… empty="" none=none'
        " yes=yes no=no pi=3.142 at=2026-11-23T09:00:00.005Z"
    )
