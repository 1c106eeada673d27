"""The flags that several verbs share."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import click

from guard.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    Verb = Callable[..., int]


def duration(text: str) -> float:
    """Return the seconds in a duration such as ``90s``, ``10m`` or ``1h30m``; raises ``click.BadParameter``."""
    from guard.rules.duration import parse_duration  # noqa: PLC0415 - not needed to print help

    try:
        return parse_duration(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def account_flags(verb: Verb) -> Verb:
    """Add the flags that choose the account."""
    region = click.option(
        "--region", metavar="us|eu", help="Where the account lives.  [env BLUESHIFT_REGION; default us]"
    )
    base_url = click.option(
        "--base-url",
        metavar="URL",
        help="Another address (sandbox, proxy): https, or http on loopback.  [env BLUESHIFT_BASE_URL]",
    )
    return region(base_url(verb))


timeout_flag = click.option(
    "--timeout",
    type=duration,
    metavar="DURATION",
    help="The longest time for the whole run, such as 90s or 20m; what is not counted by then is unknown.",
)


def report_flags(verb: Verb) -> Verb:
    """Add ``--output`` and ``--color``."""
    from guard.report import Format  # noqa: PLC0415 - most verbs write no report

    output = click.option(
        "-o",
        "--output",
        "outputs",
        multiple=True,
        metavar="FORMAT[=PATH]",
        shell_complete=lambda _context, _parameter, typed: [each.value for each in Format if each.startswith(typed)],
        help=f"Write a report ({', '.join(Format)}) to a file, or to stdout in place of the text; may be repeated.",
    )
    color = click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        help="Colour in the text report.  [auto heeds NO_COLOR, FORCE_COLOR and the terminal]",
    )
    return output(color(verb))


def notify_flags(verb: Verb) -> Verb:
    """Add ``--notify`` and ``--notify-on``; the verb gets only ``notify_on``, None without a notification."""
    from guard.core.results import NotifyOn  # noqa: PLC0415 - only one verb notifies

    @functools.wraps(verb)
    def when_to_notify(*args: Any, notify: str | None, notify_on: str | None, **kwargs: Any) -> int:
        if notify is None and notify_on is not None:
            raise UsageError("--notify-on needs --notify", hint="add --notify slack")
        return verb(*args, notify_on=NotifyOn(notify_on or NotifyOn.FAIL) if notify else None, **kwargs)

    whom = click.option(
        "--notify",
        type=click.Choice(["slack"]),
        help="Post the verdict in Slack after the run.  [env SLACK_WEBHOOK_URL]",
    )
    when = click.option(
        "--notify-on",
        type=click.Choice([each.value for each in NotifyOn]),
        help="When to notify: fail (not at exit code 0), always, or change (of a verdict since the last recorded run)."
        "  [default: fail]",
    )
    return whom(when(when_to_notify))


def history_flag(verb: Verb) -> Verb:
    """Add ``--history``."""
    return click.option(
        "--history",
        metavar="URL",
        help="The history store: a path, or postgresql://HOST/DATABASE.  [env AUDIENCE_GUARD_HISTORY]",
    )(verb)


def recording_flags(verb: Verb) -> Verb:
    """Add ``--history`` and the flags that say whether the run is recorded there, which the verb gets as ``record``."""

    @functools.wraps(verb)
    def whether_to_record(*args: Any, no_record: bool, record_required: bool, **kwargs: Any) -> int:
        from guard.cli.gate import Recording  # noqa: PLC0415 - not needed to print help

        return verb(*args, record=Recording.of(no_record=no_record, required=record_required), **kwargs)

    no = click.option("--no-record", is_flag=True, help="Read the history store, but do not record this run.")
    required = click.option(
        "--record-required", is_flag=True, help="Exit with 3 in place of 0 if the run could not be recorded."
    )
    return history_flag(no(required(whether_to_record)))


def talk_flags(verb: Verb) -> Verb:
    """Add ``--quiet`` and ``--debug``."""
    quiet = click.option("-q", "--quiet", is_flag=True, help="No progress and no hints on stderr; errors still appear.")
    return quiet(debug_flag(verb))


def debug_flag(verb: Verb) -> Verb:
    """Add ``--debug``; every verb has it, because a crash recommends it."""

    @functools.wraps(verb)
    def with_logging(*args: Any, debug: bool, **kwargs: Any) -> int:
        if debug:
            from guard.cli.debug import log_to_stderr  # noqa: PLC0415 - most runs log nothing

            log_to_stderr()
        return verb(*args, **kwargs)

    return click.option(
        "--debug", is_flag=True, help="Log every request on stderr, and the traceback of a crash; never the key."
    )(with_logging)
