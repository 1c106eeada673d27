"""A process that was told to end does, with the exit code that says why, whatever it waits for."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

STUCK = """\
import signal, threading
from guard.cli.signals import GracefulStop
stop = GracefulStop(0.1)
{before}
threading.Event().wait(60)
"""


def ends_with(before: Sequence[str]) -> int:
    program = STUCK.format(before="\n".join(before))
    return subprocess.run([sys.executable, "-c", program], timeout=30, check=False).returncode


@pytest.mark.parametrize(
    ("before", "exit_code"),
    [
        pytest.param(["stop.limit(3)"], 3, id="lost"),
        pytest.param(["signal.raise_signal(signal.SIGTERM)"], 128 + signal.SIGTERM, id="told-to-stop"),
        pytest.param(["signal.raise_signal(signal.SIGTERM)", "stop.limit(3)"], 128 + signal.SIGTERM, id="both"),
    ],
)
def test_what_is_stuck_is_ended_after_a_while(before: list[str], exit_code: int) -> None:
    assert ends_with(before) == exit_code
