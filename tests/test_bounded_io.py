from __future__ import annotations

import signal
import threading

import pytest

from guard.bounded_io import within


def test_work_in_time_returns_or_raises() -> None:
    assert within(60, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        within(60, lambda: 1 // 0)


def test_work_that_takes_longer_is_abandoned() -> None:
    never = threading.Event()
    with pytest.raises(TimeoutError):
        within(0, never.wait)
    never.set()


class ToldToStopError(Exception):
    pass


def test_a_signal_ends_the_wait() -> None:
    never = threading.Event()

    def stop(*_: object) -> None:
        raise ToldToStopError

    def work() -> None:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
        never.wait()

    before = signal.signal(signal.SIGUSR1, stop)
    try:
        with pytest.raises(ToldToStopError):
            within(60, work)
    finally:
        signal.signal(signal.SIGUSR1, before)
        never.set()
