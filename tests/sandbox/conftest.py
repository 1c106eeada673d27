from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import httpx
import pytest

from guard.sandbox.server import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from guard.sandbox.scenario import Scenario

NOON = 1_800_014_400.789  # 2027-01-15T12:00:00.789Z


@pytest.fixture
def serve() -> Iterator[Callable[[Scenario], tuple[Sandbox, httpx.Client]]]:
    """Serve a scenario with a clock that stays at noon; the client has the key."""
    with ExitStack() as running:

        def serving(scenario: Scenario) -> tuple[Sandbox, httpx.Client]:
            sandbox = running.enter_context(Sandbox(scenario, clock=lambda: NOON))
            client = httpx.Client(base_url=sandbox.url, auth=("a-key-for-tests", ""), trust_env=False, timeout=5)
            return sandbox, running.enter_context(client)

        yield serving
