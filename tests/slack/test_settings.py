"""What the environment says to the app, and what it must not get wrong."""

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


def test_without_an_address_to_listen_at_it_is_socket_mode() -> None:
    found = settings()

    assert isinstance(found.mode, SocketMode)
    assert found.mode.app_token.get_secret_value() == SOCKET["SLACK_APP_TOKEN"]
    assert found.bot_token.get_secret_value() == SOCKET["SLACK_BOT_TOKEN"]
    assert (found.api_url, found.allowed_users, found.allowed_channels) == (None, frozenset(), frozenset())


def test_with_an_address_to_listen_at_no_app_token_is_needed() -> None:
    found = read_settings(HTTP, listen=HERE)

    assert isinstance(found.mode, Http)
    assert (found.mode.host, found.mode.port) == HERE
    assert found.mode.signing_secret.get_secret_value() == HTTP["SLACK_SIGNING_SECRET"]


@pytest.mark.parametrize("found", [settings(), read_settings(HTTP, listen=HERE)], ids=["socket", "http"])
def test_settings_do_not_print_their_secrets(found: Settings) -> None:
    assert not [secret for secret in SECRETS if secret in f"{found!r} {found}"]


@pytest.mark.parametrize("name", sorted(SOCKET))
@pytest.mark.parametrize("value", [None, ""])
def test_a_token_that_is_not_there_is_named(name: str, value: str | None) -> None:
    environ = {key: text for key, text in SOCKET.items() if key != name} | ({} if value is None else {name: value})

    assert refusal(environ).startswith(f"{name} is not set")


@pytest.mark.parametrize("value", [None, ""])
def test_http_mode_does_not_start_without_the_secret_that_proves_who_asks(value: str | None) -> None:
    environ = {"SLACK_BOT_TOKEN": HTTP["SLACK_BOT_TOKEN"]} | ({} if value is None else {"SLACK_SIGNING_SECRET": value})

    assert refusal(environ, HERE).startswith("SLACK_SIGNING_SECRET is not set")


@pytest.mark.parametrize("around", ["{}\n", " {}", "{} x", "{}é", "{}\x00"])
@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"])
def test_a_secret_that_was_copied_badly_is_refused_without_being_shown(name: str, around: str) -> None:
    assert f"{name} contains a space" in refusal(HTTP | {name: around.format(HTTP[name])}, HERE)


def test_tokens_that_were_mixed_up_are_told_apart() -> None:
    mixed_up = {"SLACK_BOT_TOKEN": SOCKET["SLACK_APP_TOKEN"], "SLACK_APP_TOKEN": SOCKET["SLACK_BOT_TOKEN"]}

    assert "SLACK_BOT_TOKEN does not begin with xoxb-" in refusal(mixed_up)
    assert "SLACK_APP_TOKEN does not begin with xapp-" in refusal(
        SOCKET | {"SLACK_APP_TOKEN": "xoxb-a-token-for-tests"}
    )


@pytest.mark.parametrize("address", ["https://slack.example.com/api", "https://slack.example.com/api/"])
def test_the_address_of_slack_ends_in_one_slash_as_its_client_needs_it(address: str) -> None:
    assert settings(SLACK_API_URL=address).api_url == "https://slack.example.com/api/"


def test_an_empty_address_of_slack_stands_for_its_own() -> None:
    assert settings(SLACK_API_URL="").api_url is None


@pytest.mark.parametrize(
    "address", ["http://slack.example.com", "https://ada:pepper@slack.example.com", "slack.example.com"]
)
def test_no_token_goes_to_an_address_that_others_could_read(address: str) -> None:
    told = refusal(SOCKET | {"SLACK_API_URL": address})

    assert told.startswith("SLACK_API_URL")
    assert "pepper" not in told


@pytest.mark.parametrize("text", ["U1,W2", " U1 , W2 ", "U1,,W2,", "U1,U1,W2"])
def test_who_may_ask_is_a_list_of_ids(text: str) -> None:
    assert settings(SLACK_ALLOWED_USERS=text).allowed_users == {"U1", "W2"}


def test_where_one_may_ask_is_a_list_of_ids() -> None:
    assert settings(SLACK_ALLOWED_CHANNELS="C1,D2,G3").allowed_channels == {"C1", "D2", "G3"}


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_list_lets_anybody_ask(text: str) -> None:
    assert settings(SLACK_ALLOWED_USERS=text).allowed_users == frozenset()


@pytest.mark.parametrize("text", [",", " , "])
def test_a_list_without_any_id_in_it_does_not_let_anybody_in(text: str) -> None:
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
def test_a_name_in_place_of_an_id_is_refused(name: str, text: str) -> None:
    told = refusal(SOCKET | {name: text})

    whose, beginnings = ("user", "U or W") if name == "SLACK_ALLOWED_USERS" else ("channel", "C or D or G")
    assert told.startswith(f"{name} contains ")
    assert f"is not a {whose} id | write ids that begin with {beginnings}, with commas between" in told
    assert "\x1b" not in told


@pytest.mark.parametrize(
    "name",
    [
        *(SOCKET | HTTP),
        "SLACK_ALLOWED_USERS",
        "SLACK_ALLOWED_CHANNELS",
        "SLACK_API_URL",
        "BLUESHIFT_API_KEY",
        "BLUESHIFT_API_KEY_FILE",
    ],
)
def test_help_names_every_variable(name: str) -> None:
    assert f" {name}" in CliRunner().invoke(slack, ["--help"]).stdout


def test_help_says_how_many_checks_may_wait() -> None:
    assert f"{commands._WAITING} more may wait." in CliRunner().invoke(slack, ["--help"]).stdout
