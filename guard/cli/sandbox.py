"""``audience-guard demo`` and ``sandbox``: try the guard without an account."""

from __future__ import annotations

import click

from guard.cli.options import debug_flag
from guard.cli.output import say
from guard.cli.signals import InterruptedBySignal
from guard.core.errors import ExitCode


@click.command()
@debug_flag
def demo() -> int:
    """See the guard stop a bad send: the example rules, against a stand-in for Blueshift on this machine.

    Takes about ten seconds and needs no account. Exits 0 if the demonstration worked.
    """
    from guard.sandbox.demo import run_demo  # noqa: PLC0415 - not needed to print help

    return run_demo()


@click.command(
    epilog="""
\b
Example, in two terminals:
  audience-guard sandbox
  BLUESHIFT_API_KEY=sandbox audience-guard check rules.yaml --base-url http://127.0.0.1:8765
""",
)
@click.argument("scenario", required=False, type=click.Path())
@click.option("--port", type=click.IntRange(0, 65_535), default=8765, show_default=True, help="0 takes any free port.")
@debug_flag
def sandbox(scenario: str | None, port: int) -> int:
    """Serve a stand-in for Blueshift's API on 127.0.0.1 until Ctrl+C.

    SCENARIO is a YAML file with the segments and their behaviour; the default is the demonstration's. docs/sandbox.md
    lists everything that it can hold.
    """
    from guard.sandbox.demo import demo_scenario  # noqa: PLC0415 - not needed to print help
    from guard.sandbox.scenario import load_scenario  # noqa: PLC0415 - see above
    from guard.sandbox.server import Sandbox  # noqa: PLC0415 - see above

    loaded = load_scenario(scenario or demo_scenario())
    key = loaded.key or "any text"
    try:
        with Sandbox(loaded, port=port) as server:
            say(f"audience-guard: the sandbox is at {server.url}; its API key is {key}; Ctrl+C ends it")
            server.serve_forever()
    except InterruptedBySignal as interrupt:
        say("audience-guard: the sandbox has ended")
        return interrupt.exit_code
    return ExitCode.PASSED
