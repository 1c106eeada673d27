"""Addresses that secrets are sent to: https, or http on this machine alone."""

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
    """Whether the address is on this machine, which is never reached through a proxy."""
    parts = _parts(address)
    host = (parts.hostname if parts else None) or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def fault(address: str) -> str | None:
    """Return why no secret may go to the address, in a phrase that holds nothing of it; None when one may."""
    if not address.isascii() or not address.isprintable() or " " in address:
        return "holds a character that no address has"
    parts = _parts(address)
    if parts is None:
        return "is not an address"
    if parts.scheme not in {"http", "https"} or not re.fullmatch(r"[A-Za-z0-9.:-]+", parts.hostname or ""):
        return "is not an address of a web server"
    if parts.username is not None or parts.password is not None:
        return "holds a user name or password"
    if parts.scheme == "http" and not is_loopback(address):
        return "is plain http, which anybody on the way can read"
    return None


def authorities(address: str) -> ssl.SSLContext:
    """Return whom to trust: for https the usual authorities (or SSL_CERT_FILE's), for plain http nobody at all.

    Loading the authorities takes a good part of a short run, so it is not done where no TLS is spoken. Raises
    ``OSError`` for what is no file with authorities, and for a pipe, which would be waited for without end.
    """
    import ssl  # noqa: PLC0415 - addresses are looked at where nothing is sent, too

    import httpx  # noqa: PLC0415 - see above

    if address.startswith("http:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    bundle, key_log = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSLKEYLOGFILE")
    if bundle and not Path(bundle).is_file():
        raise OSError(f"SSL_CERT_FILE names {bundle}, which is not there, or is not a file")
    if key_log and Path(key_log).is_fifo():
        raise OSError(f"SSLKEYLOGFILE names {key_log}, which is a pipe")
    return httpx.create_ssl_context()


def checked_base_url(address: str, what: str) -> str:
    """Return the address of an API in its usual form, without a final slash.

    It holds a host and a path, and secrets may go there. Raises ``UsageError``, which says ``what`` address it is and
    which host it names, where it is not like that.
    """
    if is_quoted(address):
        raise QuotedError(what)
    parts = _parts(address)
    shown = what
    if parts and "." in (parts.hostname or ""):  # what has no dot may be a secret, put there by mistake
        shown = f"{what} {printable(shortened(f'{parts.scheme}://{parts.hostname}'))}"
    if found := fault(address):
        raise UsageError(f"{shown} {found}", hint=_HINT)
    if parts is None or parts.query or parts.fragment or not re.fullmatch(r"[A-Za-z0-9._~/-]*", parts.path):
        raise UsageError(f"{shown} holds more than a host and a path", hint=_HINT)
    host = parts.netloc.lower().removesuffix(_USUAL_PORTS[parts.scheme])
    return f"{parts.scheme}://{host}{parts.path}".rstrip("/")


def _parts(address: str) -> SplitResult | None:
    """Return the parts of an address whose port is one, or None.

    Brackets hold an IPv6 address and nothing but a port follows, since other parsers find another host there.
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
