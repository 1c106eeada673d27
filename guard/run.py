"""Runs a check: counts what the rules ask for, judges it and returns the report. All interfaces call it."""

from __future__ import annotations

import asyncio
import math
import os
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from guard.abandoned_threads import AbandonedThreads
from guard.blueshift.account import open_account
from guard.blueshift.counting import Wanted, connect, longest_run
from guard.core import results
from guard.core.errors import UsageError
from guard.core.evaluate import evaluate
from guard.core.model import Rules, Selection
from guard.core.plan import plan
from guard.core.progress import Progress
from guard.core.results import FailOn
from guard.core.run_id import RANDOM_BYTES, run_id
from guard.core.text import did_you_mean, printable, shortened
from guard.history.address import require_store
from guard.report import format_named, render
from guard.rules import load_rules
from guard.rules.duration import parse_duration
from guard.security.debug_log import log
from guard.version import __version__

T = TypeVar("T")

_LONGEST_TIMEOUT = 1e9  # seconds; clocks do not accept many more

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from guard.blueshift.counting import Blueshift
    from guard.history.store import Store


class Report(results.Report):
    """The report of a run, which can be rendered in every format of ``--output``."""

    __slots__ = ()

    def render(self, format: str) -> str:  # noqa: A002 - as in --output FORMAT
        """Return the report in a format of ``--output``, such as ``"html"``, ending in a newline.

        Raises ``UsageError`` for an unknown format.
        """
        return render(self, format_named(format))

    def to_json(self) -> str:
        """Return the JSON report, as ``--output json`` writes it."""
        return self.render("json")


def check(
    rules: Rules | str | os.PathLike[str],
    *,
    api_key: str | None = None,
    region: str | None = None,
    base_url: str | None = None,
    selection: Selection | None = None,
    fail_on: FailOn | str = FailOn.FAIL,
    timeout: float | str | None = None,
    progress: Progress | None = None,
    history: str | os.PathLike[str] | None = None,
    record: bool = True,
) -> Report:
    """Have Blueshift count what the rules guard, judge it, and return the report.

    ``rules`` is the path of a rules file, or what ``load_rules`` returned. Missing arguments come from the environment
    (``BLUESHIFT_API_KEY`` or ``BLUESHIFT_API_KEY_FILE``, ``BLUESHIFT_REGION``, ``BLUESHIFT_BASE_URL``), then from the
    rules. ``timeout`` is for the whole run, in seconds or as a text such as ``"20m"``; the default is long enough for
    every channel to use its ``refresh.timeout``. What is not counted by then is unknown in the report. ``progress`` is
    updated during the run, and another thread may read it. ``history`` is the address of a store, such as
    ``"history.db"`` or ``"postgresql://host/database"``, by default that of ``AUDIENCE_GUARD_HISTORY``; the run is
    recorded there unless ``record`` is false. If that fails, ``report.history.recorded`` is false, and the verdict
    stands.

    Raises ``UsageError`` before anything is sent: for invalid rules, a missing key, an unknown region or selection, or
    an unsafe address. Failures of a segment or of the network do not raise; they are in the report. Inside a running
    event loop, await ``check_async`` instead.
    """
    if _is_inside_an_event_loop():
        raise UsageError(
            "check() cannot wait inside a running event loop, as in a notebook or an async function; nothing was sent; "
            "write `await check_async(...)` with the same arguments"
        )
    return run_to_its_end(
        check_async(
            rules,
            api_key=api_key,
            region=region,
            base_url=base_url,
            selection=selection,
            fail_on=fail_on,
            timeout=timeout,
            progress=progress,
            history=history,
            record=record,
        )
    )


