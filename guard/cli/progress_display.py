"""What somebody who waits gets to see on stderr: a live line on a terminal, an occasional plain line elsewhere."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from guard.cli.streams import is_terminal, say, show
from guard.core.progress import Progress
from guard.core.text import duration, number

if TYPE_CHECKING:
    from collections.abc import Iterator

_LIVE_EVERY = 0.5
_PLAIN_EVERY = 15.0
_ERASE_LINE = "\r\x1b[2K"


@contextmanager
def display_progress(*, quiet: bool) -> Iterator[Progress]:
    """Yield a progress to be kept up to date, and tell of it until the block ends; say nothing when ``quiet``."""
    progress = Progress()
    if quiet:
        yield progress
        return
    over = threading.Event()
    watcher = threading.Thread(
        target=_draw_live if is_terminal(sys.stderr) else _tell_plainly, args=(progress, over), daemon=True
    )
    watcher.start()
    try:
        yield progress
    finally:
        over.set()
        watcher.join(timeout=1.0)


def progress_line(progress: Progress, seconds: float) -> str:
    """Return how far the run has come, and what stands in its way."""
    done = f"{number(progress.done)} of {number(progress.total)} counts done"
    trouble = f"; {progress.trouble}" if progress.trouble else ""
    return f"{done}, {number(progress.refreshing)} refreshing, {duration(seconds)}{trouble}"


def _draw_live(progress: Progress, over: threading.Event) -> None:
    started = time.monotonic()
    while not over.wait(_LIVE_EVERY):
        line = f"Counting afresh: {progress_line(progress, time.monotonic() - started)}"
        show(_ERASE_LINE + line[: shutil.get_terminal_size().columns - 1])
    show(_ERASE_LINE)


def _tell_plainly(progress: Progress, over: threading.Event) -> None:
    started = time.monotonic()
    while not over.wait(_PLAIN_EVERY):
        say(f"audience-guard: {progress_line(progress, time.monotonic() - started)}")
