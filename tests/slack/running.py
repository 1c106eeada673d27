"""The real app in a process of its own, and what it writes while it runs."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
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

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the log lines of one event."""
        return [line for line in self.log if line.get("event") == name]

    def wait_for_event(self, name: str, seconds: float = 20, *, times: int = 1) -> dict[str, Any]:
        """Return the log line of an event once it was logged so many times.

        Raise AssertionError with all of stderr when the app ends first, or so many seconds pass.
        """
        with self._changed:
            self._changed.wait_for(lambda: len(self.events(name)) >= times or not self._still_writing, seconds)
            found = self.events(name)
        if len(found) < times:
            raise AssertionError(f"no event {name!r}; the app wrote:\n{self.stderr}")
        return found[times - 1]

    def wait_for_line(self, predicate: Callable[[dict[str, Any]], object], seconds: float = 20) -> dict[str, Any]:
        """Return the first log line of which the predicate is true; raise AssertionError when there is none in time."""
        with self._changed:
            found = self._changed.wait_for(lambda: [line for line in self.log if predicate(line)], seconds)
        if not found:
            raise AssertionError(f"no such line; the app wrote:\n{self.stderr}")
        return found[0]

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

    def kill(self) -> None:
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
