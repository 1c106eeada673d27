"""``python -m guard.action`` in this process: cases with a broken file, a signal or a limit of GitHub."""

from __future__ import annotations

import dataclasses
import json
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from guard.action import __main__ as action
from guard.action import github
from guard.action.inputs import Mode, read_inputs
from guard.action.outputs import Ending, explain, is_from_fork, outputs
from guard.cli.gate import Gate
from guard.cli.signals import InterruptedBySignal
from guard.core.errors import GuardError, OutputError, UsageError
from guard.core.model import Selection
from guard.core.results import FailOn, NotifyOn
from guard.report import Format, render
from tests.report.builders import outcomes

if TYPE_CHECKING:
    from collections.abc import Callable

RULES = "version: 1\nsegments: {a: {name: A, channels: {email: {min: 1}}}}\n"
CHECK = read_inputs({})
STOPPED = InterruptedBySignal(signal.SIGTERM)
ENDS: dict[int, Any] = {0: outcomes()["pass"], 1: outcomes()["everything"], 3: outcomes()["unknown"], 143: STOPPED}


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a job's workspace, with its files set up; return where it is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path))
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "outputs"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    monkeypatch.setenv("INPUT_MODE", "validate")
    (tmp_path / "rules.yaml").write_text(RULES)
    return tmp_path


