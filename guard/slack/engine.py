"""Runs all checks on one event loop in a thread of its own, so that they share the rate limit and the locks."""

from __future__ import annotations

import asyncio
import threading
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Self

from guard.blueshift.account import open_account
from guard.blueshift.counting import connect
from guard.core.errors import GuardError
from guard.run import check_over, run_to_its_end
from guard.slack import log

if TYPE_CHECKING:
    from concurrent.futures import Future

    from guard.blueshift.counting import Blueshift
    from guard.core.model import Rules, Selection
    from guard.core.results import Report
    from guard.history.store import Store

_GRACE = 10.0  # seconds for the report, after the counting
_LONGEST_START = 10.0


class Engine:
    """Runs the checks of all threads on one event loop; use it as a context manager.

    The key is read again for each check, so it can change while the app runs. Each check is recorded in the ``store``.
    """

    def __init__(self, *, region: str | None = None, base_url: str | None = None, store: Store | None = None) -> None:
        self._store = store
        self._region = region
        self._base_url = base_url
        self._connections: dict[tuple[str, str], Blueshift] = {}
        self._started = threading.Event()
        self._entrance = threading.Lock()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="counting", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait(_LONGEST_START)
        return self

    def __exit__(self, *details: object) -> None:
        with self._entrance:  # the loop cancels earlier checks, and no later one can start
            self._is_closed = True
        with suppress(RuntimeError):  # the loop is closed if it crashed
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(_GRACE)

    @property
    def is_alive(self) -> bool:
        """Whether the engine still runs."""
        return self._thread.is_alive()

    def check(self, rules: Rules, selection: Selection, *, time_limit: float) -> Report:
        """Count and judge the selection within ``time_limit`` seconds; call it from any other thread.

        What is not counted by then is unknown in the report. Raises ``UsageError`` without a usable key,
        ``TimeoutError`` when even the report is late, and ``GuardError`` when the engine has stopped.
        """
        counting = self._begin(rules, selection, time_limit)
        try:
            return counting.result(time_limit + _GRACE)
        finally:
            counting.cancel()

    def _begin(self, rules: Rules, selection: Selection, time_limit: float) -> Future[Report]:
        check = self._check(rules, selection, time_limit)
        with self._entrance, suppress(RuntimeError):  # the loop is closed if it crashed
            if not self._is_closed:
                return asyncio.run_coroutine_threadsafe(check, self._loop)
        check.close()
        raise GuardError("the app has stopped counting", hint="ask again after it has restarted")

    def _run(self) -> None:
        try:
            run_to_its_end(self._main())
        except BaseException as error:  # noqa: BLE001 - nobody joins this thread; serve() watches is_alive
            log.bug("counting_ended", error)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._connecting = asyncio.Lock()
        async with AsyncExitStack() as self._open:
            self._started.set()
            await self._stopping.wait()
            await _end_checks()  # otherwise a check finds its connection closed and reports a bug

    async def _check(self, rules: Rules, selection: Selection, time_limit: float) -> Report:
        blueshift = await self._connected(rules)
        return await check_over(blueshift, rules, selection=selection, timeout=time_limit, store=self._store)

    async def _connected(self, rules: Rules) -> Blueshift:
        """Return the account's connection, with the pacing of the current rules."""
        account = open_account(region=self._region, base_url=self._base_url, rules_region=rules.region)
        known = (account.base_url, account.key.reveal())
        async with self._connecting:
            if known not in self._connections:
                self._connections[known] = await self._open.enter_async_context(connect(account, rules.pacing))
        blueshift = self._connections[known]
        blueshift.pace(rules.pacing)
        return blueshift


async def _end_checks() -> None:
    """Cancel every running check, and wait until it has ended."""
    checks = asyncio.all_tasks() - {asyncio.current_task()}
    for each in checks:
        each.cancel()
    await asyncio.gather(*checks, return_exceptions=True)
