from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guard.core.errors import ExitCode
from guard.core.model import BoundName, Channel
from guard.rules import load_rules
from guard.rules.document import parse_document, read_document
from guard.sandbox import demo
from guard.sandbox.demo import demo_scenario, example_rules, run_demo
from guard.sandbox.scenario import _Answers, _ClockJump, _RateLimit, _Scenario, _Segment, load_scenario
from guard.sandbox.scripted_answers import _ScriptedAnswer
from guard.sandbox.server import Sandbox

if TYPE_CHECKING:
    from guard.core.model import Segment
    from guard.sandbox.scenario import ScenarioSegment

RULES = load_rules(example_rules())
PAST_RULES = Path(demo.__file__).with_name("demo-change.yaml")
SCENARIO = load_scenario(demo_scenario())
PYTHON = (sys.executable, "-c")
ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUARD = [sys.executable, "-m", "guard"]

# Stands for the command: says how it was started, looks whether the sandbox answers, and exits with 1.
ASKS_AND_FAILS = """
import base64, os, sys, urllib.request
print(*sys.argv[1:])
print(sorted(name for name in os.environ if name.startswith(("BLUESHIFT_", "AUDIENCE_GUARD_"))))
print(open(sys.argv[2], encoding="utf-8").read() == open(EXAMPLE, encoding="utf-8").read())
credentials = base64.b64encode((os.environ["BLUESHIFT_API_KEY"] + ":").encode()).decode()
request = urllib.request.Request(
    sys.argv[4] + "/api/v1/segments/list", headers={"Authorization": "Basic " + credentials}
)
print(urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5).status)
sys.exit(1)
"""
FAILS = "import sys; sys.exit(int(sys.argv[1] == 'check'))"
"""Stands for the command too: a check fails, and all else is fine."""


def played(segment: Segment) -> ScenarioSegment:
    """Return the one living segment of the scenario that a segment of the rules means."""
    (found,) = [
        each
        for each in SCENARIO.segments
        if not each.archived and segment.uuid in (None, each.uuid) and segment.name in (None, each.name)
    ]
    return found


@pytest.mark.parametrize("segment", RULES.segments, ids=lambda segment: segment.key)
def test_every_guarded_channel_is_played(segment: Segment) -> None:
    assert {guard.channel for guard in segment.guards} <= set(played(segment).counts)


@pytest.mark.parametrize("segment", RULES.segments, ids=lambda segment: segment.key)
def test_every_last_count_looked_fine(segment: Segment) -> None:
    counts = played(segment).counts
    for guard in segment.guards:
        for bound in guard.bounds:
            count = counts[guard.channel]
            assert bound.limit is not None
            if bound.name in {BoundName.MIN, BoundName.WARN_MIN}:
                assert count >= bound.limit
            if bound.name in {BoundName.MAX, BoundName.WARN_MAX}:
                assert count <= bound.limit


def test_the_scenario_shows_every_key() -> None:
    _, root = parse_document(read_document(demo_scenario()), "demo.yaml", _Scenario)
    answers = [segment["answers"] for segment in root["segments"] if "answers" in segment]
    scripted = [answer for each in answers for answer in each["reads"] if isinstance(answer, dict)]
    for model, shown in (
        (_Scenario, [root]),
        (_RateLimit, [root["rate_limit"]]),
        (_ClockJump, [root["clock_jump"]]),
        (_Segment, root["segments"]),
        (_Answers, answers),
        (_ScriptedAnswer, scripted),
    ):
        assert {key for each in shown for key in each} == set(model.model_fields)


