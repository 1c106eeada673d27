"""Answers of status 200 that are none: other contents, other counts, other names."""

from __future__ import annotations

import json
from functools import partial

from guard.sandbox.faults import Fault
from tests.faults.row import EMPTY, KEY, WELL, Row, unknown

_contents = partial(Row, group="Contents of an answer")
_count = partial(Row, group="Counts")
_name = partial(Row, group="Names in the account's list")

_CONTENTS = {
    Fault.EMPTY: "nothing",
    Fault.HTML: "HTML, as a captive portal answers",
    Fault.NULL: "null",
    Fault.LIST: "the object in a list",
    Fault.TEXT: "the object in a text",
    Fault.MESSAGE: "an error's body",
    Fault.ECHO: "what was sent, key and all",
    Fault.ECHO_UTF16: "what was sent, key and all, in UTF-16",
    Fault.ECHO_BASE64: "the Base64 of the key alone",
    Fault.TRUNCATED: "JSON without its end",
    Fault.OVERSIZED: "100 KB",
    Fault.ENDLESS: "a body without end",
    Fault.GZIP_BOMB: "32 MB behind 32 KB of gzip that nobody asked for",
    Fault.BAD_UTF8: "bytes that are no UTF-8",
    Fault.DEEP: "a value 30,000 levels deep",
    Fault.DUPLICATE_KEYS: "a key twice",
}


def _spelled_out(text: str) -> str:
    return "".join(f"\\u{ord(character):04x}" for character in text)


_NO_COUNTS = {
    "a number in quotes": '"150"',
    "half a person": "150.5",
    "1e3": "1e3",
    "1.5e2": "1.5e2",
    "true": "true",
    "below zero": "-5",
    "NaN": "NaN",
    "Infinity": "Infinity",
    "in a list": "[150]",
    "an object": "{}",
    "2 to the 63rd": str(2**63),
    "10 to the 30th": str(10**30),
    "5,000 digits": "9" * 5000,
    "null": "null",
    "absent": "absent",
    "in quotes, and full-width": '"\uff11\uff15\uff10"',
    "01": "0150",
    "the key, in JSON's other spelling, where the text is cut": f'"{"x" * 30}{_spelled_out(KEY)}"',
}
_STATUSES = {"absent": "absent", "unknown": '"done"', "in capitals": '"READY"', "null": "null", "true": "true"}
NASTY = 'a]]>&<b>"%\n::error::x,y:z\x07\x1b[31m|`<!channel>=1+1'


def _says(**fields: str) -> str:
    """Return a turn in which the fields have this JSON; JSON's own quoting is good YAML."""
    said = ", ".join(f"{name}: {json.dumps(text, ensure_ascii=False)}" for name, text in fields.items())
    return f"{{says: {{{said}}}}}"


ROWS = (
    *(
        row
        for fault, words in _CONTENTS.items()
        for row in (
            _contents(
                fault=f"{words}, to a read",
                answers=f"{{reads: [{fault}]}}",
                ends=unknown("bad_answer"),
                requests=(1, 1),
            ),
            _contents(
                fault=f"{words}, to the last look",
                answers=f"{{any: [well, well], reads: [{fault}]}}",
                ends=unknown("bad_answer"),
                requests=(3, 3),
            ),
        )
    ),
    _contents(
        fault="HTML, as a captive portal answers, to a trigger",
        answers="{triggers: [html]}",
        ends=unknown("bad_answer"),
        requests=(2, 2),
    ),
    _contents(
        fault="the key beside a count, in JSON's other spelling",
        answers="{any: [echo-escaped, again]}",
        ends=WELL,
        requests=(3, 5),
    ),
    _contents(
        fault="5,000 digits where nobody looks", answers="{reads: [long-number, again]}", ends=WELL, requests=(3, 5)
    ),
    *(
        _contents(
            fault=f"refresh_status {words}",
            answers=f"{{any: [well, well], reads: [{_says(refresh_status=text)}, again]}}",
            ends=unknown("bad_answer"),
            requests=(3, 3),
        )
        for words, text in _STATUSES.items()
    ),
    *(
        _count(
            fault=f"a count that is {words}",
            answers=f"{{reads: [{_says(email_users=text)}, again]}}",
            ends=unknown("bad_answer"),
            requests=(1, 5),
        )
        for words, text in _NO_COUNTS.items()
    ),
    _count(
        fault="a whole count with a decimal point",
        answers=f"{{reads: [{_says(email_users='150.0')}, again]}}",
        ends=WELL,
        requests=(3, 5),
    ),
    _count(fault="nobody, counted afresh", segment="fresh: {email: 0}", ends=EMPTY, requests=(3, 5)),
    _count(
        fault="another channel that makes no sense",
        answers=f"{{reads: [{_says(sms_users='{}', approxusers='absent')}, again]}}",
        ends=WELL,
        requests=(3, 5),
    ),
    _name(
        fault="a name made to break out of every format",
        name=json.dumps(NASTY),
        audience=f"name: {json.dumps(NASTY)}",
        ends=WELL,
        requests=(4, 9),
    ),
    _name(
        fault="such a name, for a segment that is archived",
        name=json.dumps(NASTY),
        segment="archived: true",
        audience=f"name: {json.dumps(NASTY)}",
        ends=unknown("archived"),
        requests=(1, 5),
    ),
    _name(
        fault="such a name, not quite the one that is looked for",
        name=json.dumps(NASTY),
        audience=f"name: {json.dumps(NASTY[:-1])}",
        ends=unknown("not_found"),
        requests=(1, 5),
    ),
)
