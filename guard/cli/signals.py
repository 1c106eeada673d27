"""Being told to stop: the first signal unwinds what runs, and a second one, or four seconds, end the process."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from types import FrameType

_GRACE = 4.0  # seconds; GitHub cancels with SIGINT and sends SIGTERM 7.5 s later


class InterruptedBySignal(KeyboardInterrupt):
    """Raised in the main thread by SIGINT, SIGTERM or SIGHUP; ``exit_code`` is 128 plus the signal's number.

    A KeyboardInterrupt, since asyncio lets nothing else through its callbacks.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.exit_code = 128 + signum


def stop_on_signals() -> None:
    """Have SIGINT, SIGTERM and SIGHUP raise ``InterruptedBySignal``, once, and end the process if it does not end."""
    seen: list[int] = []

    def stop(signum: int, _frame: FrameType | None) -> NoReturn:
        if seen:
            os._exit(128 + seen[0])
        seen.append(signum)
        deadline = threading.Timer(_GRACE, os._exit, [128 + signum])
        deadline.daemon = True
        deadline.start()
        raise InterruptedBySignal(signum)

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        signum = getattr(signal, name, None)
        kept_by_nohup = name == "SIGHUP" and signum is not None and signal.getsignal(signum) is signal.SIG_IGN
        if signum is not None and not kept_by_nohup:
            signal.signal(signum, stop)
