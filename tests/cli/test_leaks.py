"""Nothing that leaves the program shows a secret or is obeyed by a CI system, wherever a person or a name put it."""

from __future__ import annotations

import json
import logging
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guard.cli.main import run
from guard.cli.output import print_report, say
from guard.core.model import Channel
from guard.report import Format
from guard.sandbox.scenario import Scenario, ScenarioSegment
from guard.sandbox.server import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "An-Unspeakable-Key-2F8a"
TOKEN = "xoxb-An-Unspeakable-Token-2F8a"
SECRETS = (KEY, TOKEN)
UUID = "00000000-0000-4000-8000-000000000001"
NAMES = ("::error file=x::y", "  ::error::y", "##[add-mask]1", "a ##vso[task.complete]", "##teamcity[x]", "###[error]x")
RULES = f"""\
version: 1
blueshift: {{requests_per_second: 200}}
refresh: {{timeout: 3s, poll_interval: 100ms, max_poll_interval: 300ms}}
segments:
  one: {{uuid: {UUID}, channels: {{email: {{min: 10, max: 100}}}}}}
"""
OBEYED = re.compile(r"^\s*::|##[\w.-]*\[", re.MULTILINE)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with rules, with secrets in the environment, and with nobody to be asked."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.yaml").write_text(RULES)
    monkeypatch.setenv("BLUESHIFT_API_KEY", KEY)
    monkeypatch.setenv("BLUESHIFT_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-1")
    return tmp_path


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    logger = logging.getLogger("guard")
    level, handlers = logger.level, list(logger.handlers)
    yield
    logger.setLevel(level)
    logger.handlers[:] = handlers


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    people = {Channel.EMAIL: 50}
    segments = tuple(
        ScenarioSegment(uuid=f"{UUID[:-1]}{number}", name=name, counts=people, fresh=people, refresh=0.05)
        for number, name in enumerate((*NAMES, f"a name with {KEY.upper()}"), 1)
    )
    with Sandbox(Scenario(segments=segments)) as server:
        monkeypatch.setenv("BLUESHIFT_BASE_URL", server.url)
        yield server


