"""``check --notify slack``: what the channel gets, and that it never changes the run."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from guard.slack import notify as module
from tests.conftest import WEBHOOK_SECRET, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from guard.sandbox.server import Sandbox
    from tests.cli.conftest import Refused, Run, Start
    from tests.conftest import Webhook


@pytest.fixture
def environ(environ: dict[str, str], webhook: Webhook) -> dict[str, str]:
    return {**environ, "SLACK_WEBHOOK_URL": webhook.url}


@pytest.fixture
def check(audience_guard: Run, folder: Path, webhook: Webhook) -> Run:
    """Run ``check --notify slack``, and make sure that no output shows the webhook's address."""

    def run(*arguments: str, **options: Any) -> tuple[int, str, str]:
        code, stdout, stderr = audience_guard("check", "--notify", "slack", *arguments, **options)
        came_out = [stdout or "", stderr, *(path.read_text() for path in folder.iterdir())]
        assert not any(part in text for part in (WEBHOOK_SECRET, f":{webhook.server_port}") for text in came_out)
        return code, stdout, stderr

    return run


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        pytest.param(["--segment", "bad"], 1, True, id="out-of-bounds"),
        pytest.param(["--segment", "stuck"], 3, True, id="could-not-find-out"),
        pytest.param(["--segment", "good"], 0, False, id="all-is-well"),
        pytest.param(["--segment", "good", "--notify-on", "fail"], 0, False, id="all-is-well-and-only-fail"),
        pytest.param(["--segment", "good", "--notify-on", "always"], 0, True, id="all-is-well-and-always"),
        pytest.param(["--segment", "bad", "--fail-on", "never"], 0, False, id="failed-but-let-be"),
    ],
)
def test_slack_is_told_of_bad_news(check: Run, webhook: Webhook, arguments: list[str], code: int, told: bool) -> None:
    found, stdout, stderr = check(*arguments)

    assert (found, stderr) == (code, "")
    assert f"(exit {code})" in stdout
    assert len(webhook.told) == told


def test_the_message_says_what_failed(check: Run, webhook: Webhook) -> None:
    check("--segment", "bad")

    [message] = webhook.told
    assert message.keys() == {"text", "blocks"}
    assert message["text"].startswith("Do not send to bad: email 5,000, maximum 100. Next: ")
    assert "bad" in json.dumps(message["blocks"])
    assert "5,000" in json.dumps(message["blocks"])
    assert "actions" not in {block["type"] for block in message["blocks"]}


@pytest.mark.parametrize(("segment", "code"), [("good", 0), ("bad", 1), ("stuck", 3)])
@pytest.mark.parametrize("talk", [[], ["--quiet"]], ids=["", "quiet"])
def test_a_refusal_changes_nothing(
    check: Run, webhook: Webhook, folder: Path, segment: str, code: int, talk: list[str]
) -> None:
    webhook.answer = (403, "invalid_token")

    found, stdout, stderr = check(
        "--segment", segment, "--notify-on", "always", "--output", "json=report.json", "--output", "text", *talk
    )

    assert found == code
    assert f"(exit {code})" in stdout
    assert json.loads((folder / "report.json").read_text())["exit_code"] == code
    assert stderr == (
        "audience-guard: Slack was not notified: the webhook answered 403 (invalid_token)\n"
        "  hint: the exit code stays the same; check SLACK_WEBHOOK_URL and your app's incoming webhooks in Slack\n"
    )


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        (None, "--notify slack needs SLACK_WEBHOOK_URL, which is not set or empty"),
        ("", "--notify slack needs SLACK_WEBHOOK_URL, which is not set or empty"),
        ("hidden-word", "SLACK_WEBHOOK_URL is not the address of a web server"),
        ("https://[hidden-word/", "SLACK_WEBHOOK_URL is not an address"),
        ("http://hooks.example.com/hidden-word", "SLACK_WEBHOOK_URL uses plain http"),
        ("https://hidden:covert@hooks.example.com/", "SLACK_WEBHOOK_URL contains a user name or password"),
        ("https://hooks.example.com/hidden-word\n", "SLACK_WEBHOOK_URL contains a character that addresses never have"),
    ],
)
def test_a_bad_address_sends_nothing(refused: Refused, address: str | None, sentence: str) -> None:
    stderr = refused("check", "--notify", "slack", "--debug", environ={"SLACK_WEBHOOK_URL": address})

    assert sentence in stderr
    assert "\n  hint: copy the address of the incoming webhook again" in stderr
    assert not any(part in stderr for part in ("hidden", "covert", "hooks"))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--notify-on", "always"], "--notify-on needs --notify\n  hint: add --notify slack"),
        (["--notify", "mail"], "'mail'"),
        (["--notify", "slack", "--notify-on", "never"], "'never'"),
        (["--notify", "slack", "--segment", "nobody"], 'rules.yaml has no segment "nobody"'),
        (["--notify", "slack", "no-such-rules.yaml"], "there is no such file"),
    ],
)
def test_a_wrong_flag_asks_nobody(refused: Refused, webhook: Webhook, arguments: list[str], sentence: str) -> None:
    assert sentence in refused("check", *arguments)
    assert webhook.told == []


