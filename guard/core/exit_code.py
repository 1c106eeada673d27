"""What the process says to whoever started it; alone in its file, since the command needs it before all else."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process says to whoever started it; a public contract, never renumbered."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    UNKNOWN = 3
    HANGUP = 129
    INTERRUPTED = 130
    TERMINATED = 143
