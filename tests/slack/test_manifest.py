"""The manifests ask Slack for what the code uses: no permission less, and none more."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from slack_sdk import WebClient

from guard.slack.app import COMMAND
from guard.slack.http import PATH

ROOT = Path(__file__).parents[2]
SOCKET_MODE, HTTP = "manifest.yaml", "manifest-http.yaml"
SCOPES = {"auth_test": None, "chat_postMessage": "chat:write", "apps_connections_open": None}
"""The bot's permission that each method of the Web API needs: https://docs.slack.dev/reference/methods.

Sockets are opened with the app-level token, whose permission stands in no manifest.
"""


def manifest(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "docs/slack" / name).read_text(encoding="utf-8"))
    return content


@pytest.fixture(params=[SOCKET_MODE, HTTP])
def either(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return each manifest in turn."""
    return manifest(request.param)


def calls() -> list[ast.Attribute]:
    """Return what the Slack package calls of something, as ``app.command``."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "guard/slack").glob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    return [node.func for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]


def methods_of_the_web_api() -> set[str]:
    named = {call.attr for call in calls() if ast.unparse(call.value).endswith("client")}
    return {name for name in named if callable(getattr(WebClient, name, None))}


def listeners() -> set[str]:
    """Return which kinds of requests the app listens to."""
    return {call.attr for call in calls() if ast.unparse(call.value) == "app"}


def test_the_bot_may_do_what_the_code_does(either: dict[str, Any]) -> None:
    methods = methods_of_the_web_api()
    needed = {SCOPES[method] for method in methods} - {None}

    assert methods >= {"auth_test", "chat_postMessage"}
    assert set(either["oauth_config"]["scopes"]["bot"]) == needed | {"commands"}
    assert list(either["oauth_config"]["scopes"]) == ["bot"]


def test_the_app_has_one_command(either: dict[str, Any]) -> None:
    (command,) = either["features"]["slash_commands"]

    assert command["command"] == COMMAND
    assert command["should_escape"] is False


def test_the_app_hears_of_nothing_else(either: dict[str, Any]) -> None:
    settings = either["settings"]

    assert listeners() == {"command", "action"}
    assert settings["interactivity"]["is_enabled"] is True
    assert "event_subscriptions" not in settings
    assert (settings["org_deploy_enabled"], settings["token_rotation_enabled"]) == (False, False)


def test_the_app_may_write_to_people(either: dict[str, Any]) -> None:
    """Slack refuses that with messages_tab_disabled where the tab is off."""
    assert either["features"]["app_home"]["messages_tab_enabled"] is True


def test_socket_mode_has_no_address() -> None:
    content = manifest(SOCKET_MODE)

    assert content["settings"]["socket_mode_enabled"] is True
    assert "https://" not in yaml.safe_dump(content)


def test_http_mode_has_the_apps_address() -> None:
    content = manifest(HTTP)
    (command,) = content["features"]["slash_commands"]
    addresses = {command["url"], content["settings"]["interactivity"]["request_url"]}

    assert content["settings"]["socket_mode_enabled"] is False
    assert [urlsplit(address)[:3] for address in addresses] == [("https", "guard.example.com", PATH)]


def test_both_manifests_make_the_same_app() -> None:
    first, second = manifest(SOCKET_MODE), manifest(HTTP)
    del second["features"]["slash_commands"][0]["url"], second["settings"]["interactivity"]["request_url"]
    first["settings"]["socket_mode_enabled"] = second["settings"]["socket_mode_enabled"]

    assert first == second
