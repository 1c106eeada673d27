"""The account from flags, the environment and a key file; and texts without the key."""

from __future__ import annotations

import os
import socket
import stat
import tracemalloc
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
NO_SUCH_CHARACTER = "contains a character that no API key has (white space, a line break, a colon, or not ASCII)"
COPY_AGAIN = "copy the key again, without quotes, blanks or line breaks"


def in_file(path: Path, content: bytes = b"a-key-for-tests\n") -> dict[str, str]:
    """Return the environment that names a key file with that content."""
    file = path / "key"
    file.write_bytes(content)
    return {"BLUESHIFT_API_KEY_FILE": str(file)}


def refused(environ: dict[str, str], **arguments: Any) -> tuple[str, str | None]:
    """Return the message and the hint for an account that is refused."""
    with pytest.raises(UsageError) as raised:
        open_account(environ, **arguments)
    return raised.value.message, raised.value.hint


@contextmanager
def little_memory() -> Iterator[None]:
    """Assert that less than a megabyte is used inside the block."""
    tracemalloc.start()
    try:
        yield
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 1_000_000


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("a-key for-tests", id="space"),
        pytest.param("a-key-for-tests\n", id="line-break"),
        pytest.param("\ta-key-for-tests", id="tab"),
        pytest.param("kéy", id="not-ascii"),
        pytest.param("ke\x00y", id="nul"),
        pytest.param("user:password", id="colon"),
        pytest.param("k" * 4097, id="too-long"),
    ],
)
def test_an_invalid_key_is_refused_and_not_shown(key: str) -> None:
    assert refused({"BLUESHIFT_API_KEY": key}) == (f"BLUESHIFT_API_KEY {NO_SUCH_CHARACTER}", COPY_AGAIN)
    assert refused(KEY, api_key=key) == (f"the API key {NO_SUCH_CHARACTER}", COPY_AGAIN)


@pytest.mark.parametrize(
    ("environ", "message", "hint"),
    [
        ({}, "there is no API key", SET_A_KEY),
        ({"BLUESHIFT_API_KEY": ""}, "BLUESHIFT_API_KEY is empty", SET_A_KEY),
        (
            KEY | {"BLUESHIFT_API_KEY_FILE": "key"},
            "both BLUESHIFT_API_KEY and BLUESHIFT_API_KEY_FILE are set",
            "unset one of them",
        ),
        ({"BLUESHIFT_API_KEY_FILE": "no/such/file"}, NO_KEY_FILE, SET_A_KEY),
        ({"BLUESHIFT_API_KEY_FILE": "an-unspeakable-key"}, NO_KEY_FILE, SET_A_KEY),
        ({"BLUESHIFT_API_KEY_FILE": "an-unspeakable-key" * 1000}, NO_KEY_FILE, SET_A_KEY),
        (KEY | {"BLUESHIFT_REGION": "usa"}, 'there is no region "usa"; did you mean "us"?', "regions are: us, eu"),
        (KEY | {"BLUESHIFT_REGION": "moon"}, 'there is no region "moon"', "regions are: us, eu"),
        (
            KEY | {"BLUESHIFT_BASE_URL": "http://proxy.example"},
            "the base URL http://proxy.example uses plain http, which others on the network can read",
            "write https://HOST or, for a host on this machine, http://127.0.0.1:PORT",
        ),
    ],
)
def test_a_wrong_environment_is_reported(environ: dict[str, str], message: str, hint: str) -> None:
    assert refused(environ) == (message, hint)


def test_a_key_argument_beats_the_environment() -> None:
    assert open_account(KEY, api_key="another-key").key.reveal() == "another-key"


# The key file


@pytest.mark.parametrize("key", ["a-key-for-tests", "k" * 4096], ids=["usual", "maximum"])
@pytest.mark.parametrize("end", ["", "\n"], ids=["bare", "with-a-line-break"])
def test_a_key_file_is_read(tmp_path: Path, key: str, end: str) -> None:
    assert open_account(in_file(tmp_path, f"{key}{end}".encode())).key.reveal() == key


