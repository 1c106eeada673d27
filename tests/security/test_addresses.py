"""Secrets may go over https, or over http only on this machine."""

from __future__ import annotations

import pytest

from guard.core.errors import UsageError
from guard.security.addresses import checked_base_url, fault, is_loopback

NOT_A_SERVER = "is not the address of a web server"
CREDENTIALS = "contains a user name or password"
PLAIN = "uses plain http, which others on the network can read"
STRANGE = "contains a character that addresses never have"


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8080",
        "http://127.0.0.2/",
        "https://localhost",
        "http://LOCALHOST:1",
        "http://[::1]:8080/path",
    ],
)
def test_this_machine_is_loopback(address: str) -> None:
    assert is_loopback(address)
    assert fault(address) is None


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://example.com/127.0.0.1",
        "http://0.0.0.0",
        "http://10.0.0.1",
        "http://2130706433",
        "http://[::]",
        "http://[::1",
        "http://[::1]evil.example",
        "http://[::1].evil.example",
        "localhost",
        "",
    ],
)
def test_other_machines_are_not_loopback(address: str) -> None:
    assert not is_loopback(address)
    assert fault(address) is not None


@pytest.mark.parametrize(
    ("address", "why"),
    [
        *(
            (address, None)
            for address in ("https://hooks.example.com/services/a/b?c=d#e", "https://hooks.example.com:8443")
        ),
        *((address, None) for address in ("HTTPS://hooks.example.com", "https://[2001:db8::1]/")),
        ("http://hooks.example.com/", PLAIN),
        ("http://127.0.0.1.example.com/", PLAIN),
        ("ftp://hooks.example.com/", NOT_A_SERVER),
        ("file:///etc/hosts", NOT_A_SERVER),
        ("hooks.example.com", NOT_A_SERVER),
        ("//hooks.example.com", NOT_A_SERVER),
        ("https://", NOT_A_SERVER),
        ("https:secret@hooks.example.com", NOT_A_SERVER),
        ("user:secret@hooks.example.com", NOT_A_SERVER),
        ("https:///path", NOT_A_SERVER),
        ("https://hooks_example.com", NOT_A_SERVER),
        ("https://[fe80::1%25lo]/", NOT_A_SERVER),
        ("https://127.0.0.1\\.example.com/", NOT_A_SERVER),
        ("", NOT_A_SERVER),
        ("https://ada@hooks.example.com/", CREDENTIALS),
        ("https://ada:pepper@hooks.example.com/", CREDENTIALS),
        ("http://127.0.0.1@hooks.example.com/", CREDENTIALS),
        ("https://:@hooks.example.com/", CREDENTIALS),
        ("https://hooks.example.com\\@127.0.0.1/", CREDENTIALS),
        ("https://hooks.example.com:0/", "is not an address"),
        ("https://hooks.example.com:65536/", "is not an address"),
        ("https://hooks.example.com:port/", "is not an address"),
        ("https://[::1/", "is not an address"),
        ("http://[::1]evil.example", "is not an address"),
        ("http://[::1].evil.example/", "is not an address"),
        ("http://[::1]evil.example:80/", "is not an address"),
        ("https://evil.example[::1]", "is not an address"),
        ("https://[evil.example]/", "is not an address"),
        ("https://]::1[/", "is not an address"),
        ("http://[::1]@evil.example/", CREDENTIALS),
        ("https://evil.example@[::1]x/", "is not an address"),
        ("https://hooks.example.com/\n", STRANGE),
        ("https://hooks.example.com/a b", STRANGE),
        ("https://hooks.example.com/\x7f", STRANGE),
        ("https://h\x1books.example.com/", STRANGE),
        ("https://höoks.example.com/", STRANGE),
        ("\thttps://hooks.example.com/", STRANGE),
    ],
)
def test_a_fault_is_described(address: str, why: str | None) -> None:
    assert fault(address) == why


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("http://api.example.com/v1", f"the base URL http://api.example.com {PLAIN}"),
        ("https://ada:pepper@api.example.com", f"the base URL https://api.example.com {CREDENTIALS}"),
        ("https://api.example.com?pepper", "the base URL https://api.example.com contains more than a host and a path"),
        ("https://api.example.com#pepper", "the base URL https://api.example.com contains more than a host and a path"),
        ("https://api.example.com/a%0a", "the base URL https://api.example.com contains more than a host and a path"),
        ("https://ada:pep/per@api.example.com", "the base URL is not an address"),
        ("https://api.example.com\x07", f"the base URL https://api.example.com\\x07 {STRANGE}"),
        (f"http://{'a' * 5_000}.example.com", f"the base URL http://{'a' * 192}… {PLAIN}"),
        ("pepper", f"the base URL {NOT_A_SERVER}"),
        ("http://pepper", f"the base URL {PLAIN}"),
    ],
)
def test_only_the_host_of_an_address_is_shown(address: str, told: str) -> None:
    with pytest.raises(UsageError) as raised:
        checked_base_url(address, "the base URL")

    assert raised.value.message == told
    assert raised.value.hint == "write https://HOST or, for a host on this machine, http://127.0.0.1:PORT"


@pytest.mark.parametrize(
    ("address", "usual"),
    [
        ("https://api.example.com", "https://api.example.com"),
        ("https://api.example.com/v1//", "https://api.example.com/v1"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("https://API.Example.com/", "https://api.example.com"),
        ("HTTPS://api.example.com:443/Path/", "https://api.example.com/Path"),
        ("http://LOCALHOST:80", "http://localhost"),
        ("http://localhost:443", "http://localhost:443"),
        ("https://[::1]:80", "https://[::1]:80"),
    ],
)
def test_the_address_of_an_api_is_normalized(address: str, usual: str) -> None:
    assert checked_base_url(address, "the base URL") == usual
