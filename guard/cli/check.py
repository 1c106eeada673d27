"""``audience-guard check``: the gate before a send."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import click

from guard.cli.options import (
    account_flags,
    notify_flags,
    recording_flags,
    report_flags,
    talk_flags,
    timeout_flag,
)
from guard.cli.rules import complete_key
from guard.core.results import FailOn
from guard.version import __version__

if TYPE_CHECKING:
    from guard.cli.gate import Recording
    from guard.cli.options import Verb
    from guard.core.model import Selection
    from guard.core.results import NotifyOn


def _selecting_flags(verb: Verb) -> Verb:
    """Add ``--segment``, ``--tag`` and ``--campaign``; the verb gets a ``selection``."""

    @functools.wraps(verb)
    def with_selection(
        *args: Any, segments: tuple[str, ...], tags: tuple[str, ...], campaigns: tuple[str, ...], **kwargs: Any
    ) -> int:
        from guard.core.model import Selection  # noqa: PLC0415 - not needed to print help

        return verb(*args, selection=Selection(segments=segments, tags=tags, campaigns=campaigns), **kwargs)

    flag = functools.partial(click.option, multiple=True, shell_complete=complete_key)
    segment = flag("--segment", "segments", metavar="KEY", help="Check this segment; may be repeated.")
    tag = flag("--tag", "tags", metavar="TAG", help="Check the segments with this tag; may be repeated.")
    campaign = flag(
        "--campaign", "campaigns", metavar="KEY", help="Check this campaign's segments and totals; may be repeated."
    )
    return segment(tag(campaign(with_selection)))


@click.command(
    epilog="""
\b
Examples:
  audience-guard check
  audience-guard check rules.yaml --tag weekly --timeout 20m
  audience-guard check --campaign spring-sale --output json=report.json
  audience-guard check --history history.db     record the run, and show the trend of each count
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
@_selecting_flags
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
@recording_flags
@notify_flags
@click.version_option(__version__, "--version", message="audience-guard %(version)s")
@talk_flags
def check(
    rules: str,
    selection: Selection,
    outputs: tuple[str, ...],
    fail_on: str,
    region: str | None,
    base_url: str | None,
    timeout: float | None,
    color: str,
    history: str | None,
    record: Recording,
    notify_on: NotifyOn | None,
    quiet: bool,  # noqa: FBT001 - click passes flags so
) -> int:
    """Count every guarded audience in Blueshift now, and say whether the send may go out.

    RULES is the rules file, rules.yaml by default; - reads standard input. Without --segment, --tag or --campaign,
    check everything in it.
    """
    from guard.cli.gate import Gate  # noqa: PLC0415 - not needed to print help
    from guard.report.outputs import parse_outputs  # noqa: PLC0415 - see above

    gate = Gate(
        rules=rules,
        outputs=parse_outputs(outputs),
        selection=selection,
        fail_on=FailOn(fail_on),
        region=region,
        base_url=base_url,
        timeout=timeout,
        notify_on=notify_on,
        history=history,
        record=record,
        color=color,
        quiet=quiet,
    )
    return gate.tell(gate.count()).exit_code
