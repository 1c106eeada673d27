"""What ``check`` shows: exit code, stdout, stderr and report files."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
from typing import TYPE_CHECKING, Any

import pytest

from guard.cli import gate
from guard.core.model import Selection
from guard.core.results import FailOn
from guard.report import Format, render
from guard.rules import load_rules
from guard.sandbox.demo import example_rules
from tests.cli.conftest import GOOD
from tests.conftest import wait_until
from tests.report.builders import outcomes

if TYPE_CHECKING:
    from pathlib import Path

    from guard.core.model import Rules
    from guard.sandbox.server import Sandbox
    from tests.cli.conftest import Refused, Run, Start


def check_lines(stdout: str) -> list[str]:
    """Return the lines of the report without what differs from run to run."""
    timed = r" \| (was [\d,]+, counted [^|]+|counted fresh at [^|]+ UTC)(?= \|)"
    return [re.sub(timed, "", line) for line in stdout.splitlines() if not line.startswith("Asked ")]


def test_within_bounds_passes(audience_guard: Run) -> None:
    code, stdout, stderr = audience_guard("check", "--segment", "good")

    assert code == 0
    assert check_lines(stdout) == [
        "May be sent: 1 segment is within bounds, counted fresh.",
        "MAY GO              segment good",
        f"PASS    good / email: 50, allowed 10 to 100 | segment: {GOOD} | rule: rules.yaml:8",
        "1 segment: 1 within bounds.",
        "May be sent: 1 segment is within bounds, counted fresh. (exit 0)",
    ]
    assert stderr == ""


@pytest.mark.parametrize(
    ("segments", "code", "first", "last"),
    [
        pytest.param(
            ["bad"],
            1,
            "FAIL    bad / email: 5,000, maximum 100: 50 times the maximum | next: ",
            "Do not send to bad: email 5,000, maximum 100. (exit 1)",
            id="out-of-bounds",
        ),
        pytest.param(
            ["stuck", "good"],
            3,
            "UNKNOWN stuck / email: not counted in time: the refresh did not end within 3 s; allowed 10 to 100 | ",
            "Do not send to stuck yet: email could not be counted. (exit 3)",
            id="unknown",
        ),
    ],
)
def test_the_worst_comes_first(audience_guard: Run, segments: list[str], code: int, first: str, last: str) -> None:
    found, stdout, stderr = audience_guard("check", *(f"--segment={each}" for each in segments))

    lines = check_lines(stdout)
    assert (found, lines[-1], stderr) == (code, last, "")
    assert f"{lines[0]} (exit {code})" == last
    assert lines[1 + len(segments)].startswith(first)


def test_a_failure_outranks_an_unknown(audience_guard: Run) -> None:
    code, stdout, _ = audience_guard("check", "--output", "json")

    report = json.loads(stdout)
    assert code == 1
    assert [each["verdict"] for each in report["segments"]] == ["pass", "fail", "unknown", "warn"]
    assert (report["verdict"], report["exit_code"], report["complete"]) == ("fail", 1, False)


@pytest.mark.parametrize(
    ("segments", "fail_on", "code"),
    [
        (["middling"], "fail", 0),
        (["middling"], "warn", 1),
        (["middling"], "never", 0),
        (["bad"], "never", 0),
        (["bad", "stuck"], "never", 3),
        (["middling", "stuck"], "fail", 3),
        (["middling", "stuck"], "warn", 1),
    ],
)
def test_fail_on_changes_no_verdict(audience_guard: Run, segments: list[str], fail_on: str, code: int) -> None:
    asked = [f"--segment={key}" for key in segments]

    found, stdout, _ = audience_guard("check", *asked, "--fail-on", fail_on, "--output", "json")

    verdicts = {"middling": "warn", "bad": "fail", "stuck": "unknown"}
    report = json.loads(stdout)
    assert (found, report["exit_code"], report["fail_on"]) == (code, code, fail_on)
    assert {each["key"]: each["verdict"] for each in report["segments"]} == {key: verdicts[key] for key in segments}


def test_a_campaign_selects_its_segments(audience_guard: Run) -> None:
    code, stdout, _ = audience_guard("check", "--campaign", "sale", "--output", "json")

    report = json.loads(stdout)
    assert code == 1
    assert [each["key"] for each in report["segments"]] == ["good", "middling"]
    assert report["campaigns"][0]["totals"][0]["count"] == 101
    assert report["selection"] == {"segments": [], "tags": [], "campaigns": ["sale"]}


def test_selections_add_up(audience_guard: Run) -> None:
    _, stdout, _ = audience_guard("check", "--tag", "weekly", "--segment", "bad", "--output", "json")

    assert [each["key"] for each in json.loads(stdout)["segments"]] == ["good", "bad", "middling"]
    assert json.loads(stdout)["campaigns"] == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--segment", "god"], 'rules.yaml has no segment "god"; did you mean "good"?'),
        (["--tag", "daily"], 'rules.yaml has no tag "daily"'),
        (["--campaign", "sales"], 'rules.yaml has no campaign "sales"; did you mean "sale"?'),
        (["--output", "pdf"], 'there is no format "pdf"'),
        (["--output", "json", "--output", "text"], "two --output without a path"),
        (["--output", "json=a", "--output", "text=./a"], "two reports to one file"),
        (["--output", "json=no/such/folder/r.json"], "its folder does not exist"),
        (["--output", "json=rules.yaml"], "this run reads that file"),
        (["--timeout", "10"], '"10" is not a duration; write 10s, 10m or 10h'),
        (["--fail-on", "maybe"], "'maybe'"),
        (["--region", "mars"], 'there is no region "mars"'),
        (["--base-url", "http://example.com"], "uses plain http, which others on the network can read"),
        (["--no-such-flag"], "--no-such-flag"),
        (["no-such-rules.yaml"], "no-such-rules.yaml: there is no such file"),
        (["."], "is a directory"),
        (["rules.yaml", "other.yaml"], "other.yaml"),
    ],
)
def test_a_wrong_argument_sends_nothing(refused: Refused, folder: Path, arguments: list[str], sentence: str) -> None:
    assert sentence in refused("check", *arguments)
    assert (folder / "rules.yaml").exists()
    assert (folder / "rules.yaml").exists()


def test_all_rules_problems_are_listed(refused: Refused, folder: Path) -> None:
    (folder / "rules.yaml").write_text("version: 2\nsegmets: {}\nrefresh: 5m\n")

    stderr = refused("check")

    assert stderr.count("rules.yaml:") == 3
    assert stderr.endswith("audience-guard: 3 problems in rules.yaml; nothing was sent\n")


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"BLUESHIFT_API_KEY": None}, "there is no API key"),
        ({"BLUESHIFT_API_KEY": ""}, "BLUESHIFT_API_KEY is empty"),
        ({"BLUESHIFT_API_KEY": "a key"}, "contains a character that no API key has"),
        ({"BLUESHIFT_API_KEY": None, "BLUESHIFT_API_KEY_FILE": "nowhere"}, "does not name an existing file"),
        ({"BLUESHIFT_REGION": "mars"}, 'there is no region "mars"'),
    ],
)
def test_a_bad_environment_sends_nothing(refused: Refused, variables: dict[str, Any], sentence: str) -> None:
    stderr = refused("check", environ=variables)

    assert sentence in stderr
    assert "  hint: " in stderr


def test_an_unreachable_host_gets_advice(audience_guard: Run, environ: dict[str, str]) -> None:
    environ["BLUESHIFT_BASE_URL"] = "http://127.0.0.1:1"

    code, stdout, stderr = audience_guard("check", "--timeout", "500ms", "--quiet", "--output", "text")

    assert code == 3
    assert stdout.startswith("Do not send ")
    assert "could not be reached" in stdout
    assert "check the connection, base URL, proxy and certificates" in stdout
    assert "fewer segments" not in stdout
    assert stderr == ""


def test_a_refused_key_is_told_once(audience_guard: Run, folder: Path) -> None:
    code, stdout, stderr = audience_guard(
        "check", "--output", "json=report.json", environ={"BLUESHIFT_API_KEY": "another-key"}
    )

    report = json.loads((folder / "report.json").read_text())
    assert code == 3
    assert {guard["reason"] for each in report["segments"] for guard in each["guards"]} == {"refused_key"}
    assert stderr.count("Blueshift refused the API key (401 Unauthorized)") == 1
    assert "  hint: BLUESHIFT_API_KEY must be a User API key" in stderr
    assert stdout.startswith("Do not send sale yet: ")


def test_one_run_writes_all_reports(audience_guard: Run, folder: Path) -> None:
    code, stdout, _ = audience_guard(
        "check", "--segment", "good", "--output", "json=a.json", "--output", "text=b.txt", "--output", "json"
    )

    assert code == 0
    assert json.loads(stdout) == json.loads((folder / "a.json").read_text())
    assert "May be sent: 1 segment" in (folder / "b.txt").read_text()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["--segment", "nobody"], 2, id="usage-error"),
        pytest.param(["--timeout", "soon"], 2, id="wrong-duration"),
        pytest.param(["--bogus"], 2, id="unknown-flag"),
        pytest.param(["rules.yaml", "extra"], 2, id="too-many-arguments"),
        pytest.param(["--output", "pdf"], 2, id="unknown-format"),
        pytest.param(["no-such-rules.yaml"], 2, id="rules-error"),
        pytest.param(["--timeout", "250ms", "--segment", "stuck"], 3, id="unknown"),
    ],
)
def test_an_old_pass_does_not_stay(audience_guard: Run, folder: Path, arguments: list[str], code: int) -> None:
    audience_guard("check", "--segment", "good", "--output", "json=report.json")
    assert json.loads((folder / "report.json").read_text())["verdict"] == "pass"

    found, _, _ = audience_guard("check", *arguments, "--output", "json=report.json")

    assert found == code
    assert (folder / "rules.yaml").exists()
    assert not (folder / "report.json").exists() or '"pass",' not in (folder / "report.json").read_text()[:200]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["bad.yaml"], id="wrong-rules"),
        pytest.param(["--segment", "good"], id="right-rules"),
        pytest.param(["--bogus"], id="wrong-command-line"),
    ],
)
@pytest.mark.parametrize(
    "output", ["json=precious.txt", "html=bad.yaml", "text=link", "junit=/proc/self/cwd/precious.txt"]
)
def test_other_files_are_untouched(refused: Refused, folder: Path, arguments: list[str], output: str) -> None:
    (folder / "bad.yaml").write_text("version: 1\n")
    (folder / "precious.txt").write_text("precious\n")
    (folder / "link").symlink_to("precious.txt")

    assert "  hint: " in refused("check", *arguments, "--output", output)
    assert (folder / "bad.yaml").read_text() == "version: 1\n"
    assert (folder / "precious.txt").read_text() == "precious\n"


@pytest.mark.parametrize("path", ["rules.yaml", "./x/../rules.yaml", "link", "/dev/stdin", "/proc/self/fd/0"])
def test_the_file_on_stdin_stays(refused: Refused, folder: Path, path: str) -> None:
    (folder / "link").symlink_to("rules.yaml")
    before = (folder / "rules.yaml").read_text()

    with (folder / "rules.yaml").open() as given:
        assert "this run reads that file" in refused("check", "-", "--output", f"json={path}", stdin=given)
    assert (folder / "rules.yaml").read_text() == before


def test_the_file_on_stdout_is_refused(audience_guard: Run, folder: Path) -> None:
    with (folder / "log.txt").open("w") as log:
        code, _, stderr = audience_guard("check", "--segment", "good", "--output", "json=log.txt", stdout=log)

    assert code == 2
    assert "standard output or standard error goes to that file" in stderr


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="no permission stops this user")
def test_a_locked_folder_is_written_in_place(audience_guard: Run, folder: Path) -> None:
    locked = folder / "locked"
    locked.mkdir()
    audience_guard("check", "--segment", "good", "--output", "json=locked/report.json")
    locked.chmod(0o555)

    assert audience_guard("check", "--segment", "bad", "--output", "json=locked/report.json")[0] == 1
    assert json.loads((locked / "report.json").read_text())["verdict"] == "fail"
    assert audience_guard("check", "--segment", "nobody", "--output", "json=locked/report.json")[0] == 2
    assert (locked / "report.json").read_text() == ""


def test_rules_come_from_stdin(audience_guard: Run, folder: Path) -> None:
    code, stdout, _ = audience_guard("check", "-", "--segment", "good", given=(folder / "rules.yaml").read_text())

    assert code == 0
    assert "| rule: <stdin>:8" in stdout


@pytest.mark.parametrize(("source", "waited", "left"), [("-", 7, 3), ("-", 12, 0), ("rules.yaml", 7, 10)])
def test_stdin_counts_against_timeout(monkeypatch: pytest.MonkeyPatch, source: str, waited: int, left: int) -> None:
    now = [100.0]

    def read(*_: object) -> Rules:
        now[0] += waited
        return load_rules(example_rules())

    monkeypatch.setattr(gate, "read_rules", read)
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    made = gate.Gate(
        rules=source,
        outputs=(),
        selection=Selection(),
        fail_on=FailOn.FAIL,
        region=None,
        base_url=None,
        timeout=10.0,
        notify_on=None,
        quiet=True,
    )

    assert made.timeout == left


def test_a_deadline_still_writes_a_report(audience_guard: Run) -> None:
    code, stdout, _ = audience_guard("check", "--timeout", "1s", "--output", "json")

    report = json.loads(stdout)
    assert code == 1
    assert report["segments"][2]["guards"][0]["reason"] == "deadline"
    assert report["segments"][0]["verdict"] == "pass"


@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=["int", "term", "hup"]
)
def test_a_signal_leaves_no_report(
    start: Start, folder: Path, sandbox: Sandbox, sent: signal.Signals, code: int
) -> None:
    (folder / "report.json").touch()
    inherited = signal.signal(
        sent, signal.default_int_handler
    )  # under nohup the tests, and what they start, ignore one
    process = start("check", "--segment", "stuck", "--output", "json=report.json")
    signal.signal(sent, inherited)
    wait_until(lambda: len(sandbox.requests) > 2)

    process.send_signal(sent)
    stdout, stderr = process.communicate(timeout=5)

    assert process.returncode == code
    assert stdout == ""
    assert stderr == f"audience-guard: stopped by {sent.name} before it finished\n"
    assert [each.name for each in folder.iterdir()] == ["rules.yaml"]


def test_an_interrupt_removes_reports(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from guard.cli import output  # noqa: PLC0415 - the command's inside, looked at here alone
    from guard.report.outputs import parse_outputs  # noqa: PLC0415 - see above

    def interrupted(_text: str, **_flags: bool) -> None:
        raise KeyboardInterrupt

    report = render(outcomes()["pass"], Format.JSON)
    monkeypatch.setattr(output, "print_report", interrupted)
    monkeypatch.setattr("guard.report.render", lambda *_: report)

    with pytest.raises(KeyboardInterrupt):
        output.deliver(None, parse_outputs([f"json={folder / 'report.json'}"]), "never")  # type: ignore[arg-type] # no report is looked at

    assert not (folder / "report.json").exists()


@pytest.mark.parametrize(("segment", "code"), [("good", 0), ("bad", 1), ("stuck", 3)])
def test_a_gone_reader_keeps_the_exit_code(start: Start, segment: str, code: int) -> None:
    process = start("check", "--segment", segment)
    assert process.stdout
    process.stdout.close()
    process.stdout = None

    _, stderr = process.communicate(timeout=20)

    assert (process.returncode, stderr) == (code, "")


@pytest.mark.parametrize(("segment", "code"), [("good", 3), ("bad", 1)])
def test_a_full_disk_never_passes(start: Start, segment: str, code: int) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        process = start("check", "--segment", segment, stdout=full)
        _, stderr = process.communicate(timeout=20)

    assert process.returncode == code
    assert f"the report could not be written to stdout: {os.strerror(errno.ENOSPC)}" in stderr
    assert stderr.endswith(f"audience-guard: not every report was written, so this run exits with {code}\n")


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({"PYTHONOPTIMIZE": "1"}, id="without-asserts"),
        pytest.param({"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "cp1252"}, id="cp1252"),
        pytest.param({"TERM": "dumb", "HOME": None}, id="dumb-and-homeless"),
        pytest.param({"HTTP_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"}, id="behind-a-proxy"),
        *(
            pytest.param({"_AUDIENCE_GUARD_COMPLETE": instruction}, id=f"left-over-{instruction}")
            for instruction in ("bash_source", "foo", "bash_complete")
        ),
    ],
)
def test_odd_environments_change_nothing(audience_guard: Run, variables: dict[str, Any]) -> None:
    code, stdout, stderr = audience_guard("check", "--segment", "bad", environ=variables)

    assert (code, stderr) == (1, "")
    assert "email: 5,000, maximum 100" in stdout


def test_an_open_side_gets_a_hint(audience_guard: Run, folder: Path) -> None:
    rules = (folder / "rules.yaml").read_text().replace("{min: 10, max: 100}", "{max: 100}", 1)
    (folder / "rules.yaml").write_text(rules)
    no_min = "hint: rules.yaml:8: good / email has no min: an empty audience would pass\n"
    no_max = "hint: rules.yaml:18: middling / email has no max: an audience of any size would pass\n"

    assert audience_guard("check", "--segment", "good")[::2] == (0, no_min)
    assert audience_guard("check", "--segment", "good", "--quiet")[::2] == (0, "")
    assert audience_guard("check", "--segment", "middling")[::2] == (0, no_max)
    assert audience_guard("validate")[::2] == (0, no_min + no_max)


def test_hints_are_limited(audience_guard: Run, folder: Path) -> None:
    guards = "".join(f"  k{index}: {{name: n{index}, channels: {{sms: {{min: 1}}}}}}\n" for index in range(10_000))
    (folder / "rules.yaml").write_text(f"version: 1\nsegments:\n{guards}")

    code, _, stderr = audience_guard("validate")

    lines = stderr.splitlines()
    assert (code, len(lines)) == (0, 21)
    assert lines[0] == "hint: rules.yaml:3: k0 / sms has no max: an audience of any size would pass"
    assert lines[-1] == "hint: 9,980 more lines like these are not shown"


def test_a_cut_name_is_refused(refused: Refused, folder: Path) -> None:
    (folder / "rules.yaml").write_text(
        "version: 1\nsegments:\n  promo:\n    name: Promo #3\n    channels: {email: {min: 500, max: 10_000}}\n"
    )

    assert refused("check") == (
        'rules.yaml:4:11: segments.promo.name: this is read as "Promo", and "#3" as a comment; write "Promo #3" if'
        ' it belongs to the text, or two spaces and "# " before it if it is a comment\n'
        "audience-guard: 1 problem in rules.yaml; nothing was sent\n"
    )
