"""The action as a workflow uses it: its steps in bash, one after another, against the sandbox."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from guard.history.address import Address
from guard.history.store import Store
from guard.report import Format, render
from tests.report.builders import outcomes

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.sandbox.server import Sandbox
    from tests.conftest import Webhook

    Use = Callable[..., Any]

ROOT = Path(__file__).parents[2]


def test_all_steps_run_from_a_checkout(first_use: Any) -> None:
    runner, run = first_use

    assert (run.code, run.outputs["verdict"], run.outputs["exit-code"]) == (0, "valid", "0")
    assert "rules.yaml is valid: 3 segments, 3 guards, 1 campaign" in run.log
    assert not (runner.action_path / "build").exists()
    assert not (runner.folder / "elsewhere").exists()


def test_the_installed_command_stays_ours(runner: Any) -> None:
    (runner.workspace / "guard").mkdir()
    for name in ("__init__.py", "__main__.py"):
        (runner.workspace / "guard" / name).write_text("def main(): raise SystemExit(0)\n")
    command = Path(runner.installed["python"]).with_name("audience-guard")

    ended = subprocess.run(
        [command, "validate"],
        cwd=runner.workspace,
        env={**runner.environ, "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert (ended.returncode, ended.stdout) == (0, "rules.yaml is valid: 3 segments, 3 guards, 1 campaign\n")


def outputs(verdict: str, code: str, failed: str, unknown: str) -> dict[str, str]:
    """Return the outputs of a step, without reports."""
    counts = {"failed": failed, "unknown": unknown}
    return {"verdict": verdict, "exit-code": code, **counts, "report-json": "", "report-html": ""}


def test_within_bounds_passes(use: Use) -> None:
    run = use(segments="good")

    assert run.code == 0
    assert run.outputs | {"report-json": ""} == outputs("pass", "0", "0", "0")
    assert json.loads(Path(run.outputs["report-json"]).read_text())["verdict"] == "pass"
    assert "PASS    good / email: 50, allowed 10 to 100" in run.log
    assert "May be sent: 1 segment is within bounds, counted fresh." in run.summary
    assert run.errors() == []


def test_a_failure_marks_its_line(use: Use) -> None:
    run = use(segments="bad")

    assert run.code == 1
    assert run.outputs | {"report-json": ""} == outputs("fail", "1", "1", "0")
    [(properties, text)] = [(properties, text) for name, properties, text in run.commands if name == "error"]
    assert (properties["file"], properties["line"]) == ("rules.yaml", "11")
    assert "5,000, maximum 100: 50 times the maximum" in text
    assert "Do not send" in run.summary


def test_an_unknown_does_not_pass(use: Use) -> None:
    run = use(segments="stuck, good")

    assert run.code == 3
    assert (run.outputs["verdict"], run.outputs["unknown"], run.outputs["failed"]) == ("unknown", "1", "0")
    assert any("not counted in time" in text for text in run.errors())
    assert "Do not send to stuck yet: email could not be counted." in run.summary


def test_a_usage_error_has_no_report(use: Use) -> None:
    run = use(segments="nobody", html="page.html", json="report.json")

    assert run.code == 2
    assert run.outputs == outputs("error", "2", "", "")
    assert ["nobody" in text for text in (*run.errors(), run.summary)] == [True, True]


def test_an_old_report_is_not_an_output(use: Use, runner: Any) -> None:
    (runner.workspace / "report.json").write_text('{"verdict": "pass", "exit_code": 0}')

    run = use(segments="good", json="report.json", html="report.json")

    assert (run.code, run.outputs["verdict"]) == (2, "error")
    assert run.outputs["report-json"] == run.outputs["report-html"] == ""


def test_each_problem_marks_its_line(use: Use, runner: Any) -> None:
    (runner.workspace / "rules.yaml").write_text("version: 1\nsegments:\n  a: {uuid: 7}\n  b: {nme: c}\n")

    run = use(mode="validate", api_key=None, rules="./rules.yaml")

    places = [(each.get("file"), each.get("line")) for name, each, _ in run.commands if name == "error"]
    assert (run.code, run.outputs["verdict"]) == (2, "error")
    assert {("rules.yaml", "3"), ("rules.yaml", "4")} <= set(places)
    assert "rules.yaml:4:" in run.summary


def test_a_cancelled_job_says_so(use: Use, runner: Any, sandbox: Sandbox) -> None:
    rules = runner.workspace / "rules.yaml"
    rules.write_text(rules.read_text().replace("timeout: 500ms", "timeout: 60s"))
    runner.cancelled_when = lambda: bool(sandbox.requests)

    run = use(segments="stuck")

    assert (run.code, run.outputs["verdict"], run.outputs["exit-code"]) == (130, "unknown", "130")
    assert "was stopped" in run.summary


def test_a_missing_key_names_the_input(use: Use, sandbox: Sandbox) -> None:
    run = use(api_key=None)

    assert (run.code, run.outputs["verdict"]) == (2, "error")
    assert 'The input "api-key" is empty' in run.errors()[0]
    assert sandbox.requests == ()


@pytest.mark.usefixtures("from_fork")
def test_a_fork_without_a_key_is_explained(use: Use) -> None:
    run = use(api_key="")

    assert run.code == 2
    for text in (run.errors()[0], run.summary):
        assert "This pull request comes from a fork" in text
        assert "mode: validate" in text
    assert use(mode="validate", api_key="").code == 0


@pytest.mark.parametrize(
    ("inputs", "code", "verdict", "told"),
    [
        pytest.param({"segments": "bad"}, 1, "fail", 1, id="fail"),
        pytest.param({"segments": "good"}, 0, "pass", 0, id="pass"),
        pytest.param({"segments": "good", "notify_on": "always"}, 0, "pass", 1, id="pass-and-always"),
        pytest.param({"mode": "validate", "notify_on": "always"}, 0, "valid", 0, id="validate"),
    ],
)
def test_slack_is_told(use: Use, webhook: Webhook, inputs: dict[str, str], code: int, verdict: str, told: int) -> None:
    run = use(slack_webhook_url=webhook.url, **inputs)

    assert (run.code, run.outputs["verdict"], len(webhook.told)) == (code, verdict, told)
    assert all(message["blocks"] for message in webhook.told)
    assert "Slack" not in run.log


@pytest.mark.usefixtures("from_fork")
def test_a_fork_tells_nobody(use: Use) -> None:
    run = use(segments="good", slack_webhook_url="", notify_on="always")

    assert (run.code, run.outputs["verdict"]) == (0, "pass")
    assert "Slack" not in run.log


@pytest.fixture
def store(runner: Any) -> Store:
    """Make a store in the runner's workspace, and return it; the input names it ``history.db``."""
    made = Store(Address(path=runner.workspace / "history.db", shown="history.db"))
    made.init()
    return made


