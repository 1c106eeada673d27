"""Progress on stderr: a live line on a terminal, an occasional plain line elsewhere."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from guard.cli.output import is_terminal, say, show
from guard.core.progress import Progress
from guard.core.text import duration, number

if TYPE_CHECKING:
    from collections.abc import Iterator

_LIVE_EVERY = 0.5
_PLAIN_EVERY = 15.0
_ERASE_LINE = "\r\x1b[2K"


@contextmanager
def display_progress(*, quiet: bool) -> Iterator[Progress]:
    """Yield a progress to update, and display it until the block ends, unless ``quiet``."""
    progress = Progress()
    if quiet:
        yield progress
        return
    over = threading.Event()
    display = threading.Thread(
        target=_draw_live if is_terminal(sys.stderr) else _print_lines, args=(progress, over), daemon=True
    )
    display.start()
    try:
        yield progress
    finally:
        over.set()
        display.join(timeout=1.0)


def progress_line(progress: Progress, seconds: float) -> str:
    """Return how far the run is, and what holds it up."""
    done = f"{number(progress.done)} of {number(progress.total)} counts done"
    trouble = f"; {progress.trouble}" if progress.trouble else ""
    return f"{done}, {number(progress.refreshing)} refreshing, {duration(seconds)}{trouble}"


def _draw_live(progress: Progress, over: threading.Event) -> None:
    started = time.monotonic()
    while not over.wait(_LIVE_EVERY):
        line = f"Counting afresh: {progress_line(progress, time.monotonic() - started)}"
        show(_ERASE_LINE + line[: shutil.get_terminal_size().columns - 1])
    show(_ERASE_LINE)


def _print_lines(progress: Progress, over: threading.Event) -> None:
    started = time.monotonic()
    while not over.wait(_PLAIN_EVERY):
        say(f"audience-guard: {progress_line(progress, time.monotonic() - started)}")
