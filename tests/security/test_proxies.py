"""The proxy for an address."""

from __future__ import annotations

import pytest

from guard.core.errors import UsageError
from guard.security.proxies import proxy_for

PROXY = "http://proxy.example:3128"
NAMED = "https://api.example.com"
NUMBERED = "https://10.1.2.3:8443"
SIXTH = "https://[fd00::7]"


@pytest.mark.parametrize(
    ("settings", "address", "proxy"),
    [
        ({}, NAMED, None),
        ({"HTTPS_PROXY": PROXY}, NAMED, PROXY),
        ({"https_proxy": PROXY, "HTTPS_PROXY": "http://another.example"}, NAMED, PROXY),
        ({"HTTP_PROXY": PROXY}, NAMED, None),
        ({"ALL_PROXY": PROXY}, NAMED, PROXY),
        ({"ALL_PROXY": "http://another.example", "HTTPS_PROXY": PROXY}, NAMED, PROXY),
        ({"HTTPS_PROXY": "proxy.example:3128"}, NAMED, PROXY),
        ({"HTTPS_PROXY": "http://somebody:word@proxy.example"}, NAMED, "http://somebody:word@proxy.example"),
        ({"HTTPS_PROXY": ""}, NAMED, None),
    ],
)
def test_a_proxy_of_the_scheme_goes_first(
    settings: dict[str, str], address: str, proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    assert proxy_for(address) == proxy


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "http://localhost", "https://[::1]/"])
def test_loopback_has_no_proxy(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "gopher://nonsense")

    assert proxy_for(address) is None


@pytest.mark.parametrize(
    ("address", "entries"),
    [
        (NAMED, "*"),
        (NAMED, "api.example.com"),
        (NAMED, "example.com"),
        (NAMED, ".example.com"),
        (NAMED, "*.example.com"),
        (NAMED, "EXAMPLE.com:443"),
        (NAMED, "https://example.com"),
        (NAMED, "localhost, fd00::/8 ,[::1],example.com"),
        (NAMED, "localhost example.com"),
        (NUMBERED, "10.1.2.3"),
        (NUMBERED, "10.0.0.0/8"),
        (NUMBERED, "10.1.2.3:8443"),
        (SIXTH, "fd00::7"),
        (SIXTH, "[fd00::7]"),
        (SIXTH, "[fd00::7]:443"),
        (SIXTH, "fd00::/8"),
        (SIXTH, "[fd00::]/8,fd00:0:0::7"),
    ],
)
def test_a_host_in_no_proxy_has_no_proxy(address: str, entries: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", entries)

    for proxy in (PROXY, "socks5://proxy.example", "gopher://proxy.example"):
        monkeypatch.setenv("ALL_PROXY", proxy)
        assert proxy_for(address) is None


@pytest.mark.parametrize("address", [NAMED, NUMBERED, SIXTH])
@pytest.mark.parametrize(
    "entries",
    [
        "localhost,127.0.0.1,[::1]",
        "fe80::/10,::1",
        "[::1]:80,[fd00::7]:80",
        "[::1",
        "::/200",
        "10.0.0.0/99,10.1.2.3:80",
        "e.com,ample.com,api.example.com:80,api.example.com.org",
        ", ,://,:,.,[],[]:,/8,%,\u00e9,\x07",
        f"10.1.2.3:{'8' * 5_000}",
    ],
)
def test_an_entry_about_others_has_no_effect(address: str, entries: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", entries)
    monkeypatch.setenv("HTTPS_PROXY", PROXY)

    assert proxy_for(address) == PROXY


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(
    "value",
    [
        "gopher://user:unspeakable@proxy",
        "http://user:unspeakable#@proxy:1",
        "http://user:unspeakable#x@proxy.example:1",
        "http://u:unspeakable/x@p:1",
        "http://",
        "[::",
    ],
)
def test_a_wrong_proxy_is_not_shown(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(UsageError) as raised:
        proxy_for(NAMED)

    assert raised.value.message == f"the variable {name} is not the address of a proxy"
    assert raised.value.hint == f"write {name}=http://HOST:PORT, and %23, %2F and %40 for #, / and @ in a password"
    assert "unspeakable" not in f"{raised.value!r} {raised.value.__cause__!r}"


@pytest.mark.parametrize("form", ["{}", "http://{}:8080", "http://user@{}"])
def test_a_secret_as_a_proxy_is_never_looked_up(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setenv("BLUESHIFT_API_KEY", "An-Unspeakable-Key")
    monkeypatch.setenv("HTTPS_PROXY", form.format("an-unspeakable-key"))

    with pytest.raises(UsageError) as raised:
        proxy_for(NAMED)

    assert raised.value.message == "the variable HTTPS_PROXY contains a secret instead of a proxy's address"
    assert "nspeakable" not in str(raised.value.hint)


def test_a_socks_proxy_needs_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://proxy.example:1080")
    monkeypatch.setattr("guard.security.proxies.find_spec", lambda _: None)

    with pytest.raises(UsageError, match=r"^the variable ALL_PROXY names a SOCKS proxy"):
        proxy_for(NAMED)
