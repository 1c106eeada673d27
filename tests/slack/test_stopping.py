"""Being told to stop: who gets an answer still, who is told that there will be none, and how the app ends."""

from __future__ import annotations

import contextlib
import http.client
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.slack.workspace import MODES, RULES, Mode, Workspace, rules, shown

if TYPE_CHECKING:
    from pathlib import Path

PATIENT = rules(RULES.replace("timeout: 4s", "timeout: 10m"))
"""With these rules the segment stuck is waited for longer than any test lasts."""
SIGNALS: dict[Mode, signal.Signals] = {"http": signal.SIGTERM, "socket": signal.SIGINT}


def health(there: Workspace) -> int:
    connection = http.client.HTTPConnection(there.address.removeprefix("http://"), timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", "/healthz")
        return connection.getresponse().status


def stop_amid_checks(there: Workspace, number: signal.Signals) -> None:
    """One check ends in time, one does not, one waits, and one is asked for too late."""
    ends, lasts, waits = there.ask("slow-1"), there.ask("stuck"), there.ask("slow-2")
    there.app.signal(number)
    there.app.wait_for_event("stopping")
    assert "being restarted" in shown(there.answer(waits))
    assert there.answers(ends) == [], "what waits is told at once, not after what runs"
    late = there.ask("good")
    assert "being restarted" in late.text
    if there.mode == "http":
        assert health(there) == 503
    assert "May be sent" in there.answer(ends)["text"]
    assert there.answers(lasts) == []
    assert "being restarted" in shown(there.answer(lasts))
    assert there.app.ended(20) == 128 + number
    assert [len(there.answers(said)) for said in (ends, lasts, waits, late)] == [1, 1, 1, 0]


def test_a_signal_lets_checks_end(tmp_path: Path) -> None:
    def live(mode: Mode) -> None:
        folder = tmp_path / mode
        folder.mkdir()
        with Workspace(folder, mode, "--workers", "2", rules_file=PATIENT) as there:
            stop_amid_checks(there.open(), SIGNALS[mode])

    with ThreadPoolExecutor() as both:
        list(both.map(live, MODES))


@pytest.mark.parametrize("mode", MODES)
def test_an_idle_app_ends_at_once(tmp_path: Path, mode: Mode) -> None:
    with Workspace(tmp_path, mode) as there:
        app = there.open().app
        assert app.stop(signal.SIGTERM, seconds=8) == 143
        assert app.events("stopping")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(tmp_path: Path, number: signal.Signals) -> None:
    with Workspace(tmp_path, "http", rules_file=PATIENT) as there:
        app = there.open().app
        there.ask("stuck")
        app.signal(number)
        app.wait_for_event("stopping")
        assert app.stop(number, seconds=5) == 128 + number
