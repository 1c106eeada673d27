"""Runs ``async def`` tests on the event loop that leaps over every wait."""

from __future__ import annotations

import inspect
import logging
import random

import pytest

from tests.blueshift.in_process import leap


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}
    leap(pyfuncitem.obj(**arguments))
    return True


@pytest.fixture
def steady(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every wait its average."""
    monkeypatch.setattr(random, "uniform", lambda low, high: (low + high) / 2)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Return what is logged, with the log of ``--debug``."""
    caplog.set_level(logging.DEBUG, logger="guard")
    return caplog
