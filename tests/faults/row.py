"""A row of the matrix: what goes wrong, and what the command must make of it."""

from __future__ import annotations

import json
import textwrap
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

from guard.core.errors import ExitCode
from tests.faults.surroundings import directly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from guard.sandbox.server import Sandbox
    from tests.faults.surroundings import Surroundings

KEY = "an-unspeakable-key-for-tests-and-nothing-else"
UUID = "00000000-0000-4000-8000-000000000001"
OLD, FRESH = 140, 150
BOUNDS = "{min: 100, max: 200}"
"""Both counts are within them, so that an old one that is believed, or one of another kind, is a pass, and shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What a run must end in: its exit code, the reason or the count that its report must hold, in words."""

    code: ExitCode
    reasons: frozenset[str] = frozenset()
    count: int | None = None

    def __str__(self) -> str:
        """Say it as the table does."""
        if self.code is ExitCode.USAGE:
            return "exit 2"
        said = " or ".join(sorted(self.reasons)) if self.count is None else f"a count of {self.count}"
        return f"exit {int(self.code)}: {said}"


WELL = Ending(code=ExitCode.PASSED, count=FRESH)
EMPTY = Ending(code=ExitCode.FAILED, count=0)
REFUSED = Ending(code=ExitCode.USAGE)


def unknown(*reasons: str) -> Ending:
    """Return the ending of what could not be found out, for one of these reasons."""
    return Ending(code=ExitCode.UNKNOWN, reasons=frozenset(reasons))


BAD_ANSWER = unknown("bad_answer")
DEADLINE = unknown("deadline")


def reads(*given: object) -> str:
    """Return the answers of a segment that gives these to reads; "again" at the end repeats them."""
    return f"{{reads: [{_listed(given)}]}}"


def triggers(*given: object) -> str:
    """Return the answers of a segment that gives these to triggers."""
    return f"{{triggers: [{_listed(given)}]}}"


def always(*given: object) -> str:
    """Return the answers of a segment that gives these to reads and triggers, again and again."""
    return f"{{any: [{_listed(given)}, again]}}"


def last_look(*given: object, well: int = 2) -> str:
    """Return the answers of a segment that gives these to reads after as many normal answers."""
    return f"{{any: [{_listed(['well'] * well)}], reads: [{_listed(given)}]}}"


def says(**fields: str) -> str:
    """Return an answer in which the fields have this JSON; JSON's own quoting is good YAML."""
    said = ", ".join(f"{name}: {json.dumps(text, ensure_ascii=False)}" for name, text in fields.items())
    return f"{{says: {{{said}}}}}"


def _listed(given: Iterable[object]) -> str:
    return ", ".join(str(each) for each in given)


@dataclass(frozen=True, slots=True)
class Row:
    """A fault, how the sandbox plays it, and what must come of it.

    ``answers``, ``segment`` and ``account`` are parts of a scenario file; ``segment`` and ``account`` are further lines
    of it. ``timeout`` is the command's, ``refresh_timeout`` that of the rules, both in seconds. ``requests`` are the
    fewest and the most that reach the sandbox. ``audience`` is how the rules say which segment it is. ``before`` holds
    the counts that may be told of before, None for none; a fault may hide them, but never beside a proven count.
    """

    group: str
    fault: str
    ends: Ending
    answers: str = "{}"
    _: KW_ONLY
    segment: str = ""
    account: str = ""
    timeout: int = 4
    refresh_timeout: int = 3
    requests: tuple[int, int] = (1, 60)
    surroundings: Surroundings = directly
    beforehand: Callable[[Sandbox], None] = lambda _: None
    audience: str = f"uuid: {UUID}"
    name: str = "Newsletter"
    before: tuple[int | None, ...] = (OLD,)

    @property
    def rules(self) -> str:
        """The rules file of the run."""
        return textwrap.dedent(f"""\
            version: 1
            blueshift: {{requests_per_second: 200}}
            refresh: {{timeout: {self.refresh_timeout}s, poll_interval: 100ms, max_poll_interval: 300ms}}
            segments:
              audience: {{{self.audience}, channels: {{email: {BOUNDS}}}}}
            """)

    @property
    def scenario(self) -> str:
        """The scenario file of the sandbox; lines that are given anew replace those of an account without a fault."""
        account = {"key": KEY, **_lines(self.account)}
        usual = {
            "uuid": UUID,
            "name": self.name,
            "counts": f"{{users: 1000, email: {OLD}}}",
            "fresh": f"{{email: {FRESH}}}",
            "refresh": "100ms",
            "answers": self.answers,
        }
        segment = {key: value for key, value in (usual | _lines(self.segment)).items() if value}
        lines = [f"{key}: {value}" for key, value in account.items()]
        lines += ["segments:", "  -"] + [f"    {key}: {value}" for key, value in segment.items()]
        return "\n".join(lines) + "\n"


def _lines(text: str) -> dict[str, str]:
    parts = (line.partition(": ") for line in text.splitlines())
    return {key: value for key, _, value in parts}