@pytest.mark.parametrize(
    ("content", "what", "hint"),
    [
        pytest.param(b"", "is empty", SET_A_KEY, id="empty"),
        pytest.param(b"\n", "is empty", SET_A_KEY, id="blank"),
        *(
            pytest.param(content, "does not contain an API key: it is not plain ASCII", SET_A_KEY, id=repr(content))
            for content in (b"k\xc3\xa9y", b"\xff")
        ),
        pytest.param(b"one\ntwo", NO_SUCH_CHARACTER, COPY_AGAIN, id="two-lines"),
        pytest.param(b"k" * 20_000_000, NO_SUCH_CHARACTER, COPY_AGAIN, id="huge"),
    ],
)
def test_a_key_file_without_a_key_is_refused(tmp_path: Path, content: bytes, what: str, hint: str) -> None:
    environ = in_file(tmp_path, content)

    with little_memory():
        assert refused(environ) == (f"the key file {tmp_path / 'key'} {what}", hint)


@pytest.fixture
def unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return the environment that names a key file that cannot be opened."""
    environ = in_file(tmp_path)

    def refuse_to_open(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse_to_open)
    return environ


def test_an_unreadable_key_file_is_told(unreadable: dict[str, str]) -> None:
    file = unreadable["BLUESHIFT_API_KEY_FILE"]

    assert refused(unreadable) == (f"the key file {file} could not be read: Permission denied", SET_A_KEY)
    assert without_key("XXXX", unreadable) == "XXXX"


@pytest.mark.parametrize("environ", [{}, {"BLUESHIFT_API_KEY_FILE": ""}, {"BLUESHIFT_API_KEY_FILE": "no/such/file"}])
def test_without_a_key_file_none_is_readable(environ: dict[str, str]) -> None:
    assert readable_by_others(environ) is None


@pytest.mark.skipif(os.name != "posix", reason="file modes tell of other users on POSIX alone")
def test_an_exposed_key_file_is_noticed(tmp_path: Path) -> None:
    environ, file = in_file(tmp_path), tmp_path / "key"

    file.chmod(stat.S_IRUSR | stat.S_IROTH)
    assert readable_by_others(environ) == str(file)
    file.chmod(stat.S_IRUSR)
    assert readable_by_others(environ) is None


@pytest.fixture(params=["folder", "pipe", "socket", "device"])
def irregular(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Return the kind and the path of something that is not a regular file."""
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
    environ = {"BLUESHIFT_API_KEY_FILE": path}

    assert refused(environ) == (
        f"BLUESHIFT_API_KEY_FILE names a {kind}, which is not a regular file",
        "give a file that contains only the key, or set BLUESHIFT_API_KEY",
    )
    assert readable_by_others(environ) is None
    assert without_key("as it was", environ) == "as it was"


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="open descriptors have no paths here")
def test_a_key_file_may_be_an_open_descriptor(tmp_path: Path) -> None:
    in_file(tmp_path)

    with (tmp_path / "key").open() as file:
        account = open_account({"BLUESHIFT_API_KEY_FILE": f"/dev/fd/{file.fileno()}"})

    assert account.key.reveal() == "a-key-for-tests"


# Where the key may go


def test_a_flag_beats_the_environment() -> None:
    environ = KEY | {"BLUESHIFT_REGION": "eu", "BLUESHIFT_BASE_URL": "https://proxy.example"}

    assert open_account(environ, region="us", base_url="https://flag.example").host == "flag.example"
    assert open_account(environ, rules_region=Region.US).host == "proxy.example"
    assert open_account(environ, rules_region=Region.US).region is Region.EU
    assert open_account(KEY, rules_region=Region.EU).host == "api.eu.getblueshift.com"
    assert open_account(KEY).host == "api.getblueshift.com"


