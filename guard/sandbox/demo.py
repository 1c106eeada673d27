"""The demonstration: runs the real command with the example rules against the sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from guard.core.errors import ExitCode
from guard.sandbox.scenario import load_scenario
from guard.sandbox.server import Sandbox

if TYPE_CHECKING:
    from collections.abc import Sequence

_HERE = Path(__file__).resolve().parent
_CHECK_SECONDS = 10
_LONGEST = 30.0
_COMMAND = (sys.executable, "-m", "guard")

_BEFORE = """\
This is audience-guard against a stand-in for Blueshift on this machine.
It needs no account, and nothing is sent.

The rules: {rules}
They say how many people each segment may reach. The last counts all looked
fine, but they are old: the guard has every segment counted again, and
believes nothing else. It takes about {seconds} seconds.

  $ audience-guard check {name} --timeout {seconds}s
"""

_AFTER = """
What you have just seen
  newsletter-active  blown up: 62,000 people at the last count, 1,900,000
                     now. Its filter broke overnight, and with it the
                     ceiling of the campaign spring-sale, which must not go.
  cart-abandoners    empty: 3,400 addresses at the last count, none now.
  sms-optin          shrunk below its minimum, but its rule says
                     severity: warn, so it stops nothing.
  loyal-app-users    stuck: Blueshift never finishes counting in-app. What
                     cannot be found out never passes.
  win-back           fine, and so the campaign come-back may go.

check exited with 1: at least one segment is out of bounds, and a CI job
would stop here, before the send. (0: all was counted and is within bounds;
3: something could not be found out; 2: the rules or the command are wrong.)

Next, with your own account
  1. export BLUESHIFT_API_KEY=...   a User API key; for an EU account also
                                    export BLUESHIFT_REGION=eu
  2. audience-guard segments        lists your segments with their uuids
  3. write rules.yaml               begin with
                                    {rules}
  4. audience-guard validate        checks the file; sends nothing
  5. audience-guard check           the gate in front of your next send
"""


def demo_scenario() -> Path:
    """Return the path of the demonstration's scenario."""
    return _HERE / "demo.yaml"


def example_rules() -> Path:
    """Return the path of the example rules: in the root of a checkout, or beside this module if installed."""
    installed = _HERE / "rules.example.yaml"
    return installed if installed.exists() else _HERE.parents[1] / "rules.example.yaml"


def run_demo(*, command: Sequence[str] = _COMMAND) -> int:
    """Run ``check`` on the example rules against the sandbox, and explain on stderr what it shows.

    Return 0 if ``check`` exits with 1, as it should, else 3. ``command`` starts audience-guard.
    Raises UsageError if the sandbox finds no port.
    """
    rules = example_rules()
    _tell(_BEFORE.format(rules=rules, name=rules.name, seconds=_CHECK_SECONDS))
    scenario = load_scenario(demo_scenario())
    with Sandbox(scenario) as sandbox:
        found = _check(command, sandbox.url, scenario.key or "")
    if found != ExitCode.FAILED:
        happened = "did not end" if found is None else f"exited with {found}"
        _tell(f"audience-guard: the demonstration went wrong: check {happened}, and it should have exited with 1")
        return ExitCode.UNKNOWN
    _tell(_AFTER.format(rules=rules))
    return ExitCode.PASSED


def _check(command: Sequence[str], url: str, key: str) -> int | None:
    """Return the exit code of ``check``, or None if it did not end within 30 seconds."""
    # Run in the package's parent folder, so that `-m` finds this package.
    root = _HERE.parents[1]
    arguments = [str(example_rules().relative_to(root)), "--base-url", url, "--timeout", f"{_CHECK_SECONDS}s"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BLUESHIFT_")}
    environment["BLUESHIFT_API_KEY"] = key
    try:
        ended = subprocess.run(  # noqa: S603 - our own command without foreign input
            [*command, "check", *arguments], cwd=root, env=environment, timeout=_LONGEST, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    return ended.returncode


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
