"""Checks addresses that secrets are sent to: https, or http only on this machine."""

from __future__ import annotations

import ipaddress
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from guard.core.errors import QuotedError, UsageError
from guard.core.text import is_quoted, printable, shortened

if TYPE_CHECKING:
    import ssl
    from urllib.parse import SplitResult

_USUAL_PORTS = {"http": ":80", "https": ":443"}
_HINT = "write https://HOST or, for a host on this machine, http://127.0.0.1:PORT"


def is_loopback(address: str) -> bool:
    """Whether the address is on this machine."""
    parts = _parts(address)
    host = (parts.hostname if parts else None) or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def fault(address: str) -> str | None:
    """Return why no secret may go to the address, in a phrase without any part of it; None if one may."""
    if not address.isascii() or not address.isprintable() or " " in address:
        return "contains a character that addresses never have"
    parts = _parts(address)
    if parts is None:
        return "is not an address"
    if parts.scheme not in {"http", "https"} or not re.fullmatch(r"[A-Za-z0-9.:-]+", parts.hostname or ""):
        return "is not the address of a web server"
    if parts.username is not None or parts.password is not None:
        return "contains a user name or password"
    if parts.scheme == "http" and not is_loopback(address):
        return "uses plain http, which others on the network can read"
    return None


def authorities(address: str) -> ssl.SSLContext:
    """Return the TLS context: for https with the usual authorities (or SSL_CERT_FILE's), for http an empty one.

    Loading the authorities takes a large part of a short run. Raises ``OSError`` for a file without authorities, and
    for a pipe, which could block for ever.
    """
    import ssl  # noqa: PLC0415 - slow to import, and addresses are also checked where nothing is sent

    import httpx  # noqa: PLC0415 - see above

    if address.startswith("http:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    bundle, key_log = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSLKEYLOGFILE")
    if bundle and not Path(bundle).is_file():
        raise OSError(f"SSL_CERT_FILE names {bundle}, which does not exist or is not a file")
    if key_log and Path(key_log).is_fifo():
        raise OSError(f"SSLKEYLOGFILE names {key_log}, which is a pipe")
    return httpx.create_ssl_context()


def checked_base_url(address: str, what: str) -> str:
    """Return the address of an API in its usual form, without a final slash.

    Raises ``UsageError``, which names ``what`` address it is and its host, if it contains more than a host and a path,
    or if no secret may go there.
    """
    if is_quoted(address):
        raise QuotedError(what)
    parts = _parts(address)
    shown = what
    if parts and "." in (parts.hostname or ""):  # a host without a dot may be a secret
        shown = f"{what} {printable(shortened(f'{parts.scheme}://{parts.hostname}'))}"
    if found := fault(address):
        raise UsageError(f"{shown} {found}", hint=_HINT)
    if parts is None or parts.query or parts.fragment or not re.fullmatch(r"[A-Za-z0-9._~/-]*", parts.path):
        raise UsageError(f"{shown} contains more than a host and a path", hint=_HINT)
    host = parts.netloc.lower().removesuffix(_USUAL_PORTS[parts.scheme])
    return f"{parts.scheme}://{host}{parts.path}".rstrip("/")


def _parts(address: str) -> SplitResult | None:
    """Return the parts of an address, or None if it is not valid.

    Brackets have to contain an IPv6 address, with at most a port after them: other parsers find another host there.
    """
    try:
        parts = urlsplit(address)
        port = parts.port
        server = parts.netloc.rpartition("@")[2]
        if "[" in server or "]" in server:
            inside, bracket, behind = server.removeprefix("[").partition("]")
            ipaddress.IPv6Address(inside)
            if not (server.startswith("[") and bracket and re.fullmatch("(:[0-9]*)?", behind)):
                return None
    except ValueError:
        return None
    return None if port == 0 else parts
