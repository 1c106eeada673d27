"""Safety for every test: nothing of the machine's environment reaches the code under test.

Of whatever can be anything, the same examples are tried each time; HYPOTHESIS_PROFILE=many tries others, and twenty
times as many, and HYPOTHESIS_PROFILE=few a tenth of them.
"""

from __future__ import annotations

import json
import os
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import TYPE_CHECKING, Any

import coverage
import pytest
from hypothesis import settings

import guard.core.text
from guard.core.model import Channel
from guard.sandbox.scenario import Scenario, ScenarioSegment
from guard.sandbox.server import Sandbox
from tests.postgres import programs, running

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from tests.postgres import Server

UUID = "00000000-0000-4000-8000-000000000001"
WEBHOOK_SECRET = "a-webhook-for-tests"

settings.register_profile("many", max_examples=20 * settings().max_examples, deadline=None)
settings.register_profile("few", max_examples=settings().max_examples // 10, derandomize=True, deadline=None)
settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

_OURS = ("BLUESHIFT_", "SLACK_", "GITHUB_", "AUDIENCE_GUARD_", "CI_", "PG")
_OTHERS = {"NO_COLOR", "FORCE_COLOR", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE", "COLUMNS", "TERM"}
_DATABASES = count(1)
_PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(_OURS) or name in _OTHERS or name.upper() in _PROXIES:
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _guesses_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test compares so much that another one gets no suggestion."""
    monkeypatch.setattr(guard.core.text, "GUESSES", guard.core.text.Guesses())


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Serve an account with one segment, whose email reaches 40."""
    people = {Channel.EMAIL: 40}
    one = ScenarioSegment(uuid=UUID, name="One", counts=people, fresh=people, refresh=0.05)
    with Sandbox(Scenario(segments=(one,))) as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """Run a PostgreSQL server."""
    if programs() is None:
        pytest.skip("this machine has no PostgreSQL server (Debian's package postgresql)")
    with running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a history store that is not made yet; PostgreSQL's empty database is there."""
    if request.param == "sqlite":
        return str(tmp_path / "history.db")
    server: Server = request.getfixturevalue("postgres")
    return server.create(f"guard_{next(_DATABASES)}")


class Webhook(ThreadingHTTPServer):
    """An incoming webhook of Slack on loopback.

    ``told`` is what arrived. While ``open`` is not set, the webhook does not answer.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.url = f"http://127.0.0.1:{self.server_port}/services/{WEBHOOK_SECRET}"
        self.told: list[dict[str, Any]] = []
        self.answer = (200, "ok")
        self.arrived, self.open = threading.Event(), threading.Event()
        self.open.set()


class _Answering(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        assert self.path == f"/services/{WEBHOOK_SECRET}"
        self.server.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.server.arrived.set()
        self.server.open.wait(20)
        status, text = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Webhook() as server, serving(server):
        yield server
        server.open.set()


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[None]:
    """Let the server answer for as long as the block lasts."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def wait_until(is_so: Callable[[], bool]) -> None:
    """Return as soon as it is so; fail after twenty seconds."""
    ends_at = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < ends_at
        time.sleep(0.01)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark searches as not to be traced: they run the same lines thousands of times."""
    for item in items:
        if getattr(getattr(item, "function", None), "is_hypothesis_test", False):
            item.add_marker(pytest.mark.no_cover)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Keep a test that is marked ``no_cover``, and the processes that it starts, out of what coverage measures."""
    measured = coverage.Coverage.current() if item.get_closest_marker("no_cover") else None
    if measured is None:
        return (yield)
    processes = os.environ.pop("COVERAGE_PROCESS_CONFIG", None)
    measured.stop()
    try:
        return (yield)
    finally:
        measured.start()
        if processes is not None:
            os.environ["COVERAGE_PROCESS_CONFIG"] = processes
