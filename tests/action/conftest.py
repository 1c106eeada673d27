"""A stand-in for GitHub's runner: runs the steps of ``action.yml`` in order, each in bash, against the sandbox.

Every path holds a blank and letters beyond ASCII. After each run the runner looks whether anything got out: the key, a
command that nobody meant, a file that an injected command made.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from guard.core.model import Channel
from guard.sandbox.scenario import Scenario, ScenarioSegment
from guard.sandbox.server import Sandbox
from tests.conftest import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT = Path(__file__).parents[2]
BASH = shutil.which("bash") or "bash"
KEY = "a-key-for-tests"
NOWHERE = "http://nowhere.invalid"  # refused, so that a run without the input base-url asks nobody
UUIDS = {key: f"00000000-0000-4000-8000-00000000000{number}" for number, key in enumerate(["good", "bad", "stuck"])}
RULES = f"""\
version: 1
blueshift: {{requests_per_second: 200}}
refresh: {{timeout: 500ms, poll_interval: 50ms, max_poll_interval: 50ms}}
segments:
  good:
    uuid: {UUIDS["good"]}
    channels: {{email: {{min: 10, max: 100}}}}
  bad:
    uuid: {UUIDS["bad"]}
    tags: [große Liste]
    channels: {{email: {{min: 10, max: 100}}}}
  stuck:
    uuid: {UUIDS["stuck"]}
    channels: {{email: {{min: 10, max: 100}}}}
campaigns:
  sale: {{segments: [good]}}
