"""What came of a run: the outputs for later steps, and the words for a run that its report does not explain."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guard.action.inputs import Mode
from guard.cli.output import error_lines
from guard.core.errors import ExitCode, RulesError
from guard.core.results import Verdict
from guard.report import Format
from guard.report.wording import safe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.action.inputs import Inputs
    from guard.core.errors import Problem
    from guard.core.results import Report

_MOST_LINES = 20
CANNOT_START = "The audience guard could not start, and nothing was checked"
_HEADLINES: dict[int, str] = {
    ExitCode.USAGE: CANNOT_START,
    ExitCode.UNKNOWN: "The audience guard could not find out whether this may be sent",
}
_STOPPED = "The audience guard was stopped, and nothing is proven"
_FORK = (
    "This pull request comes from a fork. GitHub does not give a repository's secrets to forks, so there is no API "
    'key, and nothing was checked. Run the guard with "mode: validate" on such pull requests, which needs no key, and '
    'with "mode: check" once the change is in the repository.'
)
_NO_KEY = (
    'The input "api-key" is empty. See that the secret it names exists and that this workflow may read it; for pull '
    "requests of Dependabot it must be one of the Dependabot secrets."
)


@dataclass(slots=True, kw_only=True)
class Ending:
    """How the step ends, as far as that is known: without anything, unknown.

    ``own_json`` is the JSON report that every check writes, ``errors`` is what kept the run from its verdict.
    """

    code: int = ExitCode.UNKNOWN
    inputs: Inputs | None = None
    report: Report | None = None
    own_json: Path | None = None
    errors: tuple[BaseException, ...] = ()

    @property
    def is_reported(self) -> bool:
        """Whether the report says why the step ends as it does."""
        return self.report is not None and self.report.exit_code == self.code


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why there is no verdict to rely on: a headline, a few lines of plain text, and what is wrong in the rules."""

    headline: str
    text: str
    problems: tuple[Problem, ...]


def outputs(ending: Ending) -> dict[str, str]:
    """Return the Action's outputs, the same names whatever happened; what is not known is empty, never 0."""
    asked = ending.inputs.reports if ending.inputs and ending.report else {}
    return {
        "verdict": _verdict(ending),
        "exit-code": str(int(ending.code)),
        "failed": _tally(ending.report, Verdict.FAIL),
        "unknown": _tally(ending.report, Verdict.UNKNOWN),
        "report-json": _written(asked.get(Format.JSON)) or _written(ending.own_json if ending.report else None),
        "report-html": _written(asked.get(Format.HTML)),
    }


def explain(ending: Ending, environ: Mapping[str, str]) -> Explanation | None:
    """Return why the run ended as it did, or None where its report says so already."""
    if ending.is_reported or ending.code == ExitCode.PASSED:
        return None
    inputs = ending.inputs
    problems = tuple(each for error in ending.errors if isinstance(error, RulesError) for each in error.problems)
    lines = [safe(line) for error in ending.errors for line in error_lines(error)]
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], f"... and {len(lines) - _MOST_LINES} more lines in the log"]
    if inputs and inputs.mode is Mode.CHECK and not has_key(environ):
        lines = [_FORK if is_from_fork(environ) else _NO_KEY, *lines]
    headline = "The rules file is not right" if problems else _HEADLINES.get(ending.code, _STOPPED)
    return Explanation(
        headline=f"{headline} (exit {int(ending.code)})",
        text="\n".join(lines),
        problems=problems,
    )


def has_key(environ: Mapping[str, str]) -> bool:
    """Whether there is a key, or a file that should hold one."""
    return bool(environ.get("BLUESHIFT_API_KEY") or environ.get("BLUESHIFT_API_KEY_FILE"))


def is_from_fork(environ: Mapping[str, str]) -> bool:
    """Whether the event is a pull request from another repository, a deleted one included."""
    event = _event(environ).get("pull_request")
    if not isinstance(event, dict):
        return False
    head, base = ((event.get(side) or {}).get("repo") or {} for side in ("head", "base"))
    return head.get("full_name") != base.get("full_name")


def _verdict(ending: Ending) -> str:
    """Return the report's verdict if the exit code rests on it; any other run found nothing out."""
    if ending.code == ExitCode.USAGE:
        return "error"
    if ending.report and ending.is_reported:
        return ending.report.verdict
    was_validated = ending.code == ExitCode.PASSED and ending.inputs and ending.inputs.mode is Mode.VALIDATE
    return "valid" if was_validated else Verdict.UNKNOWN


def _tally(report: Report | None, verdict: Verdict) -> str:
    return str(sum(result.verdict is verdict for result in report.results())) if report else ""


def _written(path: Path | None) -> str:
    """Return where the report is, or nothing when it was not asked for or could not be written."""
    return str(path.absolute()) if path and path.exists() else ""


def _event(environ: Mapping[str, str]) -> dict[str, Any]:
    try:
        event = json.loads(Path(environ.get("GITHUB_EVENT_PATH", "")).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return event if isinstance(event, dict) else {}
