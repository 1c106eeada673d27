"""What comes twice counts once."""

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


def test_the_same_thing_is_new_only_once() -> None:
    once = ReplayProtection()

    assert [once.is_new("a"), once.is_new("b"), once.is_new("a"), once.is_new("b")] == [True, True, False, False]


def test_what_one_has_seen_another_has_not() -> None:
    assert ReplayProtection().is_new("a")
    assert ReplayProtection().is_new("a")


def test_of_many_threads_at_the_same_time_one_is_the_first() -> None:
    once = ReplayProtection()
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda number: once.is_new(str(number % 100)), range(3_200)))

    assert sum(found) == 100


def test_it_is_remembered_for_longer_than_a_signature_is_good_for(clock: Clock) -> None:
    once = ReplayProtection()
    once.is_new("a")

    clock.now += 600

    assert not once.is_new("a")


def test_what_came_long_ago_takes_no_room(clock: Clock) -> None:
    once = ReplayProtection()
    for number in range(1_000):
        once.is_new(str(number))
        clock.now += 10

    assert len(once._seen) < 70
    assert once.is_new("0")


def test_asking_again_does_not_make_it_be_remembered_for_longer(clock: Clock) -> None:
    once = ReplayProtection()
    once.is_new("a")
    clock.now += 600
    once.is_new("a")

    clock.now += 61

    assert once.is_new("a")
