"""Handles signals: the first one stops the run; a second one, or four more seconds, end the process."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from types import FrameType

    T = TypeVar("T")

_GRACE = 4.0  # seconds; GitHub cancels with SIGINT and sends SIGTERM 7.5 s later
_received: list[int] = []


class InterruptedBySignal(KeyboardInterrupt):
    """SIGINT, SIGTERM or SIGHUP arrived; ``exit_code`` is 128 plus the signal's number."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.exit_code = 128 + signum


def stop_on_signals() -> None:
    """Make SIGINT, SIGTERM and SIGHUP raise ``InterruptedBySignal``, and end the process if it does not stop.

    An ignored SIGHUP, as under nohup, stays ignored.
    """
    _handle_signals(_stop)


class GracefulStop:
    """For a server: after a signal, it has ``seconds`` to stop before the process ends.

    A second signal ends the process at once.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        _handle_signals(self._stop)

    def wait(self, timeout: float) -> bool:
        """Wait for ``timeout`` seconds, and return whether a signal has come."""
        time.sleep(timeout)  # not an Event: the handler runs in this thread, which may hold the event's lock
        return bool(_received)

    def limit(self, exit_code: int) -> None:
        """End the process with the exit code after ``seconds``, unless a signal already does."""
        if not _received:
            _end_after(self._seconds, exit_code)

    def exit_code(self, otherwise: int) -> int:
        """Return 128 plus the number of the signal, or ``otherwise`` if none came."""
        return 128 + _received[0] if _received else otherwise

    def _stop(self, signum: int, _frame: FrameType | None) -> None:
        _end_process_after(self._seconds, signum)


def _handle_signals(handler: Callable[[int, FrameType | None], None]) -> None:
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        signum = getattr(signal, name, None)
        if signum is not None and not (name == "SIGHUP" and signal.getsignal(signum) is signal.SIG_IGN):
            signal.signal(signum, handler)


def run_interruptibly(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end; raises ``InterruptedBySignal`` if a signal came, even at the very end."""
    import asyncio  # noqa: PLC0415 - slow to import, and many verbs do not need it

    from guard.run import run_to_its_end  # noqa: PLC0415 - see above

    try:
        result = run_to_its_end(main)
    except asyncio.CancelledError:
        raise InterruptedBySignal(_received[0]) from None
    if _received:
        raise InterruptedBySignal(_received[0])
    return result


def _end_process_after(seconds: float, signum: int) -> None:
    """Remember the signal; end the process at a second one or after ``seconds``."""
    if _received:
        os._exit(128 + _received[0])
    _received.append(signum)
    _end_after(seconds, 128 + signum)


def _end_after(seconds: float, exit_code: int) -> None:
    deadline = threading.Timer(seconds, os._exit, [exit_code])
    deadline.daemon = True
    deadline.start()


def _stop(signum: int, _frame: FrameType | None) -> None:
    _end_process_after(_GRACE, signum)
    if not _cancel_running_loop():
        raise InterruptedBySignal(signum)


def _cancel_running_loop() -> bool:
    """Cancel all tasks of a running loop; an exception would only reach the task that happens to run."""
    asyncio = sys.modules.get("asyncio")
    # get_running_loop() raises without a loop, and a signal may come during the import of asyncio.
    running_loop = getattr(asyncio, "_get_running_loop", None)
    loop = running_loop() if running_loop else None
    if asyncio is None or loop is None:
        return False
    tasks = asyncio.all_tasks(loop)
    loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks])
    return True
