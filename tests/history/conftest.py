"""Every kind of outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.report.builders import outcomes

if TYPE_CHECKING:
    from guard.core.results import Report


@pytest.fixture
def reports() -> dict[str, Report]:
    """Every kind of outcome, by its name."""
    return outcomes()
