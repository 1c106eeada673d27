"""A question put to a played Blueshift, what became of it, and what has to be true of it whatever was played."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import httpx

from guard.blueshift.account import Account, ApiKey
from guard.blueshift.counting import Wanted, connect
from guard.model import Channel, Region
from guard.outcome import Count
from guard.progress import Progress
from tests.blueshift.any_order import UUIDS, Kind, PlayedBlueshift, Script

if TYPE_CHECKING:
    from guard.outcome import SegmentReadings
    from tests.blueshift.any_script import Question

ACCOUNT = Account(base_url="http://127.0.0.1:1", region=Region.US, key=ApiKey("a-key-for-tests"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What became of a question: the readings, the loop's time when they were there, and what was asked by then."""

    question: Question
    blueshift: PlayedBlueshift
    found: dict[str, SegmentReadings]
    seconds: float
    requests: int

    def readings(self) -> list[tuple[str, Kind, Any]]:
        return [
            (uuid, kind, self.found[key(uuid, kind)].channels.get(Channel(kind.channel)))
            for uuid, kinds in zip(UUIDS, self.question.kinds, strict=True)
            for kind in kinds
        ]


def key(uuid: str, kind: Kind) -> str:
    return f"{uuid} {kind.channel} {kind.bypass_global}"


async def play(script: Script, question: Question) -> Run:
    """Ask the question of the played Blueshift, and go on watching for a while after the run has ended."""
    blueshift = PlayedBlueshift(replace(script, histories=(script.histories * 2)[:2]))
    wanted = [
        Wanted(key=key(uuid, kind), uuid=uuid, bypass_global=kind.bypass_global, channels=(Channel(kind.channel),))
        for uuid, kinds in zip(UUIDS, question.kinds, strict=True)
        for kind in kinds
    ]
    async with connect(ACCOUNT, question.pacing, transport=httpx.MockTransport(blueshift.answer)) as account:
        found = await account.count(
            wanted, refresh=question.refresh, time_limit=question.time_limit, progress=Progress()
        )
        seconds, requests = asyncio.get_running_loop().time(), len(blueshift.log)
        await asyncio.sleep(1000)
    return Run(question=question, blueshift=blueshift, found=found, seconds=seconds, requests=requests)


def assert_nothing_stale_is_believed(run: Run) -> None:
    believed = [(uuid, kind, reading.value) for uuid, kind, reading in run.readings() if isinstance(reading, Count)]
    for uuid, kind, value in believed:
        assert run.blueshift.is_true(value, uuid, kind), f"a stale count is believed: {run.blueshift.made[value]}"


def assert_the_run_is_orderly(run: Run) -> None:
    assert all(reading is not None for *_, reading in run.readings()), "a channel has no reading"
    assert run.seconds <= run.question.time_limit + 1e-6, "the run went past its deadline"
    assert len(run.blueshift.log) == run.requests, "something was asked after the run had ended"
    assert run.blueshift.most_triggers_at_once <= 1, "two triggers of one segment at once"
    for uuid in UUIDS:
        lane = [each for each in run.blueshift.log if each.uuid == uuid]
        for before, each in zip([None, *lane], lane, strict=False):
            if each.is_trigger:
                assert before, "a trigger without a look before it"
                assert before.settled, f"a trigger right after {before}"
