"""Posts a message to Slack with a clock that skips every wait."""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, Any

import httpx

from guard.slack.webhook import post

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from guard.slack.webhook import Refusal

    Told = tuple[str | None, float]

URL = "https://hooks.example.com/services/a_webhook_for_tests"
PAYLOAD = {"text": "Größe \ud800", "blocks": []}


class Leaping(selectors.SelectSelector):
    """A selector that moves the clock on instead of waiting."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        events = super().select(0)
        if not events:
            self.now += timeout or 0.0
        return events


class LeapingLoop(asyncio.SelectorEventLoop):
    """An event loop without real waiting."""

    def __init__(self) -> None:
        self._leaping = Leaping()
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.now


def outcome(url: str = URL, **options: float) -> tuple[Refusal | None, float]:
    """Post the payload, and return what came of it and how many seconds it took."""

    async def main() -> tuple[Refusal | None, float]:
        return await post(url, PAYLOAD, **options), asyncio.get_running_loop().time()

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        refusal, seconds = runner.run(main())
    assert not any(part in str(refusal) for part in ("hooks", "example", "services", "a_webhook_for_tests"))
    return refusal, seconds


def posted(url: str = URL, **options: float) -> Told:
    """Post the payload, and return why that was in vain and how many seconds it took."""
    refusal, seconds = outcome(url, **options)
    return refusal.why if refusal else None, seconds


def may_have_arrived() -> bool:
    """Post the payload in vain, and return whether it may have arrived all the same."""
    refusal, _ = outcome()
    assert refusal
    return refusal.may_have_arrived


class Drip(httpx.AsyncByteStream):
    """A body without an end, a byte every ``pause`` seconds; ``sent`` counts them."""

    def __init__(self, pause: float) -> None:
        self.pause, self.sent = pause, 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self.sent < 1_000_000:
            await asyncio.sleep(self.pause)
            self.sent += 1
            yield b"x"


async def hang(_request: httpx.Request) -> httpx.Response:
    await asyncio.sleep(3600)
    return httpx.Response(200)
