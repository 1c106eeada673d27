"""A repeat is recognized for as long as its signature is valid."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from guard.slack import replay_protection as module
from guard.slack.replay_protection import ReplayProtection


class Clock:
    now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=clock.monotonic))
    return clock


def test_a_name_is_new_once() -> None:
    once = ReplayProtection()

    assert [once.is_new("a"), once.is_new("b"), once.is_new("a"), once.is_new("b")] == [True, True, False, False]


def test_each_has_its_own_memory() -> None:
    assert ReplayProtection().is_new("a")
    assert ReplayProtection().is_new("a")


def test_one_of_many_threads_is_first() -> None:
    once = ReplayProtection()
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda number: once.is_new(str(number % 100)), range(3_200)))

    assert sum(found) == 100


def test_a_name_outlives_its_signature(clock: Clock) -> None:
    once = ReplayProtection()
    once.is_new("a")

    clock.now += 600

    assert not once.is_new("a")


def test_old_names_take_no_room(clock: Clock) -> None:
    once = ReplayProtection()
    for number in range(1_000):
        once.is_new(str(number))
        clock.now += 10

    assert len(once._seen) < 70
    assert once.is_new("0")


def test_a_repeat_does_not_prolong_it(clock: Clock) -> None:
    once = ReplayProtection()
    once.is_new("a")
    clock.now += 600
    once.is_new("a")

    clock.now += 61

    assert once.is_new("a")