def test_the_key_goes_to_safe_addresses() -> None:
    for address in ("http://127.0.0.1:8765", "https://proxy.example/blueshift/"):
        assert open_account(KEY, base_url=address).base_url == address.rstrip("/")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("http://proxy.example", "uses plain http, which others on the network can read"),
        ("https://user:secret@proxy.example", "contains a user name or password"),
        ("https:secret@proxy.example", "is not the address of a web server"),
        ("https://proxy.example?key=secret", "contains more than a host and a path"),
        ("https://pr\x1boxy.example", "contains a character that addresses never have"),
    ],
)
def test_the_key_does_not_go_to_other_addresses(address: str, sentence: str) -> None:
    """All of them are in tests/security/test_addresses.py."""
    message, _ = refused(KEY, base_url=address)

    assert sentence in message
    assert "secret" not in message
    assert message.isprintable()


def test_a_key_does_not_print() -> None:
    key = ApiKey("a-key-for-tests")
    account = open_account(KEY)

    for shown in (repr(key), str(key), f"{key}", repr(account), str(account)):
        assert "a-key-for-tests" not in shown
    assert repr(key) == "ApiKey(***)"


def test_a_short_key_stays_in_values() -> None:
    assert ApiKey("seven77").scrub_answer("a seven77") == "a seven77"
    assert ApiKey("seven77").scrub("a seven77") == "a ***"
    assert ApiKey("eight888").scrub_answer("an eight888") == "an ***"


# Texts without the keys of the environment


def without_key(text: str, environ: dict[str, str]) -> str:
    return secrets_of(environ).scrub(text)


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
def test_all_keys_are_removed_from_a_text(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_file(tmp_path)
    monkeypatch.chdir(tmp_path)

    assert without_key("it was a-key-for-tests", environ) == "it was ***"


@pytest.mark.parametrize(
    ("environ", "text"),
    [
        pytest.param(
            {"SLACK_WEBHOOK_URL": "https://hooks.example.com/services/T0/B0/a-key", "BLUESHIFT_API_KEY": "sandbox"},
            "the sandbox at https://hooks.example.com/services/T0",
            id="server-of-a-webhook",
        ),
        pytest.param(
            {"BLUESHIFT_API_KEY_FILE": "FOLDER/not-there"}, "FOLDER/rules.yaml:3", id="path-of-a-missing-key-file"
        ),
        pytest.param({}, "as it WAS: XXXX", id="no-key"),
        pytest.param({"BLUESHIFT_API_KEY": " "}, "as it WAS: XXXX", id="blank-key"),
        *(
            pytest.param({"BLUESHIFT_API_KEY_FILE": file}, "as it WAS: XXXX", id=f"no-key-file-{file}")
            for file in ("no/such/file", ".", "")
        ),
    ],
)
def test_other_texts_do_not_change(tmp_path: Path, environ: dict[str, str], text: str) -> None:
    environ = {name: value.replace("FOLDER", str(tmp_path)) for name, value in environ.items()}
    text = text.replace("FOLDER", str(tmp_path))

    assert without_key(text, environ) == text


def test_an_invalid_key_file_is_scrubbed(tmp_path: Path) -> None:
    environ = in_file(tmp_path, b"a-key\xff-for-tests\n" + b" " * 20_000_000)

    with little_memory():
        assert without_key("it was a-key\xff-for-tests", environ) == "it was ***"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("BLUESHIFT_API_KEY", os.fsdecode(b"a-k\xffy-for-tests")),
        ("BLUESHIFT_API_KEY_FILE", "an-unspeakable-key"),
        ("BLUESHIFT_API_KEY_FILE", "an-unspeakable-key" * 100),
    ],
    ids=["not-utf-8", "as-a-file-name", "as-a-long-file-name"],
)
def test_an_unusable_key_is_scrubbed(name: str, key: str) -> None:
    assert without_key(f"<{key}>", {name: key}) == "<***>"
