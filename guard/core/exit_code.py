"""The exit codes, in a file of their own because the command imports them first."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of the command: a public contract, never renumbered."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    UNKNOWN = 3
    HANGUP = 129
    INTERRUPTED = 130
    TERMINATED = 143