def run_to_its_end(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in its own event loop, and return as soon as it is done.

    A DNS look-up cannot be cancelled, and asyncio would wait for its thread; so the thread is abandoned.
    """
    with asyncio.Runner() as runner:
        runner.get_loop().set_default_executor(AbandonedThreads())
        return runner.run(main)


async def check_async(
    rules: Rules | str | os.PathLike[str],
    *,
    api_key: str | None = None,
    region: str | None = None,
    base_url: str | None = None,
    selection: Selection | None = None,
    fail_on: FailOn | str = FailOn.FAIL,
    timeout: float | str | None = None,  # noqa: ASYNC109 - a timeout is part of the report, not an exception
    progress: Progress | None = None,
    history: str | os.PathLike[str] | None = None,
    record: bool = True,
) -> Report:
    """Like ``check``, for a running event loop."""
    _require_texts(api_key=api_key, region=region, base_url=base_url)
    if progress is not None and not isinstance(progress, Progress):
        raise UsageError(f"progress is a {type(progress).__name__}; give a guard.Progress(), or leave it out")
    selection, fail_on = _selection(selection), _fail_on(fail_on)
    time_limit, rules = _seconds(timeout), _loaded(rules)
    account = open_account(api_key=api_key, region=region, base_url=base_url, rules_region=rules.region)
    store = open_store(history)
    async with connect(account, rules.pacing) as blueshift:
        return await check_over(
            blueshift,
            rules,
            selection=selection,
            fail_on=fail_on,
            timeout=time_limit,
            progress=progress,
            store=store,
            record=record,
        )


async def check_over(
    blueshift: Blueshift,
    rules: Rules,
    *,
    selection: Selection | None = None,
    fail_on: FailOn = FailOn.FAIL,
    timeout: float | None = None,  # noqa: ASYNC109 - a timeout is part of the report, not an exception
    progress: Progress | None = None,
    store: Store | None = None,
    record: bool = True,
) -> Report:
    """Like ``check``, over an open connection, which other checks may use at the same time."""
    selection = selection or Selection()
    planned = plan(rules, selection)
    require_store(rules, store)
    started_at, started = datetime.now(UTC), time.monotonic()
    memory, spent = None, 0.0
    if store is not None:
        from guard.history.memory import Memory  # noqa: PLC0415 - slow to import, and most runs have no store

        memory = Memory(store, blueshift.host, rules.past, records=record)
        await memory.recall(planned.segments, math.inf if timeout is None else timeout)
        spent = time.monotonic() - started  # reading the history is part of the run
    wanted = [Wanted.of(segment, planned.channels(segment)) for segment in planned.segments]
    log("rules", sha256=rules.sha256, segments=len(wanted), fail_on=fail_on)
    left = longest_run(wanted, rules.pacing, rules.refresh) if timeout is None else max(0.0, timeout - spent)
    readings = await blueshift.count(wanted, refresh=rules.refresh, time_limit=left, progress=progress or Progress())
    pasts = {}
    if memory is not None:
        await memory.complete(planned.segments, readings)
        pasts = memory.pasts(planned.segments, readings, started_at)
    segments, campaigns = evaluate(planned, readings, pasts)
    report = Report(
        version=__version__,
        fail_on=fail_on,
        started_at=started_at,
        finished_at=started_at + timedelta(seconds=time.monotonic() - started),
        host=blueshift.host,
        rules_path=rules.path,
        rules_sha256=rules.sha256,
        account=rules.account,
        selection=selection,
        segments=segments,
        campaigns=campaigns,
        run_id=run_id(int(started_at.timestamp() * 1000), os.urandom(RANDOM_BYTES)),
    )
    return await memory.remember(report) if memory else report


def open_store(address: str | os.PathLike[str] | None) -> Store | None:
    """Return the history store of an address, or else of the environment; None if neither names one.

    Nothing is opened yet. Raise ``UsageError`` for an address that cannot be one, or a package that is not installed.
    """
    from guard.history.address import named_store, parse_address  # noqa: PLC0415 - most runs have no store

    named = named_store(None) if address is None else parse_address(_path_text(address), "history")
    if named is None:
        return None
    from guard.history.store import Store  # noqa: PLC0415 - slow to import

    return Store(named)


# The arguments


def _path_text(address: object) -> str:
    if isinstance(address, str | os.PathLike) and isinstance(text := os.fspath(address), str):
        return text
    raise UsageError(f"history is a {type(address).__name__}; give the address of a store, or leave it out")


def _require_texts(**arguments: object) -> None:
    """Raise ``UsageError`` for an argument that is not a text; its value is not shown, because it may be the key."""
    for name, given in arguments.items():
        if given is not None and not isinstance(given, str):
            raise UsageError(f"{name} is a {type(given).__name__}; give a text, or leave it out")


def _loaded(rules: object) -> Rules:
    if isinstance(rules, Rules):
        return rules
    if not isinstance(rules, str | os.PathLike):
        raise UsageError(
            f"rules is a {type(rules).__name__}; give the path of a rules file, or what load_rules() returned"
        )
    return load_rules(rules)


def _selection(selection: object) -> Selection:
    if selection is None or isinstance(selection, Selection):
        return selection or Selection()
    raise UsageError(f'selection is a {type(selection).__name__}; give one such as Selection(campaigns="spring-sale")')


def _seconds(timeout: object) -> float | None:
    if timeout is None:
        return None
    if isinstance(timeout, str):
        try:
            return parse_duration(timeout)
        except ValueError as error:
            raise UsageError(f"timeout: {error}") from None
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout < _LONGEST_TIMEOUT:
        raise UsageError(f'timeout is {_shown(timeout)}; give more than 0 seconds, or a duration such as "20m"')
    return timeout


def _fail_on(word: object) -> FailOn:
    if isinstance(word, str) and word in set(FailOn):
        return FailOn(word)
    near = did_you_mean(word, list(FailOn)) if isinstance(word, str) else ""
    raise UsageError(f"fail_on is {_shown(word)}{near}", hint=f"it can be: {', '.join(FailOn)}")


def _shown(value: object) -> str:
    return printable(shortened(repr(value)))


def _is_inside_an_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