def test_a_lost_report_is_not_a_pass(start: Start, webhook: Webhook) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        process = start("check", "--notify", "slack", "--segment", "good", stdout=full)
        process.communicate(timeout=20)

    [message] = webhook.told
    caveat = "Not every report of this run could be written, so it exits with 3."
    assert process.returncode == 3
    assert message["text"].startswith(caveat)
    assert message["blocks"][0] == {"type": "section", "text": {"type": "plain_text", "text": caveat, "emoji": False}}


def test_a_signal_leaves_the_reports(start: Start, webhook: Webhook, folder: Path) -> None:
    webhook.open.clear()
    process = start("check", "--segment", "bad", "--notify", "slack", "--output", "json=report.json")
    assert webhook.arrived.wait(20)

    process.send_signal(signal.SIGTERM)
    stdout, stderr = process.communicate(timeout=3)

    assert process.returncode == 143
    assert "Do not send" in stdout
    assert stderr == "audience-guard: stopped by SIGTERM before it finished\n"
    assert json.loads((folder / "report.json").read_text())["verdict"] == "fail"


def test_an_interrupted_run_tells_nobody(start: Start, sandbox: Sandbox, webhook: Webhook) -> None:
    process = start("check", "--segment", "stuck", "--notify", "slack", "--notify-on", "always")
    wait_until(lambda: sandbox.requests != ())

    process.send_signal(signal.SIGINT)
    process.communicate(timeout=5)

    assert (process.returncode, webhook.told) == (130, [])


def test_debug_logs_the_notification(check: Run, webhook: Webhook) -> None:
    _, _, stderr = check("--segment", "bad", "--debug")

    assert len(webhook.told) == 1
    assert "guard.slack: POST to Slack: accepted (" in stderr
    assert "HTTP Request" not in stderr


@pytest.mark.parametrize(
    ("flags", "needed", "unneeded"),
    [
        pytest.param([], "guard.run", ("guard.slack", "slack_"), id="check"),
        pytest.param(["--notify", "slack"], "guard.slack.webhook", ("slack_",), id="notify"),
    ],
)
def test_slack_imports_are_late(
    audience_guard: Run, webhook: Webhook, flags: list[str], needed: str, unneeded: tuple[str, ...]
) -> None:
    _, _, stderr = audience_guard("check", "--segment", "bad", *flags, environ={"PYTHONPROFILEIMPORTTIME": "1"})

    modules = [line.rpartition("|")[2].strip() for line in stderr.splitlines() if line.startswith("import time:")]
    assert len(webhook.told) == bool(flags)
    assert needed in modules
    assert [each for each in modules if each.startswith(unneeded)] == []


def test_a_crash_is_only_reported(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_report: object) -> None:
        raise ZeroDivisionError(WEBHOOK_SECRET)

    monkeypatch.setattr(module, "verdict_message", fail)
    caplog.set_level(logging.DEBUG, logger="guard")

    why = asyncio.run(module.notify(None, None, SecretStr(WEBHOOK_SECRET)))  # type: ignore[arg-type] # no report is looked at

    assert why == "the notification crashed (ZeroDivisionError)"
    assert "in fail\n" in caplog.text
    assert WEBHOOK_SECRET not in caplog.text.replace("raise ZeroDivisionError(WEBHOOK_SECRET)", "")
