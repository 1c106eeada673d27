"""Nothing that leaves the program shows a secret or is obeyed by a CI system, wherever a person or a name put it."""

from __future__ import annotations

import json
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

    from tests.cli.conftest import Refused, Run

pytestmark = pytest.mark.usefixtures("_unlogged")

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


@pytest.fixture
def refused(in_process: Run) -> Refused:
    """Run a command that must exit with 2 and show no secret, and return its stderr."""

    def refuse(*arguments: str) -> str:
        code, stdout, stderr = in_process(*arguments)
        assert (code, stdout, leaked(stderr)) == (2, "", [])
        return stderr

    return refuse


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
    ("verb", "name", "value"),
    [
        (["check"], "BLUESHIFT_REGION", "{}"),
        (["check"], "BLUESHIFT_BASE_URL", "{}"),
        (["check"], "BLUESHIFT_BASE_URL", "http://{}"),
        (["check"], "BLUESHIFT_BASE_URL", "http://{}.example.com"),
        (["check"], "BLUESHIFT_BASE_URL", "https://blueshift.invalid/{}?"),
        (["check"], "BLUESHIFT_API_KEY_FILE", "{}"),
        (["check", "--notify", "slack"], "SLACK_WEBHOOK_URL", "{}"),
        (["check", "--notify", "slack"], "SLACK_WEBHOOK_URL", "http://hooks.example/{}"),
        (["check"], "SSL_CERT_FILE", "{}"),
        (["check"], "SSL_CERT_FILE", "/{}/bundle.pem"),
        (["check"], "HTTPS_PROXY", "{}://proxy"),
        (["check"], "ALL_PROXY", "gopher://{}"),
        (["check"], "https_proxy", "http://user:{}#@proxy:1"),
        (["slack"], "SLACK_ALLOWED_USERS", "{}"),
        (["slack"], "SLACK_ALLOWED_CHANNELS", "{}"),
        (["slack"], "SLACK_API_URL", "{}"),
    ],
)
def test_a_wrong_variable_shows_no_secret(
    verb: list[str],
    name: str,
    value: str,
    secret: str,
    monkeypatch: pytest.MonkeyPatch,
    refused: Refused,
) -> None:
    monkeypatch.setenv("BLUESHIFT_BASE_URL", "https://blueshift.invalid")
    monkeypatch.setenv(name, value.format(secret))
    if name.endswith("KEY_FILE"):
        monkeypatch.delenv("BLUESHIFT_API_KEY")

    refused(*verb)


@pytest.mark.parametrize(("region", "key"), [(KEY, None), ("Another-Unspeakable-Key", KEY)], ids=["ours", "theirs"])
def test_a_region_shows_no_key(region: str, key: str | None, monkeypatch: pytest.MonkeyPatch, refused: Refused) -> None:
    monkeypatch.setenv("BLUESHIFT_REGION", region)
    if not key:
        monkeypatch.delenv("BLUESHIFT_API_KEY")

    assert "unspeakable" not in refused("check").lower()


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
def test_a_wrong_argument_shows_no_secret(arguments: list[str], refused: Refused) -> None:
    refused(*arguments, "--debug")


CHECK, NOTIFY, SLACK = ["check"], ["check", "--notify", "slack"], ["slack"]
HTTP = ["slack", "--http", "127.0.0.1:0"]


@pytest.mark.parametrize("mark", ["'", '"'])
@pytest.mark.parametrize(
    ("verb", "name", "value", "told"),
    [
        (CHECK, "BLUESHIFT_API_KEY", KEY, "BLUESHIFT_API_KEY"),
        (CHECK, "BLUESHIFT_API_KEY_FILE", "key", "BLUESHIFT_API_KEY_FILE"),
        (CHECK, "BLUESHIFT_REGION", "eu", "the region"),
        (CHECK, "BLUESHIFT_BASE_URL", "https://blueshift.invalid", "the base URL"),
        (CHECK, "ALL_PROXY", "http://proxy:1", "the variable ALL_PROXY"),
        (NOTIFY, "SLACK_WEBHOOK_URL", "https://hooks.example/a", "SLACK_WEBHOOK_URL"),
        (SLACK, "SLACK_BOT_TOKEN", TOKEN, "SLACK_BOT_TOKEN"),
        (SLACK, "SLACK_APP_TOKEN", "xapp-1", "SLACK_APP_TOKEN"),
        (HTTP, "SLACK_SIGNING_SECRET", "a-secret-for-tests", "SLACK_SIGNING_SECRET"),
        (SLACK, "SLACK_API_URL", "https://slack.example", "SLACK_API_URL"),
        (SLACK, "SLACK_ALLOWED_USERS", "U1234,U5678", "SLACK_ALLOWED_USERS"),
    ],
)
def test_kept_quotes_are_named(
    verb: list[str],
    name: str,
    value: str,
    told: str,
    mark: str,
    monkeypatch: pytest.MonkeyPatch,
    refused: Refused,
) -> None:
    if name.endswith("FILE"):
        monkeypatch.delenv("BLUESHIFT_API_KEY")
    if name == "ALL_PROXY":
        monkeypatch.setenv("BLUESHIFT_BASE_URL", "https://blueshift.invalid")
    monkeypatch.setenv(name, f"{mark}{value}{mark}")

    assert refused(*verb).startswith(f"audience-guard: {told} is in quotation marks\n  hint: ")


