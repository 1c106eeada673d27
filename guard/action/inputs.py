"""The Action's inputs, read from the environment.

``action.yml`` passes every input as a variable ``INPUT_NAME``, except the secrets, ``BLUESHIFT_API_KEY``,
``SLACK_WEBHOOK_URL`` and ``AUDIENCE_GUARD_HISTORY``, which are read where they are used. Importing this needs the
standard library alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from guard.core.errors import UsageError
from guard.core.model import Selection
from guard.core.results import FailOn, NotifyOn
from guard.core.text import did_you_mean, printable
from guard.history.address import VARIABLE, named_store, parse_address
from guard.report import Format

if TYPE_CHECKING:
    from collections.abc import Mapping

Choice = TypeVar("Choice", bound=StrEnum)


class Mode(StrEnum):
    """What the Action does: count and judge, or only read the rules file, offline and without a key."""

    CHECK = "check"
    VALIDATE = "validate"


class Record(StrEnum):
    """Whether a run is recorded in the history store; ``AUTO``: not in a pull request."""

    AUTO = "auto"
    TRUE = "true"
    FALSE = "false"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The inputs. ``reports`` are the files that were asked for, ``timeout`` is in seconds."""

    mode: Mode
    rules: str
    reports: Mapping[Format, Path]
    selection: Selection
    fail_on: FailOn
    region: str | None
    base_url: str | None
    timeout: float | None
    notify_on: NotifyOn | None
    record: Record
    summary: bool
    annotations: bool


def read_inputs(environ: Mapping[str, str]) -> Inputs:
    """Return the inputs; raise UsageError for one that is none of its possible values."""
    mode = _choice(environ, "mode", Mode) or Mode.CHECK
    if mode is Mode.CHECK:
        _check_store(environ)
    return Inputs(
        mode=mode,
        rules=rules_path(environ),
        reports=report_paths(environ),
        selection=Selection(
            segments=_list(environ, "segments"), tags=_list(environ, "tags"), campaigns=_list(environ, "campaigns")
        ),
        fail_on=_choice(environ, "fail-on", FailOn) or FailOn.FAIL,
        region=_text(environ, "region") or None,
        base_url=_text(environ, "base-url") or None,
        timeout=_duration(environ, "timeout"),
        notify_on=_notify_on(environ),
        record=_choice(environ, "record", Record) or Record.AUTO,
        summary=_switch(environ, "summary"),
        annotations=_switch(environ, "annotations"),
    )


def rules_path(environ: Mapping[str, str]) -> str:
    """Return where the rules are."""
    return _text(environ, "rules") or "rules.yaml"


def report_paths(environ: Mapping[str, str]) -> dict[Format, Path]:
    """Return where reports are asked for; no other input matters to that."""
    named = {each: _text(environ, each) for each in (Format.HTML, Format.JSON, Format.JUNIT)}
    return {each: Path(text) for each, text in named.items() if text}


def _text(environ: Mapping[str, str], name: str) -> str:
    """Return the input without blanks around it; an input that is not given is empty."""
    return environ.get(f"INPUT_{name.upper().replace('-', '_')}", "").strip()


def _list(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in re.split("[,\n]", _text(environ, name)) if each.strip())


def _choice(environ: Mapping[str, str], name: str, choices: type[Choice]) -> Choice | None:
    text = _text(environ, name)
    try:
        return choices(text) if text else None
    except ValueError:
        raise UsageError(
            f'the input "{name}" cannot be "{printable(text)}"{did_you_mean(text, list(choices))}',
            hint=f"possible are: {', '.join(choices)}",
        ) from None


def _duration(environ: Mapping[str, str], name: str) -> float | None:
    from guard.rules.duration import parse_duration  # noqa: PLC0415 - its package needs more than the standard library

    text = _text(environ, name)
    try:
        return parse_duration(text) if text else None
    except ValueError as error:
        raise UsageError(f'the input "{name}": {error}') from None


def _notify_on(environ: Mapping[str, str]) -> NotifyOn | None:
    """Return when Slack is told; never without an address, as for pull requests from forks."""
    if not environ.get("SLACK_WEBHOOK_URL"):
        return None
    return _choice(environ, "notify-on", NotifyOn) or NotifyOn.FAIL


def _check_store(environ: Mapping[str, str]) -> None:
    """Raise ``UsageError``, which names the input, for an address that cannot be one, or a record without a store."""
    if address := environ.get(VARIABLE):
        parse_address(address.strip(), 'the input "history"')
    if _text(environ, "record") == Record.TRUE and named_store(None, environ) is None:
        raise UsageError(
            'the input "record" is true, but the input "history" is empty',
            hint="see that the secret it names exists and that this workflow may read it",
        )


def _switch(environ: Mapping[str, str], name: str) -> bool:
    text = _text(environ, name)
    if text.lower() not in {"", "true", "false"}:
        raise UsageError(
            f'the input "{name}" is neither true nor false: "{printable(text)}"', hint=f"write {name}: true or false"
        )
    return text.lower() != "false"