@pytest.fixture
def check_ends(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Have the counting end in a report with this exit code, or be stopped with 143."""

    def arrange(code: int) -> None:
        def count(_: Gate) -> Any:
            ending = ENDS[code]
            if isinstance(ending, BaseException):
                raise ending
            return ending

        monkeypatch.setenv("INPUT_MODE", "check")
        monkeypatch.setattr(Gate, "count", count)

    return arrange


class Ran(NamedTuple):
    """What came of a run: the exit code, the streams, and GitHub's files, empty where nothing was written."""

    code: int
    out: str
    err: str
    outputs: str
    summary: str


@pytest.fixture
def ran(job: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run the action with these variables changed; None takes one away."""

    def run(**variables: str | None) -> Ran:
        for name, value in variables.items():
            if value is None:
                monkeypatch.delenv(name)
            else:
                monkeypatch.setenv(name, value)
        code = action.run()
        files = (job / "outputs", job / "summary")
        return Ran(code, *capsys.readouterr(), *(file.read_text("utf-8") if file.exists() else "" for file in files))

    return run


# The inputs


def test_empty_inputs_are_left_out() -> None:
    names = ("MODE", "RULES", "REGION", "SEGMENTS", "HTML", "SUMMARY", "TIMEOUT", "FAIL_ON")

    assert read_inputs({f"INPUT_{name}": " " for name in names}) == CHECK
    assert (CHECK.mode, CHECK.rules, CHECK.fail_on, CHECK.summary) == (Mode.CHECK, "rules.yaml", FailOn.FAIL, True)
    assert (CHECK.region, CHECK.timeout, CHECK.reports, CHECK.selection) == (None, None, {}, Selection())


def test_lists_take_commas_and_lines() -> None:
    inputs = read_inputs({"INPUT_SEGMENTS": "a, b\n\n c ,", "INPUT_TAGS": "two words", "INPUT_CAMPAIGNS": "--quiet"})

    assert inputs.selection == Selection(segments=("a", "b", "c"), tags=("two words",), campaigns=("--quiet",))


def test_slack_needs_an_address() -> None:
    address = {"SLACK_WEBHOOK_URL": "https://a-webhook-for-tests"}

    assert read_inputs(address | {"INPUT_NOTIFY_ON": " always "}).notify_on is NotifyOn.ALWAYS
    assert read_inputs(address | {"INPUT_NOTIFY_ON": ""}).notify_on is NotifyOn.FAIL
    assert read_inputs({"SLACK_WEBHOOK_URL": "", "INPUT_NOTIFY_ON": "always"}).notify_on is None


@pytest.mark.parametrize("name", ["MODE", "FAIL_ON", "TIMEOUT", "SUMMARY", "ANNOTATIONS", "NOTIFY_ON", "RECORD"])
def test_an_unknown_value_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f'(?s)"{name.lower().replace("_", "-")}".*chekc'):
        read_inputs({f"INPUT_{name}": "chekc", "SLACK_WEBHOOK_URL": "https://a-webhook-for-tests"})


# The outputs


@pytest.mark.parametrize(
    ("code", "report", "verdict"),
    [
        pytest.param(1, "everything", "fail", id="as-reported"),
        pytest.param(3, "warn", "unknown", id="another-report-could-not-be-written"),
        pytest.param(130, "pass", "unknown", id="stopped-after-its-report"),
        pytest.param(3, None, "unknown", id="a-bug"),
        pytest.param(143, None, "unknown", id="stopped"),
        pytest.param(0, None, "unknown", id="a-pass-without-a-report"),
        pytest.param(2, None, "error", id="usage"),
    ],
)
def test_the_verdict_needs_its_exit_code(code: int, report: str | None, verdict: str) -> None:
    ending = Ending(code=code, inputs=CHECK, report=outcomes()[report] if report else None)

    assert outputs(ending)["verdict"] == verdict


def test_totals_count_as_guards() -> None:
    report = outcomes()["everything"]
    failed = [result for result in report.results() if result.verdict == "fail"]
    reported = outputs(Ending(code=1, inputs=CHECK, report=report))
    unreported = outputs(Ending(code=3, inputs=CHECK))

    assert {bool(result.campaign) for result in failed} == {True, False}
    assert (reported["failed"], reported["unknown"]) == (str(len(failed)), "1")
    assert (unreported["failed"], unreported["unknown"]) == ("", "")


def test_a_value_cannot_forge_an_output(tmp_path: Path) -> None:
    github.write_outputs(tmp_path / "outputs", {"one": "a\nverdict=pass", "two": "b"})

    lines = (tmp_path / "outputs").read_text().splitlines()
    ends = [line.split("<<")[1] for line in lines if "<<" in line]
    assert len(set(ends)) == 2
    assert lines == [f"one<<{ends[0]}", "a", "verdict=pass", ends[0], f"two<<{ends[1]}", "b", ends[1]]


# The words


HERE, THERE = {"repo": {"full_name": "a/b"}}, {"repo": {"full_name": "c/b"}}


@pytest.mark.parametrize(
    ("event", "is_fork"),
    [
        pytest.param(json.dumps({"pull_request": {"head": HERE, "base": HERE}}), False, id="same"),
        pytest.param(json.dumps({"pull_request": {"head": THERE, "base": HERE}}), True, id="other"),
        pytest.param(json.dumps({"pull_request": {"head": {"repo": None}, "base": HERE}}), True, id="deleted"),
        ('{"pull_request": null}', False),
        ("", False),
        ("[]", False),
        ("null", False),
        ("{", False),
    ],
)
def test_a_fork_has_another_repository(tmp_path: Path, event: str, is_fork: bool) -> None:
    (tmp_path / "event.json").write_text(event)

    assert is_from_fork({"GITHUB_EVENT_PATH": str(tmp_path / "event.json")}) is is_fork
    assert not is_from_fork({})


def test_a_report_needs_no_explanation() -> None:
    ending = Ending(code=1, inputs=CHECK, report=outcomes()["everything"], errors=(OutputError("no room"),))

    assert explain(ending, {"BLUESHIFT_API_KEY": "k"}) is None


@pytest.mark.parametrize(
    ("code", "words"),
    [(3, "could not find out"), (130, "was stopped"), (2, "could not start")],
)
def test_other_endings_are_explained(code: int, words: str) -> None:
    errors = tuple(GuardError(f"error {number}") for number in range(25))
    explained = explain(Ending(code=code, inputs=CHECK, errors=errors), {"BLUESHIFT_API_KEY_FILE": "k"})

    assert explained is not None
    assert explained.headline.endswith(f"(exit {code})")
    assert words in explained.headline
    assert explained.text.splitlines()[-2:] == ["audience-guard: error 19", "... and 5 more lines in the log"]


# The whole


@pytest.mark.parametrize(
    ("name", "value"),
    [("INPUT_MODE", "validate"), ("GITHUB_STEP_SUMMARY", None), ("RUNNER_TEMP", None), ("RUNNER_TEMP", "")],
)
def test_validating_needs_only_outputs(ran: Callable[..., Ran], name: str, value: str | None) -> None:
    code, out, _, written, summary = ran(**{name: value})

    assert (code, summary) == (0, "")
    assert "\nvalid\n" in written
    assert out.startswith("::stop-commands::")
    assert "::warning" not in out


def test_rules_problems_are_annotated(job: Path, ran: Callable[..., Ran]) -> None:
    (job / "rules.yaml").write_text("version: 2\n" + "".join(f"key{number}: 1\n" for number in range(12)))

    code, out, err, _, summary = ran()

    assert code == 2
    assert "problems in rules.yaml" in err
    assert out.count("\n::error ") == 10
    assert "    rules.yaml:2:1: " in summary


def test_a_wrong_mode_gets_a_guess(ran: Callable[..., Ran]) -> None:
    found = ran(INPUT_MODE="valdate")

    assert found.code == 2
    assert 'did you mean "validate"?' in found.summary


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BLUESHIFT_REGION", "{}"),
        ("BLUESHIFT_BASE_URL", "http://{}.example.com"),
        ("INPUT_MODE", "{}"),
        ("INPUT_RULES", "{}/rules.yaml"),
        ("INPUT_REGION", "{}"),
        ("INPUT_SEGMENTS", "{}"),
        ("INPUT_JSON", "{}/report.json"),
        ("INPUT_SUMMARY", "{}"),
        ("RUNNER_TEMP", "{}"),
    ],
)
def test_a_key_in_a_wrong_input_stays_hidden(name: str, value: str, ran: Callable[..., Ran]) -> None:
    key = "An-Unspeakable-Key-2F8a"

    code, *texts = ran(**{"BLUESHIFT_API_KEY": key, "INPUT_MODE": "check", name: value.format(key)})

    assert code in {2, 3}
    assert "unspeakable" not in "".join(texts).lower()


@pytest.mark.parametrize("named", [None, "", "no folder/file"])
@pytest.mark.parametrize("ended", [0, 1, 3])
def test_a_missing_summary_is_a_warning(
    check_ends: Callable[[int], None], ran: Callable[..., Ran], ended: int, named: str | None
) -> None:
    check_ends(ended)

    found = ran(GITHUB_STEP_SUMMARY=named)

    assert found.code == ended
    assert f"\n{ended}\n" in found.outputs
    assert len(re.findall("^::warning .*GITHUB_STEP_SUMMARY", found.out, re.MULTILINE)) == 1


@pytest.mark.parametrize("named", [None, "", "no folder/file"])
def test_nothing_is_checked_without_outputs(
    monkeypatch: pytest.MonkeyPatch, ran: Callable[..., Ran], named: str | None
) -> None:
    monkeypatch.setattr(action, "read_inputs", lambda _: pytest.fail("it went on"))

    found = ran(GITHUB_OUTPUT=named)

    assert found.code == 2  # as the outputs of action.yml are where the step writes none
    assert re.search("^::error .*GITHUB_OUTPUT", found.out, re.MULTILINE)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize(("ended", "code"), [(0, 3), (1, 1), (3, 3), (143, 143)])
def test_lost_outputs_never_pass(
    check_ends: Callable[[int], None], ran: Callable[..., Ran], ended: int, code: int
) -> None:
    check_ends(ended)

    found = ran(GITHUB_OUTPUT="/dev/full")

    assert found.code == code
    assert "GITHUB_OUTPUT names /dev/full" in found.out


def test_outputs_are_written_all_or_none(tmp_path: Path) -> None:
    (tmp_path / "outputs").write_text("earlier=1\n")

    with pytest.raises(UnicodeEncodeError):
        github.write_outputs(tmp_path / "outputs", {"verdict": "pass" * 100_000, "path": "\ud800"})

    assert (tmp_path / "outputs").read_text() == "earlier=1\n"


def test_a_path_keeps_its_bytes(tmp_path: Path) -> None:
    github.write_outputs(tmp_path / "outputs", {"report-html": "caf\udce9.html"})

    assert (tmp_path / "outputs").read_bytes().splitlines()[1] == b"caf\xe9.html"


def test_a_runner_without_room_cannot_start(ran: Callable[..., Ran]) -> None:
    found = ran(RUNNER_TEMP="no folder", INPUT_MODE="check")

    assert found.code == 2
    assert "\nerror\n" in found.outputs
    assert "\n2\n" in found.outputs
    assert "RUNNER_TEMP" in found.summary


def raising(error: BaseException) -> Callable[..., None]:
    def act(*_: object) -> None:
        raise error

    return act


@pytest.mark.parametrize(
    ("error", "ended", "code", "verdict"),
    [
        pytest.param(STOPPED, 0, 143, "unknown", id="signal"),
        pytest.param(ZeroDivisionError(), 0, 3, "unknown", id="bug-after-pass"),
        pytest.param(ZeroDivisionError(), 1, 1, "fail", id="bug-after-fail"),
        pytest.param(ZeroDivisionError(), 143, 3, "unknown", id="bug-after-signal"),
    ],
)
def test_a_late_error_is_in_the_outputs(
    check_ends: Callable[[int], None],
    ran: Callable[..., Ran],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    ended: int,
    code: int,
    verdict: str,
) -> None:
    check_ends(ended)
    monkeypatch.setattr(github, "append_summary", raising(error))

    found = ran()

    assert found.code == code
    assert f"\n{code}\n" in found.outputs
    assert f"\n{verdict}\n" in found.outputs


# What an earlier run left


@pytest.fixture
def earlier(job: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Leave the reports of an earlier run where this one is asked for them."""
    files = {Format.HTML: job / "audience.html", Format.JSON: job / "audience.json", Format.JUNIT: job / "audience.xml"}
    for each, file in files.items():
        file.write_text(render(outcomes()["pass"], each), encoding="utf-8")
        monkeypatch.setenv(f"INPUT_{each.upper()}", file.name)
    return list(files.values())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("INPUT_MODE", "chekc"),
        ("INPUT_MODE", "validate"),
        ("INPUT_MODE", "check"),  # without a key
        ("INPUT_SUMMARY", "yes"),
        ("INPUT_ANNOTATIONS", "1"),
        ("INPUT_TIMEOUT", "soon"),
        ("INPUT_RECORD", "true"),  # without a store
        ("INPUT_RULES", "no such file"),
        ("GITHUB_OUTPUT", ""),
        ("RUNNER_TEMP", "no folder"),
    ],
)
def test_old_reports_are_removed(earlier: list[Path], ran: Callable[..., Ran], name: str, value: str) -> None:
    assert ran(**{"INPUT_MODE": "check", name: value}).code == (0 if value == "validate" else 2)
    assert [each.name for each in earlier if each.exists()] == []


