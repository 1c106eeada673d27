"""Stores of both kinds. The tests of PostgreSQL use a real server, and are skipped where there is none."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from tests.postgres import programs, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.postgres import Server

_DATABASES = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """Run a PostgreSQL server."""
    if programs() is None:
        pytest.skip("this machine has no PostgreSQL server (Debian's package postgresql)")
    with running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a store that is not made yet; the database of PostgreSQL exists, and is empty."""
    if request.param == "sqlite":
        return str(tmp_path / "history.db")
    server: Server = request.getfixturevalue("postgres")
    return server.create(f"guard_{next(_DATABASES)}")
