from __future__ import annotations

import sys
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

if TYPE_CHECKING:
    from pathlib import Path

    from guard.core.model import Segment
    from guard.sandbox.scenario import ScenarioSegment

RULES = load_rules(example_rules())
SCENARIO = load_scenario(demo_scenario())
PYTHON = (sys.executable, "-c")

# Stands for the command: says how it was started, looks whether the sandbox answers, and exits with 1.
ASKS_AND_FAILS = """
import base64, os, sys, urllib.request
print(*sys.argv[1:])
print(sorted(name for name in os.environ if name.startswith("BLUESHIFT_")))
print(open(sys.argv[2], encoding="utf-8").read() == open(EXAMPLE, encoding="utf-8").read())
credentials = base64.b64encode((os.environ["BLUESHIFT_API_KEY"] + ":").encode()).decode()
request = urllib.request.Request(
    sys.argv[4] + "/api/v1/segments/list", headers={"Authorization": "Basic " + credentials}
)
print(urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5).status)
sys.exit(1)
"""


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
    script = f"EXAMPLE = {str(example_rules())!r}\n{ASKS_AND_FAILS}"
    assert run_demo(command=(*PYTHON, script)) == ExitCode.PASSED
    arguments, *said = capfd.readouterr().out.splitlines()
    assert said == ["['BLUESHIFT_API_KEY']", "True", "200"]
    command, _, base_url, url, timeout, seconds = arguments.split()
    assert (command, base_url, timeout, seconds) == ("check", "--base-url", "--timeout", "10s")
    assert url.startswith("http://127.0.0.1:")


def test_it_explains_what_it_showed(capfd: pytest.CaptureFixture[str]) -> None:
    run_demo(command=(*PYTHON, "raise SystemExit(1)"))
    said = capfd.readouterr()
    assert said.out == ""
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
    assert "What you have just seen" not in said


def test_a_check_that_hangs_is_ended(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "_LONGEST", 0.02)
    assert run_demo(command=(*PYTHON, "import time; time.sleep(60)")) == ExitCode.UNKNOWN
    assert "check did not end" in capfd.readouterr().err


def test_the_rules_of_an_installation_are_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(demo, "_HERE", tmp_path)
    (tmp_path / "rules.example.yaml").touch()
    assert example_rules() == tmp_path / "rules.example.yaml"
