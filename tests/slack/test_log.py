"""The log: one JSON object a line, whatever happens, and nothing in it that anybody could misuse."""

from __future__ import annotations

import io
import json
import logging
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from guard.slack import log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOGGERS = ("guard", "slack_bolt", "slack_sdk", "waitress", "httpx", "httpcore", "asyncio")
SECRET = "a-token-for-tests"


@pytest.fixture(autouse=True)
def _loggers_as_before() -> Iterator[None]:
    hook = threading.excepthook
    loggers = [logging.getLogger(name) for name in LOGGERS]
    before = [(each.level, each.propagate, list(each.handlers)) for each in loggers]
    yield
    threading.excepthook = hook
    for each, (level, propagate, handlers) in zip(loggers, before, strict=True):
        each.level, each.propagate, each.handlers = level, propagate, handlers
        each.manager._clear_cache()  # type: ignore[attr-defined]  # setLevel() does so too


class Log:
    """Everything that was logged, as text and as lines, each of which must be JSON."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Log:
    """Return what stands on stderr from now on."""
    written = Log()
    monkeypatch.setattr(log, "sys", SimpleNamespace(stderr=written.stream))
    return written


@pytest.fixture
def logged(written: Log) -> Log:
    """Return what is logged without --debug."""
    log.log_to_stderr(debug=False)
    return written


@pytest.mark.parametrize(("write", "level"), [(log.event, "info"), (log.trouble, "error")])
def test_an_event_is_one_line(logged: Log, write: Callable[..., None], level: str) -> None:
    write("asked", user="U1", before=2, joined=False, check=None)

    [line] = logged.lines()
    assert line.pop("time").endswith("+00:00")
    assert line == {"level": level, "event": "asked", "user": "U1", "before": 2, "joined": False, "check": None}


def test_no_value_breaks_its_line(logged: Log) -> None:
    nasty = 'a\n::error::"}\x1b[31m\u2028\ud800'

    log.event("asked", user=nasty)

    [line] = logged.lines()
    assert line["user"] == nasty


def test_a_bug_is_told_by_its_places(logged: Log) -> None:
    def fail(text: str) -> None:
        raise ZeroDivisionError(text)

    try:
        try:
            fail(SECRET)
        except ZeroDivisionError as cause:
            raise ValueError(SECRET) from cause
    except ValueError as error:
        log.bug("fault", error, check="a1b2")

    [line] = logged.lines()
    assert (line["error"], line["check"]) == ("ValueError", "a1b2")
    assert line["where"][0].startswith(__file__)
    assert line["where"][0].endswith(" test_a_bug_is_told_by_its_places")
    assert SECRET not in str(line)


def test_an_unraised_bug_has_no_places(logged: Log) -> None:
    log.bug("fault", ValueError())

    assert logged.lines()[0]["where"] == []


@pytest.mark.parametrize("name", [*LOGGERS[1:], "slack_bolt.App", "httpcore.http11", "waitress.queue"])
def test_the_libraries_log_nothing(logged: Log, caplog: pytest.LogCaptureFixture, name: str) -> None:
    logging.getLogger(name).critical("the request was %s", SECRET)

    assert logged.lines() == []
    assert caplog.messages == []


def test_exceptions_stay_out_of_the_log(logged: Log) -> None:
    logging.getLogger("guard.blueshift").error("a bug", exc_info=ValueError(SECRET))

    assert SECRET not in str(logged.lines())


def test_a_key_is_never_logged(written: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLUESHIFT_API_KEY", "an-unspeakable-key")
    log.log_to_stderr(debug=True)

    logging.getLogger("guard.blueshift").debug("it was an-unspeakable-key")
    log.event("asked", user="an-unspeakable-key?", before=2, where=["an-unspeakable-key"])

    echo, asked = written.lines()
    assert echo["event"] == "it was ***"
    assert (asked["user"], asked["before"], asked["where"]) == ("***?", 2, ["***"])


@pytest.mark.parametrize(("debug", "events"), [(False, []), (True, ["GET /segments: 200"])])
def test_debug_logs_requests(written: Log, debug: bool, events: list[str]) -> None:
    log.log_to_stderr(debug=debug)

    logging.getLogger("guard.blueshift").debug("GET %s: %d", "/segments", 200)

    assert [line["event"] for line in written.lines()] == events


def test_a_crashed_thread_is_logged(logged: Log) -> None:
    def break_down() -> None:
        raise ValueError(SECRET)

    thread = threading.Thread(target=break_down, name="tell")
    thread.start()
    thread.join()

    (line,) = logged.lines()
    assert (line["event"], line["error"], line["thread"]) == ("thread_ended", "ValueError", "tell")
    assert any("break_down" in place for place in line["where"])
    assert SECRET not in logged.stream.getvalue()
