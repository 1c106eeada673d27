"""``audience-guard check``: the gate before a send."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import click

from guard.cli.options import account_flags, notify_flags, report_flags, talk_flags, timeout_flag
from guard.cli.rules import complete_key
from guard.core.results import FailOn
from guard.version import __version__

if TYPE_CHECKING:
    from guard.core.results import NotifyOn


_selecting = functools.partial(click.option, multiple=True, shell_complete=complete_key)


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
@_selecting("--segment", "segments", metavar="KEY", help="Check this segment; may be repeated.")
@_selecting("--tag", "tags", metavar="TAG", help="Check the segments with this tag; may be repeated.")
@_selecting(
    "--campaign", "campaigns", metavar="KEY", help="Check this campaign's segments and totals; may be repeated."
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
    notify_on: NotifyOn | None,
    quiet: bool,  # noqa: FBT001 - click passes flags so
) -> int:
    """Count every guarded audience in Blueshift now, and say whether the send may go out.

    RULES is the rules file, rules.yaml by default; - reads standard input. Without --segment, --tag or --campaign,
    check everything in it.
    """
    from guard.cli.gate import Gate  # noqa: PLC0415 - not needed to print help
    from guard.core.model import Selection  # noqa: PLC0415 - see above
    from guard.report.outputs import parse_outputs  # noqa: PLC0415 - see above

    gate = Gate(
        rules=rules,
        outputs=parse_outputs(outputs),
        selection=Selection(segments=segments, tags=tags, campaigns=campaigns),
        fail_on=FailOn(fail_on),
        region=region,
        base_url=base_url,
        timeout=timeout,
        notify_on=notify_on,
        color=color,
        quiet=quiet,
    )
    return gate.tell(gate.count()).exit_code