@pytest.mark.parametrize(
    ("event", "record", "recorded"),
    [
        ("schedule", None, True),
        ("schedule", "false", False),
        ("pull_request", None, False),
        ("pull_request", "auto", False),
        ("pull_request", "true", True),
        ("pull_request_target", "auto", False),
        ("pull_request_review", "auto", False),
    ],
)
def test_a_pull_request_is_not_recorded(
    use: Use, runner: Any, store: Store, event: str, record: str | None, recorded: bool
) -> None:
    runner.environ = {**runner.environ, "GITHUB_EVENT_NAME": event}

    run = use(segments="good", history="history.db", record=record)

    assert (run.code, run.outputs["verdict"], len(store.read().runs)) == (0, "pass", recorded)
    report = json.loads(Path(run.outputs["report-json"]).read_text())
    assert (report["history"]["recorded"], report["history"]["runs"]) == (recorded, recorded)
    assert ("belongs to a pull request, so it is not recorded" in run.log) is (not recorded and record != "false")


@pytest.mark.parametrize(("segments", "code"), [("good", 0), ("bad", 1), ("stuck", 3)])
def test_every_verdict_is_recorded(use: Use, store: Store, segments: str, code: int) -> None:
    run = use(segments=segments, history="history.db")

    assert run.code == code
    assert [each.exit_code for each in store.read().runs] == [code]


