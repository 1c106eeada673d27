"""What stands between the command and the sandbox: nothing, TLS, proxies, or nobody who answers."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from guard.sandbox.server import Sandbox

HOST = "blueshift.invalid"
"""A name that no name server knows (RFC 6761)."""

PROXY_PASSWORD = "a-password-of-the-proxy"
_BLOCK = 65_536
_PATIENCE = 40.0  # seconds after which a connection that nobody uses is given up
_LONGEST_HEAD = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where the command finds the API, with which variables, and what strangers saw of it meanwhile.

    ``must_see`` is what they must have seen; without it, nothing at all may have come to them.
    """

    base_url: str
    environ: dict[str, str] = field(default_factory=dict)
    stranger: Stranger | None = None
    must_see: bytes | None = None


if TYPE_CHECKING:
    Surroundings = Callable[[Sandbox], AbstractContextManager[Setting]]


class Stranger:
    """Listens on loopback, keeps all that it is sent, and treats each connection as ``treat`` says."""

    def __init__(self, treat: Callable[[Stranger, socket.socket], None] | None) -> None:
        self.seen = bytearray()
        self.open: list[socket.socket] = []
        self._treat = treat
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        if self._treat:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self.open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def note(self, data: bytes) -> bytes:
        self.seen += data
        return data

    def join(self, one: socket.socket, port: int) -> None:
        """Pass on what comes, in both directions, until either side is done."""
        other = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
        self.open.append(other)
        back = threading.Thread(target=_pump, args=(other, one, lambda data: data), daemon=True)
        back.start()
        _pump(one, other, self.note)
        back.join(_PATIENCE)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.settimeout(_PATIENCE)
                self.open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        assert self._treat
        with contextlib.suppress(OSError, ValueError):
            self._treat(self, connection)
        with contextlib.suppress(OSError):
            connection.close()


def _pump(one: socket.socket, other: socket.socket, note: Callable[[bytes], bytes]) -> None:
    with contextlib.suppress(OSError, ValueError):
        while data := one.recv(_BLOCK):
            other.sendall(note(data))
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_WR)


def _listen(stranger: Stranger, connection: socket.socket) -> None:
    while data := connection.recv(_BLOCK):
        stranger.note(data)


def _speak_tls(stranger: Stranger, connection: socket.socket, *, certificate: Path, port: int) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with context.wrap_socket(connection, server_side=True) as wrapped:
        stranger.join(wrapped, port)


def _be_a_proxy(stranger: Stranger, connection: socket.socket, *, answer: bytes, port: int) -> None:
    head = stranger.note(_head(connection))
    if answer == b"200 OK":
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        stranger.join(connection, port)
    else:  # and tells what it was sent
        connection.sendall(b"HTTP/1.1 " + answer + b"\r\nContent-Length: %d\r\n\r\n" % len(head) + head)


def _head(connection: socket.socket) -> bytes:
    head = bytearray()
    for _ in range(_LONGEST_HEAD):
        head += connection.recv(_BLOCK)
        if head.endswith(b"\r\n\r\n"):
            break
    return bytes(head)


@contextmanager
def directly(sandbox: Sandbox, *, proxy_variable: str = "") -> Iterator[Setting]:
    """Let nothing stand between the two; a variable may name a proxy, which must see nothing."""
    with Stranger(_listen) as proxy:
        environ = {proxy_variable: f"http://127.0.0.1:{proxy.port}"} if proxy_variable else {}
        yield Setting(base_url=sandbox.url, environ=environ, stranger=proxy)


@contextmanager
def elsewhere(_sandbox: Sandbox, *, base_url: str, **variables: str) -> Iterator[Setting]:
    """Send the command to another address."""
    yield Setting(base_url=base_url, environ=variables)


