"""One event loop for all checks: what they share, what they do not, and what happens when it is gone."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import AsyncMock

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
    counts = {Channel.EMAIL: 40}
    segments = (
        ScenarioSegment(uuid=ANOTHER, name="other", counts=counts, fresh=counts, refresh=0.01),
        ScenarioSegment(uuid=UUID, name="good", counts=counts, fresh=counts, refresh=0.01),
        ScenarioSegment(uuid=STUCK, name="stuck", counts=counts, fresh=counts, stuck=frozenset({Channel.EMAIL})),
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


def test_a_check_gives_a_report(engine: Engine, sandbox: Sandbox) -> None:
    report = check(engine)

    assert (report.verdict, report.selection) == (Verdict.PASS, GOOD)
    assert report.rules_sha256 == rules(QUICK).sha256
    assert report.host == sandbox.url.removeprefix("http://")


def test_threads_share_a_connection(engine: Engine) -> None:
    with ThreadPoolExecutor(2) as threads:
        reports = list(threads.map(lambda each: check(engine, selection=each), (GOOD, OTHER)))

    assert [each.verdict for each in reports] == [Verdict.PASS] * 2
    assert len(connections(engine)) == 1


def test_a_late_count_is_unknown(engine: Engine) -> None:
    report = check(engine, selection=STUCK_ONE, time_limit=0.05)

    assert (report.verdict, reason(report)) == (Verdict.UNKNOWN, Reason.DEADLINE)


def test_a_slow_check_delays_no_other(engine: Engine) -> None:
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(check, engine, selection=STUCK_ONE, time_limit=LONGEST_WAIT)

        assert check(engine).verdict is Verdict.PASS
        assert not slow.done()
        engine._loop.call_soon_threadsafe(engine._stopping.set)
        with pytest.raises(CancelledError):
            slow.result(LONGEST_WAIT)


# Which account, at which pace


@pytest.mark.parametrize("key", [None, "", "a key"])
def test_no_key_sends_nothing(
    engine: Engine, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    monkeypatch.delenv("BLUESHIFT_API_KEY")
    if key is not None:
        monkeypatch.setenv("BLUESHIFT_API_KEY", key)

    with pytest.raises(UsageError):
        check(engine)

    assert sandbox.requests == ()


def test_a_new_key_is_used_at_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLUESHIFT_API_KEY", "an-old-key-for-tests")
    refused = check(engine)
    monkeypatch.setenv("BLUESHIFT_API_KEY", KEY)

    accepted = check(engine)

    assert (refused.verdict, reason(refused)) == (Verdict.UNKNOWN, Reason.REFUSED_KEY)
    assert accepted.verdict is Verdict.PASS
    assert len(connections(engine)) == 2


def test_the_rules_say_the_region(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_two_first_checks_share_a_connection(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_the_rules_say_the_pace(engine: Engine) -> None:
    check(engine, rules(QUICK))
    check(engine, rules(QUICK.replace("requests_per_second: 200", "requests_per_second: 50, concurrency: 2")), OTHER)

    [blueshift] = connections(engine)
    assert (blueshift._rate_limiter._highest_rate, blueshift._rate_limiter._slots) == (50, 2)


# The end of it


def test_a_hanging_check_is_cancelled(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_fault_stays_in_its_check(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(module, "check_over", AsyncMock(side_effect=ZeroDivisionError))
        with pytest.raises(ZeroDivisionError):
            check(engine)

    assert engine.is_alive
    assert check(engine).verdict is Verdict.PASS


def test_a_stopped_engine_counts_nothing(sandbox: Sandbox) -> None:
    with Engine(base_url=sandbox.url) as engine:
        assert engine.is_alive

    assert not engine.is_alive
    with pytest.raises(GuardError, match="stopped counting"):
        check(engine)


def test_a_stopping_engine_takes_no_check(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_dead_engine_says_so(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
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