def leaked(text: str) -> list[str]:
    """Return every ten characters of a secret that stand in the text, in capitals or small letters."""
    pieces = (secret[start : start + 10].lower() for secret in SECRETS for start in range(len(secret) - 9))
    return [piece for piece in pieces if piece in text.lower()]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BLUESHIFT_REGION", "{}"),
        ("BLUESHIFT_BASE_URL", "{}"),
        ("BLUESHIFT_BASE_URL", "http://{}"),
        ("BLUESHIFT_BASE_URL", "http://{}.example.com"),
        ("BLUESHIFT_BASE_URL", "https://blueshift.invalid/{}?"),
        ("BLUESHIFT_API_KEY_FILE", "{}"),
        ("SLACK_WEBHOOK_URL", "{}"),
        ("SLACK_WEBHOOK_URL", "http://hooks.example/{}"),
    ],
)
def test_a_secret_in_the_wrong_variable_is_not_shown(
    name: str, value: str, secret: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value.format(secret))
    if name.endswith("FILE"):
        monkeypatch.delenv("BLUESHIFT_API_KEY")

    code = run(["check", *(["--notify", "slack"] if "WEBHOOK" in name else [])])

    out, err = capsys.readouterr()
    assert (code, out, leaked(err)) == (2, "", [])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SSL_CERT_FILE", "{}"),
        ("SSL_CERT_FILE", "/{}/bundle.pem"),
        ("HTTPS_PROXY", "{}://proxy"),
        ("ALL_PROXY", "gopher://{}"),
        ("https_proxy", "http://user:{}#@proxy:1"),
    ],
)
def test_a_key_in_the_settings_of_the_network_is_not_shown(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BLUESHIFT_BASE_URL", "https://blueshift.invalid")
    monkeypatch.setenv(name, value.format(KEY))

    code = run(["check"])

    out, err = capsys.readouterr()
    assert (code, out, leaked(err)) == (2, "", [])


@pytest.mark.parametrize(
    "arguments",
    [
        [KEY],
        ["check", KEY],
        ["check", f"{KEY}/rules.yaml"],
        ["check", "--region", KEY],
        ["check", "--base-url", f"http://{KEY}.example.com"],
        ["check", "--segment", KEY],
        ["check", "--tag", KEY.lower()],
        ["check", "--campaign", KEY.upper()],
        ["check", "--timeout", KEY],
        ["check", "--fail-on", KEY],
        ["check", "--output", KEY],
        ["check", "--output", f"{KEY}=report.json"],
        ["check", "--output", f"json={KEY}/report.json"],
        ["check", f"--{KEY}"],
        ["validate", KEY],
        ["report", KEY],
        ["counts", KEY],
        ["segments", "--region", KEY],
        ["sandbox", KEY],
        ["sandbox", "--port", KEY],
        ["slack", KEY],
        ["slack", "--http", KEY],
        ["slack", "--http", f"{KEY}:{TOKEN}"],
    ],
    ids=" ".join,
)
def test_a_secret_in_the_wrong_argument_is_not_shown(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code = run([*arguments, "--debug"])

    out, err = capsys.readouterr()
    assert (code, leaked(out + err)) == (2, [])


@pytest.mark.parametrize("name", ["SLACK_ALLOWED_USERS", "SLACK_ALLOWED_CHANNELS", "SLACK_API_URL"])
def test_a_secret_in_the_wrong_variable_of_the_slack_app_is_not_shown(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for secret in SECRETS:
        monkeypatch.setenv(name, secret)

        code = run(["slack"])

        out, err = capsys.readouterr()
        assert (code, out, leaked(err)) == (2, "", [])


@pytest.mark.parametrize("mark", ["'", '"'])
@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("BLUESHIFT_API_KEY", KEY, "BLUESHIFT_API_KEY"),
        ("BLUESHIFT_API_KEY_FILE", "key", "BLUESHIFT_API_KEY_FILE"),
        ("BLUESHIFT_REGION", "eu", "the region"),
        ("BLUESHIFT_BASE_URL", "https://blueshift.invalid", "the base URL"),
        ("SLACK_WEBHOOK_URL", "https://hooks.example/a", "SLACK_WEBHOOK_URL"),
        ("SLACK_BOT_TOKEN", TOKEN, "SLACK_BOT_TOKEN"),
        ("SLACK_APP_TOKEN", "xapp-1", "SLACK_APP_TOKEN"),
        ("SLACK_SIGNING_SECRET", "a-secret-for-tests", "SLACK_SIGNING_SECRET"),
        ("SLACK_API_URL", "https://slack.example", "SLACK_API_URL"),
        ("SLACK_ALLOWED_USERS", "U1234,U5678", "SLACK_ALLOWED_USERS"),
        ("ALL_PROXY", "http://proxy:1", "the variable ALL_PROXY"),
    ],
)
def test_quotation_marks_that_an_env_file_kept_are_named(
    name: str, value: str, told: str, mark: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if name.endswith("FILE"):
        monkeypatch.delenv("BLUESHIFT_API_KEY")
    if name == "ALL_PROXY":
        monkeypatch.setenv("BLUESHIFT_BASE_URL", "https://blueshift.invalid")
    monkeypatch.setenv(name, f"{mark}{value}{mark}")
    verb = ["slack"] if name.startswith("SLACK") and "WEBHOOK" not in name else ["check"]
    listening = ["--http", "127.0.0.1:0"] if name == "SLACK_SIGNING_SECRET" else []
    notifying = ["--notify", "slack"] if name == "SLACK_WEBHOOK_URL" else []

    code = run([*verb, *listening, *notifying])

    out, err = capsys.readouterr()
    assert (code, out, leaked(err)) == (2, "", [])
    assert err.startswith(f"audience-guard: {told} is in quotation marks\n  hint: ")


SECRET_VARIABLES = {
    "BLUESHIFT_API_KEY": (["check"], KEY),
    "SLACK_WEBHOOK_URL": (["check", "--notify", "slack"], f"https://hooks.example/{TOKEN}"),
    "SLACK_BOT_TOKEN": (["slack"], TOKEN),
    "SLACK_APP_TOKEN": (["slack"], f"xapp-{TOKEN}"),
    "SLACK_SIGNING_SECRET": (["slack", "--http", "127.0.0.1:0"], KEY),
}


QUOTED = ['"{}', '{}"', "'{}", "{}'", "`{}", "{}`", "`{}`", "\u201c{}\u201d", "{}\u2019", "\"{}'", ' "{}']
ENCLOSED = ["<{}>", "{{{}}}", "[{}]", "{},", "{};", "&quot;{}&quot;", "${}", "${{{}}}", "\\{}\\"]
AROUND = {
    **dict.fromkeys(QUOTED, "a quotation mark or a backtick"),
    **dict.fromkeys(ENCLOSED, "a character that does not belong to it"),
}


@pytest.mark.parametrize("name", SECRET_VARIABLES)
@pytest.mark.parametrize(("form", "what"), AROUND.items(), ids=AROUND)
def test_a_quotation_mark_at_one_end_of_a_secret_is_named_and_nothing_is_sent(
    name: str, form: str, what: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    verb, secret = SECRET_VARIABLES[name]
    monkeypatch.setenv(name, form.format(secret))

    code = run(verb)

    out, err = capsys.readouterr()
    assert (code, out, leaked(err)) == (2, "", [])
    assert err.startswith(f"audience-guard: {name} begins or ends with {what}\n  hint: ")


@pytest.mark.parametrize("name", SECRET_VARIABLES)
@pytest.mark.parametrize(
    "form", ["{name}={value}", "export {name}={value}", '{name}="{value}"', "$env:{name} = '{value}'"]
)
def test_a_copied_line_in_place_of_a_secret_is_named_and_nothing_is_sent(
    name: str, form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    verb, secret = SECRET_VARIABLES[name]
    monkeypatch.setenv(name, form.format(name=name, value=secret))

    code = run(verb)

    out, err = capsys.readouterr()
    assert (code, out, leaked(err)) == (2, "", [])
    assert err == (
        f"audience-guard: {name} contains the name of a variable\n"
        "  hint: give only the value, without NAME= or export\n"
    )


@pytest.mark.parametrize("verb", [["check"], ["check", "--quiet"], ["segments"], ["counts", UUID]])
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (f"BLUESHIFT_API_KEY={KEY}\n", "contains the name of a variable"),
        (f"export BLUESHIFT_API_KEY={KEY}\n", "contains the name of a variable"),
        (f'"{KEY}\n', "begins or ends with a quotation mark or a backtick"),
        (f"{KEY}`\n", "begins or ends with a quotation mark or a backtick"),
    ],
)
def test_more_than_the_key_in_a_key_file_is_named_and_nothing_is_sent(
    verb: list[str],
    content: str,
    told: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "key").write_text(content)
    (folder / "key").chmod(0o600)
    monkeypatch.delenv("BLUESHIFT_API_KEY")
    monkeypatch.setenv("BLUESHIFT_API_KEY_FILE", "key")

    code = run(verb)

    out, err = capsys.readouterr()
    assert (code, out, leaked(err)) == (2, "", [])
    assert err.startswith(f"audience-guard: the key file key {told}\n  hint: ")


@pytest.mark.parametrize("verb", [["check"], ["segments"]])
def test_a_folder_in_place_of_a_key_file_is_no_matter_of_its_mode(
    verb: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "key").mkdir(mode=0o755)
    monkeypatch.delenv("BLUESHIFT_API_KEY")
    monkeypatch.setenv("BLUESHIFT_API_KEY_FILE", "key")

    code = run(verb)

    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert err == (
        "audience-guard: BLUESHIFT_API_KEY_FILE names a folder, which is not a regular file\n"
        "  hint: give a file that contains only the key, or set BLUESHIFT_API_KEY\n"
    )


@pytest.mark.parametrize("content", ['"An-Unspeakable-Key-2F8a"', "'An-Unspeakable-Key-2F8a'\n"])
def test_quotation_marks_in_a_key_file_are_named(
    content: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "key").write_text(content)
    monkeypatch.delenv("BLUESHIFT_API_KEY")
    monkeypatch.setenv("BLUESHIFT_API_KEY_FILE", "key")

    assert run(["segments"]) == 2
    assert capsys.readouterr().err.startswith("audience-guard: the key file key is in quotation marks\n")


def test_a_key_that_stands_in_the_region_alone_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("BLUESHIFT_API_KEY")
    monkeypatch.setenv("BLUESHIFT_REGION", KEY)

    assert run(["check"]) == 2
    assert leaked(capsys.readouterr().err) == []


def test_another_accounts_key_in_the_region_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BLUESHIFT_REGION", "Another-Unspeakable-Key")

    assert run(["check"]) == 2
    assert "unspeakable" not in capsys.readouterr().err.lower()


@pytest.mark.skipif(os.name != "posix", reason="no permissions like these here")
def test_no_report_nor_hint_shows_a_key_that_files_are_named_after(
    folder: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / KEY).write_text(KEY)
    (folder / KEY).chmod(0o644)
    (folder / "rules.yaml").rename(folder / f"{KEY}.yaml")
    monkeypatch.delenv("BLUESHIFT_API_KEY")
    monkeypatch.setenv("BLUESHIFT_API_KEY_FILE", KEY)
    files = {each: folder / f"report.{each}" for each in Format}

    outputs = [f"--output={each}={path}" for each, path in files.items()]
    code = run(["check", f"{KEY}.yaml", "--base-url", sandbox.url, *outputs])

    out, err = capsys.readouterr()
    assert (code, leaked(out + err)) == (0, [])
    assert "can be read by others" in err
    assert {each: leaked(path.read_text(encoding="utf-8")) for each, path in files.items()} == {
        each: [] for each in Format
    }
    assert json.loads(files[Format.JSON].read_text(encoding="utf-8"))["rules"]["path"] == "***.yaml"


def test_the_word_for_tries_stays_what_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BLUESHIFT_API_KEY", "sandbox")

    assert run(["check", "sandbox.yaml", "--debug"]) == 2
    assert "sandbox.yaml" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["segments"], ["segments", "--debug"], ["check", "--debug"]], ids=" ".join)
