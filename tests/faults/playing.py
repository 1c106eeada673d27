"""Plays a row: the real command in a process of its own, against a sandbox of its own on a real socket."""

from __future__ import annotations

import base64
import json
import os
import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from guard.report import Format
from guard.sandbox.scenario import parse_scenario
from guard.sandbox.server import Sandbox
from tests.faults.fork import run
from tests.faults.row import KEY
from tests.faults.surroundings import PROXY_PASSWORD

if TYPE_CHECKING:
    from pathlib import Path

    from guard.sandbox.api import Request
    from tests.faults.row import Row
    from tests.faults.surroundings import Setting

_TO_START = 30.0  # seconds; what a busy machine may need to start the command and to end it
_TIMES_ITS_DEADLINE = 2

_PIECE = 10  # characters; a shorter piece of a secret can stand in any text
_BASE64 = tuple(base64.b64encode(text.encode()).decode().rstrip("=") for text in (KEY, f"{KEY}:"))
_SECRETS = (KEY, *_BASE64, PROXY_PASSWORD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a row; ``seen`` is what strangers saw of it, ``reports`` holds the files by the format's name."""

    code: int
    seconds: float
    stdout: str
    stderr: str
    reports: dict[str, str]
    requests: tuple[Request, ...]
    setting: Setting

    def __str__(self) -> str:
        """Say what the run ended in: its exit code, and the count of the report's only guard or why there is none."""
        endings = [guard["reason"] or f"a count of {guard['count']}" for guard in self.guards()]
        return ": ".join([f"exit {self.code}", *endings])

    def guards(self) -> list[Any]:
        """Return the report's only guard, or nothing if there is no report."""
        guards: list[Any] = json.loads(self.reports["json"])["segments"][0]["guards"] if "json" in self.reports else []
        return guards

    def reported_seconds(self) -> float:
        """Return how long the run took by its own report, without the start and the end of Python."""
        report = json.loads(self.reports["json"])
        began, ended = (datetime.fromisoformat(report[key]) for key in ("started_at", "finished_at"))
        return (ended - began).total_seconds()

    def texts(self) -> dict[str, str]:
        """Return all that anybody can read of the run, by where it stands."""
        seen = bytes(self.setting.stranger.seen).decode("latin-1") if self.setting.stranger else ""
        everything = {"stdout": self.stdout, "stderr": self.stderr, **self.reports}
        # A proxy has to be told its own password, and nobody else's.
        return everything | {"strangers": seen.replace(PROXY_PASSWORD, "")}


def secrets_in(text: str) -> list[str]:
    """Return every piece of the key, of both of its Base64 and of the proxy's password that stands in a text."""
    pieces = (secret[start : start + _PIECE] for secret in _SECRETS for start in range(len(secret) - _PIECE + 1))
    return [piece for piece in pieces if piece in text]


def longest(row: Row) -> float:
    """Return the seconds that a row may take: many, but a run that hangs is found."""
    return _TO_START + _TIMES_ITS_DEADLINE * row.timeout


def play(row: Row, folder: Path) -> Outcome:
    """Run ``check --debug`` on the row in a folder, with a report in every format, and return what came of it."""
    (folder / "rules.yaml").write_text(row.rules, encoding="utf-8")
    files = {each.value: folder / f"report.{each.value}" for each in Format}
    outputs = [word for name, path in files.items() for word in ("--output", f"{name}={path.name}")]
    scenario = parse_scenario(row.scenario.encode(), row.fault)
    with Sandbox(scenario) as sandbox, row.surroundings(sandbox) as setting:
        row.beforehand(sandbox)
        environ = {
            **_clean_environment(),
            "BLUESHIFT_API_KEY": KEY,
            "BLUESHIFT_BASE_URL": setting.base_url,
            **setting.environ,
        }
        started = time.monotonic()
        code, stdout, stderr = run(
            ["check", "--debug", "--timeout", f"{row.timeout}s", *outputs],
            folder=folder,
            environ=environ,
            seconds=longest(row),
        )
        return Outcome(
            code=code,
            seconds=time.monotonic() - started,
            stdout=stdout,
            stderr=stderr,
            reports={name: path.read_text(encoding="utf-8") for name, path in files.items() if path.exists()},
            requests=sandbox.requests,
            setting=setting,
        )


def _clean_environment() -> dict[str, str]:
    """Return this process's environment without what the command would heed; a row gives that itself."""
    heeded = ("BLUESHIFT_", "SLACK_", "GITHUB_", "SSL", "COVERAGE_")
    return {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(heeded) and not name.upper().endswith(("_PROXY", "_COLOR"))
    }
