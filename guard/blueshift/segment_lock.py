"""One lock for each segment in this process, across threads and event loops.

A segment's channels share one stamp, so a refresh of one would pass for the refresh of another.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_SHORTEST_WAIT, _LONGEST_WAIT = 0.05, 1.0  # seconds
_locks: WeakValueDictionary[tuple[str, str], threading.Lock] = WeakValueDictionary()
_registry = threading.Lock()


@asynccontextmanager
async def segment_lock(base_url: str, uuid: str) -> AsyncIterator[None]:
    """Hold the segment's lock inside the block."""
    with _registry:
        lock = _locks.setdefault((base_url, uuid), threading.Lock())
    wait = _SHORTEST_WAIT
    while not lock.acquire(blocking=False):  # asyncio.Lock works in one event loop only
        await asyncio.sleep(wait)
        wait = min(2 * wait, _LONGEST_WAIT)
    try:
        yield
    finally:
        lock.release()
