"""``audience-guard slack``: the Slack app."""

from __future__ import annotations

import os

import click

from guard.cli.options import account_flags, duration, history_flag
from guard.cli.signals import GracefulStop
from guard.core.errors import UsageError
from guard.history.address import named_store, require_store

_TIME_TO_STOP = 20.0  # seconds
_MOST_WORKERS = 32
_LARGEST_PORT = 65_535


def address(text: str) -> tuple[str, int]:
    """Return host and port of ``127.0.0.1:3000`` or ``[::1]:3000``; raises ``click.BadParameter``."""
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > _LARGEST_PORT:
        raise click.BadParameter(f'"{text}" is not HOST:PORT, such as 127.0.0.1:3000')
    return host.removeprefix("[").removesuffix("]"), int(port)


@click.command(
    epilog="""
\b
Examples:
  audience-guard slack rules.yaml                          Socket Mode: no public address needed
  audience-guard slack rules.yaml --http 127.0.0.1:3000    behind a proxy that Slack reaches over https

\b
Environment:
  SLACK_BOT_TOKEN                                the bot's token (xoxb-...)
  SLACK_APP_TOKEN                                Socket Mode: the app's token (xapp-...)
  SLACK_SIGNING_SECRET                           HTTP: the app's signing secret
  SLACK_ALLOWED_USERS, SLACK_ALLOWED_CHANNELS    who may ask, and where, as ids; the default is anybody
  SLACK_API_URL                                  another address of Slack's Web API (a proxy or a stand-in)
  BLUESHIFT_API_KEY or BLUESHIFT_API_KEY_FILE    the key, or a file with it, which may change meanwhile
""",
)
@click.argument("rules", default="rules.yaml", type=click.Path())
@click.option("--http", "listen", type=address, metavar="HOST:PORT", help="Listen there, instead of Socket Mode.")
@click.option(
    "--workers",
    type=click.IntRange(1, _MOST_WORKERS),
    default=4,
    show_default=True,
    help="How many checks run at a time; 16 more may wait.",
)
@account_flags
@click.option(
    "--timeout",
    type=duration,
    metavar="DURATION",
    default="20m",
    show_default=True,
    help="The longest time for an answer; what is not counted by then is unknown.",
)
@history_flag
@click.option("--debug", is_flag=True, help="Log every request to Blueshift too; never the key.")
def slack(
    rules: str,
    listen: tuple[str, int] | None,
    workers: int,
    region: str | None,
    base_url: str | None,
    timeout: float,
    history: str | None,
    debug: bool,  # noqa: FBT001 - click passes flags so
) -> int:
    """Answer /audience-check in Slack with the verdict of check, until it is stopped.

    RULES is the rules file, rules.yaml by default; the app reads it again for every command. stderr is a log with one
    JSON object per line. docs/slack.md explains the setup.
    """
    try:
        from guard.run import open_store  # noqa: PLC0415 - see above
        from guard.slack.rules_file import RulesFile  # noqa: PLC0415 - not needed to print help
        from guard.slack.serve import serve  # noqa: PLC0415 - see above
    except ModuleNotFoundError as error:
        if error.name not in {"slack_bolt", "slack_sdk", "waitress"}:
            raise
        raise UsageError(
            f"the Slack app needs the package {error.name}, which is not installed",
            hint="install the extra named slack: in a clone, pip install '.[slack]'",
        ) from None
    from guard.slack.log import log_to_stderr  # noqa: PLC0415 - see above
    from guard.slack.settings import read_settings  # noqa: PLC0415 - see above

    if rules == "-":
        raise UsageError(
            "the Slack app reads its rules again for every command, so it needs a file", hint="give its path"
        )
    settings = read_settings(os.environ, listen=listen)
    named_store(history)  # a password in the flag is refused
    store, rules_file = open_store(history), RulesFile(rules)
    if store is None:
        require_store(rules_file.read(), store)
    log_to_stderr(debug=debug)
    stop = GracefulStop(_TIME_TO_STOP)
    ended = serve(
        rules_file,
        settings,
        workers=workers,
        time_limit=timeout,
        region=region,
        base_url=base_url,
        stop=stop,
        store=store,
    )
    return stop.exit_code(ended)
