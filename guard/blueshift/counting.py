"""Counts many segments at once, over one connection pool and one rate limiter."""

from __future__ import annotations

import asyncio
import traceback
from collections import defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from guard.blueshift.api import Api, Target
from guard.blueshift.catalog import list_segments, resolve
from guard.blueshift.client import Client
from guard.blueshift.errors import RunEndedError
from guard.blueshift.freshness import Prover
from guard.blueshift.pending_refreshes import PendingRefreshes
from guard.blueshift.poll_intervals import RefreshTimes
from guard.blueshift.rate_limiter import RateLimiter
from guard.blueshift.segment_lock import segment_lock
from guard.core.model import Channel
from guard.core.progress import Progress
from guard.core.results import Before, Count, Reason, SegmentReadings, Unavailable
from guard.security.debug_log import log

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Sequence

    import httpx

    from guard.blueshift.account import Account
    from guard.blueshift.answers import Listed
    from guard.core.model import Pacing, Refresh, Segment

T = TypeVar("T")

_REQUESTS_PER_CHANNEL = 3
_ALLOWANCE = 300.0  # seconds beyond what the counting itself may take


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A segment to count, known by its uuid or by its name, and its channels in the order to count them."""

    key: str
    uuid: str | None
    name: str | None = None
    bypass_global: bool = False
    channels: tuple[Channel, ...]

    @classmethod
    def of(cls, segment: Segment, channels: tuple[Channel, ...]) -> Wanted:
        """Return what has to be counted to judge the segment."""
        return cls(
            key=segment.key,
            uuid=segment.uuid,
            name=segment.name,
            bypass_global=segment.bypass_global,
            channels=channels,
        )


class Blueshift:
    """A connection to an account; several runs can use it at once and share its pool and its rate limiter.

    ``connect`` makes it, inside the event loop in which it is used.
    """

    def __init__(self, client: Client, pacing: Pacing) -> None:
        self._client = client
        self._rate_limiter = RateLimiter(pacing)
        _log_pacing(pacing)
        self._times = {channel: RefreshTimes() for channel in Channel}
        self._pending = PendingRefreshes()
        self._clock = asyncio.get_running_loop()

    @property
    def host(self) -> str:
        """The host that is asked, with its port if the address has one."""
        return self._client.account.host

    def pace(self, pacing: Pacing) -> None:
        """Change the pacing, also for the runs under way."""
        self._rate_limiter.pace(pacing)
        _log_pacing(pacing)

    async def count(
        self, wanted: Sequence[Wanted], *, refresh: Refresh, time_limit: float, progress: Progress
    ) -> dict[str, SegmentReadings]:
        """Count the wanted segments within ``time_limit`` seconds and return the readings by key.

        Every wanted channel has a reading: a count proven fresh, or why there is none.
        """
        deadline = self._clock.time() + time_limit
        api = Api(self._client, self._rate_limiter, progress, deadline=deadline)
        run = _Run(wanted, api, Prover(api, refresh, self._times, self._pending, progress), progress)
        log(
            "run_begins",
            counts=progress.total,
            time_limit=time_limit,
            refresh_timeout=refresh.timeout,
            poll_interval=refresh.poll_interval,
            max_poll_interval=refresh.max_poll_interval,
        )
        try:
            async with asyncio.timeout_at(deadline), asyncio.TaskGroup() as tasks:
                run.start(tasks)
        except* TimeoutError:
            run.leftover = Unavailable(reason=Reason.DEADLINE, detail="the time for the whole run was up")
        except* RunEndedError as ended:
            run.leftover = _first(ended).unavailable
        return run.readings()

    async def list(self, *, archived: bool, time_limit: float, progress: Progress | None = None) -> list[Listed]:
        """Return the account's segments; raises ``UnavailableError``, ``RunEndedError`` or ``TimeoutError``."""
        api = Api(self._client, self._rate_limiter, progress or Progress(), deadline=self._clock.time() + time_limit)
        async with asyncio.timeout(time_limit):
            return await list_segments(api, archived=archived)


