"""Scenarios for the sandbox: an account, its segments, and the server's behaviour, from a file or from code.

``demo.yaml`` beside this module explains every key of a scenario file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from guard.core.model import Channel
from guard.rules.document import parse_document, read_document
from guard.rules.fields import Decimal, Duration, People, Text, Uuid, duration
from guard.rules.tree import Mapping, Sequence, problem_at
from guard.sandbox.scripted_answers import ScriptedAnswers, Written, WrittenAnswers

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from guard.core.errors import Problem


class Stamps(StrEnum):
    """The format of the server's stamps: their precision, or another time zone."""

    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    NANOSECONDS = "nanoseconds"
    OFFSET = "offset"  # two hours east of Greenwich


class StampAfter(StrEnum):
    """What a refresh does to the stamp: it moves to the end of the refresh, stays, or is a year early or late."""

    MOVES = "moves"
    STAYS = "stays"
    BACK = "back"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """How many requests per second are served, and the Retry-After of a refused one, in seconds (None: no header)."""

    requests_per_second: float
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockJump:
    """After ``after`` seconds, the server's clock jumps once by ``by`` seconds, forward or back."""

    after: float
    by: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Scripted answers, given in order before normal ones: first ``any``, then ``reads`` and ``triggers``.

    A number is a status with nothing else. A list that ends with ``AGAIN`` repeats for ever.
    """

    any: ScriptedAnswers = ()
    reads: ScriptedAnswers = ()
    triggers: ScriptedAnswers = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioSegment:
    """A segment and its refreshes; durations are in seconds, counts in people.

    A channel that is not in ``counts`` is not in the answers. A channel that is not in ``fresh`` keeps its count.
    ``counted`` is the age of the counts; None means never counted, with zeros and a null stamp in the answers.
    A refresh begins ``lag`` after its trigger and takes ``refresh``; until it begins, answers say ``ready`` and the
    old count. A refresh of a channel in ``stuck`` never ends, and no other can begin.
    Only ``bypass_global=true`` counts the people in ``outside_global_inclusion``.
    """

    uuid: str
    name: str
    archived: bool = False
    counts: dict[Channel, int] = field(default_factory=dict)
    counted: float | None = 3600.0
    fresh: dict[Channel, int] = field(default_factory=dict)
    outside_global_inclusion: dict[Channel, int] = field(default_factory=dict)
    refresh: float = 1.0
    lag: float = 0.0
    stuck: frozenset[Channel] = frozenset()
    stamp: StampAfter = StampAfter.MOVES
    answers: Answers = Answers()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """An account, and the server in front of it.

    ``key`` is the only valid API key; None accepts any key that is not empty. ``latency`` is the delay before each
    answer. ``clock_skew`` is how far the server's clock is ahead of ours (negative: behind). Both are in seconds.
    ``clock_jump`` moves the server's clock during the run; refreshes still take as long.
    """

    key: str | None = None
    rate_limit: RateLimit | None = None
    latency: float = 0.0
    stamps: Stamps = Stamps.MILLISECONDS
    clock_skew: float = 0.0
    clock_jump: ClockJump | None = None
    segments: tuple[ScenarioSegment, ...] = ()


def load_scenario(path: str | os.PathLike[str]) -> Scenario:
    """Return the scenario in a file.

    Raise UsageError when the file cannot be read, and RulesError with every problem in it and its place.
    """
    return parse_scenario(read_document(path), str(path))


def parse_scenario(data: bytes, path: str) -> Scenario:
    """Return the scenario in a file's bytes; raise RulesError with every problem in it, which names ``path``."""
    document, _ = parse_document(data, path, _Scenario, across=_contradictions)
    scenario: Scenario = document.value()
    return scenario


# The file's form

_EVERY_CHANNEL = "all"
_NEVER = "never"


def _age(value: object) -> float | None:
    return None if value == _NEVER else duration(value)


def _signed_duration(value: object) -> float:
    if isinstance(value, str) and value.startswith("-"):
        return -duration(value[1:])
    return duration(value)


def _channels(value: object) -> object:
    return list(Channel) if value == _EVERY_CHANNEL else value


_Channel = Annotated[Channel, Field(strict=False)]
_SignedDuration = Annotated[float, BeforeValidator(_signed_duration)]


class _RateLimit(Written):
    makes = RateLimit
    requests_per_second: Annotated[Decimal, Field(gt=0)]
    retry_after: Duration | None = None


class _ClockJump(Written):
    makes = ClockJump
    after: Duration
    by: _SignedDuration


class _Answers(Written):
    makes = Answers
    any: WrittenAnswers | None = None
    reads: WrittenAnswers | None = None
    triggers: WrittenAnswers | None = None


class _Segment(Written):
    makes = ScenarioSegment
    uuid: Uuid
    name: Text
    archived: bool | None = None
    counts: dict[_Channel, People] | None = None
    counted: Annotated[float | None, BeforeValidator(_age)] = None
    fresh: dict[_Channel, People] | None = None
    outside_global_inclusion: dict[_Channel, People] | None = None
    refresh: Duration | None = None
    lag: Duration | None = None
    stuck: Annotated[list[_Channel], BeforeValidator(_channels), AfterValidator(frozenset)] | None = None
    stamp: Annotated[StampAfter, Field(strict=False)] | None = None
    answers: Annotated[_Answers, AfterValidator(_Answers.value)] | None = None


class _Scenario(Written):
    makes = Scenario
    key: Text | None = None
    rate_limit: Annotated[_RateLimit, AfterValidator(_RateLimit.value)] | None = None
    latency: Duration | None = None
    stamps: Annotated[Stamps, Field(strict=False)] | None = None
    clock_skew: _SignedDuration | None = None
    clock_jump: Annotated[_ClockJump, AfterValidator(_ClockJump.value)] | None = None
    segments: Annotated[list[Annotated[_Segment, AfterValidator(_Segment.value)]], AfterValidator(tuple)]


def _contradictions(root: Mapping) -> Iterator[Problem]:
    """Find contradictions between keys; other parts of the file may be wrong too."""
    first_lines: dict[str, int] = {}
    segments = root.get("segments")
    for index, segment in enumerate(segments if isinstance(segments, Sequence) else ()):
        if not isinstance(segment, Mapping):
            continue
        uuid = segment.get("uuid")
        if isinstance(uuid, str):
            if uuid.lower() in first_lines:
                what = f"another segment has this uuid, in line {first_lines[uuid.lower()]}"
                yield problem_at(segment.key_place("uuid"), ["segments", index, "uuid"], what)
            first_lines.setdefault(uuid.lower(), segment.line("uuid"))
        if segment.get("counted") == _NEVER and "counts" in segment:
            what = "a segment that was never counted has no counts; write fresh"
            yield problem_at(segment.key_place("counts"), ["segments", index, "counts"], what)
