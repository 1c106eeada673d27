"""The progress of a run: the run writes it, a display or a log reads it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class Progress:
    """The channels to count, those done (counted or unavailable), the running refreshes, and the latest failure.

    ``trouble`` becomes empty as soon as any request is answered.
    """

    total: int = 0
    done: int = 0
    refreshing: int = 0
    trouble: str = ""

    @contextmanager
    def refresh(self) -> Iterator[None]:
        """Count one more running refresh inside the block."""
        self.refreshing += 1
        try:
            yield
        finally:
            self.refreshing -= 1