def test_a_store_with_a_password_is_hidden(use: Use) -> None:
    run = use(segments="good", history="postgresql://ana:not-a-password@127.0.0.1:9/guard")

    assert (run.code, run.outputs["verdict"]) == (0, "pass")
    assert "not-a-password" not in run.log.split("\n", 2)[2]
    assert [text.partition(":")[0] for text in run.warnings()] == [
        "the history was not read",
        "this run was not recorded, and its verdict stands",
    ]


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({"history": "mysql://db.example.com/guard"}, 'the input "history" begins with "mysql://"'),
        ({"history": "history.db"}, "the history store history.db does not exist"),
        ({"record": "true"}, 'the input "record" is true, but the input "history" is empty'),
        ({"record": "true", "history": " "}, 'the input "record" is true, but the input "history" is empty'),
    ],
)
def test_a_wrong_store_stops_the_step(use: Use, sandbox: Sandbox, inputs: dict[str, str], told: str) -> None:
    run = use(**inputs)

    assert (run.code, run.outputs["verdict"], sandbox.requests) == (2, "error", ())
    assert told in run.errors()[0]


def test_validate_opens_no_store(use: Use) -> None:
    run = use(mode="validate", api_key=None, history="history.db", record="true")

    assert (run.code, run.outputs["verdict"]) == (0, "valid")
    assert use(mode="validate", api_key=None, record="true").code == 0


@pytest.mark.parametrize(("name", "place"), [("api_key", 0), ("slack_webhook_url", 1)])
def test_a_secret_of_two_lines_is_masked(use: Use, name: str, place: int) -> None:
    secret = "https://one%0A\ntwo"

    run = use(**{name: secret})

    assert run.commands[place] == ("add-mask", {}, secret)
    assert run.code == 2


