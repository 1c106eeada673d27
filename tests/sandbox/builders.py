"""What the tests of the sandbox share: one segment, its addresses, and the time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from guard.sandbox.scenario import Scenario, ScenarioSegment
from guard.sandbox.server import Sandbox

Serve = Callable[[Scenario], tuple[Sandbox, httpx.Client]]

KEY = "a-key-for-tests"
UUID = "2dd093e6-8c6f-4e14-8a2c-744477e1fdef"
COUNTS = f"/api/v1/segments/{UUID}/matching_users.json"
LIST = "/api/v1/segments/list"
NOON = 1_800_014_400.789  # 2027-01-15T12:00:00.789Z


def segment(**changes: Any) -> ScenarioSegment:
    return ScenarioSegment(**{"uuid": UUID, "name": "Newsletter", **changes})


def account(**changes: Any) -> Scenario:
    """Return an account of one segment with these changes."""
    return Scenario(segments=(segment(**changes),))