def test_rules_named_as_a_report_stay(job: Path, earlier: list[Path], ran: Callable[..., Ran]) -> None:
    assert ran(INPUT_HTML="./rules.yaml", INPUT_MODE="chekc").code == 2
    assert (job / "rules.yaml").read_text() == RULES
    assert not earlier[1].exists()


def test_our_own_json_is_the_fallback(tmp_path: Path) -> None:
    own = tmp_path / "report.json"
    own.write_text("{}")
    inputs = dataclasses.replace(CHECK, reports={Format.JSON: tmp_path / "no folder" / "report.json"})

    ending = Ending(code=3, inputs=inputs, report=outcomes()["everything"], own_json=own)
    assert outputs(ending)["report-json"] == str(own)


@pytest.mark.parametrize("is_late", [False, True], ids=["while-counting", "while-writing"])
def test_the_step_has_the_exit_code(
    job: Path, check_ends: Callable[[int], None], monkeypatch: pytest.MonkeyPatch, is_late: bool
) -> None:
    check_ends(0 if is_late else 143)
    monkeypatch.setattr(action, "stop_on_signals", lambda: None)  # the signals stay pytest's
    if is_late:
        monkeypatch.setattr(github, "write_outputs", raising(STOPPED))

    with pytest.raises(SystemExit) as exiting:
        action.main()

    assert exiting.value.code == 143
    assert ("\n143\n" in (job / "outputs").read_text()) is not is_late


@pytest.mark.parametrize(
    ("already", "page", "added"),
    [
        (0, github.LARGEST_SUMMARY, github.LARGEST_SUMMARY),
        (1, github.LARGEST_SUMMARY, len("The report does not fit into this summary; the log has it.\n")),
        (github.LARGEST_SUMMARY, 1, 0),
    ],
)
def test_a_summary_stays_small_enough(tmp_path: Path, already: int, page: int, added: int) -> None:
    file = tmp_path / "summary"
    file.write_text("x" * already)

    github.append_summary({"GITHUB_STEP_SUMMARY": str(file)}, "y" * page)

    assert file.stat().st_size == already + added
