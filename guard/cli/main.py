"""The command and its verbs. Every way to end becomes an exit code here."""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING

import click

from guard.cli.output import exit_code_of, prepare_streams, say, say_error
from guard.cli.signals import InterruptedBySignal
from guard.core.errors import ExitCode, GuardError
from guard.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAME = "audience-guard"
_COMPLETION = "_AUDIENCE_GUARD_COMPLETE"
_VERBS = {
    "check": ("guard.cli.check", "Count now and judge: the gate before a send."),
    "report": ("guard.cli.report", "Render a saved JSON report again, in any format."),
    "validate": ("guard.cli.rules", "Check the rules file, offline, and report every problem."),
    "schema": ("guard.cli.rules", "Print the JSON Schema of the rules file, or of the JSON report."),
    "segments": ("guard.cli.account", "List the account's segments, with the counts they show now."),
    "counts": ("guard.cli.account", "Count segments now and show the counts, without rules."),
    "history": ("guard.cli.history", "Keep the counts of every run, and show how they change."),
    "slack": ("guard.cli.slack", "Answer /audience-check in Slack with the verdict of check."),
    "demo": ("guard.cli.sandbox", "See the guard stop a bad send, without an account."),
    "sandbox": ("guard.cli.sandbox", "Serve a stand-in for Blueshift's API on this machine."),
}
"""Each verb's module and summary, so that help imports none of them."""


class _Verbs(click.Group):
    """A group that imports a verb when it is called."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in _VERBS:
            return None
        module, _ = _VERBS[name]
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in _VERBS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _VERBS and not args[0].startswith("-"):
            from guard.core.text import did_you_mean, printable  # noqa: PLC0415 - a slip is rare

            raise click.UsageError(f'there is no command "{printable(args[0])}"{did_you_mean(args[0], _VERBS)}', ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""
\b
Examples:
  audience-guard demo                           see it work, without an account
  audience-guard validate rules.yaml            is the rules file right?
  audience-guard check rules.yaml               may this be sent?
  audience-guard check --campaign spring-sale --output json=report.json

\b
The API key comes from BLUESHIFT_API_KEY, or from the file that BLUESHIFT_API_KEY_FILE names.

\b
Exit codes:
  0  every selected guard was checked against a fresh count, and none failed
  1  at least one guard or total failed
  2  usage or rules error, or no usable key; nothing was sent
  3  could not find out
""",
)
@click.version_option(__version__, "--version", message="audience-guard %(version)s")
def audience_guard() -> None:
    """Stop a send whose audience is too small, too large, or could not be counted."""


def run(arguments: Sequence[str]) -> int:
    """Run the command with these arguments and return its exit code; never raises."""
    prepare_streams()
    try:
        code = _invoke(list(arguments))
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        _discard_reports(arguments)
        _say_usage(error)
        return ExitCode.USAGE
    except (InterruptedBySignal, Exception) as error:  # noqa: BLE001 - a bug must not pass or exit with Python's 1
        if exit_code_of(error) == ExitCode.USAGE:
            _discard_reports(arguments)
        say_error(error)
        if not isinstance(error, (InterruptedBySignal, GuardError)):
            _ask_for_a_report(error, arguments)
        return exit_code_of(error)
    return code if isinstance(code, int) else ExitCode.UNKNOWN


def _invoke(arguments: list[str]) -> object:
    """Run the verb; click's own main() turns an interrupt or a broken pipe into exit code 1."""
    instruction = os.environ.get(_COMPLETION)
    if instruction and not arguments:  # a shell gives no arguments; a person does
        from click.shell_completion import shell_complete  # noqa: PLC0415 - only completion needs it

        return shell_complete(audience_guard, {}, _NAME, _COMPLETION, instruction)
    with audience_guard.make_context(_NAME, arguments) as context:
        return audience_guard.invoke(context)


def _discard_reports(arguments: Sequence[str]) -> None:
    """Remove the reports of an earlier run at the outputs of a wrong command line."""
    if not arguments or arguments[0] != "check":
        return
    from guard.report.outputs import discard  # noqa: PLC0415 - a slip is rare

    discard(arguments)


def _say_usage(error: click.ClickException) -> None:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        say(error.format_message())
        return
    context = getattr(error, "ctx", None)
    say(f"audience-guard: {error.format_message()}")
    if context is None:
        return
    if isinstance(error, click.NoSuchOption) and isinstance(context.command, click.Group):
        group = context.command
        verbs = [name for name in group.list_commands(context) if _takes(group.get_command(context, name), error)]
        if verbs:
            say(f"  hint: write it after the verb, as in {context.command_path} {verbs[0]} {error.option_name}")
            return
    say(f"  hint: {context.command_path} --help shows how to use it")


def _takes(verb: click.Command | None, error: click.NoSuchOption) -> bool:
    return verb is not None and any(error.option_name in parameter.opts for parameter in verb.params)


def _ask_for_a_report(error: BaseException, arguments: Sequence[str]) -> None:
    if "--debug" not in arguments:
        say("  hint: --debug shows where; please report it" if arguments[:1] else "  hint: please report it")
        return
    from guard.cli.debug import trace  # noqa: PLC0415 - only a bug needs it

    say(trace(error))