def test_it_checks_the_example_rules(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BLUESHIFT_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("BLUESHIFT_REGION", "eu")
    monkeypatch.setenv("AUDIENCE_GUARD_HISTORY", "mine.db")
    script = f"EXAMPLE = {str(example_rules())!r}\nimport sys\nif '--history' in sys.argv: {FAILS}\n{ASKS_AND_FAILS}"
    assert run_demo(command=(*PYTHON, script)) == ExitCode.PASSED
    arguments, *said = capfd.readouterr().out.splitlines()
    assert said == ["['BLUESHIFT_API_KEY']", "True", "200"]  # the user's own store is not named either
    command, _, base_url, url, timeout, seconds = arguments.split()
    assert (command, base_url, timeout, seconds) == ("check", "--base-url", "--timeout", "10s")
    assert url.startswith("http://127.0.0.1:")


def test_it_explains_what_it_showed(capfd: pytest.CaptureFixture[str]) -> None:
    run_demo(command=(*PYTHON, FAILS))
    said = capfd.readouterr()
    assert said.out == ""
    assert all(segment.key in said.err.split("Fixed bounds")[1] for segment in load_rules(PAST_RULES).segments)
    assert all(segment.key in said.err for segment in RULES.segments)
    newsletter, abandoners = (played(segment) for segment in RULES.segments[:2])
    for count in (newsletter.counts[Channel.USERS], newsletter.fresh[Channel.USERS], abandoners.counts[Channel.EMAIL]):
        assert f"{count:,}" in said.err
    for word in ("exited with 1", "BLUESHIFT_API_KEY", "BLUESHIFT_REGION", "audience-guard validate", "rules.yaml"):
        assert word in said.err


@pytest.mark.parametrize("code", [0, 2, 3])
def test_any_other_exit_code_is_wrong(code: int, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_demo(command=(*PYTHON, f"raise SystemExit({code})")) == ExitCode.UNKNOWN
    said = capfd.readouterr().err
    assert f"check exited with {code}, and it should have exited with 1" in said
    assert "Fixed bounds" not in said
    assert "What you have just seen" not in said


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("raise SystemExit(1)", "history init exited with 1, and it should have exited with 0"),
        (
            FAILS.replace("'check'", "'check' and '--history' not in sys.argv"),
            "check guard/sandbox/demo-change.yaml exited",
        ),
    ],
)
def test_what_goes_wrong_with_the_past_is_told(script: str, told: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_demo(command=(*PYTHON, script)) == ExitCode.UNKNOWN
    said = capfd.readouterr().err
    assert told in said
    assert "summer-teaser" not in said


def test_the_past_is_of_the_twelve_weeks_before_today() -> None:
    """One segment loses a fifth every week, and the other one has as many people as it had."""
    lines = [line.split(",") for line in demo._past(date(2026, 11, 29))]
    shrinking, steady = (
        [int(count) for uuid, _, _, count in lines if uuid == each] for each in dict.fromkeys(line[0] for line in lines)
    )
    now = {each.uuid: each.counts[Channel.EMAIL] for each in SCENARIO.segments if Channel.EMAIL in each.counts}

    assert [line[2] for line in lines[::2]] == [
        str(date(2026, 11, 29) - timedelta(weeks=week)) for week in range(1, 13)
    ]
    assert all(
        after / before == pytest.approx(0.8, abs=0.001) for after, before in pairwise([now[lines[0][0]], *shrinking])
    )
    assert all(now[lines[1][0]] == pytest.approx(2 * count, rel=0.01) for count in steady)


def test_a_check_that_hangs_is_ended(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "_LONGEST", 0.02)
    assert run_demo(command=(*PYTHON, "import time; time.sleep(60)")) == ExitCode.UNKNOWN
    assert "check did not end" in capfd.readouterr().err


def test_the_rules_of_an_installation_are_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(demo, "_HERE", tmp_path)
    (tmp_path / "rules.example.yaml").touch()
    assert example_rules() == tmp_path / "rules.example.yaml"


def shown(section: str, language: str) -> list[list[str]]:
    """Return the lines of each block in a section of the README."""
    found = re.findall(
        rf"^```{language}\n(.*?)^```", README.split(f"## {section}\n")[1].split("\n## ")[0], re.MULTILINE | re.DOTALL
    )
    return [block.splitlines() for block in found]


def timeless(line: str) -> str:
    """Return a line with one time of day for all, and without the seconds by which an age grew meanwhile."""
    timed = re.sub(r"\d\d:\d\d:\d\d UTC", "09:01:12 UTC", line)
    return re.sub(r"( h| min)( \d+ (?:min|s))+ before", r"\1 before", timed)


def assert_printed(expected: list[str], printed: str) -> None:
    """Assert that the lines follow each other as they are shown; ``...`` stands for more of the line, or for lines."""
    in_a_checkout = printed.replace("guard/sandbox/rules.example.yaml", "rules.example.yaml")  # where it is installed
    left = [timeless(line) for line in in_a_checkout.splitlines()]
    skips = True
    for each in expected:
        if each == "...":
            skips = True
            continue
        parts = [re.escape(part) for part in each.split(" ... ")]
        pattern = re.compile(" .+ ".join(parts).removesuffix(re.escape("...")) + (".+" if each.endswith("...") else ""))
        places = [place for place, line in enumerate(left if skips else left[:1]) if pattern.fullmatch(line)]
        assert places, f"{each}\nis not in\n" + "\n".join(left)
        left, skips = left[places[0] + 1 :], False


def unclaimed() -> dict[str, str]:
    """Return an environment in which nothing says how to print."""
    told = {"COLUMNS", "NO_COLOR", "FORCE_COLOR", "TERM"}
    return {name: value for name, value in os.environ.items() if name not in told} | {"PYTHONUTF8": "1"}


def test_the_readme_shows_what_it_prints() -> None:
    ended = subprocess.run(
        [*GUARD, "demo"], cwd=ROOT, env=unclaimed(), capture_output=True, encoding="utf-8", timeout=60, check=True
    )
    fixed, _, past = shown("Try it: two commands", "text")
    assert_printed([*fixed, *past], ended.stdout)
    assert past[-1] == ended.stdout.splitlines()[-1]


SEES = """
import os, pty, sys
status = pty.spawn([sys.executable, "-m", "guard", "demo"])
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_the_readme_shows_what_a_terminal_shows() -> None:
    ended = subprocess.run(
        [*PYTHON, SEES],
        cwd=ROOT,
        env={**unclaimed(), "COLUMNS": "120", "TERM": "xterm-256color"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=True,
    )
    printed = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", ended.stdout.decode()).replace("\r", "")
    assert_printed(shown("Try it: two commands", "text")[1], printed)


def test_the_readme_shows_the_first_check(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("\n".join(shown("Your first rules file", "yaml")[0]) + "\n")
    (block,) = [each for each in shown("Your first rules file", "console") if "$ audience-guard check" in each]
    with Sandbox(SCENARIO) as sandbox:
        environ = {**unclaimed(), "BLUESHIFT_BASE_URL": sandbox.url, "BLUESHIFT_API_KEY": SCENARIO.key or ""}
        ended = subprocess.run(
            [*GUARD, "check"], cwd=tmp_path, env=environ, capture_output=True, encoding="utf-8", timeout=60, check=True
        )
    expected = block[block.index("$ audience-guard check") + 1 :]
    assert_printed(expected, ended.stdout)
    assert expected[-1] == ended.stdout.splitlines()[-1]
