from __future__ import annotations

import base64
import os
import socket
import stat
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guard.blueshift.account import ApiKey, open_account, readable_by_others
from guard.core.errors import UsageError
from guard.core.model import Region
from guard.security.keyring import secrets_of

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_KEY_FILE = "BLUESHIFT_API_KEY_FILE does not name an existing file"
KEY = {"BLUESHIFT_API_KEY": "a-key-for-tests"}
SET_A_KEY = "set BLUESHIFT_API_KEY to the account's User API key, or BLUESHIFT_API_KEY_FILE to a file that contains it"


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("a-key for-tests", id="space"),
        pytest.param("a-key-for-tests\n", id="line-break"),
        pytest.param("\ta-key-for-tests", id="tab"),
        pytest.param("kéy", id="not-ascii"),
        pytest.param("ke\x00y", id="nul"),
        pytest.param("user:password", id="colon"),
        pytest.param("k" * 5000, id="endless"),
    ],
)
def test_an_invalid_key_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(UsageError) as raised:
        open_account({"BLUESHIFT_API_KEY": key})

    assert key.strip() not in str(raised.value)
    assert "BLUESHIFT_API_KEY contains a character" in str(raised.value)


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({}, "there is no API key"),
        ({"BLUESHIFT_API_KEY": ""}, "BLUESHIFT_API_KEY is empty"),
        (KEY | {"BLUESHIFT_API_KEY_FILE": "key"}, "both BLUESHIFT_API_KEY and BLUESHIFT_API_KEY_FILE are set"),
        ({"BLUESHIFT_API_KEY_FILE": "an-unspeakable-key"}, NO_KEY_FILE),
        ({"BLUESHIFT_API_KEY_FILE": "an-unspeakable-key" * 1000}, NO_KEY_FILE),
        ({"BLUESHIFT_API_KEY_FILE": "."}, "BLUESHIFT_API_KEY_FILE names a folder, which is not a regular file"),
        (KEY | {"BLUESHIFT_REGION": "usa"}, 'there is no region "usa"; did you mean "us"?'),
        (
            KEY | {"BLUESHIFT_BASE_URL": "http://proxy.example"},
            "the base URL http://proxy.example uses plain http, which others on the network can read",
        ),
    ],
)
def test_a_wrong_environment_is_reported(environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(UsageError) as raised:
        open_account(environ)

    assert raised.value.message == sentence


@pytest.mark.parametrize(
    ("environ", "hint"),
    [
        ({"BLUESHIFT_API_KEY": "a key"}, "copy the key again, without quotes, blanks or line breaks"),
        (KEY | {"BLUESHIFT_API_KEY_FILE": "key"}, "unset one of them"),
        (KEY | {"BLUESHIFT_REGION": "moon"}, "regions are: us, eu"),
        ({}, SET_A_KEY),
        ({"BLUESHIFT_API_KEY": ""}, SET_A_KEY),
        ({"BLUESHIFT_API_KEY_FILE": "no/such/file"}, SET_A_KEY),
    ],
)
def test_a_wrong_environment_has_a_hint(environ: dict[str, str], hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        open_account(environ)

    assert raised.value.hint == hint


def test_a_key_argument_beats_the_environment_and_is_checked_too() -> None:
    assert open_account(KEY, api_key="another-key").key.reveal() == "another-key"
    with pytest.raises(UsageError, match=r"^the API key contains a character"):
        open_account(KEY, api_key="another key")


def test_the_length_of_a_key_is_limited(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k" * 4096 + "\n")

    assert open_account({"BLUESHIFT_API_KEY_FILE": str(tmp_path / "key")}).key.reveal() == "k" * 4096
    with pytest.raises(UsageError):
        ApiKey("k" * 4097)


def test_a_large_key_file_is_not_read_completely(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"k" * 20_000_000)

    tracemalloc.start()
    with pytest.raises(UsageError):
        open_account({"BLUESHIFT_API_KEY_FILE": str(tmp_path / "key")})
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 1_000_000


def test_the_line_break_of_a_key_file_is_removed(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a-key-for-tests\n")

    account = open_account({"BLUESHIFT_API_KEY_FILE": str(tmp_path / "key")})

    assert account.key.reveal() == "a-key-for-tests"


@pytest.mark.parametrize("content", [b"", b"\n", b"one\ntwo", b"k\xc3\xa9y", b"\xff"])
def test_a_key_file_without_a_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)

    with pytest.raises(UsageError, match="the key file"):
        open_account({"BLUESHIFT_API_KEY_FILE": str(tmp_path / "key")})


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b"k\xc3\xa9y", "does not contain an API key: it is not plain ASCII"),
        (
            b"one\ntwo",
            "contains a character that no API key has (white space, a line break, a colon, or not ASCII)",
        ),
    ],
)
def test_a_refused_key_file_is_named(tmp_path: Path, content: bytes, what: str) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)

    with pytest.raises(UsageError) as raised:
        open_account({"BLUESHIFT_API_KEY_FILE": str(file)})

    assert raised.value.message == f"the key file {file} {what}"
    assert raised.value.hint


