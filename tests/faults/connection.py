"""The network and the connection: refused, reset, closed, hung, dripping, behind TLS and proxies."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from guard.sandbox.faults import Fault
from tests.faults.row import BAD_ANSWER, DEADLINE, REFUSED, WELL, Ending, Row, always, reads, triggers, unknown
from tests.faults.surroundings import (
    HOST,
    at_a_closed_port,
    at_a_port_that_never_accepts,
    directly,
    elsewhere,
    over_tls,
    past_a_proxy,
    through_a_proxy,
)

if TYPE_CHECKING:
    from tests.faults.surroundings import Surroundings

_GONE = {
    Fault.RESET_BEFORE_HEADERS: "a reset before the headers",
    Fault.RESET_BETWEEN_HEADERS: "a reset between the headers",
    Fault.RESET_AFTER_HEADERS: "a reset after the headers",
    Fault.RESET_IN_BODY: "a reset in mid-body",
    Fault.CLOSE_BEFORE_HEADERS: "closed without an answer",
    Fault.CLOSE_IN_BODY: "closed in mid-body, before its Content-Length",
    Fault.HUGE_HEADERS: "200 KB of headers",
    Fault.TWO_LENGTHS: "two Content-Lengths that disagree",
}
_SLOW = {
    Fault.HANG_BEFORE_HEADERS: "a hang before the headers",
    Fault.HANG_AFTER_HEADERS: "a hang after the headers",
    Fault.HANG_IN_BODY: "a hang in mid-body",
    Fault.DRIP: "a byte every tenth of a second",
    Fault.ENDLESS_CONTINUE: "100 Continue without end",
    Fault.ENDLESS_HINTS: "103 Early Hints without end",
}
_connection = partial(Row, "The connection")
_slow = partial(Row, "Slowness")
_UNREACHED = unknown("network", "deadline")
_authority = partial(over_tls, SSL_CERT_FILE="{authority}")


def _network(fault: str, ends: Ending, surroundings: Surroundings) -> Row:
    """Return a row in which requests reach the sandbox only if the run ends well."""
    requests = (3, 5) if ends is WELL else (0, 0)
    return Row("The network, TLS and proxies", fault, ends, surroundings=surroundings, requests=requests)


ROWS = (
    *(
        row
        for fault, words in _GONE.items()
        for row in (
            _connection(f"{words}, once, to a read", WELL, reads(fault), timeout=8, requests=(4, 6)),
            _connection(
                f"{words}, once, to a trigger that took effect", WELL, triggers(fault), timeout=10, requests=(5, 7)
            ),
            _connection(f"{words}, again and again", DEADLINE, always(fault), requests=(2, 4)),
        )
    ),
    _connection(
        "a reset in mid-body, again and again, with all the time there is",
        unknown("network"),
        always(Fault.RESET_IN_BODY),
        timeout=30,
        requests=(5, 5),
    ),
    _connection(
        "closed in mid-body, without a Content-Length to tell by",
        BAD_ANSWER,
        reads(Fault.CLOSE_WITHOUT_LENGTH, "again"),
        requests=(1, 1),
    ),
    *(_slow(f"{words}, again and again", DEADLINE, always(fault), requests=(1, 1)) for fault, words in _SLOW.items()),
    *(
        _slow(f"{_SLOW[fault]}, once, to a read", WELL, reads(fault), timeout=20, requests=(4, 6))
        for fault in (Fault.HANG_BEFORE_HEADERS, Fault.HANG_IN_BODY, Fault.DRIP)
    ),
    _slow(
        "a hang before the headers, once, to a trigger that took effect",
        WELL,
        triggers(Fault.HANG_BEFORE_HEADERS),
        timeout=20,
        requests=(5, 7),
    ),
    _slow("300 ms before each answer", WELL, account="latency: 300ms", requests=(3, 8)),
    _network("nobody listens at the port", DEADLINE, at_a_closed_port),
    _network("a port where connections are never accepted", DEADLINE, at_a_port_that_never_accepts),
    _network("a host whose name nobody knows", _UNREACHED, partial(elsewhere, base_url=f"https://{HOST}")),
    _network("none: TLS by a known authority", WELL, _authority),
    _network("a certificate by nobody we know", _UNREACHED, over_tls),
    _network("a certificate that has expired", _UNREACHED, partial(_authority, certificate="expired")),
    _network("a certificate of another host", _UNREACHED, partial(_authority, certificate="another")),
    _network("SSL_CERT_FILE that is not there", REFUSED, partial(over_tls, SSL_CERT_FILE="{folder}/none.pem")),
    _network("SSL_CERT_FILE that holds no certificate", REFUSED, partial(over_tls, SSL_CERT_FILE="/dev/null")),
    _network("SSL_CERT_DIR that is empty", _UNREACHED, partial(over_tls, SSL_CERT_DIR="{folder}")),
    _network(
        "SSLKEYLOGFILE in a folder that is not there",
        REFUSED,
        partial(_authority, SSLKEYLOGFILE="{folder}/none/keys.log"),
    ),
    _network("none: SSLKEYLOGFILE that can be written", WELL, partial(_authority, SSLKEYLOGFILE="{folder}/keys.log")),
    *(
        _network(
            f"{variable} in the environment, and a host on this machine",
            WELL,
            partial(directly, proxy_variable=variable),
        )
        for variable in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY")
    ),
    *(
        _network(f"none: {variable} with a password", WELL, partial(through_a_proxy, variable=variable))
        for variable in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY")
    ),
    *(
        _network(
            f"a proxy that answers {answer.decode()} and tells what it was sent",
            _UNREACHED,
            partial(through_a_proxy, variable="HTTPS_PROXY", answer=answer),
        )
        for answer in (b"407 Proxy Authentication Required", b"502 Bad Gateway")
    ),
    _network(
        "none: a proxy, and NO_PROXY with networks and IPv6 addresses of others",
        WELL,
        partial(through_a_proxy, variable="HTTPS_PROXY", NO_PROXY="localhost,10.0.0.0/8,fd00::/8,[::1]"),
    ),
    _network(
        "a SOCKS proxy, and NO_PROXY for a host whose name nobody knows",
        _UNREACHED,
        partial(past_a_proxy, scheme="socks5"),
    ),
    _network("NO_PROXY for a host whose name nobody knows", _UNREACHED, past_a_proxy),
    _network(
        "a proxy that is none",
        REFUSED,
        partial(elsewhere, base_url=f"https://{HOST}", HTTPS_PROXY="gopher://127.0.0.1:9"),
    ),
)
