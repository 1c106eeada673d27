"""Runs the client against the sandbox in one process; the event loop's clock leaps over every wait."""

from __future__ import annotations

import asyncio
import json
import selectors
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from guard.blueshift.account import Account, ApiKey
from guard.blueshift.counting import Wanted, connect
from guard.core.model import Channel, Pacing, Refresh, Region
from guard.core.progress import Progress
from guard.sandbox.api import Api
from guard.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from contextlib import AbstractAsyncContextManager

    from guard.blueshift.answers import Listed
    from guard.blueshift.counting import Blueshift
    from guard.sandbox.api import Request
    from guard.sandbox.scenario import Scenario

T = TypeVar("T")
LAUNCH_DAY = 1_800_000_000.5
QUICK = Pacing(requests_per_second=100)
PATIENT = Refresh()


class _Leaping(selectors.SelectSelector):
    """A selector that moves the clock instead of waiting."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        events = super().select(0)
        if not events:
            assert timeout is not None, "everything waits for ever"
            self.now += timeout
        return events


class LeapingLoop(asyncio.SelectorEventLoop):
    """An event loop on which ten minutes pass in no time."""

    def __init__(self) -> None:
        self._leaping = _Leaping()
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.now

    def run_in_executor(self, _executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """Do the work of another thread at once, because the clock does not leap over it."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - the future raises it
            future.set_exception(error)
        return future


def leap(main: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        return runner.run(main)


@dataclass
class Server:
    """A sandbox without a socket: it plays a scenario on the loop's clock."""

    scenario: Scenario
    interfere: Callable[[httpx.Request, int], httpx.Response | None] = lambda _request, _number: None
    seconds: float = 0.0
    progress: Progress = field(default_factory=Progress)
    _api: Api | None = None
    asked: int = 0
    most_in_flight: int = 0
    _in_flight: int = 0

    def count(
        self,
        *wanted: Wanted,
        pacing: Pacing = QUICK,
        refresh: Refresh = PATIENT,
        time_limit: float = 3600.0,
        at_once: bool = False,
    ) -> dict[str, Any]:
        """Count in one run over one connection, or ``at_once`` in one run for each."""

        async def main() -> dict[str, Any]:
            loop = asyncio.get_running_loop()
            async with self._connect(pacing) as blueshift:
                found = await asyncio.gather(
                    *(
                        blueshift.count(each, refresh=refresh, time_limit=time_limit, progress=self.progress)
                        for each in ([[each] for each in wanted] if at_once else [wanted])
                    )
                )
            self.seconds = loop.time()
            return found[0]

        return leap(main())

    def run(self, work: Callable[[Blueshift], Coroutine[Any, Any, T]]) -> T:
        """Do what the runs of one connection do."""

        async def main() -> T:
            async with self._connect(QUICK) as blueshift:
                return await work(blueshift)

        return leap(main())

    def list(self, *, archived: bool, time_limit: float = 60.0) -> list[Listed]:
        async def main() -> list[Listed]:
            async with self._connect(QUICK) as blueshift:
                return await blueshift.list(archived=archived, time_limit=time_limit)

        return leap(main())

    def _connect(self, pacing: Pacing) -> AbstractAsyncContextManager[Blueshift]:
        loop = asyncio.get_running_loop()
        self._api = Api(self.scenario, World(self.scenario, clock=lambda: LAUNCH_DAY + loop.time()))
        return connect(ACCOUNT, pacing, transport=httpx.MockTransport(self._answer))

    @property
    def requests(self) -> tuple[Request, ...]:
        assert self._api is not None
        return self._api.requests

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        assert self._api is not None
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        await asyncio.sleep(self.scenario.latency / 2)
        self.asked += 1
        answer = self.interfere(request, self.asked)
        if answer is None:
            target = request.url.raw_path.decode()
            said = self._api.answer(request.method, target, request.headers.get("Authorization"))
            answer = httpx.Response(said.status, headers=said.headers, stream=httpx.ByteStream(said.body))
        await asyncio.sleep(self.scenario.latency / 2)
        self._in_flight -= 1
        return answer


ACCOUNT = Account(base_url="https://blueshift.test", region=Region.US, key=ApiKey("a-key-for-tests"))


def want(uuid: str, *channels: Channel, key: str | None = None, bypass_global: bool = False) -> Wanted:
    """Return what is wanted of a segment, by default its email."""
    asked = channels or (Channel.EMAIL,)
    return Wanted(key=key or uuid, uuid=uuid, bypass_global=bypass_global, channels=asked)


def named(name: str, *channels: Channel) -> Wanted:
    """Return what is wanted of a segment that is known by its name."""
    return Wanted(key=name, uuid=None, name=name, channels=channels or (Channel.EMAIL,))


def reply(body: bytes = b"", status: int = 200, headers: Mapping[str, str] | None = None) -> httpx.Response:
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))


def answer(**fields: Any) -> httpx.Response:
    """Return an answer of Blueshift, sent when the sandbox's clock starts."""
    body = {"refresh_status": "ready", "email_users": 40, "sms_users": 30} | fields
    return reply(json.dumps(body).encode(), headers={"Date": "Fri, 15 Jan 2027 08:00:00 GMT"})


def answers(*answers: dict[str, Any] | None) -> Callable[[httpx.Request, int], httpx.Response | None]:
    """Return what gives each request its answer, by the fields; the last is for all later ones, None is the sandbox."""

    def interfere(_request: httpx.Request, number: int) -> httpx.Response | None:
        fields = answers[min(number, len(answers)) - 1]
        return None if fields is None else answer(**fields)

    return interfere


def stamps(*stamps: str | None) -> Callable[[httpx.Request, int], httpx.Response | None]:
    """Return what gives each answer its stamp; the last is for all later ones."""
    return answers(*({"approxusers_updated_at": each} for each in stamps))


def refuse(_request: httpx.Request, _number: int) -> httpx.Response:
    raise httpx.ConnectError("connection refused")


def uuid_of(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"
