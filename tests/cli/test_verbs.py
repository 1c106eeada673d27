"""Every verb but ``check``."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guard import __version__
from guard.report import Format
from guard.report.json_report import report_schema_text
from tests.cli.conftest import GOOD, KEY, STUCK
from tests.verbs import commands

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_httpx import HTTPXMock

    from guard.sandbox.server import Sandbox
    from tests.cli.conftest import Refused, Run, Start

ROOT = Path(__file__).parents[2]
VERBS = list(commands())
NOWHERE = "00000000-0000-4000-8000-000000000009"


def test_version(audience_guard: Run) -> None:
    assert audience_guard("--version") == (0, f"audience-guard {__version__}\n", "")


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_help(in_process: Run, verb: str) -> None:
    code, stdout, stderr = in_process(*verb.split(), "--help")

    assert (code, stderr) == (0, "")
    assert f"audience-guard {verb}".rstrip() in stdout.splitlines()[0]


@pytest.mark.parametrize("verb", VERBS)
def test_a_crash_exits_3_with_a_hint(crash: Callable[[str], None], in_process: Run, verb: str) -> None:
    help_text = in_process(*verb.split(), "--help")[1]
    crash(KEY)

    code, stdout, stderr = in_process(*verb.split())

    assert (code, stdout) == (3, "")
    assert "Traceback" not in stderr
    assert KEY not in stderr
    assert stderr.splitlines()[-1].startswith("  hint: --debug ")
    assert " --debug " in help_text


def test_an_unknown_verb_gets_a_guess(refused: Refused) -> None:
    assert refused("chek").startswith('audience-guard: there is no command "chek"; did you mean "check"?')


def test_validate_needs_no_key(audience_guard: Run, sandbox: Sandbox) -> None:
    found = audience_guard("validate", "--quiet", environ={"BLUESHIFT_API_KEY": None})

    assert found == (0, "rules.yaml is valid: 4 segments, 4 guards, 1 campaign\n", "")
    assert sandbox.requests == ()


def test_validate_reports_a_wrong_file(refused: Refused) -> None:
    stderr = refused("validate", "-", given="version: 1\nsegments:\n  a: {channel: {}}\n")

    assert '<stdin>:3:7: segments.a.channel: unknown key; did you mean "channels"?' in stderr


def test_schema_prints_both_schemas(audience_guard: Run) -> None:
    assert audience_guard("schema") == (0, (ROOT / "guard/rules/rules.schema.json").read_text(), "")
    assert audience_guard("schema", "--report") == (0, report_schema_text(), "")


def test_segments_lists_the_account(audience_guard: Run) -> None:
    code, stdout, stderr = audience_guard("segments")

    assert code == 0
    assert stderr == ("audience-guard: the list has no in-app counts; `counts UUID --channel in_app` counts them\n")
    assert audience_guard("segments", "--quiet")[2] == ""
    assert stdout.splitlines()[0].split() == ["NAME", "UUID", "USERS", "EMAIL", "SMS", "PUSH", "COUNTED"]
    assert stdout.splitlines()[1].split()[:2] == ["1", GOOD]


@pytest.mark.parametrize("width", [30, 50, 70])
def test_a_narrow_terminal_splits_no_number(on_terminal: Run, width: int) -> None:
    code, drawn, _ = on_terminal("segments", columns=width)

    lines = drawn.splitlines()
    assert (code, lines[0]) == (0, GOOD)
    assert max(len(line) for line in lines if not line.startswith(GOOD[:8])) <= width
    assert "email 50" in re.sub(r"\s+", " ", " ".join(lines[:5]))
    assert not [line for line in lines if re.search(r"(users|email|sms|push|counted)$", line)]


def test_segments_filters_by_name(audience_guard: Run) -> None:
    assert len(audience_guard("segments", "3")[1].splitlines()) == 2
    assert audience_guard("segments", "no such name") == (0, "no segment matches\n", "")


def test_segments_says_what_failed(audience_guard: Run) -> None:
    code, stdout, stderr = audience_guard("segments", environ={"BLUESHIFT_API_KEY": "another-key"})

    assert (code, stdout) == (3, "")
    assert stderr.startswith("audience-guard: the segments could not be listed: Blueshift refused the API key (401")


@pytest.mark.parametrize(
    ("status", "said"),
    [(500, "answered 500"), (302, "check the region and the base URL"), (404, "answered 404")],
)
def test_other_errors_do_not_blame_the_key(
    status: int, said: str, in_process: Run, httpx_mock: HTTPXMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    httpx_mock.add_response(status_code=status, is_reusable=True)
    monkeypatch.setattr("guard.blueshift.api.before_retry", lambda _: 0.0)
    monkeypatch.setenv("BLUESHIFT_API_KEY", KEY)
    monkeypatch.setenv("BLUESHIFT_BASE_URL", "http://127.0.0.1:9")

    code, _, stderr = in_process("segments")

    assert code == 3
    assert said in stderr
    assert "key" not in stderr.lower()


def test_counts_names_a_missing_segment_once(audience_guard: Run) -> None:
    code, stdout, stderr = audience_guard("counts", NOWHERE, GOOD, "--channel", "email", "--channel", "sms")

    assert (code, stderr) == (3, "")
    assert stdout.count("not_found") == stdout.count(f"the account has no segment {NOWHERE}") == 1
    assert stdout.splitlines()[1].split()[:3] == [NOWHERE, "email,", "sms"]
    assert "ampaign" not in stdout


def test_counts_counts_afresh(audience_guard: Run, sandbox: Sandbox) -> None:
    code, stdout, stderr = audience_guard("counts", GOOD.upper(), "--channel", "email")

    assert (code, stderr) == (0, "")
    assert stdout.splitlines()[1].split()[:3] == [GOOD, "email", "50"]
    assert [each.query["refresh"] for each in sandbox.requests][:2] == ["false", "true"]


def test_a_stuck_count_is_unknown(audience_guard: Run) -> None:
    code, stdout, _ = audience_guard("counts", STUCK, "--channel", "email", "--timeout", "1s")

    assert code == 3
    assert stdout.splitlines()[1].split()[2:4] == ["unknown", "deadline:"]


def test_counts_takes_only_uuids(refused: Refused) -> None:
    assert '"../../admin" is not a segment uuid' in refused("counts", "../../admin")


@pytest.mark.parametrize(
    ("flags", "log"),
    [
        ([], ""),
        (["--debug"], r"\S+ guard\.sandbox: answer method=GET path=/api/v1/segments/list\?.* status=200 fault=none\n"),
    ],
    ids=["quiet", "debug"],
)
def test_the_sandbox_ends_on_ctrl_c(start: Start, audience_guard: Run, flags: list[str], log: str) -> None:
    process = start("sandbox", "--port", "0", *flags)
    assert process.stderr
    address = process.stderr.readline().split("is at ")[1].split(";")[0]

    listed = audience_guard("segments", environ={"BLUESHIFT_BASE_URL": address, "BLUESHIFT_API_KEY": "sandbox"})
    process.send_signal(signal.SIGINT)

    assert listed[0] == 0
    assert process.wait(timeout=5) == 130
    assert re.fullmatch(f"({log})+audience-guard: the sandbox has ended\n", process.stderr.read())


def test_a_wrong_scenario_has_a_line(refused: Refused, folder: Path) -> None:
    (folder / "scenario.yaml").write_text("segments:\n  - {uuid: 7, nam: x}\n")

    assert "scenario.yaml:2:" in refused("sandbox", "scenario.yaml")


def test_the_demo_runs(audience_guard: Run) -> None:
    code, stdout, stderr = audience_guard("demo", patience=120)

    assert code == 0
    assert [line for line in stdout.splitlines() if line.endswith("(exit 1)")] == [
        (
            "Do not send spring-sale: sms 413,850, maximum 100,000 (and 3 more problems). "
            "Do not send to cart-abandoners either. Not yet: loyal-app-users. (exit 1)"
        ),
        (
            "Do not send to win-back, sms-optin: win-back email 9,900, minimum 19,034 by its past"
            " (and 1 more problem). Not yet: summer-teaser. (exit 1)"
        ),
    ]
    assert "check exited with 1" in stderr


def test_completion_is_offered(start: Start) -> None:
    process = start(environ={"_AUDIENCE_GUARD_COMPLETE": "bash_source"})

    assert "audience-guard" in process.communicate(timeout=10)[0]
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("audience-guard che", ["check"]),
        ("audience-guard check --segment g", ["good"]),
        ("audience-guard check --tag ", ["weekly"]),
        ("audience-guard check --campaign ", ["sale"]),
        ("audience-guard check --fail-on n", ["never"]),
        ("audience-guard check mine.yaml --segment ", ["my-own"]),
        ("audience-guard check mine.yaml --segment my-own --tag ", ["my-tag"]),
        ("audience-guard check --segment my-own mine.yaml --campaign ", ["my-campaign"]),
        ("audience-guard check mine.yaml --quiet --segment=", ["my-own"]),
        ("audience-guard check ~/mine.yaml --segment ", ["my-own"]),
        ("audience-guard check gone.yaml --segment ", []),
        ("audience-guard check - --segment ", []),  # nobody waits for standard input here
        ("audience-guard check --output ", list(Format)),
        ("audience-guard check mine.yaml -o j", ["json", "junit"]),
        ("audience-guard report report.json --output h", ["html"]),
        ("audience-guard segments --output ", ["text", "json", "csv"]),
    ],
)
def test_completion_knows_the_rules(start: Start, folder: Path, words: str, offered: list[str]) -> None:
    (folder / "mine.yaml").write_text(
        "version: 1\nsegments: {my-own: {name: A, tags: [my-tag], channels: {email: {min: 1}}}}\n"
        "campaigns: {my-campaign: {segments: [my-own]}}\n"
    )
    asked = {
        "_AUDIENCE_GUARD_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
        "HOME": str(folder),
    }

    stdout, _ = start(environ=asked).communicate(timeout=10)

    assert [line.split(",")[1] for line in stdout.split()] == offered


@pytest.mark.parametrize(
    ("command", "unneeded"),
    [
        (["--version"], ["httpx", "pydantic", "yaml", "rich", "asyncio", "guard.rules"]),
        (["validate", str(ROOT / "rules.example.yaml")], ["httpx", "rich", "asyncio", "guard.run"]),
    ],
)
def test_imports_are_late(command: list[str], unneeded: list[str]) -> None:
    program = f"import sys; from guard.cli.main import run; run({command!r}); print(*sys.modules)"

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert not set(unneeded) & set(ended.stdout.splitlines()[-1].split())