@contextmanager
def at_a_closed_port(_sandbox: Sandbox) -> Iterator[Setting]:
    """Send the command where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield Setting(base_url=f"http://127.0.0.1:{taken.getsockname()[1]}")


@contextmanager
def at_a_port_that_never_accepts(_sandbox: Sandbox) -> Iterator[Setting]:
    """Send the command where somebody listens and accepts no connection."""
    with Stranger(None) as silent:
        yield Setting(base_url=f"http://127.0.0.1:{silent.port}")


@contextmanager
def over_tls(sandbox: Sandbox, certificate: str = "good", **variables: str) -> Iterator[Setting]:
    """Speak TLS with one of ``certificates``; ``{authority}`` and ``{folder}`` may stand in a variable."""
    with _tls(sandbox, certificate) as server, tempfile.TemporaryDirectory() as folder:
        places = {"authority": certificates() / "authority.pem", "folder": folder}
        environ = {name: text.format(**places) for name, text in variables.items()}
        yield Setting(base_url=f"https://127.0.0.1:{server.port}", environ=environ)


@contextmanager
def through_a_proxy(
    sandbox: Sandbox, *, variable: str, answer: bytes = b"200 OK", **variables: str
) -> Iterator[Setting]:
    """Reach the host through a proxy that wants a password; one that answers otherwise refuses."""
    with _tls(sandbox, "good") as server, Stranger(partial(_be_a_proxy, answer=answer, port=server.port)) as proxy:
        address = f"http://somebody:{PROXY_PASSWORD}@127.0.0.1:{proxy.port}"
        yield Setting(
            base_url=f"https://{HOST}",
            environ={variable: address, "SSL_CERT_FILE": str(certificates() / "authority.pem"), **variables},
            stranger=proxy,
            must_see=f"CONNECT {HOST}:443 HTTP/1.1\r\n".encode(),
        )


@contextmanager
def past_a_proxy(_sandbox: Sandbox, scheme: str = "http") -> Iterator[Setting]:
    """Name a proxy, and exempt the host by NO_PROXY."""
    with Stranger(_listen) as proxy:
        environ = {"ALL_PROXY": f"{scheme}://127.0.0.1:{proxy.port}", "NO_PROXY": f"fd00::/8,{HOST}"}
        yield Setting(base_url=f"https://{HOST}", environ=environ, stranger=proxy)


def _tls(sandbox: Sandbox, certificate: str) -> Stranger:
    port = urlsplit(sandbox.url).port or 0
    return Stranger(partial(_speak_tls, certificate=certificates() / f"{certificate}.pem", port=port))


@cache
def certificates() -> Path:
    """Return a folder with an authority, and certificates by it: ``good``, ``expired``, and for ``another`` host."""
    folder = Path(tempfile.mkdtemp(prefix="certificates-"))
    atexit.register(shutil.rmtree, folder)
    here = f"IP:127.0.0.1,DNS:{HOST}"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    authority = ["-x509", "-keyout", "authority.key", "-out", "authority.pem", "-subj", "/CN=An authority for tests"]
    # From Python 3.13 on, certificates are held to all of RFC 5280 (ssl.VERIFY_X509_STRICT).
    _openssl(folder, "req", *curve, *authority, "-days", "2", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    for name, subject, days in [("good", here, "2"), ("expired", here, "-1"), ("another", "DNS:another.test", "2")]:
        request = ["-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", "/CN=A server for tests"]
        _openssl(folder, "req", "-new", *curve, *request)
        extensions = f"subjectAltName={subject}\nauthorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n"
        (folder / f"{name}.ext").write_text(extensions, encoding="ascii")
        signing = ["-CA", "authority.pem", "-CAkey", "authority.key", "-extfile", f"{name}.ext", "-out", f"{name}.pem"]
        _openssl(folder, "x509", "-req", "-in", f"{name}.csr", *signing, "-days", days)
        with (folder / f"{name}.pem").open("ab") as file:
            file.write((folder / f"{name}.key").read_bytes())
    return folder


def _openssl(folder: Path, *arguments: str) -> None:
    environ = {"PATH": os.environ.get("PATH", os.defpath)}
    command = ["openssl", *arguments]
    subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True, timeout=30)