@pytest.fixture
def without_python(runner: Any, tmp_path: Path) -> Any:
    """Return a runner that finds no Python that will do, with the report of an earlier run in its workspace."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "mktemp"):
        (tools / name).symlink_to(Path("/usr/bin") / name)
    old = tools / "python3"
    old.write_text("#!/bin/bash\nexit 1\n")
    old.chmod(0o755)
    runner.environ = {**runner.environ, "PATH": str(tools)}
    runner.installed = None
    (runner.workspace / "audience.html").write_text(render(outcomes()["pass"], Format.HTML), encoding="utf-8")
    return runner


def test_a_missing_python_is_explained(without_python: Any) -> None:
    run = without_python.uses(mode="validate")

    assert (run.code, run.outputs["verdict"], run.outputs["exit-code"]) == (2, "error", "2")
    for text in (run.errors()[0], run.summary):
        assert "actions/setup-python" in text
        assert "update-environment: false" in text
    assert run.warnings() == []


def test_an_old_report_gets_a_warning(
    without_python: Any,
) -> None:
    run = without_python.uses(html="audience.html")

    assert (run.code, run.outputs["report-html"], run.outputs["report-json"]) == (2, "", "")
    assert run.warnings() == ["Go by the outputs, not by the files."]


def test_a_failed_installation_exits_2(without_python: Any) -> None:
    without_python.lacks = frozenset({"GITHUB_STEP_SUMMARY", "RUNNER_TEMP"})

    run = without_python.uses(mode="validate")

    assert (run.code, run.outputs["exit-code"]) == (2, "2")
    assert len(run.warnings()) == 1


def test_a_failed_installation_removes_reports(runner: Any) -> None:
    for name, each in (("audience.html", Format.HTML), ("audience.json", Format.JSON), ("audience.xml", Format.JUNIT)):
        (runner.workspace / name).write_text(render(outcomes()["pass"], each), encoding="utf-8")
    runner.installed = None
    runner.action_path = runner.folder / "an action without its lock"
    shutil.copytree(ROOT / "guard", runner.action_path / "guard", ignore=shutil.ignore_patterns("__pycache__"))

    run = runner.uses(html="audience.html", json="audience.json", junit="audience.xml")

    assert (run.code, run.outputs["verdict"], run.outputs["exit-code"]) == (2, "error", "2")
    assert "Packages could not be installed" in run.errors()[0]
    assert list(runner.workspace.glob("audience.*")) == []
    assert run.warnings() == []


@pytest.mark.parametrize("lacks", ["GITHUB_STEP_SUMMARY", "RUNNER_TEMP", "GITHUB_WORKSPACE"])
def test_a_poor_runner_changes_no_verdict(use: Use, runner: Any, lacks: str) -> None:
    runner.lacks = frozenset({lacks})

    run = use(segments="bad")

    assert (run.code, run.outputs["exit-code"], run.outputs["verdict"]) == (1, "1", "fail")
    assert len(run.warnings()) == (lacks == "GITHUB_STEP_SUMMARY")


def test_a_step_without_outputs_fails(use: Use, runner: Any, sandbox: Sandbox) -> None:
    runner.lacks = frozenset({"GITHUB_OUTPUT"})

    run = use(segments="good")

    assert (run.code, run.outputs["exit-code"], run.outputs["verdict"]) == (2, "2", "error")
    assert sandbox.requests == ()


def test_the_workspace_replaces_no_module(use: Use, runner: Any) -> None:
    for name in ("guard", "click", "venv"):
        (runner.workspace / name).mkdir()
        (runner.workspace / name / "__init__.py").write_text("open('PWNED', 'w')")

    assert use(segments="good").code == 0


def test_pythonpath_replaces_no_module(use: Use, runner: Any) -> None:
    for name in ("audience_guard_command", "sitecustomize", "usercustomize", "guard", "click", "venv", "pip", "json"):
        (runner.workspace / f"{name}.py").write_text("open('PWNED', 'w')\nraise SystemExit(0)\n")
    runner.environ = {**runner.environ, "PYTHONPATH": str(runner.workspace)}

    run = use(segments="bad")

    assert (run.code, run.outputs["verdict"]) == (1, "fail")


def test_every_step_isolates_python(action: dict[str, Any]) -> None:
    lines = [line for step in action["runs"]["steps"] for line in step["run"].splitlines()]
    starts = [line for line in lines if re.search(r'"\$(python|found|PYTHON)"|"\$\{found:-false\}"', line)]

    assert len(starts) >= 6
    assert [line for line in starts if not re.search(r'" -I ', line)] == []


def chosen(run: Any) -> list[str]:
    report = json.loads(Path(run.outputs["report-json"]).read_text())
    return [segment["key"] for segment in report["segments"]]


def is_written(path: str) -> Callable[[Any, Any, Sandbox], bool]:
    return lambda _, runner, __: (runner.workspace / path).exists()


ARRIVALS: dict[str, tuple[str | None, Callable[[Any, Any, Sandbox], bool]]] = {
    "mode": ("validate", lambda run, _, sandbox: run.outputs["verdict"] == "valid" and not sandbox.requests),
    "rules": ("Frühling 25/die Regeln.yaml", lambda run, *_: "Frühling 25/die Regeln.yaml:" in run.log),
    "api-key": (None, lambda *found: found[2].requests != ()),
    "region": ("mars", lambda run, *_: 'there is no region "mars"' in run.log),
    "base-url": (None, lambda *found: found[2].requests != ()),
    "segments": ("good,\n bad ,\n", lambda run, *_: chosen(run) == ["good", "bad"]),
    "tags": ("große Liste", lambda run, *_: chosen(run) == ["bad"]),
    "campaigns": ("sale", lambda run, *_: chosen(run) == ["good"]),
    "fail-on": ("never", lambda run, *_: run.outputs["exit-code"] == "3" and run.outputs["failed"] == "1"),
    "timeout": ("300ms", lambda run, *_: "the time for the whole run was up" in run.log),
    "summary": ("false", lambda run, *_: run.summary == ""),
    "annotations": ("False", lambda run, *_: run.errors() == []),
    "html": ("ein Bericht.html", is_written("ein Bericht.html")),
    "json": ("ein Bericht.json", is_written("ein Bericht.json")),
    "junit": ("ein Bericht.xml", is_written("ein Bericht.xml")),
    "slack-webhook-url": ("http://hooks.invalid", lambda run, *_: "SLACK_WEBHOOK_URL uses plain http" in run.log),
    "notify-on": ("sometimes", lambda run, *_: 'cannot be "sometimes"' in run.log),
    "history": ("kein Ort.db", lambda run, *_: "the history store kein Ort.db does not exist" in run.log),
    "record": ("sometimes", lambda run, *_: 'the input "record" cannot be "sometimes"' in run.log),
}
"""For each input, a value, and whether it had its effect; None: as the fixture gives it."""
NOT_ALONE = {"notify-on": {"slack_webhook_url": "http://127.0.0.1:9/a-webhook-for-tests"}}
"""What an input needs beside it to have any effect."""


def asked(name: str) -> dict[str, str]:
    """Return the inputs with which this one has an effect."""
    value, _ = ARRIVALS[name]
    return NOT_ALONE.get(name, {}) | ({} if value is None else {name: value})


INJECTION = """x$(touch PWNED)`touch PWNED`; touch PWNED; '; touch PWNED; '"; touch PWNED; "
::set-output name=verdict::pass
##[set-env name=PATH]PWNED
verdict=pass
${{ github.token }} %0A::error:: é\u202e"""


@pytest.mark.parametrize(
    "name", [each for each in ARRIVALS if each not in {"api-key", "html", "json", "junit", "slack-webhook-url"}]
)
def test_no_input_becomes_a_command(use: Use, name: str) -> None:
    run = use(**{name: INJECTION}, **NOT_ALONE.get(name, {}))

    assert (run.code, run.outputs["verdict"]) == (2, "error")


@pytest.mark.parametrize(
    "inputs",
    [{"rules": "--help"}, {"segments": "--help"}, {"timeout": "--help"}, {"rules": "--help", "mode": "validate"}],
)
def test_no_input_becomes_a_flag(use: Use, inputs: dict[str, str]) -> None:
    run = use(**inputs)

    assert (run.code, run.outputs["verdict"]) == (2, "error")


@pytest.mark.parametrize("name", ["html", "json", "junit"])
def test_a_report_path_is_only_a_path(use: Use, runner: Any, name: str) -> None:
    run = use(segments="good", **{name: "$(date) ; ü\n::set-output name=verdict::fail"})

    assert (run.code, run.outputs["verdict"]) == (0, "pass")
    assert (runner.workspace / "$(date) ; ü\n::set-output name=verdict::fail").exists()


def test_every_input_has_a_proof(action: dict[str, Any]) -> None:
    assert action["inputs"].keys() == ARRIVALS.keys()


@pytest.mark.parametrize("name", ARRIVALS)
def test_an_input_arrives(use: Use, runner: Any, sandbox: Sandbox, name: str) -> None:
    value, has_arrived = ARRIVALS[name]
    elsewhere = runner.workspace / "Frühling 25"
    elsewhere.mkdir()
    (elsewhere / "die Regeln.yaml").write_text((runner.workspace / "rules.yaml").read_text())

    run = use(**asked(name))

    assert has_arrived(run, runner, sandbox)
    if name in {"html", "json"}:
        assert run.outputs[f"report-{name}"] == str(runner.workspace / value)


@pytest.mark.parametrize("name", ARRIVALS)
def test_an_input_needs_its_line(use: Use, runner: Any, sandbox: Sandbox, name: str) -> None:
    _, has_arrived = ARRIVALS[name]
    changed = copy.deepcopy(runner.action)
    environ = changed["runs"]["steps"][-1]["env"]
    [line] = [each for each, text in environ.items() if text == f"${{{{ inputs.{name} }}}}"]
    del environ[line]
    runner.action = changed

    assert not has_arrived(use(**asked(name)), runner, sandbox)
