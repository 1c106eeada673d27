"""``audience-guard report`` as a user sees it: no requests, no key."""

from __future__ import annotations

import errno
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guard.report import Format
from guard.report.mark import signed
from tests.cli.conftest import GOOD

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.sandbox.server import Sandbox
    from tests.cli.conftest import Refused, Run

AGE = re.compile(r"audience-guard: the run finished \d+ s ago, at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\n")
OFFLINE = {"BLUESHIFT_API_KEY": None, "BLUESHIFT_BASE_URL": None}


@pytest.fixture
def saved(audience_guard: Run, folder: Path) -> Callable[..., Path]:
    """Run the check with every format, and return where its JSON report is."""

    def save(*flags: str) -> Path:
        audience_guard("check", *flags, *(f"--output={each}=run.{each}" for each in Format), "--quiet")
        return folder / "run.json"

    return save


@pytest.mark.parametrize(
    ("flags", "code", "conclusion"),
    [
        pytest.param(
            ["--segment", "good"], 0, "May be sent: 1 segment is within bounds, counted fresh. (exit 0)", id="pass"
        ),
        pytest.param(["--segment", "bad"], 1, "Do not send to bad: email 5,000, maximum 100. (exit 1)", id="fail"),
        pytest.param(
            ["--segment", "stuck"],
            3,
            "Do not send to stuck yet: email could not be counted. (exit 3)",
            id="unknown",
        ),
    ],
)
def test_a_report_repeats_the_run(
    audience_guard: Run, saved: Callable[..., Path], sandbox: Sandbox, flags: list[str], code: int, conclusion: str
) -> None:
    path = saved(*flags)
    asked = len(sandbox.requests)
    outputs = [f"--output={each}=again.{each}" for each in Format]

    found, stdout, stderr = audience_guard("report", "run.json", *outputs, environ=OFFLINE)

    assert (found, stdout.splitlines()[-1]) == (code, conclusion)
    assert AGE.fullmatch(stderr)
    for each in Format:
        assert path.with_name(f"again.{each}").read_bytes() == path.with_name(f"run.{each}").read_bytes()
    assert len(sandbox.requests) == asked


def test_a_report_repeats_its_history(audience_guard: Run, saved: Callable[..., Path], folder: Path) -> None:
    """Only the trend, which is not in the JSON report, is missing."""
    named = "--history=history.db"
    audience_guard("history", "init", named)
    (folder / "past.csv").write_text(f"uuid,channel,day,count\n{GOOD},email,2026-11-01,40\n")
    audience_guard("history", "import", "past.csv", named)
    path = saved("--segment=good", named)

    code, _, stderr = audience_guard(
        "report", "run.json", *(f"--output={each}=again.{each}" for each in Format), environ=OFFLINE
    )

    assert code == 0
    assert AGE.fullmatch(stderr)
    assert (report := json.loads(path.read_text()))["run_id"]
    assert report["history"] == {
        "store": "sqlite",
        "began": "2026-11-01",
        "runs": 2,
        "recorded": True,
        "timezone": "UTC",
    }
    for each in Format:
        again, before = (path.with_name(f"{name}.{each}").read_text() for name in ("again", "run"))
        if each is Format.HTML:
            assert ('class="trend"' in again, 'class="trend"' in before) == (False, True)
            assert "2 runs since 2026-11-01; this run is recorded" in again
        else:
            assert again == before


def test_stdin_and_stdout_work(audience_guard: Run, saved: Callable[..., Path]) -> None:
    path = saved("--segment", "bad")

    code, stdout, stderr = audience_guard("report", "-", "--output", "html", given=path.read_text(), environ=OFFLINE)

    assert (code, signed(stdout)) == (1, path.with_name("run.html").read_text())
    assert AGE.fullmatch(stderr)


