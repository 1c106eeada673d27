"""``--debug``: a log in order, without secrets."""

from __future__ import annotations

import ast
import base64
import json
import logging
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from guard.cli.debug import log_to_stderr, trace
from guard.core.model import Channel
from guard.sandbox.scenario import Answers, Scenario, ScenarioSegment
from tests.cli.conftest import GOOD, KEY, STUCK
from tests.conftest import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from guard.sandbox.server import Sandbox
    from tests.cli.conftest import Run

ROOT = Path(__file__).parents[2]
LINE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z guard\.blueshift: (\w+)( \w+=(\"([^\"\\]|\\.)*\"|[^\s\"]+))*"
)


def told(stderr: str, about: str = "") -> list[str]:
    """Return the first word of each line about something; every line must have the right form."""
    lines = [(line, LINE.fullmatch(line)) for line in stderr.splitlines() if "guard.blueshift" in line]
    assert all(found for _, found in lines)
    return [found[1] for line, found in lines if found and about in line]


class TestWhereMuchGoesWrong:
    @pytest.fixture
    def scenario(self) -> Scenario:
        email = {Channel.EMAIL: 50}
        segment = ScenarioSegment(
            uuid=GOOD,
            name="1",
            counts=email,
            fresh=email,
            refresh=0.3,
            answers=Answers(any=(429,), reads=(503,), triggers=(409,)),
        )
        return Scenario(key=KEY, segments=(segment,))

    def test_the_log_is_in_order(self, audience_guard: Run, sandbox: Sandbox) -> None:
        code, _, stderr = audience_guard("check", "--segment", "good", "--debug")

        assert code == 0
        assert re.fullmatch(
            "request slowed_down trying_again request trying_again request first_look "
            "request starting_over request first_look request triggered (request not_yet )*request proven",
            " ".join(told(stderr, GOOD)),
        )
        sent = stderr.count("guard.blueshift: request method=GET path=/api/v1/segments/")
        assert sent == told(stderr).count("request") == len(sandbox.requests)
        assert told(stderr).count("slowed_down") == told(stderr).count("proven") == 1
        words = told(stderr)
        assert (words[:4], words[-1]) == (["connected", "pacing", "rules", "run_begins"], "run_ended")
        assert f"run_ended proven=1 unknown=0 requests={len(sandbox.requests)} refused_for_rate=1\n" in stderr

    def test_a_proof_names_its_stamps(self, audience_guard: Run) -> None:
        _, _, stderr = audience_guard("check", "--segment", "good", "--debug")

        proof = re.search(r"proven .* count=50 stamp=(\S+) baseline_stamp=(\S+) trigger_stamp=(\S+)\n", stderr)
        assert proof
        assert proof[1] > max(proof[2], proof[3])


def test_a_run_logs_its_settings(audience_guard: Run, sandbox: Sandbox) -> None:
    _, stdout, stderr = audience_guard("check", "--segment", "good", "--debug", "--timeout", "30s", "--output", "json")

    rules = json.loads(stdout)["rules"]["sha256"]
    assert f" host={sandbox.url.removeprefix('http://')} region=us proxies=none " in stderr
    assert "pacing requests_per_second=200.000 concurrency=10\n" in stderr
    assert f"rules sha256={rules} segments=1 fail_on=fail\n" in stderr
    assert "run_begins counts=1 time_limit=30.000 refresh_timeout=3.000 poll_interval=0.100 max_poll" in stderr


@pytest.mark.parametrize(
    ("flags", "reason"), [(("--timeout", "500ms"), "deadline"), ((), "timeout")], ids=["deadline", "timeout"]
)
def test_a_lost_count_has_a_reason(audience_guard: Run, flags: tuple[str, ...], reason: str) -> None:
    _, _, stderr = audience_guard("check", "--segment", "stuck", "--debug", *flags)

    assert told(stderr, STUCK)[-1] == "given_up"
    assert f'given_up segment={STUCK} channel=email reason={reason} why="' in stderr
    assert "run_ended proven=0 unknown=1 " in stderr


def test_a_refused_key_is_not_logged(audience_guard: Run) -> None:
    _, _, stderr = audience_guard("check", "--tag", "weekly", "--debug", environ={"BLUESHIFT_API_KEY": "another-key"})

    assert stderr.count("reason=refused_key") == 2
    assert "another-key" not in stderr


def test_the_log_words_are_documented() -> None:
    table = (ROOT / "docs/checklist.md").read_text(encoding="utf-8").split("\n| word |")[1]
    rows = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    modules = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "guard").rglob("*.py")]
    calls = [node for module in modules for node in ast.walk(module) if isinstance(node, ast.Call)]

    assert {word for row in rows for word in re.findall(r"\w+", row)} == {
        ast.literal_eval(call.args[0]) for call in calls if ast.unparse(call.func) == "log"
    }


