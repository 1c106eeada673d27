"""How far a run has come, for somebody who watches: the run writes it, a screen or a log reads it when it likes."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class Progress:
    """Channels to count, those done with (counted or given up), refreshes under way, and what went wrong last.

    ``trouble`` is empty again as soon as anything is answered.
    """

    total: int = 0
    done: int = 0
    refreshing: int = 0
    trouble: str = ""

    @contextmanager
    def refresh(self) -> Iterator[None]:
        """Count one more refresh as under way for as long as the block lasts."""
        self.refreshing += 1
        try:
            yield
        finally:
            self.refreshing -= 1
