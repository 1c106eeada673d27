"""The demonstration: runs the real command with the example rules against the sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from guard.core.errors import ExitCode
from guard.sandbox.scenario import load_scenario
from guard.sandbox.server import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

_HERE = Path(__file__).resolve().parent
_CHECK_SECONDS = 10
_LONGEST = 30.0
_COMMAND = (sys.executable, "-m", "guard")
_WEEKS = 12
_WIN_BACK, _SMS_OPTIN = "91e6b3f0-5d2c-4b7a-a6c8-3f4e2d1c0b9a", "c0b5a7de-64a1-4a0b-8f0e-52d9e7a1b6f4"
_NOW, _DOUBLED = 9_900, 19_750
"""What win-back's email reaches in the demonstration's account, and what sms-optin's did before it doubled."""

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

Fixed bounds see only what is far off. So the guard can also compare with the
past, which a history store keeps. Here it has twelve weeks, all made up.

  $ audience-guard history import past.csv --history history.db
  $ audience-guard check demo-change.yaml --history history.db --timeout {seconds}s
"""

_AFTER_THE_PAST = """
What you have just seen
  win-back           lost a fifth every week. Its fixed bounds still allow
                     that; 30% under the median of its last 8 weeks does not.
  sms-optin          doubled overnight, within its fixed bounds too.
  summer-teaser      has no past yet. That is no pass: the guard is learning,
                     and says how many days it still needs.

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
    """Run ``check`` against the sandbox, without and with a past, and explain on stderr what it shows.

    Return 0 if ``check`` exits with 1 both times, as it should, else 3. ``command`` starts audience-guard.
    Raises UsageError if the sandbox finds no port.
    """
    rules = example_rules()
    _tell(_BEFORE.format(rules=rules, name=rules.name, seconds=_CHECK_SECONDS))
    scenario = load_scenario(demo_scenario())
    with Sandbox(scenario) as sandbox:
        asked = ("--base-url", sandbox.url)
        ended = _run([*command, "check", _in_root(rules), *asked, "--timeout", f"{_CHECK_SECONDS}s"], scenario.key)
        if ended != ExitCode.FAILED:
            return _went_wrong("check", ended, ExitCode.FAILED)
        _tell(_AFTER.format(seconds=_CHECK_SECONDS))
        with tempfile.TemporaryDirectory(prefix="audience-guard-") as folder:
            code = _show_the_past(command, asked, Path(folder), scenario.key)
    if code is ExitCode.PASSED:
        _tell(_AFTER_THE_PAST.format(rules=rules))
    return code


def _show_the_past(command: Sequence[str], asked: Sequence[str], folder: Path, key: str | None) -> ExitCode:
    """Make a store with a past, and run ``check`` on rules that compare with it."""
    past, store = folder / "past.csv", ("--history", str(folder / "history.db"))
    past.write_text("\n".join(["uuid,channel,day,count", *_past(datetime.now(UTC).date()), ""]), encoding="utf-8")
    rules = _in_root(_HERE / "demo-change.yaml")
    for arguments, right in (
        (["history", "init", *store], ExitCode.PASSED),
        (["history", "import", str(past), *store, *asked], ExitCode.PASSED),
        (["check", rules, *store, *asked, "--timeout", f"{_CHECK_SECONDS}s"], ExitCode.FAILED),
    ):
        ended = _run([*command, *arguments], key, shows=arguments[0] == "check")
        if ended != right:
            return _went_wrong(" ".join(arguments[:2]), ended, right)
    return ExitCode.PASSED


def _past(today: date) -> Iterator[str]:
    """Yield the lines of a CSV file: one segment loses a fifth every week, the other one stays as it is."""
    for weeks in range(1, _WEEKS + 1):
        day = today - timedelta(weeks=weeks)
        yield f"{_WIN_BACK},email,{day},{round(_NOW / 0.8**weeks)}"
        yield f"{_SMS_OPTIN},email,{day},{_DOUBLED + 40 * (weeks % 3)}"


def _run(command: Sequence[str], key: str | None, *, shows: bool = True) -> int | None:
    """Return the exit code of a command, or None if it did not end within 30 seconds; ``shows`` its output."""
    # Run in the package's parent folder, so that `-m` finds this package.
    ours = ("BLUESHIFT_", "AUDIENCE_GUARD_HISTORY")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    environment["BLUESHIFT_API_KEY"] = key or ""
    try:
        ended = subprocess.run(  # noqa: S603 - our own command without foreign input
            command,
            cwd=_HERE.parents[1],
            env=environment,
            timeout=_LONGEST,
            stdout=None if shows else subprocess.DEVNULL,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return ended.returncode


def _in_root(path: Path) -> str:
    return str(path.relative_to(_HERE.parents[1]))


def _went_wrong(what: str, code: int | None, right: ExitCode) -> ExitCode:
    happened = "did not end" if code is None else f"exited with {code}"
    _tell(f"audience-guard: the demonstration went wrong: {what} {happened}, and it should have exited with {right:d}")
    return ExitCode.UNKNOWN


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
