"""Statuses: every one that the API names, some that it does not, redirects, and each form of Retry-After."""

from __future__ import annotations

from functools import partial

from tests.faults.row import WELL, Ending, Row, unknown

_status = partial(Row, group="Statuses")
_body = partial(Row, group="Bodies of errors")
_limit = partial(Row, group="Rate limits")

_PASSING = (409, 500, 502, 503, 504)
_FINAL: dict[int, Ending] = {
    400: unknown("bad_answer"),
    401: unknown("refused_key"),
    403: unknown("refused_key"),
    407: unknown("network"),
    422: unknown("bad_answer"),
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
            _status(
                fault=f"{status}, twice, to a read",
                answers=f"{{reads: [{status}, {status}]}}",
                ends=WELL,
                timeout=10,
                requests=(5, 7),
            ),
            _status(
                fault=f"{status}, once, to a trigger",
                answers=f"{{triggers: [{status}]}}",
                ends=WELL,
                timeout=8,
                requests=(5, 7),
            ),
            _status(
                fault=f"{status}, again and again",
                answers=f"{{any: [{status}, again]}}",
                ends=unknown("deadline"),
                requests=(2, 4),
            ),
        )
    ),
    _status(
        fault="503, again and again, with all the time there is",
        answers="{any: [503, again]}",
        ends=unknown("server_error"),
        timeout=30,
        requests=(5, 5),
    ),
    *(
        row
        for status, ending in _FINAL.items()
        for row in (
            _status(fault=f"{status}, once, to a read", answers=f"{{reads: [{status}]}}", ends=ending, requests=(1, 1)),
            _status(
                fault=f"{status}, once, to a trigger",
                answers=f"{{triggers: [{status}]}}",
                ends=ending,
                requests=(2, 2),
            ),
        )
    ),
    _status(fault="404, once, to a read", answers="{reads: [404]}", ends=WELL, timeout=8, requests=(4, 6)),
    _status(fault="404, once, to a trigger", answers="{triggers: [404]}", ends=WELL, timeout=8, requests=(5, 7)),
    _status(fault="404, again and again", answers="{any: [404, again]}", ends=unknown("not_found"), requests=(2, 2)),
    *(
        row
        for status in _NO_ANSWER
        for row in (
            _status(
                fault=f"{status} with what was asked for, to a read",
                answers=f"{{reads: [{status}]}}",
                ends=unknown("bad_answer"),
                requests=(1, 1),
            ),
            _status(
                fault=f"{status} with what was asked for, to the last look",
                answers=f"{{any: [well, well], reads: [{status}]}}",
                ends=unknown("bad_answer"),
                requests=(3, 3),
            ),
        )
    ),
    *(
        _status(
            fault=f"a redirect {words}",
            answers=f'{{reads: [{{status: 302, location: "{location}"}}, again]}}',
            ends=unknown("bad_answer"),
            requests=(1, 1),
        )
        for words, location in _REDIRECTS.items()
    ),
    _status(
        fault="every other read and every other trigger answered 503",
        answers="{reads: [503, well, again], triggers: [503, well, again]}",
        ends=WELL,
        timeout=20,
        requests=(6, 20),
    ),
    _status(
        fault="every other answer 503, so that no trigger ever comes through",
        answers="{any: [503, well, again]}",
        ends=unknown("deadline"),
        requests=(3, 9),
    ),
    _status(
        fault="an outage of three answers in mid-run",
        answers="{any: [well, well], reads: [503, 503, 503]}",
        ends=WELL,
        timeout=20,
        refresh_timeout=15,
        requests=(6, 8),
    ),
    *(
        _body(
            fault=f"400 with the body of the fault {fault}",
            answers=f"{{reads: [{{status: 400, fault: {fault}}}]}}",
            ends=unknown("bad_answer"),
            requests=(1, 1),
        )
        for fault in ("message", "errors", "error", "empty", "html", "deep", "oversized", "gzip-bomb", "bad-utf8")
    ),
    *(
        _body(
            fault=f"{status} with a page of a firewall's, in place of Blueshift's own words",
            answers=f"{{any: [{{status: {status}, fault: html}}, again]}}",
            ends=unknown("network"),
            requests=(1, 1),
        )
        for status in (401, 403, 404)
    ),
    *(
        _body(
            fault=f"{status} that tells what it was sent, key and all",
            answers=f"{{any: [{{status: {status}, fault: echo}}, again]}}",
            ends=unknown(*reasons),
            requests=(1, 9),
        )
        for status, *reasons in (
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
        _body(
            fault=f"400 that tells the key {words}",
            answers=f"{{reads: [{{status: 400, fault: {fault}}}]}}",
            ends=unknown("bad_answer"),
            requests=(1, 1),
        )
        for fault, words in (("echo-utf16", "in UTF-16"), ("echo-base64", "in Base64"), ("echo-escaped", "by number"))
    ),
    *(
        _limit(
            fault=f"429, once, with a Retry-After of {words}",
            answers=f"{{reads: [{{status: 429, retry_after: '{text}'}}]}}",
            ends=WELL,
            timeout=8,
            requests=(4, 6),
        )
        for text, words in _ONE_LOOK.items()
    ),
    *(
        _limit(
            fault=f"429, once, with a Retry-After of {words}",
            answers=f"{{reads: [{{status: 429, retry_after: '{text}'}}]}}",
            ends=unknown("rate_limited"),
            requests=(1, 1),
        )
        for text, words in _TOO_LONG.items()
    ),
    _limit(
        fault="503, once, with a Retry-After of an hour",
        answers="{reads: [{status: 503, retry_after: '3600'}]}",
        ends=unknown("server_error"),
        requests=(1, 1),
    ),
    _limit(
        fault="429, twice, without a Retry-After",
        answers="{reads: [429, 429]}",
        ends=WELL,
        timeout=12,
        requests=(5, 7),
    ),
    _limit(fault="429, once, to a trigger", answers="{triggers: [429]}", ends=WELL, timeout=8, requests=(5, 7)),
    _limit(
        fault="429, again and again, without a Retry-After",
        answers="{any: [429, again]}",
        ends=unknown("rate_limited"),
        requests=(2, 4),
    ),
    _limit(
        fault="429, again and again, with a Retry-After of none at all",
        answers="{any: [{status: 429, retry_after: '0'}, again]}",
        ends=unknown("rate_limited", "deadline"),
        requests=(4, 8),
    ),
    _limit(
        fault="a limit of 2 requests a second where the rules allow 200",
        account="rate_limit: {requests_per_second: 2}",
        ends=WELL,
        timeout=12,
        requests=(3, 12),
    ),
)