def test_unknown_keys_are_named(audience_guard: Run, saved: Callable[..., Path]) -> None:
    path = saved("--segment", "good")
    whole = json.loads(path.read_text())
    path.write_text(json.dumps(whole | {"planet": "Earth"}))

    code, stdout, stderr = audience_guard("report", "run.json", environ=OFFLINE)

    assert (code, stdout) == (0, path.with_name("run.text").read_text())
    assert AGE.fullmatch(stderr[: stderr.index("\n") + 1])
    assert stderr.endswith("audience-guard: ignored keys that this version does not know: planet\n")


@pytest.mark.parametrize("format_", Format)
def test_an_old_report_is_never_fresh(audience_guard: Run, saved: Callable[..., Path], format_: Format) -> None:
    path = saved("--segment", "good")
    path.write_text(re.sub(r'"20\d\d-\d\d-\d\dT', '"2019-03-01T', path.read_text()))

    code, stdout, stderr = audience_guard("report", "run.json", f"--output={format_}", environ=OFFLINE)

    assert code == 0
    assert re.fullmatch(r"audience-guard: the run finished \d+ days ago, at 2019-03-01 \d\d:\d\d:\d\d UTC\n", stderr)
    assert "every count is fresh" not in stdout
    assert format_ is Format.JSON or "days ago, at 2019-03-01" in stdout
    assert format_ is not Format.JSON or stdout == path.read_text()


def test_color_can_be_asked_for(audience_guard: Run, saved: Callable[..., Path]) -> None:
    saved("--segment", "good")

    code, stdout, stderr = audience_guard("report", "run.json", "--color", "always", environ=OFFLINE)

    assert code == 0
    assert AGE.fullmatch(stderr)
    assert "\n\x1b[1;32mPASS\x1b[0m" in stdout


def test_the_saved_report_stays(refused: Refused, saved: Callable[..., Path]) -> None:
    path = saved("--segment", "good")
    before = path.read_bytes()
    path.with_name("link.json").symlink_to(path)

    for output in ("json=run.json", "html=./run.json", "html=link.json"):
        assert "this run reads that file" in refused("report", "run.json", "--output", output, environ=OFFLINE)
    with path.open() as given:
        stderr = refused("report", "-", "--output=html=run.json", environ=OFFLINE, stdin=given)
    assert "this run reads that file" in stderr
    assert path.read_bytes() == before


def test_a_forged_pass_is_refused(refused: Refused, saved: Callable[..., Path]) -> None:
    path = saved("--segment", "bad")
    path.with_name("run.html").rename(path.with_name("old.html"))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"verdict": "pass", "exit_code": 0}))

    stderr = refused("report", "run.json", "--output=html=old.html", environ=OFFLINE)

    assert stderr.startswith("audience-guard: run.json is not a valid report: ")
    assert 'is "pass", but by the rest of the file it is "fail"' in stderr
    assert not path.with_name("old.html").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["nowhere.json"], f"nowhere.json cannot be read: {os.strerror(errno.ENOENT)}", id="missing"),
        pytest.param(["."], ". is not a regular file", id="a-folder"),
        pytest.param(["rules.yaml"], "rules.yaml is not a valid report: it is not valid JSON", id="the-rules"),
        pytest.param(["-"], "standard input is not a valid report: it is not valid JSON", id="nothing"),
        pytest.param([], "REPORT", id="no-argument"),
        pytest.param(["rules.yaml", "--output", "pdf"], 'no format "pdf"', id="no-such-format"),
    ],
)
def test_anything_else_is_refused(refused: Refused, arguments: list[str], said: str) -> None:
    stderr = refused("report", *arguments, environ=OFFLINE)

    assert said in stderr
    assert "hint: " in stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_full_disk_never_passes(audience_guard: Run, saved: Callable[..., Path]) -> None:
    saved("--segment", "good")

    code, stdout, stderr = audience_guard("report", "run.json", "--output=json=/dev/full", environ=OFFLINE)

    assert code == 3
    assert stdout.splitlines()[-1].endswith("(exit 0)")
    assert "cannot write the report to /dev/full" in stderr
