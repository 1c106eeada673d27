"""Safety for every test: nothing of the machine's environment reaches the code under test.

Of whatever can be anything, the same examples are tried each time; HYPOTHESIS_PROFILE=many tries others, and twenty
times as many, and HYPOTHESIS_PROFILE=few a tenth of them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import coverage
import pytest
from hypothesis import settings

import guard.core.text

if TYPE_CHECKING:
    from collections.abc import Generator

settings.register_profile("many", max_examples=20 * settings().max_examples, deadline=None)
settings.register_profile("few", max_examples=settings().max_examples // 10, derandomize=True, deadline=None)
settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

_OURS = ("BLUESHIFT_", "SLACK_", "GITHUB_")
_OTHERS = {"NO_COLOR", "FORCE_COLOR", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE", "COLUMNS", "TERM"}
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
