"""Threads that nothing waits for, for calls that cannot be cancelled, such as a DNS look-up or a query."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class AbandonedThreads(ThreadPoolExecutor):
    """Runs each call in a thread that nothing waits for, not even the end of the interpreter."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Start the call, and return its future."""
        future: Future[Any] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - the future raises it
                future.set_exception(error)

        threading.Thread(target=work, daemon=True).start()
        return future
