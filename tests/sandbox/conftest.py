from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import httpx
import pytest

from guard.sandbox.server import Sandbox
from tests.sandbox.builders import KEY, NOON

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.sandbox.scenario import Scenario
    from tests.sandbox.builders import Serve


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve a scenario with a clock that stays at noon; the client has the key."""
    with ExitStack() as running:

        def serving(scenario: Scenario) -> tuple[Sandbox, httpx.Client]:
            sandbox = running.enter_context(Sandbox(scenario, clock=lambda: NOON))
            client = httpx.Client(base_url=sandbox.url, auth=(KEY, ""), trust_env=False, timeout=5)
            return sandbox, running.enter_context(client)

        yield serving
