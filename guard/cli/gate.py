"""What ``check`` does, for the command and for the GitHub Action: prepare, count, and tell."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

from guard.cli.output import Delivery, deliver, say, say_error
from guard.cli.progress_display import display_progress
from guard.cli.rules import read_rules, say_hints
from guard.cli.signals import run_interruptibly
from guard.core.errors import ExitCode, GuardError, UsageError
from guard.core.plan import plan
from guard.core.results import NotifyOn, Reason
from guard.history.address import VARIABLE_OF_FILE, named_store, require_store

if TYPE_CHECKING:
    from pydantic import SecretStr

    from guard.core.model import Rules, Selection
    from guard.core.results import FailOn, Report
    from guard.history.address import Address
    from guard.report.outputs import Output


class Recording(Enum):
    """Whether a run is recorded in the history store; REQUIRED: a run that was not recorded does not exit with 0."""

    OFF = auto()
    ON = auto()
    REQUIRED = auto()

    @staticmethod
    def of(*, no_record: bool, required: bool) -> Recording:
        """Return what the flags say; raise ``UsageError`` if they contradict each other."""
        if no_record and required:
            raise UsageError("--no-record and --record-required contradict each other", hint="leave one of them out")
        return Recording.REQUIRED if required else Recording.OFF if no_record else Recording.ON


@dataclass(slots=True, kw_only=True)
class Gate:
    """One check; ``timeout`` is in seconds, and ``notify_on`` is None to tell nobody.

    ``history`` is the store that the flag names; without one, the environment may name it.

    Making it reads all that may be wrong before anything is sent; raises ``UsageError``.
    """

    rules: str
    outputs: tuple[Output, ...]
    selection: Selection
    fail_on: FailOn
    region: str | None
    base_url: str | None
    timeout: float | None
    notify_on: NotifyOn | None
    history: str | None = None
    record: Recording = Recording.ON
    color: str = "auto"
    quiet: bool = False
    _loaded: Rules = field(init=False)
    _webhook: SecretStr | None = field(init=False)

    def __post_init__(self) -> None:
        from guard.report.outputs import prepare  # noqa: PLC0415 - not needed to print help

        store = named_store(self.history)
        if store is None and self.record is Recording.REQUIRED:
            raise UsageError("--record-required needs a history store", hint="give --history history.db")
        if store is None and self.notify_on is NotifyOn.CHANGE:
            raise UsageError("--notify-on change needs a history store", hint="give --history history.db")
        prepare(self.outputs, protected=_inputs(self.rules, store))
        self._webhook = None
        if self.notify_on:
            from guard.slack.notify import webhook  # noqa: PLC0415 - only --notify needs it

            self._webhook = webhook()
        started = time.monotonic()
        self._loaded = read_rules(self.rules, self.timeout)
        if self.timeout is not None and self.rules == "-":  # waiting for stdin is part of the run
            self.timeout = max(0.0, self.timeout - (time.monotonic() - started))
        require_store(self._loaded, store)
        planned = plan(self._loaded, self.selection)
        if not self.quiet:
            say_hints(replace(self._loaded, segments=planned.segments))
            _say_exposed_key_file()

    def count(self) -> Report:
        """Count every selected audience and judge it."""
        from guard.run import check_async  # noqa: PLC0415 - wrong rules need no httpx

        with display_progress(quiet=self.quiet) as progress:
            return run_interruptibly(
                check_async(
                    self._loaded,
                    selection=self.selection,
                    fail_on=self.fail_on,
                    progress=progress,
                    region=self.region,
                    base_url=self.base_url,
                    timeout=self.timeout,
                    history=self.history,
                    record=self.record is not Recording.OFF,
                )
            )

    def tell(self, report: Report) -> Delivery:
        """Write the report to every output, then notify; return what to exit with."""
        delivery = deliver(report, self.outputs, self.color)
        _say_refused_key(report)
        for trouble in report.history.troubles if report.history else ():
            say(f"audience-guard: {trouble}")
        if self._lacks_its_record(report) and delivery.exit_code is ExitCode.PASSED:
            say("audience-guard: --record-required: the run was not recorded, so it exits with 3")
            delivery = replace(delivery, exit_code=ExitCode.UNKNOWN)
        if self._webhook and self._is_news(report, delivery.exit_code):
            _notify(report, delivery.exit_code, self._webhook)
        return delivery

    def _is_news(self, report: Report, code: ExitCode) -> bool:
        """Whether Slack is told; if the history could not be read, anything may have changed."""
        if self.notify_on is NotifyOn.CHANGE:
            return report.is_changed is not False
        return self.notify_on is NotifyOn.ALWAYS or code is not ExitCode.PASSED

    def _lacks_its_record(self, report: Report) -> bool:
        return self.record is Recording.REQUIRED and not (report.history and report.history.recorded)


def _inputs(rules: str, store: Address | None) -> list[Path]:
    """Return the files that a report must not overwrite."""
    named = [rules, os.environ.get("BLUESHIFT_API_KEY_FILE"), os.environ.get(VARIABLE_OF_FILE)]
    files = [Path(each) for each in named if each and each != "-"]
    return [*files, *([store.path] if store and store.path else [])]


def _notify(report: Report, code: ExitCode, webhook: SecretStr) -> None:
    """Post the verdict in Slack; if that fails, say so, and keep the exit code."""
    from guard.slack.notify import notify  # noqa: PLC0415 - see above

    if why := run_interruptibly(notify(report, code, webhook)):
        hint = "the exit code stays the same; check SLACK_WEBHOOK_URL and your app's incoming webhooks in Slack"
        say_error(GuardError(f"Slack was not notified: {why}", hint=hint))


def _say_exposed_key_file() -> None:
    from guard.blueshift.account import readable_by_others  # noqa: PLC0415 - not needed to print help
    from guard.core.text import printable  # noqa: PLC0415 - see above

    if exposed := readable_by_others():
        path = printable(exposed)
        say(f"audience-guard: the key file {path} can be read by others on this machine\n  hint: chmod 600 {path}")


def _say_refused_key(report: Report) -> None:
    """Say once that the key was refused, and what to do."""
    for result in report.results():
        if result.reason is Reason.REFUSED_KEY:
            remedy = (
                f"BLUESHIFT_API_KEY must be a User API key of the account and region behind {report.host}; "
                "a key of another region or kind is refused too"
            )
            say(f"audience-guard: {result.detail}\n  hint: {remedy}")
            return
