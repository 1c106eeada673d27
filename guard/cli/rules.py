"""``audience-guard validate`` and ``schema``: the rules file, offline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from guard.cli.options import debug_flag, history_flag, talk_flags
from guard.cli.output import print_report, read_input, say
from guard.core.errors import ExitCode, UsageError
from guard.core.text import plural, printable
from guard.history.address import required_store

if TYPE_CHECKING:
    from guard.core.model import Rules


_MOST_HINTS = 20


@click.command(
    epilog="""
\b
Examples:
  audience-guard validate
  audience-guard validate rules/spring.yaml
""",
)
@click.argument("rules", default="rules.yaml", type=click.Path())
@history_flag
@talk_flags
def validate(rules: str, history: str | None, quiet: bool) -> int:  # noqa: FBT001 - click passes flags so
    """Check the rules file and report every problem in it; sends nothing and needs no key.

    RULES is the rules file, rules.yaml by default; - reads standard input. Exits 0 if it is valid, 2 if not. A history
    store that is named is opened too: 2 if it is none, 3 if it cannot be read.
    """
    print_validity(rules, quiet=quiet)
    return _check_store(history, quiet=quiet)


@click.command()
@click.option("--report", is_flag=True, help="Print the schema of the JSON report instead.")
@debug_flag
def schema(report: bool) -> int:  # noqa: FBT001 - click passes flags so
    """Print the JSON Schema of the rules file, for completion, help and errors in editors.

    Save it beside your rules, and begin them with `# yaml-language-server: $schema=./rules.schema.json`.
    """
    if report:
        from guard.report.json_report import report_schema_text as text  # noqa: PLC0415 - only one of the two is needed
    else:
        from guard.rules.schema import schema_text as text  # noqa: PLC0415 - see above
    print_report(text())
    return ExitCode.PASSED


def _check_store(history: str | None, *, quiet: bool) -> int:
    if history is None:  # the environment may name one, but validate is for machines without a network too
        return ExitCode.PASSED
    from guard.history.contents import damage_lines  # noqa: PLC0415 - slow to import
    from guard.history.store import Store  # noqa: PLC0415 - see above

    store = Store(required_store(history))
    past, shown = store.read(), store.address.shown
    since = f" since {past.began}" if past.began else ""
    if not quiet:
        say(f"the history store {shown} holds {plural(len(past.held), 'run')}{since}")
    damage = damage_lines(past.damage)
    for each in damage:
        say(f"audience-guard: the history store {shown} is damaged: {each}")
    return ExitCode.UNKNOWN if damage else ExitCode.PASSED


def print_validity(path: str, *, quiet: bool = False) -> None:
    """Read the rules, say hints unless ``quiet``, and print what they hold; raises ``RulesError`` or ``UsageError``."""
    rules = read_rules(path)
    if not quiet:
        say_hints(rules)
    guards = sum(len(segment.guards) for segment in rules.segments)
    held = [plural(len(rules.segments), "segment"), plural(guards, "guard"), plural(len(rules.campaigns), "campaign")]
    print_report(f"{printable(rules.path)} is valid: {', '.join(held)}\n")


def read_rules(path: str, seconds: float | None = None) -> Rules:
    """Return the rules in the file, or from standard input for ``-``; raises ``RulesError`` or ``UsageError``.

    ``seconds`` is the time limit for reading standard input.
    """
    from guard.rules import load_rules, parse_rules  # noqa: PLC0415 - not needed to print help

    if path != "-":
        return load_rules(path)
    from guard.rules.document import LARGEST_FILE  # noqa: PLC0415 - see above

    data = read_input("the rules", LARGEST_FILE, seconds)
    if len(data) > LARGEST_FILE:
        raise UsageError("standard input is larger than any rules file", hint="is it the right file?")
    return parse_rules(data, "<stdin>")


def say_hints(rules: Rules) -> None:
    """Print hints about valid rules that may be mistakes, at most twenty."""
    from guard.rules import hints  # noqa: PLC0415 - not needed to print help

    told = hints(rules)
    for hint in told[:_MOST_HINTS]:
        say(f"hint: {printable(hint)}")
    if len(told) > _MOST_HINTS:
        say(f"hint: {plural(len(told) - _MOST_HINTS, 'more line')} like these are not shown")


def complete_key(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    """Return the segments, tags or campaigns that begin with ``typed``, for shell completion."""
    # click stops at the flag without a value and leaves the arguments unparsed.
    path: str = context.args[0] if context.args else context.params["rules"]
    if path == "-":
        return []
    try:
        rules = read_rules(str(Path(path).expanduser()))
    except (UsageError, RuntimeError):  # RuntimeError: expanduser() finds no home
        return []
    keys = {
        "segments": [segment.key for segment in rules.segments],
        "tags": sorted({tag for segment in rules.segments for tag in segment.tags}),
        "campaigns": [campaign.key for campaign in rules.campaigns],
    }
    return [key for key in keys[parameter.name or ""] if key.startswith(typed)]