@pytest.mark.usefixtures("sandbox")
def test_no_name_of_the_account_is_obeyed_or_shows_the_key(
    arguments: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = [
        f"  s{number}: {{name: {json.dumps(name)}, channels: {{users: {{min: 1}}}}}}"
        for number, name in enumerate(NAMES)
    ]
    (folder / "rules.yaml").write_text("\n".join([*RULES.splitlines()[:4], *named]))

    run([*arguments, "--timeout", "3s"])

    out, err = capsys.readouterr()
    assert out
    assert OBEYED.findall(out + err) == []
    assert leaked(out + err) == []


@pytest.mark.parametrize("text", [*NAMES, "fine\n::error::x", "fine\r\n \t::error::x", "\u00a0::error::x", ":::x::"])
def test_what_is_printed_is_not_obeyed_in_any_line(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    say(text)
    print_report(f"{text}\n")

    out, err = capsys.readouterr()
    assert out == err
    assert OBEYED.findall(out) == []


@pytest.mark.parametrize("path", ["::error::x.yaml", "##[error]x.yaml"])
def test_a_rules_file_named_like_a_command_is_not_obeyed(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(path).write_text("version: 2\n")

    assert run(["validate", path]) == 2
    assert OBEYED.findall("".join(capsys.readouterr())) == []


@pytest.mark.usefixtures("sandbox")
def test_the_report_of_commands_still_is_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "rules.yaml").write_text(RULES.replace("min: 10", "min: 60"))

    assert run(["check", "--output", "github"]) == 1
    assert capsys.readouterr().out.startswith("::error ")