class _Run:
    """The readings of one run as they come in; ``leftover`` is the reading of channels that were never counted."""

    def __init__(self, wanted: Sequence[Wanted], api: Api, prover: Prover, progress: Progress) -> None:
        self._wanted = wanted
        self._api = api
        self._prover = prover
        self._progress = progress
        self._uuids = {each.key: each.uuid for each in wanted}
        self._proven: dict[tuple[Target, Channel], Count | Unavailable] = {}
        self._found: dict[tuple[str, Channel], Count | Unavailable] = {}
        self.leftover = Unavailable(reason=Reason.INTERNAL, detail="the run ended before this was counted")
        progress.total = sum(len(each.channels) for each in wanted)

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Start a task for every segment, at once if its uuid is known, else after its name is looked up."""
        self._start_counting([(each.uuid, each) for each in self._wanted if each.uuid is not None], tasks)
        if named := [each for each in self._wanted if each.uuid is None]:
            tasks.create_task(self._look_up(named, tasks))

    def _start_counting(self, found: Sequence[tuple[str, Wanted]], tasks: asyncio.TaskGroup) -> None:
        members: defaultdict[str, list[Wanted]] = defaultdict(list)
        for uuid, each in found:
            members[uuid].append(each)
        for uuid, own in members.items():
            tasks.create_task(self._count_segment(uuid, own))

    async def _look_up(self, named: Sequence[Wanted], tasks: asyncio.TaskGroup) -> None:
        """Look the names up, note those without a segment, and start a task for each of the others."""
        resolved = await _or_bug(resolve(self._api, {each.name or "" for each in named}))
        found = []
        for each in named:
            uuid = resolved if isinstance(resolved, Unavailable) else resolved[each.name or ""]
            if isinstance(uuid, str):
                self._uuids[each.key] = uuid
                found.append((uuid, each))
            else:
                for channel in each.channels:
                    self._note(each, channel, uuid)
        self._start_counting(found, tasks)

    async def _count_segment(self, uuid: str, members: Sequence[Wanted]) -> None:
        """Count one segment's channels one after another, each only once in this run."""
        async with segment_lock(self._api.base_url, uuid):
            for each in members:
                target = Target(uuid=uuid, bypass_global=each.bypass_global)
                for channel in each.channels:
                    if (target, channel) not in self._proven:
                        self._proven[target, channel] = await _or_bug(self._prover.count(target, channel))
                    self._note(each, channel, self._proven[target, channel])

    def _note(self, each: Wanted, channel: Channel, reading: Count | Unavailable) -> None:
        self._found[each.key, channel] = reading
        self._progress.done += 1

    def readings(self) -> dict[str, SegmentReadings]:
        """Return the readings by key, and log why channels have none, and the totals of the run."""
        readings = {
            each.key: SegmentReadings(
                uuid=self._uuids[each.key],
                channels={channel: self._reading(each, channel) for channel in each.channels},
                before=self._before(each),
            )
            for each in self._wanted
        }
        proven = sum(isinstance(reading, Count) for reading in self._found.values())
        unknown = self._progress.total - proven
        requests, refused = self._api.requests, self._api.refused_for_rate
        log("run_ended", proven=proven, unknown=unknown, requests=requests, refused_for_rate=refused)
        return readings

    def _reading(self, each: Wanted, channel: Channel) -> Count | Unavailable:
        if found := self._found.get((each.key, channel)):
            return found
        why = self._never_came(each, channel)
        about = Target(uuid=self._uuids[each.key] or "unknown", bypass_global=each.bypass_global)
        log("given_up", segment=about, channel=channel, reason=why.reason, why=why.detail)
        return why

    def _before(self, each: Wanted) -> dict[Channel, Before]:
        uuid = self._uuids[each.key]
        if uuid is None:
            return {}
        target = Target(uuid=uuid, bypass_global=each.bypass_global)
        shown = {channel: self._prover.before(target, channel) for channel in each.channels}
        return {channel: before for channel, before in shown.items() if before}

    def _never_came(self, each: Wanted, channel: Channel) -> Unavailable:
        """Return why there is no reading; at the deadline, also what the count was waiting for."""
        if self.leftover.reason is not Reason.DEADLINE:
            return self.leftover
        uuid = self._uuids[each.key]
        target = None if uuid is None else Target(uuid=uuid, bypass_global=each.bypass_global)
        waited = f"{self._prover.waits_for(target, channel)} when " if target else ""
        trouble = self._api.trouble(target)
        return replace(
            self.leftover,
            detail=waited + self.leftover.detail + (f" ({trouble.detail})" if trouble else ""),
            cause=trouble.reason if trouble else None,
        )


@asynccontextmanager
async def connect(
    account: Account, pacing: Pacing, *, transport: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[Blueshift]:
    """Connect to the account inside the block; ``transport`` replaces the network in tests."""
    async with Client(account, transport=transport) as client:
        yield Blueshift(client, pacing)


def _log_pacing(pacing: Pacing) -> None:
    log("pacing", requests_per_second=pacing.requests_per_second, concurrency=pacing.concurrency)


async def _or_bug(work: Awaitable[T]) -> T | Unavailable:
    """Return the result; a bug of ours makes only this unknown, and the log says where it is."""
    try:
        return await work
    except RunEndedError:
        raise
    except Exception as error:  # noqa: BLE001 - see above
        name, calls = type(error).__name__, traceback.extract_tb(error.__traceback__)
        log("bug", error=name, where=" < ".join(f"{each.filename}:{each.lineno}" for each in calls[::-1]))
        return Unavailable(reason=Reason.INTERNAL, detail=f"audience-guard itself failed ({name}); see --debug")


def longest_run(wanted: Sequence[Wanted], pacing: Pacing, refresh: Refresh) -> float:
    """Return the default time limit in seconds: even a run with the slowest refreshes is over by then."""
    channels = [len(each.channels) for each in wanted]
    sending = _REQUESTS_PER_CHANNEL * sum(channels) / pacing.requests_per_second
    return 2 * (sending + max(channels, default=0) * refresh.timeout) + _ALLOWANCE


def _first(group: BaseExceptionGroup[RunEndedError]) -> RunEndedError:
    """Return one of the errors; they all say the same."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
