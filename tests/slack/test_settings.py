"""What the environment tells the app."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from guard.cli.slack import slack
from guard.core.errors import UsageError
from guard.slack import commands
from guard.slack.settings import Http, Settings, SocketMode, read_settings

SOCKET = {"SLACK_BOT_TOKEN": "xoxb-a-token-for-tests", "SLACK_APP_TOKEN": "xapp-a-token-for-tests"}
HTTP = {"SLACK_BOT_TOKEN": "xoxb-a-token-for-tests", "SLACK_SIGNING_SECRET": "a-secret-for-tests"}
SECRETS = ("a-token-for-tests", "a-secret-for-tests")
HERE = ("127.0.0.1", 3000)


def settings(**changed: str) -> Settings:
    return read_settings(SOCKET | changed, listen=None)


def refusal(environ: dict[str, str], listen: tuple[str, int] | None = None) -> str:
    with pytest.raises(UsageError) as raised:
        read_settings(environ, listen=listen)
    told = f"{raised.value.message} | {raised.value.hint}"
    assert not [secret for secret in SECRETS if secret in told]
    return told


def test_socket_mode_is_the_default() -> None:
    found = settings()

    assert isinstance(found.mode, SocketMode)
    assert found.mode.app_token.get_secret_value() == SOCKET["SLACK_APP_TOKEN"]
    assert found.bot_token.get_secret_value() == SOCKET["SLACK_BOT_TOKEN"]
    assert (found.api_url, found.allowed_users, found.allowed_channels) == (None, frozenset(), frozenset())


def test_http_mode_needs_no_app_token() -> None:
    found = read_settings(HTTP, listen=HERE)

    assert isinstance(found.mode, Http)
    assert (found.mode.host, found.mode.port) == HERE
    assert found.mode.signing_secret.get_secret_value() == HTTP["SLACK_SIGNING_SECRET"]


@pytest.mark.parametrize("found", [settings(), read_settings(HTTP, listen=HERE)], ids=["socket", "http"])
def test_settings_hide_their_secrets(found: Settings) -> None:
    assert not [secret for secret in SECRETS if secret in f"{found!r} {found}"]


@pytest.mark.parametrize("name", sorted(SOCKET | HTTP))
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_token_is_named(name: str, value: str | None) -> None:
    valid, listen = (SOCKET, None) if name in SOCKET else (HTTP, HERE)
    environ = {key: text for key, text in valid.items() if key != name} | ({} if value is None else {name: value})

    assert refusal(environ, listen).startswith(f"{name} is not set")


@pytest.mark.parametrize("around", ["{}\n", " {}", "{} x", "{}é", "{}\x00"])
@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"])
def test_a_badly_copied_secret_is_refused(name: str, around: str) -> None:
    assert f"{name} contains a space" in refusal(HTTP | {name: around.format(HTTP[name])}, HERE)


def test_mixed_up_tokens_are_told_apart() -> None:
    mixed_up = {"SLACK_BOT_TOKEN": SOCKET["SLACK_APP_TOKEN"], "SLACK_APP_TOKEN": SOCKET["SLACK_BOT_TOKEN"]}

    assert "SLACK_BOT_TOKEN does not begin with xoxb-" in refusal(mixed_up)
    assert "SLACK_APP_TOKEN does not begin with xapp-" in refusal(
        SOCKET | {"SLACK_APP_TOKEN": "xoxb-a-token-for-tests"}
    )


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("https://slack.example.com/api", "https://slack.example.com/api/"),
        ("https://slack.example.com/api/", "https://slack.example.com/api/"),
        ("", None),
    ],
)
def test_slacks_address_ends_in_a_slash(address: str, url: str | None) -> None:
    assert settings(SLACK_API_URL=address).api_url == url


@pytest.mark.parametrize(
    "address", ["http://slack.example.com", "https://ada:pepper@slack.example.com", "slack.example.com"]
)
def test_an_unsafe_address_gets_no_token(address: str) -> None:
    told = refusal(SOCKET | {"SLACK_API_URL": address})

    assert told.startswith("SLACK_API_URL")
    assert "pepper" not in told


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        *((text, {"U1", "W2"}) for text in ("U1,W2", " U1 , W2 ", "U1,,W2,", "U1,U1,W2")),
        *((text, set()) for text in ("", "  ")),
    ],
)
def test_ids_have_commas_between_them(text: str, ids: set[str]) -> None:
    assert settings(SLACK_ALLOWED_USERS=text).allowed_users == ids


def test_channels_are_ids_too() -> None:
    assert settings(SLACK_ALLOWED_CHANNELS="C1,D2,G3").allowed_channels == {"C1", "D2", "G3"}


@pytest.mark.parametrize("text", [",", " , "])
def test_commas_alone_let_nobody_in(text: str) -> None:
    assert "SLACK_ALLOWED_USERS contains commas but no id" in refusal(SOCKET | {"SLACK_ALLOWED_USERS": text})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SLACK_ALLOWED_USERS", "@ada"),
        ("SLACK_ALLOWED_USERS", "u1"),
        ("SLACK_ALLOWED_USERS", "U1;U2"),
        ("SLACK_ALLOWED_USERS", "U1 U2"),
        ("SLACK_ALLOWED_USERS", "C1"),
        ("SLACK_ALLOWED_CHANNELS", "#launches"),
        ("SLACK_ALLOWED_CHANNELS", "U1"),
        ("SLACK_ALLOWED_CHANNELS", "C1\x1b[31m"),
    ],
)
def test_a_name_is_not_an_id(name: str, text: str) -> None:
    told = refusal(SOCKET | {name: text})

    whose, beginnings = ("user", "U or W") if name == "SLACK_ALLOWED_USERS" else ("channel", "C or D or G")
    assert told.startswith(f"{name} contains ")
    assert f"is not a {whose} id | write ids that begin with {beginnings}, with commas between" in told
    assert "\x1b" not in told


@pytest.mark.parametrize(
    "text",
    [
        *(SOCKET | HTTP),
        *("SLACK_ALLOWED_USERS", "SLACK_ALLOWED_CHANNELS", "SLACK_API_URL"),
        *("BLUESHIFT_API_KEY", "BLUESHIFT_API_KEY_FILE"),
        f"{commands._WAITING} more may wait.",
    ],
)
def test_help_names_every_variable(text: str) -> None:
    assert f" {text}" in CliRunner().invoke(slack, ["--help"]).stdout
