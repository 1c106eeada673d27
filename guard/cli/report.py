"""``audience-guard report``: render a saved report in any format."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from guard.cli.options import debug_flag, report_flags
from guard.cli.output import deliver, read_input, say
from guard.core.errors import UsageError
from guard.core.text import printable, shortened


@click.command(
    epilog="""
\b
Examples:
  audience-guard report report.json
  audience-guard report report.json --output html=report.html --output junit=report.xml
  audience-guard report - --output markdown < report.json

\b
Exit codes:
  0, 1, 3  as the run that wrote the report
  2        the file is not a valid report
""",
)
@click.argument("saved", metavar="REPORT", type=click.Path())
@report_flags
@debug_flag
def report(saved: str, outputs: tuple[str, ...], color: str) -> int:
    """Render a saved JSON report again, in any format, exactly as the run did; count nothing.

    The age of the run goes to stderr, and after five minutes into the report too. A count is called fresh only while
    it and the run are less than five minutes old. The exit code is that of the run.

    REPORT is a file from check --output json=PATH; - reads standard input.
    """
    from guard.report.decision import age  # noqa: PLC0415 - see above
    from guard.report.json_report.read import read_report  # noqa: PLC0415 - see above
    from guard.report.outputs import parse_outputs, prepare  # noqa: PLC0415 - not needed to print help

    wanted = parse_outputs(outputs)
    prepare(wanted, protected=[] if saved == "-" else [Path(saved)])
    shown = "standard input" if saved == "-" else saved
    found = read_report(_read(saved), shown)
    report = replace(found.report, rendered_at=datetime.now(UTC))
    say(f"audience-guard: the {age(report)}")
    if found.unknown_keys:
        keys = printable(", ".join(found.unknown_keys))
        say(f"audience-guard: ignored keys that this version does not know: {shortened(keys)}")
    return deliver(report, wanted, color).exit_code


def _read(saved: str) -> bytes:
    """Return the bytes of the saved report; raises ``UsageError`` if it cannot be read or is too large."""
    from guard.report.mark import LARGEST_REPORT  # noqa: PLC0415 - not needed to print help

    shown = printable(saved)
    hint = "give a file from audience-guard check --output json=PATH"
    try:
        if saved == "-":
            data = read_input("the report", LARGEST_REPORT)
        elif Path(saved).exists() and not Path(saved).is_file():
            raise UsageError(f"{shown} is not a regular file", hint=hint)
        else:
            with Path(saved).open("rb") as file:
                data = file.read(LARGEST_REPORT + 1)
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or "the file name is not valid"
        raise UsageError(f"{shown} cannot be read: {why}", hint=hint) from error
    if len(data) > LARGEST_REPORT:
        raise UsageError(f"{shown} is larger than any report", hint=hint)
    return data
