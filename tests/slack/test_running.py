"""The app's process as tests see it."""

from __future__ import annotations

import signal
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.slack.running import App

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCRIPT = """
import json, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
print("out", flush=True)
for line in ("not json", json.dumps({"event": "ready", "mode": "http"}), json.dumps({"event": "last"})):
    print(line, file=sys.stderr, flush=True)
signal.pause()
"""


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with closing(App([sys.executable, "-c", SCRIPT], folder=tmp_path, environ={})) as app:
        yield app


def test_events_can_be_waited_for(app: App) -> None:
    assert app.wait_for_event("ready")["mode"] == "http"
    with pytest.raises(AssertionError, match="no event 'ready'"):
        app.wait_for_event("ready", seconds=0.01, times=2)
    app.wait_for_event("last")
    assert [line["event"] for line in app.log] == ["ready", "last"]
    assert "not json" in app.stderr


def test_a_stopped_app_gives_its_exit_code(app: App) -> None:
    app.wait_for_event("last")
    assert app.stop(signal.SIGTERM) == 7
    with pytest.raises(AssertionError, match="no event 'never'"):
        app.wait_for_event("never")
    assert app.stdout == "out\n"
