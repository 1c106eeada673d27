"""Chooses the proxy for one address from the standard environment variables.

HTTP libraries read these variables for all hosts, and fail on an entry that they do not understand.
"""

from __future__ import annotations

import ipaddress
import os
import re
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies

from guard.core.errors import QuotedError, UsageError
from guard.core.text import is_quoted
from guard.security.addresses import is_loopback
from guard.security.keyring import scrubbed

if TYPE_CHECKING:
    from urllib.parse import SplitResult

_USUAL_PORTS = {"http": 80, "https": 443}
_ENTRY = re.compile(r"(?:[a-z]+://)?(\[[^\]]*\]|[^:]*|.*:.*:.*?)(?::([0-9]{1,5}))?")


def proxy_for(address: str) -> str | None:
    """Return the address of the proxy for an address, or None if it has none; loopback never has one.

    Raises ``UsageError``, which names the variable but not its value, which may contain a password.
    """
    if is_loopback(address):
        return None
    settings, parts = getproxies(), urlsplit(address)
    kind = next((kind for kind in (parts.scheme, "all") if settings.get(kind)), None)
    if kind is None or _is_excepted(parts, settings.get("no", "")):
        return None
    name = f"{kind}_proxy"
    return _checked(settings[kind], name if os.environ.get(name) else name.upper())


def _is_excepted(parts: SplitResult, entries: str) -> bool:
    """Whether NO_PROXY names the host; an entry that is not valid has no effect."""
    host = (parts.hostname or "").rstrip(".")
    port = parts.port or _USUAL_PORTS.get(parts.scheme)
    for entry in re.split(r"[,\s]+", entries.lower()):
        found = _ENTRY.fullmatch(entry)
        if found and found[2] in {None, str(port)} and _covers(found[1], host):
            return True
    return False


def _covers(name: str, host: str) -> bool:
    """Whether the name is the host, a domain or network that contains it, or ``*``."""
    try:
        own = ipaddress.ip_address(host)
    except ValueError:
        domain = name.removeprefix("*").strip(".")
        return name == "*" or (bool(domain) and f".{host}".endswith(f".{domain}"))
    try:
        return name == "*" or own in ipaddress.ip_network(name.strip("[]"), strict=False)
    except ValueError:
        return False


def _checked(proxy: str, variable: str) -> str:
    """Return the proxy's address with a scheme, or raise ``UsageError`` if httpx cannot use it."""
    import httpx  # noqa: PLC0415 - most hosts need no proxy

    if is_quoted(proxy):
        raise QuotedError(f"the variable {variable}")
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    try:
        url = httpx.Proxy(proxy).url
        host = url.host
    except (httpx.InvalidURL, ValueError):
        host = ""
    if not host:
        raise UsageError(
            f"the variable {variable} is not the address of a proxy",
            hint=f"write {variable}=http://HOST:PORT, and %23, %2F and %40 for #, / and @ in a password",
        )
    if scrubbed(host) != host:
        raise UsageError(
            f"the variable {variable} contains a secret instead of a proxy's address",
            hint=f"write {variable}=http://HOST:PORT, and put the secret into its own variable",
        )
    if url.scheme.startswith("socks") and find_spec("socksio") is None:
        raise UsageError(
            f"the variable {variable} names a SOCKS proxy, and the package socksio is not installed",
            hint="install socksio, name an http:// proxy, or name this host in NO_PROXY",
        )
    return proxy