"""
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_COMMAND = re.compile(r"\s*::([\w-]+)(?: ([^:]*))?::(.*)")
_OLD_COMMAND = re.compile(r"##\[([\w-]+)")
_HARMLESS = {"add-mask", "stop-commands", "error", "warning", "notice"}


@dataclass
class Run:
    """What GitHub would have got from one use of the action: each command as its name, properties and text."""

    code: int = 0
    log: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    commands: list[tuple[str, dict[str, str], str]] = field(default_factory=list)

    def errors(self) -> list[str]:
        return [text for name, _, text in self.commands if name == "error"]

    def warnings(self) -> list[str]:
        return [text for name, _, text in self.commands if name == "warning"]


@dataclass
class Runner:
    """A runner with a workspace; ``installed`` are outputs of a step ``install`` that already ran elsewhere.

    Where ``cancelled_when`` is given, the job is cancelled, as GitHub does it, once that is true. ``lacks`` are the
    variables that this runner does not set.
    """

    folder: Path
    action: dict[str, Any]
    action_path: Path
    installed: dict[str, str] | None = None
    environ: dict[str, str] = field(default_factory=dict)
    cancelled_when: Callable[[], bool] | None = None
    lacks: frozenset[str] = frozenset()

    @property
    def workspace(self) -> Path:
        return self.folder / "Arbeits platz"

    def uses(self, **inputs: str) -> Run:
        """Run the action with the inputs, ``fail_on`` for ``fail-on``, and see that nothing got out."""
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        defaults = {name: declared.get("default", "") for name, declared in self.action["inputs"].items()}
        assert given.keys() <= defaults.keys()
        run, outputs = Run(), {"install": self.installed} if self.installed else {}
        for step in self.action["runs"]["steps"]:
            if run.code == 0 and (step.get("id") != "install" or not self.installed):
                outputs[step.get("id", step["name"])] = self._step(
                    step, {"inputs": defaults | given, "steps": outputs}, run
                )
        context = {"inputs": defaults | given, "steps": outputs}
        run.outputs = {name: evaluated(each["value"], context) for name, each in self.action["outputs"].items()}
        run.commands = list(commands_in(run.log))
        secrets = [given.get(name, "") for name in ("api-key", "slack-webhook-url")]
        history = given.get("history", "")
        self._see_that_nothing_got_out(run, [*secrets, history if "password" in history else ""])
        return run

    def _step(self, step: Mapping[str, Any], context: Mapping[str, Any], run: Run) -> dict[str, str]:
        """Run one step as ``shell: bash`` does, and return its outputs."""
        assert step["shell"] == "bash"
        assert "${{" not in step["run"]
        temp = self.folder / "läuft vorüber"
        for path in (temp, self.workspace):
            path.mkdir(parents=True, exist_ok=True)
        files = {f"GITHUB_{name}": temp / name.lower() for name in ("OUTPUT", "STEP_SUMMARY", "ENV", "PATH")}
        for path in files.values():
            path.write_text("")
        script = temp / "step.sh"
        script.write_text(step["run"], encoding="utf-8")
        environ = {
            **self.environ,
            **{name: str(path) for name, path in files.items()},
            "GITHUB_ACTION_PATH": str(self.action_path),
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(temp),
            **{name: evaluated(value, context) for name, value in step.get("env", {}).items()},
        }
        environ = {name: value for name, value in environ.items() if name not in self.lacks}
        process = subprocess.Popen(
            [BASH, "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
            cwd=self.workspace,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if self.cancelled_when and step.get("id") == "guard":
            wait_until(self.cancelled_when)
            process.send_signal(signal.SIGINT)
        log, _ = process.communicate(timeout=120)
        assert files["GITHUB_ENV"].read_text() == files["GITHUB_PATH"].read_text() == ""
        run.code, run.log = process.returncode, run.log + log.decode()
        run.summary += files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
        return outputs_in(files["GITHUB_OUTPUT"].read_text(encoding="utf-8"))

    def _see_that_nothing_got_out(self, run: Run, inputs: list[str]) -> None:
        secrets = [each for each in inputs if each]
        masks, rest = run.commands[: len(secrets)], run.log.split("\n", len(secrets))[-1]
        assert masks == [("add-mask", {}, each) for each in secrets]
        assert {name for name, _, _ in run.commands} <= _HARMLESS
        assert not list(self.folder.rglob("*PWNED*"))
        assert "Traceback" not in run.log
        assert all(each not in text for each in secrets for text in (rest, run.summary, *run.outputs.values()))


def evaluated(text: str, context: Mapping[str, Any]) -> str:
    """Return the text with its expressions replaced; fail on any form that is not known."""
    return _EXPRESSION.sub(lambda found: _value(found[1], context), text)


def _value(expression: str, context: Mapping[str, Any]) -> str:
    if found := re.fullmatch(r"inputs\.([\w-]+)", expression):
        return str(context["inputs"][found[1]])
    if found := re.fullmatch(r"steps\.([\w-]+)\.outputs\.([\w-]+)(?: \|\| '(\w+)')?", expression):
        return context["steps"].get(found[1], {}).get(found[2], "") or found[3] or ""
    raise AssertionError(f"the stand-in cannot evaluate {expression}")


def outputs_in(text: str) -> dict[str, str]:
    """Return what a step wrote to GITHUB_OUTPUT, read as GitHub does: ``NAME=VALUE``, or lines after ``NAME<<END``."""
    outputs: dict[str, str] = {}
    lines = text.splitlines()
    while lines:
        line = lines.pop(0)
        if found := re.fullmatch("([^=]+?)<<(.+)", line):
            end = lines.index(found[2])
            outputs[found[1]] = "\n".join(lines[:end])
            del lines[: end + 1]
        else:
            name, _, outputs[name] = line.partition("=")
    return outputs


def commands_in(log: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """Yield the commands that GitHub would obey: in lines that start with ``::``, and after ``##[`` anywhere."""
    resume = None
    for line in log.splitlines():
        if resume is not None:
            resume = None if line.strip() == f"::{resume}::" else resume
        elif found := _COMMAND.match(line):
            name, properties, text = found.groups()
            resume = text if name == "stop-commands" else None
            pairs = (each.split("=", 1) for each in (properties or "").split(",") if each)
            yield name, {key: _unescaped(value) for key, value in pairs}, _unescaped(text)
        elif found := _OLD_COMMAND.search(line):
            yield found[1], {}, line


def _unescaped(text: str) -> str:
    for escaped, character in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(escaped, character)
    return text


