"""``audience-guard validate`` and ``schema``: the rules file alone, offline."""

from __future__ import annotations

import click

from guard.cli.check import read_rules, say_hints
from guard.cli.options import talk_flags
from guard.cli.streams import print_report
from guard.model import ExitCode
from guard.words import plural, printable


@click.command(
    epilog="""
\b
Examples:
  audience-guard validate
  audience-guard validate rules/spring.yaml
""",
)
@click.argument("rules", default="rules.yaml")
@talk_flags
def validate(rules: str, quiet: bool) -> int:  # noqa: FBT001 - click passes flags so
    """Read the rules file and report everything that is wrong with it; nothing is sent and no key is needed.

    RULES is the rules file, rules.yaml by default; - reads standard input. Exits 0 when it is right, 2 when it is not.
    """
    loaded = read_rules(rules)
    if not quiet:
        say_hints(loaded)
    guards = sum(len(segment.guards) for segment in loaded.segments)
    held = [plural(len(loaded.segments), "segment"), plural(guards, "guard"), plural(len(loaded.campaigns), "campaign")]
    print_report(f"{printable(loaded.path)} is right: {', '.join(held)}\n")
    return ExitCode.PASSED


@click.command()
@click.option("--report", is_flag=True, help="The schema of the JSON report instead.")
def schema(report: bool) -> int:  # noqa: FBT001 - click passes flags so
    """Print the JSON Schema of the rules file, for editors: completion, help and errors while you type.

    Put it beside your rules, and `# yaml-language-server: $schema=./rules.schema.json` on their first line.
    """
    if report:
        from guard.report.json import report_schema_text as text  # noqa: PLC0415 - the other one is not loaded
    else:
        from guard.rules.schema import schema_text as text  # noqa: PLC0415 - see above
    print_report(text())
    return ExitCode.PASSED
