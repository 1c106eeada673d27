"""A PostgreSQL server for tests: a real one, on a socket of its own, in a folder that goes with it."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

_TIME_TO_START = 60.0  # seconds


def programs() -> Path | None:
    """Return the folder with initdb and postgres, or None where there is no server."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    folders += [Path(found).resolve().parent] if (found := shutil.which("initdb")) else []
    return next((each for each in folders if (each / "initdb").exists() and (each / "postgres").exists()), None)


def unprivileged() -> str | None:
    """Return the user who runs the server, since initdb refuses root; None for the user of the tests."""
    return "postgres" if os.name == "posix" and os.geteuid() == 0 else None


class Server:
    """A server that runs until ``kill``; ``make`` prepares its folder first."""

    def __init__(self, folder: Path, found: Path) -> None:
        self._folder, self._programs, self._user = folder, found, unprivileged()
        self._process: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        data = self._folder / "data"
        self._run("initdb", f"--pgdata={data}", "--auth=trust", "--no-sync", "--encoding=UTF8", "--no-locale")

    def start(self) -> None:
        options = {"fsync": "off", "listen_addresses": "", "unix_socket_directories": str(self._folder)}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        self._process = subprocess.Popen(
            [str(self._programs / "postgres"), "-D", str(self._folder / "data"), *settings],
            user=self._user,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
        )
        ends_at = time.monotonic() + _TIME_TO_START
        while self._run("pg_isready", f"--host={self._folder}", "--quiet", check=False) != 0:
            assert self._process.poll() is None, "the PostgreSQL server ended at once"
            assert time.monotonic() < ends_at, "the PostgreSQL server did not start"
            time.sleep(0.02)

    def kill(self) -> None:
        """End the server at once, as a crash would, and every connection with it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)
            self._process = None

    def create(self, database: str) -> str:
        """Make an empty database, and return its address."""
        self._run("createdb", f"--host={self._folder}", database)
        return self.url(database)

    def url(self, database: str) -> str:
        user = self._user or getpass.getuser()
        return f"postgresql:///{database}?host={quote(str(self._folder), safe='')}&user={user}"

    def _run(self, program: str, *arguments: str, check: bool = True) -> int:
        found = subprocess.run(
            [str(self._programs / program), *arguments],
            user=self._user,
            check=False,
            capture_output=True,
            cwd=self._folder,
        )
        assert not check or found.returncode == 0, found.stderr.decode()
        return found.returncode


@contextmanager
def running() -> Iterator[Server]:
    """Run a server for as long as the block lasts."""
    found = programs()
    assert found
    with tempfile.TemporaryDirectory(prefix="pg-") as name:  # a short path: a socket's has at most 107 bytes
        folder = Path(name)
        user = unprivileged()
        if user:
            shutil.chown(folder, user)
        server = Server(folder, found)
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.kill()
