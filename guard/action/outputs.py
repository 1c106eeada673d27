"""What came of a run: the outputs for later steps, and the words for a run that its report does not explain."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guard.action.inputs import Mode
from guard.core.errors import GuardError, RulesError
from guard.core.exit_code import ExitCode
from guard.core.results import Verdict
from guard.report.wording import safe
from guard.rules import load_rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.action.inputs import Inputs, OwnReports
    from guard.core.errors import Problem

_MOST_LINES = 20
_FORK = (
    "This pull request comes from a fork. GitHub does not give a repository's secrets to forks, so there is no API "
    'key, and nothing was checked. Run the guard with "mode: validate" on such pull requests, which needs no key, and '
    'with "mode: check" once the change is in the repository.'
)
_NO_KEY = (
    'The input "api-key" is empty. See that the secret it names exists and that this workflow may read it; for pull '
    "requests of Dependabot it must be one of the Dependabot secrets."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How the command ended: its exit code, what it said on standard error, and its JSON report, None without one."""

    code: int
    said: str
    report: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why there is no verdict to rely on: a headline, a few lines of plain text, and what is wrong in ``rules``."""

    headline: str
    text: str
    rules: str
    problems: tuple[Problem, ...]


def ended(code: int, said: str, own: OwnReports) -> Ending:
    """Return how the command ended, with its report read back."""
    return Ending(code=code, said=said, report=json.loads(own.json.read_text("utf-8")) if own.json.exists() else None)


def outputs(ending: Ending, inputs: Inputs | None, own: OwnReports) -> dict[str, str]:
    """Return the Action's outputs, the same names whatever happened; what is not known is empty, never 0."""
    report = ending.report
    asked_json, asked_html = (inputs.json, inputs.html) if inputs and report else (None, None)
    return {
        "verdict": _verdict(ending, inputs),
        "exit-code": str(ending.code),
        "failed": _tally(report, Verdict.FAIL),
        "unknown": _tally(report, Verdict.UNKNOWN),
        "report-json": _written(asked_json) or _written(own.json),
        "report-html": _written(asked_html),
    }


def explain(ending: Ending, inputs: Inputs | None, environ: Mapping[str, str]) -> Explanation | None:
    """Return why the run ended as it did, or None where its report says so already."""
    if _is_reported(ending) or ending.code == ExitCode.PASSED:
        return None
    rules = inputs.rules if inputs else ""
    problems = _problems_in(rules) if inputs and ending.code == ExitCode.USAGE else ()
    lines = [safe(line) for line in ending.said.splitlines() if line.strip()]
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], f"... and {len(lines) - _MOST_LINES} more lines in the log"]
    if inputs and inputs.mode is Mode.CHECK and not has_key(environ):
        lines = [_FORK if is_from_fork(environ) else _NO_KEY, *lines]
    headline = "The rules file is not right" if problems else _headline(ending.code)
    return Explanation(
        headline=f"{headline} (exit {ending.code})", text="\n".join(lines), rules=rules, problems=problems
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


def _verdict(ending: Ending, inputs: Inputs | None) -> str:
    """Return the report's verdict if the exit code rests on it; any other run found nothing out."""
    if ending.code == ExitCode.USAGE:
        return "error"
    if ending.report and _is_reported(ending):
        return str(ending.report["verdict"])
    was_validated = ending.code == ExitCode.PASSED and inputs is not None and inputs.mode is Mode.VALIDATE
    return "valid" if was_validated else Verdict.UNKNOWN


def _is_reported(ending: Ending) -> bool:
    return ending.report is not None and ending.report["exit_code"] == ending.code


def _tally(report: Mapping[str, Any] | None, verdict: Verdict) -> str:
    if report is None:
        return ""
    return str(sum(report["summary"][part][verdict.value] for part in ("guards", "totals")))


def _written(path: Path | None) -> str:
    """Return where the report is, or nothing when it was not asked for or could not be written."""
    return str(path.absolute()) if path and path.exists() else ""


def _problems_in(rules: str) -> tuple[Problem, ...]:
    """Return all that is wrong with the rules file, each with its place; none when it cannot be read at all."""
    try:
        load_rules(rules)
    except RulesError as error:
        return error.problems
    except GuardError:
        return ()
    return ()


def _headline(code: int) -> str:
    if code == ExitCode.USAGE:
        return "The audience guard could not start, and nothing was checked"
    if code == ExitCode.UNKNOWN:
        return "The audience guard could not find out whether this may be sent"
    return "The audience guard was stopped, and nothing is proven"


def _event(environ: Mapping[str, str]) -> dict[str, Any]:
    try:
        event = json.loads(Path(environ.get("GITHUB_EVENT_PATH", "")).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return event if isinstance(event, dict) else {}
