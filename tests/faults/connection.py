"""The network and the connection: refused, reset, closed, hung, dripping, behind TLS and proxies."""

from __future__ import annotations

from functools import partial

from guard.sandbox.faults import Fault
from tests.faults.row import REFUSED, WELL, Row, unknown
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
_connection = partial(Row, group="The connection")
_slow = partial(Row, group="Slowness")
_network = partial(Row, group="The network, TLS and proxies")
_UNREACHED = unknown("network", "deadline")
_authority = partial(over_tls, SSL_CERT_FILE="{authority}")

ROWS = (
    *(
        row
        for fault, words in _GONE.items()
        for row in (
            _connection(
                fault=f"{words}, once, to a read",
                answers=f"{{reads: [{fault}]}}",
                ends=WELL,
                timeout=8,
                requests=(4, 6),
            ),
            _connection(
                fault=f"{words}, once, to a trigger that took effect",
                answers=f"{{triggers: [{fault}]}}",
                ends=WELL,
                timeout=10,
                requests=(5, 7),
            ),
            _connection(
                fault=f"{words}, again and again",
                answers=f"{{any: [{fault}, again]}}",
                ends=unknown("deadline"),
                requests=(2, 4),
            ),
        )
    ),
    _connection(
        fault="a reset in mid-body, again and again, with all the time there is",
        answers=f"{{any: [{Fault.RESET_IN_BODY}, again]}}",
        ends=unknown("network"),
        timeout=30,
        requests=(5, 5),
    ),
    _connection(
        fault="closed in mid-body, without a Content-Length to tell by",
        answers=f"{{reads: [{Fault.CLOSE_WITHOUT_LENGTH}, again]}}",
        ends=unknown("bad_answer"),
        requests=(1, 1),
    ),
    *(
        _slow(
            fault=f"{words}, again and again",
            answers=f"{{any: [{fault}, again]}}",
            ends=unknown("deadline"),
            requests=(1, 1),
        )
        for fault, words in _SLOW.items()
    ),
    *(
        _slow(
            fault=f"{_SLOW[fault]}, once, to a read",
            answers=f"{{reads: [{fault}]}}",
            ends=WELL,
            timeout=20,
            requests=(4, 6),
        )
        for fault in (Fault.HANG_BEFORE_HEADERS, Fault.HANG_IN_BODY, Fault.DRIP)
    ),
    _slow(
        fault="a hang before the headers, once, to a trigger that took effect",
        answers=f"{{triggers: [{Fault.HANG_BEFORE_HEADERS}]}}",
        ends=WELL,
        timeout=20,
        requests=(5, 7),
    ),
    _slow(fault="300 ms before each answer", account="latency: 300ms", ends=WELL, requests=(3, 8)),
    _network(
        fault="nobody listens at the port", surroundings=at_a_closed_port, ends=unknown("deadline"), requests=(0, 0)
    ),
    _network(
        fault="a port where connections are never accepted",
        surroundings=at_a_port_that_never_accepts,
        ends=unknown("deadline"),
        requests=(0, 0),
    ),
    _network(
        fault="a host whose name nobody knows",
        surroundings=partial(elsewhere, base_url=f"https://{HOST}"),
        ends=_UNREACHED,
        requests=(0, 0),
    ),
    _network(fault="none: TLS by a known authority", surroundings=_authority, ends=WELL, requests=(3, 5)),
    _network(fault="a certificate by nobody we know", surroundings=over_tls, ends=_UNREACHED, requests=(0, 0)),
    _network(
        fault="a certificate that has expired",
        surroundings=partial(_authority, certificate="expired"),
        ends=_UNREACHED,
        requests=(0, 0),
    ),
    _network(
        fault="a certificate of another host",
        surroundings=partial(_authority, certificate="another"),
        ends=_UNREACHED,
        requests=(0, 0),
    ),
    _network(
        fault="SSL_CERT_FILE that is not there",
        surroundings=partial(over_tls, SSL_CERT_FILE="{folder}/none.pem"),
        ends=REFUSED,
        requests=(0, 0),
    ),
    _network(
        fault="SSL_CERT_FILE that holds no certificate",
        surroundings=partial(over_tls, SSL_CERT_FILE="/dev/null"),
        ends=REFUSED,
        requests=(0, 0),
    ),
    _network(
        fault="SSL_CERT_DIR that is empty",
        surroundings=partial(over_tls, SSL_CERT_DIR="{folder}"),
        ends=_UNREACHED,
        requests=(0, 0),
    ),
    _network(
        fault="SSLKEYLOGFILE in a folder that is not there",
        surroundings=partial(_authority, SSLKEYLOGFILE="{folder}/none/keys.log"),
        ends=REFUSED,
        requests=(0, 0),
    ),
    _network(
        fault="none: SSLKEYLOGFILE that can be written",
        surroundings=partial(_authority, SSLKEYLOGFILE="{folder}/keys.log"),
        ends=WELL,
        requests=(3, 5),
    ),
    *(
        _network(
            fault=f"{variable} in the environment, and a host on this machine",
            surroundings=partial(directly, proxy_variable=variable),
            ends=WELL,
            requests=(3, 5),
        )
        for variable in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY")
    ),
    *(
        _network(
            fault=f"none: {variable} with a password",
            surroundings=partial(through_a_proxy, variable=variable),
            ends=WELL,
            requests=(3, 5),
        )
        for variable in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY")
    ),
    *(
        _network(
            fault=f"a proxy that answers {answer.decode()} and tells what it was sent",
            surroundings=partial(through_a_proxy, variable="HTTPS_PROXY", answer=answer),
            ends=_UNREACHED,
            requests=(0, 0),
        )
        for answer in (b"407 Proxy Authentication Required", b"502 Bad Gateway")
    ),
    _network(
        fault="none: a proxy, and NO_PROXY with networks and IPv6 addresses of others",
        surroundings=partial(through_a_proxy, variable="HTTPS_PROXY", NO_PROXY="localhost,10.0.0.0/8,fd00::/8,[::1]"),
        ends=WELL,
        requests=(3, 5),
    ),
    _network(
        fault="a SOCKS proxy, and NO_PROXY for a host whose name nobody knows",
        surroundings=partial(past_a_proxy, scheme="socks5"),
        ends=_UNREACHED,
        requests=(0, 0),
    ),
    _network(
        fault="NO_PROXY for a host whose name nobody knows",
        surroundings=past_a_proxy,
        ends=_UNREACHED,
        requests=(0, 0),
    ),
    _network(
        fault="a proxy that is none",
        surroundings=partial(elsewhere, base_url=f"https://{HOST}", HTTPS_PROXY="gopher://127.0.0.1:9"),
        ends=REFUSED,
        requests=(0, 0),
    ),
)
