"""One event loop for all checks: what they share, what they do not, and what happens when it is gone."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from guard.blueshift.counting import connect
from guard.core.errors import GuardError, UsageError
from guard.core.model import Channel, Rules, Selection
from guard.core.results import Reason, Report, Verdict
from guard.sandbox.scenario import Scenario, ScenarioSegment
from guard.sandbox.server import Sandbox
from guard.slack import engine as module
from guard.slack.engine import Engine
from tests.slack.fake_parts import LONGEST_WAIT, UUID, rules

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from guard.blueshift.account import Account
    from guard.blueshift.counting import Blueshift
    from guard.core.model import Pacing

KEY = "a-key-for-tests"
ANOTHER = "00000000-0000-4000-8000-000000000002"
STUCK = "00000000-0000-4000-8000-000000000009"
QUICK = f"""\
version: 1
blueshift: {{requests_per_second: 200}}
refresh: {{poll_interval: 250ms}}
segments:
  good: {{uuid: {UUID}, channels: {{email: {{min: 10}}}}}}
  other: {{uuid: {ANOTHER}, channels: {{email: {{min: 10}}}}}}
  stuck: {{uuid: {STUCK}, channels: {{email: {{min: 10}}}}}}
"""
GOOD = Selection(segments=("good",))
OTHER = Selection(segments=("other",))
STUCK_ONE = Selection(segments=("stuck",))


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    people = {Channel.EMAIL: 40}
    segments = (
        ScenarioSegment(uuid=ANOTHER, name="other", counts=people, fresh=people, refresh=0.01),
        ScenarioSegment(uuid=UUID, name="good", counts=people, fresh=people, refresh=0.01),
        ScenarioSegment(uuid=STUCK, name="stuck", counts=people, fresh=people, stuck=frozenset({Channel.EMAIL})),
    )
    monkeypatch.setenv("BLUESHIFT_API_KEY", KEY)
    with Sandbox(Scenario(key=KEY, segments=segments)) as server:
        yield server


@pytest.fixture
def engine(sandbox: Sandbox) -> Iterator[Engine]:
    with Engine(base_url=sandbox.url) as engine:
        yield engine


def check(engine: Engine, by: Rules | None = None, selection: Selection = GOOD, *, time_limit: float = 30.0) -> Report:
    return engine.check(by or rules(QUICK), selection, time_limit=time_limit)


def reason(report: Report) -> Reason | None:
    return report.segments[0].guards[0].reason


def connections(engine: Engine) -> list[Blueshift]:
    return list(engine._connections.values())


def test_a_check_gives_the_report_of_the_rules_and_the_selection(engine: Engine, sandbox: Sandbox) -> None:
    report = check(engine)

    assert (report.verdict, report.selection) == (Verdict.PASS, GOOD)
    assert report.rules_sha256 == rules(QUICK).sha256
    assert report.host == sandbox.url.removeprefix("http://")


def test_checks_of_several_threads_go_over_one_connection(engine: Engine) -> None:
    with ThreadPoolExecutor(2) as threads:
        reports = list(threads.map(lambda each: check(engine, selection=each), (GOOD, OTHER)))

    assert [each.verdict for each in reports] == [Verdict.PASS] * 2
    assert len(connections(engine)) == 1


def test_what_is_not_counted_in_time_is_unknown(engine: Engine) -> None:
    report = check(engine, selection=STUCK_ONE, time_limit=0.05)

    assert (report.verdict, reason(report)) == (Verdict.UNKNOWN, Reason.DEADLINE)


def test_a_check_that_is_slow_holds_up_no_other(engine: Engine) -> None:
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(check, engine, selection=STUCK_ONE, time_limit=LONGEST_WAIT)

        assert check(engine).verdict is Verdict.PASS
        assert not slow.done()
        engine._loop.call_soon_threadsafe(engine._stopping.set)
        with pytest.raises(CancelledError):
            slow.result(LONGEST_WAIT)


# Which account, at which pace


@pytest.mark.parametrize("key", [None, "", "a key"])
def test_without_a_usable_key_nothing_is_sent(
    engine: Engine, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    monkeypatch.delenv("BLUESHIFT_API_KEY")
    if key is not None:
        monkeypatch.setenv("BLUESHIFT_API_KEY", key)

    with pytest.raises(UsageError):
        check(engine)

    assert sandbox.requests == ()


def test_a_key_that_changes_while_the_app_runs_is_used_from_the_next_check_on(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLUESHIFT_API_KEY", "an-old-key-for-tests")
    refused = check(engine)
    monkeypatch.setenv("BLUESHIFT_API_KEY", KEY)

    accepted = check(engine)

    assert (refused.verdict, reason(refused)) == (Verdict.UNKNOWN, Reason.REFUSED_KEY)
    assert accepted.verdict is Verdict.PASS
    assert len(connections(engine)) == 2


def test_the_region_of_the_rules_is_looked_at_for_every_check(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    async def look(blueshift: Blueshift, *_: Any, **__: Any) -> None:
        opened.append(blueshift.host)

    monkeypatch.setattr(module, "check_over", look)
    with Engine() as engine:
        for region in ("us", "eu", "us"):
            check(engine, rules(QUICK.replace("{requests", f"{{region: {region}, requests")))

    assert opened == ["api.getblueshift.com", "api.eu.getblueshift.com", "api.getblueshift.com"]
    assert len(connections(engine)) == 2
    assert sandbox.requests == ()


def test_two_checks_that_come_first_at_the_same_time_open_one_connection(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Blueshift] = []

    @asynccontextmanager
    async def connect_slowly(account: Account, pacing: Pacing) -> AsyncIterator[Blueshift]:
        await asyncio.sleep(0)
        async with connect(account, pacing) as blueshift:
            opened.append(blueshift)
            yield blueshift

    monkeypatch.setattr(module, "connect", connect_slowly)

    async def both() -> list[Blueshift]:
        return await asyncio.gather(*(engine._connected(rules(QUICK)) for _ in range(2)))

    found = asyncio.run_coroutine_threadsafe(both(), engine._loop).result(LONGEST_WAIT)

    assert found == [*opened, *opened]


def test_the_pace_is_that_of_the_rules_as_they_are_now(engine: Engine) -> None:
    check(engine, rules(QUICK))
    check(engine, rules(QUICK.replace("requests_per_second: 200", "requests_per_second: 50, concurrency: 2")), OTHER)

    [blueshift] = connections(engine)
    assert (blueshift._rate_limiter._highest_rate, blueshift._rate_limiter._slots) == (50, 2)


# The end of it


def test_a_check_that_does_not_end_in_time_is_broken_off(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    broken_off = threading.Event()

    async def hang(*_: Any, **__: Any) -> None:
        try:
            await asyncio.sleep(LONGEST_WAIT)
        finally:
            broken_off.set()

    monkeypatch.setattr(module, "check_over", hang)
    monkeypatch.setattr(module, "_GRACE", 0.05)

    with pytest.raises(TimeoutError):
        check(engine, time_limit=0.0)

    assert broken_off.wait(LONGEST_WAIT)


def test_a_fault_in_one_check_is_its_own(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(module, "check_over", fail)
        with pytest.raises(ZeroDivisionError):
            check(engine)

    assert engine.is_alive
    assert check(engine).verdict is Verdict.PASS


def test_an_engine_that_stopped_counts_nothing(sandbox: Sandbox) -> None:
    with Engine(base_url=sandbox.url) as engine:
        assert engine.is_alive

    assert not engine.is_alive
    with pytest.raises(GuardError, match="stopped counting"):
        check(engine)


def test_a_check_that_comes_while_the_engine_stops_is_turned_away_at_once(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_ending, may_end = threading.Event(), threading.Event()

    async def end_slowly() -> None:
        is_ending.set()
        await asyncio.to_thread(may_end.wait, LONGEST_WAIT)

    monkeypatch.setattr(module, "_end_checks", end_slowly)

    with ThreadPoolExecutor(1) as threads:
        stopping = threads.submit(engine.__exit__)
        assert is_ending.wait(LONGEST_WAIT)
        with pytest.raises(GuardError, match="stopped counting"):
            check(engine)
        may_end.set()
        stopping.result(LONGEST_WAIT)

    assert not engine.is_alive


def test_an_engine_that_dies_says_so_and_can_still_be_left(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    def die() -> None:
        raise SystemExit(KEY)

    with Engine(base_url=sandbox.url) as engine, ThreadPoolExecutor(1) as threads:
        under_way = threads.submit(check, engine, selection=STUCK_ONE, time_limit=LONGEST_WAIT)
        assert check(engine).verdict is Verdict.PASS
        engine._loop.call_soon_threadsafe(die)
        engine._thread.join(LONGEST_WAIT)

        assert not engine.is_alive
        with pytest.raises(CancelledError):
            under_way.result(LONGEST_WAIT)
        with pytest.raises(GuardError, match="stopped counting"):
            check(engine)

    assert caplog.messages == ["counting_ended"]
    assert KEY not in str(vars(caplog.records[0]))
