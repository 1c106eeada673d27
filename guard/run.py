"""The one use case: count what the rules ask for, judge it, and return the report; every door leads here."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from guard import __version__
from guard.blueshift.account import open_account
from guard.blueshift.counting import Wanted, connect, longest_run
from guard.blueshift.debug_log import log
from guard.evaluate import evaluate
from guard.model import Selection
from guard.outcome import FailOn, Report
from guard.plan import plan
from guard.progress import Progress

T = TypeVar("T")

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from guard.blueshift.counting import Blueshift
    from guard.model import Rules


def check(
    rules: Rules,
    *,
    api_key: str | None = None,
    region: str | None = None,
    base_url: str | None = None,
    selection: Selection | None = None,
    fail_on: FailOn = FailOn.FAIL,
    timeout: float | None = None,
    progress: Progress | None = None,
) -> Report:
    """Have Blueshift count what the rules guard, judge it, and return the report.

    What is left out comes from the environment (``BLUESHIFT_API_KEY`` or ``BLUESHIFT_API_KEY_FILE``,
    ``BLUESHIFT_REGION``, ``BLUESHIFT_BASE_URL``), then from the rules. ``timeout`` is in seconds, for the whole run;
    left out, it is long enough for every channel to use its ``refresh.timeout``. What is not counted by then is unknown
    in the report. ``progress`` is kept up to date meanwhile, for another thread to look at.

    Raises ``UsageError`` before anything is sent: no usable key, an unknown region or selection, a bad address.
    Nothing that goes wrong with a segment or with the network raises: it is in the report. Inside a running event loop,
    await ``check_async`` instead.
    """
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
        )
    )


def run_to_its_end(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in an event loop of its own, and be done when it is done.

    A look-up of a host's name cannot be broken off, and asyncio would wait for its thread; so it is left behind.
    """
    with asyncio.Runner() as runner:
        runner.get_loop().set_default_executor(_ThreadsLeftBehind())
        return runner.run(main)


class _ThreadsLeftBehind(ThreadPoolExecutor):
    """Runs each call in a thread that nobody waits for, not even the interpreter's end."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - whoever waits for the future gets it
                future.set_exception(error)

        threading.Thread(target=work, daemon=True).start()
        return future


async def check_async(
    rules: Rules,
    *,
    api_key: str | None = None,
    region: str | None = None,
    base_url: str | None = None,
    selection: Selection | None = None,
    fail_on: FailOn = FailOn.FAIL,
    timeout: float | None = None,  # noqa: ASYNC109 - what is unknown by then is part of the report, not an exception
    progress: Progress | None = None,
) -> Report:
    """Do what ``check`` does, inside a running event loop."""
    account = open_account(api_key=api_key, region=region, base_url=base_url, rules_region=rules.region)
    async with connect(account, rules.pacing) as blueshift:
        return await check_over(
            blueshift, rules, selection=selection, fail_on=fail_on, timeout=timeout, progress=progress
        )


async def check_over(
    blueshift: Blueshift,
    rules: Rules,
    *,
    selection: Selection | None = None,
    fail_on: FailOn = FailOn.FAIL,
    timeout: float | None = None,  # noqa: ASYNC109 - what is unknown by then is part of the report, not an exception
    progress: Progress | None = None,
) -> Report:
    """Do what ``check`` does over a connection that is open already, which other checks may use at the same time."""
    selection = selection or Selection()
    planned = plan(rules, selection)
    wanted = [Wanted.of(segment, planned.channels(segment)) for segment in planned.segments]
    log("rules", sha256=rules.sha256, segments=len(wanted), fail_on=fail_on)
    started_at, started = datetime.now(UTC), time.monotonic()
    readings = await blueshift.count(
        wanted,
        refresh=rules.refresh,
        time_limit=longest_run(wanted, rules.pacing, rules.refresh) if timeout is None else timeout,
        progress=progress or Progress(),
    )
    segments, campaigns = evaluate(planned, readings)
    return Report(
        version=__version__,
        fail_on=fail_on,
        started_at=started_at,
        finished_at=started_at + timedelta(seconds=time.monotonic() - started),
        host=blueshift.host,
        rules_path=rules.path,
        rules_sha256=rules.sha256,
        selection=selection,
        segments=segments,
        campaigns=campaigns,
    )
