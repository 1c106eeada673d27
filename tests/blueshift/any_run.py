"""Asks the fake Blueshift a question, and asserts what must always be true of the result."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import httpx

from guard.blueshift.counting import Wanted, connect
from guard.core.model import Channel
from guard.core.progress import Progress
from guard.core.results import Count
from tests.blueshift.any_order import UUIDS, Kind, PlayedBlueshift, Script
from tests.blueshift.in_process import ACCOUNT

if TYPE_CHECKING:
    from guard.core.results import SegmentReadings
    from tests.blueshift.any_script import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The result of a question: the readings, begin and end on the loop's clock, and the number of requests."""

    question: Question
    blueshift: PlayedBlueshift
    found: dict[str, SegmentReadings]
    began: float
    ended: float
    requests: int

    def readings(self) -> list[tuple[str, Kind, Any]]:
        return [
            (uuid, kind, self.found[key(uuid, kind)].channels.get(Channel(kind.channel)))
            for uuid, kinds in zip(UUIDS, self.question.kinds, strict=True)
            for kind in kinds
        ]


def key(uuid: str, kind: Kind) -> str:
    return f"{uuid} {kind.channel} {kind.bypass_global}"


async def play(script: Script, *questions: Question, pause: float = 0.0) -> Run:
    """Ask the fake Blueshift one question after another over one connection, and return the last run.

    ``pause`` is in seconds, between two questions. Requests are watched for a while after the last run.
    """
    blueshift = PlayedBlueshift(replace(script, histories=(script.histories * 2)[:2]))
    clock = asyncio.get_running_loop()
    async with connect(ACCOUNT, questions[0].pacing, transport=httpx.MockTransport(blueshift.answer)) as account:
        for number, question in enumerate(questions):
            await asyncio.sleep(pause if number else 0.0)
            blueshift.run_began = began = clock.time()
            found = await account.count(
                wanted(question), refresh=question.refresh, time_limit=question.time_limit, progress=Progress()
            )
        ended, requests = clock.time(), len(blueshift.log)
        await asyncio.sleep(1000)
    return Run(question=question, blueshift=blueshift, found=found, began=began, ended=ended, requests=requests)


def wanted(question: Question) -> list[Wanted]:
    return [
        Wanted(key=key(uuid, kind), uuid=uuid, bypass_global=kind.bypass_global, channels=(Channel(kind.channel),))
        for uuid, kinds in zip(UUIDS, question.kinds, strict=True)
        for kind in kinds
    ]


def assert_nothing_stale_is_believed(run: Run) -> None:
    believed = [(uuid, kind, reading.value) for uuid, kind, reading in run.readings() if isinstance(reading, Count)]
    for uuid, kind, value in believed:
        is_true = run.blueshift.is_true(value, uuid, kind, since=run.began)
        assert is_true, f"a stale count is believed: {run.blueshift.made[value]}"


def assert_the_run_is_orderly(run: Run) -> None:
    assert all(reading is not None for *_, reading in run.readings()), "a channel has no reading"
    assert run.ended - run.began <= run.question.time_limit + 1e-6, "the run went past its deadline"
    assert len(run.blueshift.log) == run.requests, "something was asked after the run had ended"
    assert run.blueshift.most_triggers_at_once <= 1, "two triggers of one segment at once"
    for uuid in UUIDS:
        requests = [each for each in run.blueshift.log if each.uuid == uuid]
        for before, each in zip([None, *requests], requests, strict=False):
            if each.is_trigger:
                assert before, "a trigger without a look before it"
                assert before.settled, f"a trigger right after {before}"
