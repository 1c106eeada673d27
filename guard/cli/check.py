"""``audience-guard check``: the gate before a send."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from guard.cli.options import account_flags, notify_flags, report_flags, talk_flags, timeout_flag
from guard.cli.output import deliver, say, say_error
from guard.cli.progress_display import display_progress
from guard.cli.rules import complete_key, read_rules, say_hints
from guard.cli.signals import run_interruptibly
from guard.core.errors import GuardError
from guard.core.exit_code import ExitCode
from guard.core.model import Selection
from guard.core.plan import plan
from guard.core.results import FailOn, Reason
from guard.version import __version__

if TYPE_CHECKING:
    from pydantic import SecretStr

    from guard.core.results import Report


@click.command(
    epilog="""
\b
Examples:
  audience-guard check
  audience-guard check rules.yaml --tag weekly --timeout 20m
  audience-guard check --campaign spring-sale --output json=report.json
  audience-guard check --fail-on never          try it out: failures are shown, the exit code is 0

\b
Exit codes:
  0  every selected guard was checked against a fresh count, and none failed
  1  at least one guard or total failed (or warned, under --fail-on warn)
  2  usage or rules error, or no usable key; nothing was sent, no report is written
  3  could not find out
  130, 143  interrupted
""",
)
@click.argument("rules", default="rules.yaml", type=click.Path())
@click.option(
    "--segment",
    "segments",
    multiple=True,
    metavar="KEY",
    shell_complete=complete_key,
    help="Check this segment; may be repeated.",
)
@click.option(
    "--tag",
    "tags",
    multiple=True,
    metavar="TAG",
    shell_complete=complete_key,
    help="Check the segments with this tag; may be repeated.",
)
@click.option(
    "--campaign",
    "campaigns",
    multiple=True,
    metavar="KEY",
    shell_complete=complete_key,
    help="Check this campaign's segments and totals; may be repeated.",
)
@click.option(
    "--fail-on",
    type=click.Choice([each.value for each in FailOn]),
    default=FailOn.FAIL.value,
    show_default=True,
    help="Which verdicts exit with 1; never is for trying the guard out, and unknown still exits with 3.",
)
@account_flags
@timeout_flag
@report_flags
@notify_flags
@click.version_option(__version__, "--version", message="audience-guard %(version)s")
@talk_flags
def check(
    rules: str,
    segments: tuple[str, ...],
    tags: tuple[str, ...],
    campaigns: tuple[str, ...],
    outputs: tuple[str, ...],
    fail_on: str,
    region: str | None,
    base_url: str | None,
    timeout: float | None,
    color: str,
    notify_on: str | None,
    quiet: bool,  # noqa: FBT001 - click passes flags so
) -> int:
    """Count every guarded audience in Blueshift now, and say whether the send may go out.

    RULES is the rules file, rules.yaml by default; - reads standard input. Without --segment, --tag or --campaign,
    check everything in it.
    """
    from guard.report.outputs import parse_outputs, prepare  # noqa: PLC0415 - not needed to print help

    wanted = parse_outputs(outputs)
    prepare(wanted, protected=_inputs(rules))
    webhook = _webhook() if notify_on else None
    started = time.monotonic()
    loaded = read_rules(rules, timeout)
    if rules == "-" and timeout is not None:  # waiting for the rules is part of the run
        timeout = max(0.0, timeout - (time.monotonic() - started))
    selection = Selection(segments=segments, tags=tags, campaigns=campaigns)
    planned = plan(loaded, selection)
    if not quiet:
        say_hints(replace(loaded, segments=planned.segments))
    if (exposed := _exposed_key_file()) and not quiet:
        say(
            f"audience-guard: the key file {exposed} can be read by others on this machine\n  hint: chmod 600 {exposed}"
        )

    from guard.run import check_async  # noqa: PLC0415 - wrong rules need no httpx

    with display_progress(quiet=quiet) as progress:
        report = run_interruptibly(
            check_async(
                loaded,
                selection=selection,
                fail_on=FailOn(fail_on),
                progress=progress,
                region=region,
                base_url=base_url,
                timeout=timeout,
            )
        )
    code = deliver(report, wanted, color)
    _say_refused_key(report)
    if webhook and (notify_on == "always" or code is not ExitCode.PASSED):
        _notify(report, code, webhook)
    return code


def _inputs(rules: str) -> list[Path]:
    """Return the files that a report must not overwrite."""
    return [Path(each) for each in (rules, os.environ.get("BLUESHIFT_API_KEY_FILE")) if each and each != "-"]


def _webhook() -> SecretStr:
    from guard.slack.notify import webhook  # noqa: PLC0415 - only --notify needs it

    return webhook()


def _notify(report: Report, code: ExitCode, webhook: SecretStr) -> None:
    """Post the verdict in Slack; if that fails, say so, and keep the exit code."""
    from guard.slack.notify import notify  # noqa: PLC0415 - see above

    if why := run_interruptibly(notify(report, code, webhook)):
        hint = "the exit code stays the same; check SLACK_WEBHOOK_URL and your app's incoming webhooks in Slack"
        say_error(GuardError(f"Slack was not notified: {why}", hint=hint))


def _exposed_key_file() -> str | None:
    from guard.blueshift.account import readable_by_others  # noqa: PLC0415 - not needed to print help
    from guard.core.text import printable  # noqa: PLC0415 - see above

    path = readable_by_others()
    return None if path is None else printable(path)


def _say_refused_key(report: Report) -> None:
    """Say once that the key was refused, and what to do."""
    for result in report.results():
        if result.reason is Reason.REFUSED_KEY:
            say(f"audience-guard: {result.detail}\n  hint: {_REMEDY.format(host=report.host)}")
            return


_REMEDY = (
    "BLUESHIFT_API_KEY must be a User API key of the account and region behind {host}; "
    "a key of another region or kind is refused too"
)