SECRET_VARIABLES = {
    "BLUESHIFT_API_KEY": (CHECK, KEY),
    "SLACK_WEBHOOK_URL": (NOTIFY, f"https://hooks.example/{TOKEN}"),
    "SLACK_BOT_TOKEN": (SLACK, TOKEN),
    "SLACK_APP_TOKEN": (SLACK, f"xapp-{TOKEN}"),
    "SLACK_SIGNING_SECRET": (HTTP, KEY),
}
QUOTED = ['"{}', '{}"', "'{}", "{}'", "`{}", "{}`", "`{}`", "\u201c{}\u201d", "{}\u2019", "\"{}'", ' "{}']
ENCLOSED = ["<{}>", "{{{}}}", "[{}]", "{},", "{};", "&quot;{}&quot;", "${}", "${{{}}}", "\\{}\\"]
AROUND = {
    **dict.fromkeys(QUOTED, "a quotation mark or a backtick"),
    **dict.fromkeys(ENCLOSED, "a character that does not belong to it"),
}


@pytest.mark.parametrize("name", SECRET_VARIABLES)
@pytest.mark.parametrize(("form", "what"), AROUND.items(), ids=AROUND)
def test_a_stray_character_is_named(
    name: str, form: str, what: str, monkeypatch: pytest.MonkeyPatch, refused: Refused
) -> None:
    verb, secret = SECRET_VARIABLES[name]
    monkeypatch.setenv(name, form.format(secret))

    assert refused(*verb).startswith(f"audience-guard: {name} begins or ends with {what}\n  hint: ")


@pytest.mark.parametrize("name", SECRET_VARIABLES)
@pytest.mark.parametrize(
    "form", ["{name}={value}", "export {name}={value}", '{name}="{value}"', "$env:{name} = '{value}'"]
)
def test_a_copied_line_is_named(name: str, form: str, monkeypatch: pytest.MonkeyPatch, refused: Refused) -> None:
    verb, secret = SECRET_VARIABLES[name]
    monkeypatch.setenv(name, form.format(name=name, value=secret))

    assert refused(*verb) == (
        f"audience-guard: {name} contains the name of a variable\n"
        "  hint: give only the value, without NAME= or export\n"
    )


@pytest.fixture
def key_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the key is to be found; the test makes the file."""
    monkeypatch.delenv("BLUESHIFT_API_KEY")
    monkeypatch.setenv("BLUESHIFT_API_KEY_FILE", "key")
    return folder / "key"


@pytest.mark.parametrize("verb", [["check"], ["check", "--quiet"], ["segments"], ["counts", UUID]])
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (f"BLUESHIFT_API_KEY={KEY}\n", "contains the name of a variable"),
        (f"export BLUESHIFT_API_KEY={KEY}\n", "contains the name of a variable"),
        (f'"{KEY}\n', "begins or ends with a quotation mark or a backtick"),
        (f"{KEY}`\n", "begins or ends with a quotation mark or a backtick"),
        (f'"{KEY}"', "is in quotation marks"),
        (f"'{KEY}'\n", "is in quotation marks"),
    ],
)
def test_a_wrong_key_file_is_named(verb: list[str], content: str, told: str, key_file: Path, refused: Refused) -> None:
    key_file.write_text(content)
    key_file.chmod(0o600)

    assert refused(*verb).startswith(f"audience-guard: the key file key {told}\n  hint: ")


@pytest.mark.parametrize("verb", ["check", "segments"])
def test_a_folder_is_not_a_key_file(verb: str, key_file: Path, refused: Refused) -> None:
    key_file.mkdir(mode=0o755)

    assert refused(verb) == (
        "audience-guard: BLUESHIFT_API_KEY_FILE names a folder, which is not a regular file\n"
        "  hint: give a file that contains only the key, or set BLUESHIFT_API_KEY\n"
    )


@pytest.mark.skipif(os.name != "posix", reason="no permissions like these here")
def test_file_names_show_no_key(
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


def test_the_sandbox_key_is_not_scrubbed(monkeypatch: pytest.MonkeyPatch, refused: Refused) -> None:
    monkeypatch.setenv("BLUESHIFT_API_KEY", "sandbox")

    assert "sandbox.yaml" in refused("check", "sandbox.yaml", "--debug")


@pytest.mark.parametrize("arguments", [["segments"], ["segments", "--debug"], ["check", "--debug"]], ids=" ".join)
@pytest.mark.usefixtures("sandbox")
def test_account_names_are_harmless(arguments: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
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
def test_printed_text_is_not_obeyed(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    say(text)
    print_report(f"{text}\n")

    out, err = capsys.readouterr()
    assert out == err
    assert OBEYED.findall(out) == []


@pytest.mark.parametrize("path", ["::error::x.yaml", "##[error]x.yaml"])
def test_a_file_name_is_not_obeyed(path: str, refused: Refused) -> None:
    Path(path).write_text("version: 2\n")

    assert OBEYED.findall(refused("validate", path)) == []
