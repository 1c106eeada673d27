"""One lane for each segment in this process: whoever counts it, in any thread or event loop, waits for the others.

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

_LOOK_AGAIN, _LONGEST_PAUSE = 0.05, 1.0  # seconds
_lanes: WeakValueDictionary[tuple[str, str], threading.Lock] = WeakValueDictionary()
_registry = threading.Lock()


@asynccontextmanager
async def lane(base_url: str, uuid: str) -> AsyncIterator[None]:
    """Hold the segment's lane for as long as the block lasts."""
    with _registry:
        lock = _lanes.setdefault((base_url, uuid), threading.Lock())
    pause = _LOOK_AGAIN
    while not lock.acquire(blocking=False):  # an asyncio event would know of its own loop alone
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
    try:
        yield
    finally:
        lock.release()