class Echo(BaseHTTPRequestHandler):
    """Answers with all that it was sent, in every place where a client may look."""

    status = 200

    def do_GET(self) -> None:
        sent = self.headers["Authorization"]
        secrets = f"{KEY} {sent} {sent.removesuffix('=').removesuffix('=')}"
        body = json.dumps({"message": secrets, "refresh_status": secrets, "approxusers_updated_at": secrets}).encode()
        self.send_response(self.status, secrets)
        for name in ("x-request-id", "Date", "Location", "Content-Type", "Retry-After"):
            self.send_header(name, secrets)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def echo() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server, serving(server):
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.mark.parametrize("status", [200, 302, 400, 401, 404, 418])
def test_an_echoed_key_is_not_shown(
    audience_guard: Run, echo: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Echo, "status", status)

    code, stdout, stderr = audience_guard(
        "check", "--segment", "good", "--debug", "--base-url", echo, "--output", "json"
    )

    assert code == 3
    assert f" status={status} x_request_id=" in stderr
    for secret in (KEY, base64.b64encode(f"{KEY}:".encode()).decode().rstrip("=")):
        assert not [start for start in range(len(secret) - 5) if secret[start : start + 6] in stdout + stderr]


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({"BLUESHIFT_API_KEY": KEY, "BLUESHIFT_BASE_URL": "http://elsewhere.example"}, id="bad-address"),
        pytest.param({"BLUESHIFT_API_KEY": KEY, "BLUESHIFT_REGION": "moon"}, id="bad-region"),
        pytest.param({"BLUESHIFT_API_KEY": f" {KEY}\n"}, id="unusable-key"),
        pytest.param({"BLUESHIFT_API_KEY_FILE": "key"}, id="file"),
        pytest.param({"BLUESHIFT_API_KEY": "any", "BLUESHIFT_API_KEY_FILE": "key"}, id="both"),
    ],
)
def test_a_traceback_hides_the_key(
    environ: dict[str, str],
    crash: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    in_process: Run,
    tmp_path: Path,
) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    monkeypatch.chdir(tmp_path)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    crash(f"{KEY} \x1b[31m {base64.b64encode(f'{KEY}:'.encode()).decode()}")

    code, _, stderr = in_process("check", "--debug")

    assert code == 3
    assert "Traceback" in stderr
    assert stderr.endswith("ZeroDivisionError: *** \\x1b[31m ***\n")
    assert KEY not in stderr


@pytest.mark.usefixtures("_unlogged")
def test_a_replaced_key_stays_hidden(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "key").write_text(KEY)
    monkeypatch.setenv("BLUESHIFT_API_KEY_FILE", str(tmp_path / "key"))
    log_to_stderr()

    (tmp_path / "key").write_text("a-later-one-of-theirs")
    logging.getLogger("guard.blueshift").debug("sent %s", KEY)

    assert capsys.readouterr().err.endswith("Z guard.blueshift: sent ***\n")
    assert trace(ValueError(f"{KEY} a-later-one-of-theirs")) == "ValueError: *** ***"


def test_a_traceback_needs_no_key(
    crash: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, in_process: Run
) -> None:
    monkeypatch.setenv("BLUESHIFT_API_KEY_FILE", "/no/such/file")
    crash("in the open")

    code, _, stderr = in_process("check", "--debug")

    assert code == 3
    assert stderr.endswith("ZeroDivisionError: in the open\n")
