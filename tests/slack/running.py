"""The real app in a process of its own, and what it writes while it runs."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class App:
    """A command that was started; its stderr is expected to hold log lines in JSON, each with an ``event``."""

    def __init__(self, command: Sequence[str], *, folder: Path, environ: Mapping[str, str]) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, encoding="utf-8"
        )
        self._changed = threading.Condition()
        self._stdout: list[str] = []
        self._stderr: list[str] = []
        self._still_writing = 2
        streams = ((self._process.stdout, self._stdout), (self._process.stderr, self._stderr))
        self._readers = [threading.Thread(target=self._read, args=each) for each in streams]
        for reader in self._readers:
            reader.start()

    @property
    def stdout(self) -> str:
        with self._changed:
            return "".join(self._stdout)

    @property
    def stderr(self) -> str:
        with self._changed:
            return "".join(self._stderr)

    @property
    def log(self) -> list[dict[str, Any]]:
        """The log lines so far; other lines are only in ``stderr``."""
        with self._changed:
            lines = [_log_line(line) for line in self._stderr]
        return [line for line in lines if line is not None]

    def events(self, name: str, **fields: str) -> list[dict[str, Any]]:
        """Return the log lines of one event that have these fields."""
        return [line for line in self.log if line.get("event") == name and fields.items() <= line.items()]

    def wait_for_event(self, name: str, seconds: float = 20, *, times: int = 1, **fields: str) -> dict[str, Any]:
        """Return the log line of an event, with these fields, once it was logged so many times.

        Raise AssertionError with all of stderr when the app ends first, or so many seconds pass.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: len(self.events(name, **fields)) >= times or not self._still_writing, seconds
            )
            found = self.events(name, **fields)
        if len(found) < times:
            raise AssertionError(f"no event {name!r}; the app wrote:\n{self.stderr}")
        return found[times - 1]

    def ended(self, seconds: float = 25) -> int:
        """Wait until the app ends by itself and return its exit code; raise AssertionError when it does not."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {seconds} s; the app wrote:\n{self.stderr}") from None
        self._finish_reading()
        return code

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 25) -> int:
        """Send the app a signal and return its exit code; raise AssertionError when it does not end in time."""
        self.signal(number)
        return self.ended(seconds)

    def signal(self, number: signal.Signals) -> None:
        """Send the app a signal and go on."""
        self._process.send_signal(number)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._finish_reading()

    def _read(self, stream: IO[str], lines: list[str]) -> None:
        with stream:
            for line in stream:
                with self._changed:
                    lines.append(line)
                    self._changed.notify_all()
        with self._changed:
            self._still_writing -= 1
            self._changed.notify_all()

    def _finish_reading(self) -> None:
        for reader in self._readers:
            reader.join()


def _log_line(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
