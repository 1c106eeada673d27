"""The builders of report values as fixtures, and golden files (rewritten by pytest with ``UPDATE_GOLDEN=1``)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.report import builders

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.results import CampaignResult, Check, GuardResult, Report, SegmentResult

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(name="check")
def _check() -> Callable[..., Check]:
    return builders.check


@pytest.fixture(name="guard")
def _guard() -> Callable[..., GuardResult]:
    return builders.guard


@pytest.fixture(name="email")
def _email() -> Callable[..., GuardResult]:
    return builders.email


@pytest.fixture(name="segment")
def _segment() -> Callable[..., SegmentResult]:
    return builders.segment


@pytest.fixture(name="campaign")
def _campaign() -> Callable[..., CampaignResult]:
    return builders.campaign


@pytest.fixture(name="report", scope="session")
def _report() -> Callable[..., Report]:
    return builders.report


@pytest.fixture
def reports() -> dict[str, Report]:
    """Every kind of outcome, by the name of its golden file."""
    return builders.outcomes()


@pytest.fixture
def golden() -> Callable[..., None]:
    """Hold a text to the golden file of that name, byte for byte."""

    def hold(name: str, text: str, suffix: str = "txt") -> None:
        path = GOLDEN / f"{name}.{suffix}"
        if os.environ.get("UPDATE_GOLDEN") == "1":
            path.write_bytes(text.encode())
        assert text == path.read_bytes().decode(), f"{name} differs; UPDATE_GOLDEN=1 rewrites it"

    return hold
