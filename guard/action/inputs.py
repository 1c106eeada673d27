"""What the Action was told: its inputs, read from the environment, and the command line that follows from them.

``action.yml`` hands every input over as a variable ``INPUT_NAME``, except the secrets, which the command reads itself:
``BLUESHIFT_API_KEY`` and ``SLACK_WEBHOOK_URL``.
"""

from __future__ import annotations

import re
import secrets
import tempfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from guard.core.errors import UsageError
from guard.core.text import did_you_mean, printable
from guard.report import Format

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self


class Mode(StrEnum):
    """What the Action does: count and judge, or only read the rules file, offline and without a key."""

    CHECK = "check"
    VALIDATE = "validate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The inputs that need a thought of the Action's own, and ``flags`` for those that the command understands.

    ``html``, ``json`` and ``junit`` are where reports were asked for, None where not.
    """

    mode: Mode
    rules: str
    flags: tuple[str, ...]
    summary: bool
    annotations: bool
    html: Path | None
    json: Path | None
    junit: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnReports:
    """Reports that the Action reads back, in a folder that was made for this run: nothing in it can be older."""

    folder: Path

    @classmethod
    def of_this_run(cls, environ: Mapping[str, str]) -> Self:
        """Choose a folder in the job's temporary one, or in the system's where the runner names none."""
        parent = environ.get("RUNNER_TEMP") or tempfile.gettempdir()
        return cls(folder=Path(parent) / f"audience-guard-{secrets.token_hex(8)}")

    def make_folder(self) -> None:
        """Make the folder, which only this user may read; raises ``UsageError`` if that cannot be done."""
        try:
            self.folder.mkdir(mode=0o700)
        except OSError as error:
            raise UsageError(
                f"no folder for the report can be made in {printable(str(self.folder.parent))}: "
                f"{error.strerror or type(error).__name__}",
                hint="see that RUNNER_TEMP names a folder that may be written to and has space",
            ) from error

    @property
    def json(self) -> Path:
        """The report for the outputs."""
        return self.folder / "report.json"

    @property
    def summary(self) -> Path:
        """The page for the job summary."""
        return self.folder / "summary.md"

    @property
    def annotations(self) -> Path:
        """The workflow commands that annotate the rules."""
        return self.folder / "annotations.txt"


def read_inputs(environ: Mapping[str, str]) -> Inputs:
    """Return the inputs; raise UsageError for one that is none of its possible values."""
    reports = report_paths(environ)
    return Inputs(
        mode=_mode(_text(environ, "mode") or Mode.CHECK),
        rules=rules_path(environ),
        flags=_flags(environ),
        summary=_switch(environ, "summary"),
        annotations=_switch(environ, "annotations"),
        html=reports.get(Format.HTML),
        json=reports.get(Format.JSON),
        junit=reports.get(Format.JUNIT),
    )


def rules_path(environ: Mapping[str, str]) -> str:
    """Return where the rules are."""
    return _text(environ, "rules") or "rules.yaml"


def report_paths(environ: Mapping[str, str]) -> dict[Format, Path]:
    """Return where reports are asked for; no other input matters to that."""
    named = {each: _text(environ, each) for each in (Format.HTML, Format.JSON, Format.JUNIT)}
    return {each: Path(text) for each, text in named.items() if text}


def command_line(inputs: Inputs, own: OwnReports) -> list[str]:
    """Return the arguments for the command; no value of an input can be taken for a flag."""
    if inputs.mode is Mode.VALIDATE:
        return ["validate", "--", inputs.rules]
    wanted = {
        "json": own.json,
        "markdown": own.summary if inputs.summary else None,
        "github": own.annotations if inputs.annotations else None,
    }
    asked = {"html": inputs.html, "json": inputs.json, "junit": inputs.junit}
    reports = [(name, path) for named in (wanted, asked) for name, path in named.items() if path is not None]
    outputs = [f"--output={name}={path}" for name, path in reports]
    return ["check", *inputs.flags, *outputs, "--", inputs.rules]


def _flags(environ: Mapping[str, str]) -> tuple[str, ...]:
    lists = [
        f"--{flag}={each}"
        for flag, name in (("segment", "segments"), ("tag", "tags"), ("campaign", "campaigns"))
        for each in _list(environ, name)
    ]
    single = [
        f"--{name}={value}" for name in ("fail-on", "timeout", "region", "base-url") if (value := _text(environ, name))
    ]
    return (*lists, *single, *_notification(environ))


def _notification(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the flags that have Slack told; none without an address, as for pull requests from forks."""
    if not environ.get("SLACK_WEBHOOK_URL"):
        return ()
    when = _text(environ, "notify-on")
    return ("--notify=slack", *([f"--notify-on={when}"] if when else []))


def _text(environ: Mapping[str, str], name: str) -> str:
    """Return the input without blanks around it; an input that is not given is empty."""
    return environ.get(f"INPUT_{name.upper().replace('-', '_')}", "").strip()


def _list(environ: Mapping[str, str], name: str) -> list[str]:
    return [each.strip() for each in re.split("[,\n]", _text(environ, name)) if each.strip()]


def _mode(text: str) -> Mode:
    try:
        return Mode(text)
    except ValueError:
        raise UsageError(
            f'the input "mode" cannot be "{printable(text)}"{did_you_mean(text, list(Mode))}',
            hint=f"modes are: {', '.join(Mode)}",
        ) from None


def _switch(environ: Mapping[str, str], name: str) -> bool:
    text = _text(environ, name)
    if text.lower() not in {"", "true", "false"}:
        raise UsageError(
            f'the input "{name}" is neither true nor false: "{printable(text)}"', hint=f"write {name}: true or false"
        )
    return text.lower() != "false"