def without_key(text: str, environ: dict[str, str]) -> str:
    return secrets_of(environ).scrub(text)


def refuse_to_open(*_: object, **__: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_an_unreadable_key_file_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "key"
    file.write_text("a-key-for-tests")
    monkeypatch.setattr(Path, "open", refuse_to_open)

    with pytest.raises(UsageError) as raised:
        open_account({"BLUESHIFT_API_KEY_FILE": str(file)})

    assert (raised.value.message, raised.value.hint) == (
        f"the key file {file} could not be read: Permission denied",
        SET_A_KEY,
    )


@pytest.mark.parametrize("environ", [{}, {"BLUESHIFT_API_KEY_FILE": ""}, {"BLUESHIFT_API_KEY_FILE": "no/such/file"}])
def test_without_a_key_file_no_file_is_readable_by_others(environ: dict[str, str]) -> None:
    assert readable_by_others(environ) is None


@pytest.mark.skipif(os.name != "posix", reason="file modes tell of other users on POSIX alone")
def test_a_key_file_that_others_can_read_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("a-key-for-tests")
    environ = {"BLUESHIFT_API_KEY_FILE": str(file)}

    file.chmod(stat.S_IRUSR | stat.S_IROTH)
    assert readable_by_others(environ) == str(file)
    file.chmod(stat.S_IRUSR)
    assert readable_by_others(environ) is None


@pytest.fixture(params=["folder", "pipe", "socket", "device"])
def irregular(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Return what is no regular file, and its path."""
    path = tmp_path / "key"
    with socket.socket(socket.AF_UNIX) as listener:
        match request.param:
            case "folder":
                path.mkdir()
            case "pipe":
                os.mkfifo(path)
            case "socket":
                listener.bind(str(path))
            case _:
                path = Path("/dev/zero")
        yield request.param, str(path)


@pytest.mark.skipif(os.name != "posix", reason="there are no such files here")
def test_a_key_file_must_be_a_regular_file(irregular: tuple[str, str]) -> None:
    kind, path = irregular

    with pytest.raises(UsageError) as raised:
        open_account({"BLUESHIFT_API_KEY_FILE": path})

    assert raised.value.message == f"BLUESHIFT_API_KEY_FILE names a {kind}, which is not a regular file"
    assert raised.value.hint == "give a file that contains only the key, or set BLUESHIFT_API_KEY"
    assert readable_by_others({"BLUESHIFT_API_KEY_FILE": path}) is None


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="open descriptors have no paths here")
def test_a_key_file_may_be_an_open_descriptor(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a-key-for-tests\n")

    with (tmp_path / "key").open() as file:
        account = open_account({"BLUESHIFT_API_KEY_FILE": f"/dev/fd/{file.fileno()}"})

    assert account.key.reveal() == "a-key-for-tests"


def test_a_flag_beats_the_environment_which_beats_the_rules() -> None:
    environ = KEY | {"BLUESHIFT_REGION": "eu", "BLUESHIFT_BASE_URL": "https://proxy.example"}

    assert open_account(environ, region="us", base_url="https://flag.example").host == "flag.example"
    assert open_account(environ, rules_region=Region.US).host == "proxy.example"
    assert open_account(environ, rules_region=Region.US).region is Region.EU
    assert open_account(KEY, rules_region=Region.EU).host == "api.eu.getblueshift.com"
    assert open_account(KEY).host == "api.getblueshift.com"


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:8765", "http://localhost:8765/", "http://[::1]:8765", "https://proxy.example/blueshift/"],
)
def test_the_key_may_go_to_https_or_to_this_machine(address: str) -> None:
    assert open_account(KEY, base_url=address).base_url == address.rstrip("/")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("http://proxy.example", "uses plain http, which others on the network can read"),
        ("http://127.0.0.1.example.com", "uses plain http, which others on the network can read"),
        ("https://user:secret@proxy.example", "contains a user name or password"),
        ("user:secret@proxy.example", "is not the address of a web server"),
        ("https:secret@proxy.example", "is not the address of a web server"),
        ("https://proxy.example?key=secret", "contains more than a host and a path"),
        ("https://proxy.example\n", "contains a character that addresses never have"),
        ("https://proxy.example?a=b", "contains more than a host and a path"),
        ("https://proxy.example/x y", "contains a character that addresses never have"),
        ("ftp://proxy.example", "is not the address of a web server"),
        ("proxy.example", "is not the address of a web server"),
        ("https://", "is not the address of a web server"),
        ("https://proxy.example:port", "is not an address"),
        ("https://pr\x1boxy.example", "contains a character that addresses never have"),
    ],
)
def test_the_key_does_not_go_to_other_addresses(address: str, sentence: str) -> None:
    with pytest.raises(UsageError) as raised:
        open_account(KEY, base_url=address)

    assert sentence in raised.value.message
    assert "secret" not in raised.value.message
    assert raised.value.message.isprintable()


def test_a_key_does_not_print() -> None:
    key = ApiKey("a-key-for-tests")
    account = open_account(KEY)

    for shown in (repr(key), str(key), f"{key}", repr(account), str(account)):
        assert "a-key-for-tests" not in shown
    assert repr(key) == "ApiKey(***)"


def test_an_echoed_key_is_removed() -> None:
    encoded = base64.b64encode(b"a-key-for-tests:").decode()

    scrubbed = ApiKey("a-key-for-tests").scrub(f"you sent a-key-for-tests as Basic {encoded}")

    assert scrubbed == "you sent *** as Basic ***"


def test_values_keep_the_characters_of_a_short_key() -> None:
    assert ApiKey("seven77").scrub_answer("a seven77") == "a seven77"
    assert ApiKey("seven77").scrub("a seven77") == "a ***"
    assert ApiKey("eight888").scrub_answer("an eight888") == "an ***"


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param(KEY, id="usable"),
        pytest.param({"BLUESHIFT_API_KEY": " a-key-for-tests\n"}, id="with-a-line-break"),
        pytest.param({"BLUESHIFT_API_KEY_FILE": "key"}, id="in-a-file"),
        pytest.param({"BLUESHIFT_API_KEY": "another", "BLUESHIFT_API_KEY_FILE": "key"}, id="one-too-many"),
        pytest.param({"BLUESHIFT_API_KEY": '"a-key-for-tests"'}, id="quoted"),
        pytest.param({"BLUESHIFT_API_KEY": "`a-key-for-tests"}, id="half-quoted"),
        pytest.param({"BLUESHIFT_API_KEY": "export BLUESHIFT_API_KEY='a-key-for-tests'"}, id="with-its-name"),
        pytest.param({"SLACK_WEBHOOK_URL": "SLACK_WEBHOOK_URL=https://h.example/a-key-for-tests"}, id="named-webhook"),
        pytest.param({"SLACK_BOT_TOKEN": "a-key-for-tests"}, id="slack-bot-token"),
        pytest.param({"SLACK_APP_TOKEN": "a-key-for-tests"}, id="slack-app-token"),
        pytest.param({"SLACK_SIGNING_SECRET": "a-key-for-tests"}, id="slack-signing-secret"),
        pytest.param({"SLACK_WEBHOOK_URL": "https://hooks.example/services/T0/a-key-for-tests"}, id="webhook"),
        pytest.param({"SLACK_WEBHOOK_URL": "a-key-for-tests"}, id="in-the-webhook"),
    ],
)
def test_all_keys_of_the_environment_are_removed_from_a_text(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("a-key-for-tests\n")
    monkeypatch.chdir(tmp_path)

    assert without_key("it was a-key-for-tests", environ) == "it was ***"


def test_the_server_of_a_webhook_is_not_a_secret() -> None:
    environ = {"SLACK_WEBHOOK_URL": "https://hooks.example.com/services/T0/B0/a-key", "BLUESHIFT_API_KEY": "sandbox"}
    text = "the sandbox at https://hooks.example.com/services/T0"

    assert without_key(text, environ) == text


def test_the_path_of_a_missing_key_file_is_not_a_secret(tmp_path: Path) -> None:
    text = f"{tmp_path}/rules.yaml:3"

    assert without_key(text, {"BLUESHIFT_API_KEY_FILE": f"{tmp_path}/not-there"}) == text


@pytest.mark.parametrize(
    "environ",
    [{}, {"BLUESHIFT_API_KEY": " "}, *({"BLUESHIFT_API_KEY_FILE": file} for file in ("no/such/file", ".", ""))],
)
def test_without_a_key_a_text_does_not_change(environ: dict[str, str]) -> None:
    assert without_key("as it WAS: XXXX", environ) == "as it WAS: XXXX"


def test_an_invalid_key_in_a_file_is_removed_too(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"a-key\xff-for-tests\n" + b" " * 20_000_000)

    tracemalloc.start()
    text = without_key("it was a-key\xff-for-tests", {"BLUESHIFT_API_KEY_FILE": str(tmp_path / "key")})
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert text == "it was ***"
    assert most < 1_000_000


def test_an_unreadable_key_file_does_not_change_a_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("a-key-for-tests")
    monkeypatch.setattr(Path, "open", refuse_to_open)

    assert without_key("XXXX", {"BLUESHIFT_API_KEY_FILE": str(tmp_path / "key")}) == "XXXX"


def test_an_invalid_key_is_removed_too() -> None:
    key = os.fsdecode(b"a-k\xffy-for-tests")

    assert without_key(f"it was {key}", {"BLUESHIFT_API_KEY": key}) == "it was ***"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_as_key_file_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "key")

    assert without_key("as it was", {"BLUESHIFT_API_KEY_FILE": str(tmp_path / "key")}) == "as it was"


@pytest.mark.parametrize("text", ["an-unspeakable-key", "an-unspeakable-key" * 100])
def test_a_key_given_as_a_file_name_is_a_secret_too(text: str) -> None:
    assert without_key(f"<{text}>", {"BLUESHIFT_API_KEY_FILE": text}) == "<***>"