@pytest.fixture(scope="session")
def action() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="session")
def machine() -> dict[str, str]:
    """Return the environment of a runner: this machine's, with nothing of a job that runs these tests."""
    ours = (
        "GITHUB_",
        "RUNNER_",
        "BLUESHIFT_",
        "SLACK_",
        "AUDIENCE_GUARD_",
        "INPUT_",
        "PYTHON",
        "VIRTUAL_ENV",
        "COVERAGE_",
        "COV_",
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    system = "macOS" if sys.platform == "darwin" else "Linux"
    return {**kept, "RUNNER_OS": system, "BLUESHIFT_BASE_URL": NOWHERE}


@pytest.fixture(scope="session")
def first_use(
    tmp_path_factory: pytest.TempPathFactory, action: dict[str, Any], machine: dict[str, str]
) -> tuple[Runner, Run]:
    """Run all the steps once, from a checkout of what the action needs: offline, on rules that are right."""
    if sys.platform == "win32":
        pytest.skip("a bash with the paths of Windows is tried by the job `action` of ci.yml, on a real runner")
    folder = tmp_path_factory.mktemp("GitHub für alle")
    checkout = folder / "die Aktion"
    checkout.mkdir()
    for name in ("guard", "requirements"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "rules.example.yaml", "audience_guard_command.py"):
        shutil.copy(ROOT / name, checkout)
    (folder / "constraints.txt").write_text("click<8\n")
    (folder / "pip.conf").write_text(f"[install]\nroot = {folder / 'elsewhere'}\nrequire-virtualenv = yes\n")
    environ = {
        **machine,
        "RUNNER_TOOL_CACHE": str(folder / "no tools"),
        # What a runner may tell pip for what its own jobs install.
        "PIP_CONFIG_FILE": str(folder / "pip.conf"),
        "PIP_CONSTRAINT": str(folder / "constraints.txt"),
        "PIP_TARGET": str(folder / "elsewhere"),
        "PIP_PREFIX": str(folder / "elsewhere"),
        "PIP_USER": "1",
    }
    runner = Runner(folder, action, checkout, environ=environ)
    runner.workspace.mkdir()
    (runner.workspace / "rules.yaml").write_text(RULES, encoding="utf-8")
    return runner, runner.uses(mode="validate")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    def segment(key: str, people: int, **values: Any) -> ScenarioSegment:
        email = {Channel.EMAIL: people}
        return ScenarioSegment(uuid=UUIDS[key], name=key, counts=email, fresh=email, refresh=0.05, **values)

    stuck = segment("stuck", 50, stuck=frozenset({Channel.EMAIL}))
    with Sandbox(Scenario(key=KEY, segments=(segment("good", 50), segment("bad", 5000), stuck))) as server:
        yield server


@pytest.fixture
def runner(first_use: tuple[Runner, Run], tmp_path: Path) -> Runner:
    """Return a runner with the rules in its workspace, on which the action is installed."""
    first, _ = first_use
    home = Path(next(iter((first.folder / "läuft vorüber").glob("audience-guard-??????"))))
    made = Runner(tmp_path / "où ça", first.action, first.action_path, {"python": f"{home}/bin/python"}, first.environ)
    made.workspace.mkdir(parents=True)
    (made.workspace / "rules.yaml").write_text(RULES, encoding="utf-8")
    return made


@pytest.fixture
def use(runner: Runner, sandbox: Sandbox) -> Callable[..., Run]:
    """Use the action with the sandbox's address and key; an input given as None is left out."""

    def using(**inputs: str | None) -> Run:
        asked = {"api_key": KEY, "base_url": sandbox.url} | inputs
        return runner.uses(**{name: value for name, value in asked.items() if value is not None})

    return using


@pytest.fixture
def from_fork(runner: Runner) -> None:
    """Make the event a pull request from a fork."""
    event = {"pull_request": {"head": {"repo": {"full_name": "someone/fork"}}, "base": {"repo": {"full_name": "a/b"}}}}
    path = runner.folder / "event.json"
    path.write_text(json.dumps(event))
    runner.environ = {**runner.environ, "GITHUB_EVENT_PATH": str(path)}
