"""Statuses: every one that the API names, some that it does not, redirects, and each form of Retry-After."""

from __future__ import annotations

from functools import partial

from tests.faults.row import BAD_ANSWER, DEADLINE, WELL, Row, always, last_look, reads, triggers, unknown

_status = partial(Row, "Statuses")
_body = partial(Row, "Bodies of errors")
_limit = partial(Row, "Rate limits")

_PASSING = (409, 500, 502, 503, 504)
_FINAL = {
    400: BAD_ANSWER,
    401: unknown("refused_key"),
    403: unknown("refused_key"),
    407: unknown("network"),
    422: BAD_ANSWER,
}
_NO_ANSWER = (202, 204, 206, 299, 304)
_REDIRECTS = {
    "to itself": "/api/v1/segments/00000000-0000-4000-8000-000000000001/matching_users.json",
    "to another host": "https://elsewhere.invalid/",
    "to plain http": "http://elsewhere.invalid/",
    "to nowhere": "//",
}
_ONE_LOOK = {
    "-1": "below zero",
    "soon": "a word",
    "1e99": "a number that is none",
    "0": "none at all",
    "2": "seconds",
    "Mon, 23 Nov 2020 12:00:00 GMT": "a date in the past",
    "Mon, 99 Nov 2020 12:00:00 GMT": "a date that is none",
}
_TOO_LONG = {
    "3600": "an hour",
    "Mon, 23 Nov 2099 12:00:00 GMT": "a date far ahead",
    "9" * 400: "400 digits",
}

ROWS = (
    *(
        row
        for status in _PASSING
        for row in (
            _status(f"{status}, twice, to a read", WELL, reads(status, status), timeout=10, requests=(5, 7)),
            _status(f"{status}, once, to a trigger", WELL, triggers(status), timeout=8, requests=(5, 7)),
            _status(f"{status}, again and again", DEADLINE, always(status), requests=(2, 4)),
        )
    ),
    _status(
        "503, again and again, with all the time there is",
        unknown("server_error"),
        always(503),
        timeout=30,
        requests=(5, 5),
    ),
    *(
        row
        for status, ending in _FINAL.items()
        for row in (
            _status(f"{status}, once, to a read", ending, reads(status), requests=(1, 1)),
            _status(f"{status}, once, to a trigger", ending, triggers(status), requests=(2, 2)),
        )
    ),
    _status("404, once, to a read", WELL, reads(404), timeout=8, requests=(4, 6)),
    _status("404, once, to a trigger", WELL, triggers(404), timeout=8, requests=(5, 7)),
    _status("404, again and again", unknown("not_found"), always(404), requests=(2, 2)),
    *(
        row
        for status in _NO_ANSWER
        for row in (
            _status(f"{status} with what was asked for, to a read", BAD_ANSWER, reads(status), requests=(1, 1)),
            _status(
                f"{status} with what was asked for, to the last look", BAD_ANSWER, last_look(status), requests=(3, 3)
            ),
        )
    ),
    *(
        _status(
            f"a redirect {words}",
            BAD_ANSWER,
            reads(f'{{status: 302, location: "{location}"}}', "again"),
            requests=(1, 1),
        )
        for words, location in _REDIRECTS.items()
    ),
    _status(
        "every other read and every other trigger answered 503",
        WELL,
        "{reads: [503, well, again], triggers: [503, well, again]}",
        timeout=20,
        requests=(6, 20),
    ),
    _status(
        "every other answer 503, so that no trigger ever comes through", DEADLINE, always(503, "well"), requests=(3, 9)
    ),
    _status(
        "an outage of three answers in mid-run",
        WELL,
        last_look(503, 503, 503),
        timeout=20,
        refresh_timeout=15,
        requests=(6, 8),
    ),
    *(
        _body(
            f"400 with the body of the fault {fault}",
            BAD_ANSWER,
            reads(f"{{status: 400, fault: {fault}}}"),
            requests=(1, 1),
        )
        for fault in ("message", "errors", "error", "empty", "html", "deep", "oversized", "gzip-bomb", "bad-utf8")
    ),
    *(
        _body(
            f"{status} with a page of a firewall's, in place of Blueshift's own words",
            unknown("network"),
            always(f"{{status: {status}, fault: html}}"),
            requests=(1, 1),
        )
        for status in (401, 403, 404)
    ),
    *(
        _body(
            f"{status} that tells what it was sent, key and all",
            unknown(reason),
            always(f"{{status: {status}, fault: echo}}"),
            requests=(1, 9),
        )
        for status, reason in (
            (302, "bad_answer"),
            (400, "bad_answer"),
            (401, "refused_key"),
            (403, "refused_key"),
            (404, "not_found"),
            (422, "bad_answer"),
            (429, "rate_limited"),
            (500, "deadline"),
        )
    ),
    *(
        _body(f"400 that tells the key {words}", BAD_ANSWER, reads(f"{{status: 400, fault: {fault}}}"), requests=(1, 1))
        for fault, words in (("echo-utf16", "in UTF-16"), ("echo-base64", "in Base64"), ("echo-escaped", "by number"))
    ),
    *(
        _limit(
            f"429, once, with a Retry-After of {words}",
            WELL,
            reads(f"{{status: 429, retry_after: '{text}'}}"),
            timeout=8,
            requests=(4, 6),
        )
        for text, words in _ONE_LOOK.items()
    ),
    *(
        _limit(
            f"429, once, with a Retry-After of {words}",
            unknown("rate_limited"),
            reads(f"{{status: 429, retry_after: '{text}'}}"),
            requests=(1, 1),
        )
        for text, words in _TOO_LONG.items()
    ),
    _limit(
        "503, once, with a Retry-After of an hour",
        unknown("server_error"),
        reads("{status: 503, retry_after: '3600'}"),
        requests=(1, 1),
    ),
    _limit("429, twice, without a Retry-After", WELL, reads(429, 429), timeout=12, requests=(5, 7)),
    _limit("429, once, to a trigger", WELL, triggers(429), timeout=8, requests=(5, 7)),
    _limit("429, again and again, without a Retry-After", unknown("rate_limited"), always(429), requests=(2, 4)),
    _limit(
        "429, again and again, with a Retry-After of none at all",
        unknown("rate_limited", "deadline"),
        always("{status: 429, retry_after: '0'}"),
        requests=(4, 8),
    ),
    _limit(
        "a limit of 2 requests a second where the rules allow 200",
        WELL,
        account="rate_limit: {requests_per_second: 2}",
        timeout=12,
        requests=(3, 12),
    ),
)
