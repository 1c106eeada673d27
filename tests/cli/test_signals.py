"""A process that is told to stop ends with the right exit code, even if it hangs."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

LIMITED = """\
import signal, threading
from guard.cli.signals import GracefulStop
stop = GracefulStop(0.1)
{before}
threading.Event().wait(60)
"""
HANGING = """\
import signal, time
from guard.cli import signals
assert signals._GRACE <= 4.5
signals._GRACE = 0.05
signals.stop_on_signals()
try:
    signal.raise_signal(signal.SIGINT)
except signals.InterruptedBySignal: time.sleep(60)
"""
TWICE = """\
import signal
from guard.cli.signals import InterruptedBySignal, stop_on_signals
stop_on_signals()
for _ in range(2):
    try:
        signal.raise_signal(signal.SIGTERM)
    except InterruptedBySignal: print("once", flush=True)
"""


def ended(program: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("before", "exit_code"),
    [
        pytest.param(["stop.limit(3)"], 3, id="lost"),
        pytest.param(["signal.raise_signal(signal.SIGTERM)"], 128 + signal.SIGTERM, id="told-to-stop"),
        pytest.param(["signal.raise_signal(signal.SIGTERM)", "stop.limit(3)"], 128 + signal.SIGTERM, id="both"),
    ],
)
def test_a_stuck_server_is_ended(before: list[str], exit_code: int) -> None:
    assert ended(LIMITED.format(before="\n".join(before))) == (exit_code, "")


def test_a_hanging_process_is_ended() -> None:
    assert ended(HANGING) == (130, "")


def test_a_second_signal_ends_it() -> None:
    assert ended(TWICE) == (143, "once\n")
