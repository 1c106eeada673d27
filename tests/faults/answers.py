"""Answers of status 200 that are none: other contents, other counts, other names."""

from __future__ import annotations

import json
from functools import partial

from guard.sandbox.faults import Fault
from tests.faults.row import BAD_ANSWER, EMPTY, FRESH, KEY, WELL, Row, always, last_look, reads, says, triggers, unknown

_contents = partial(Row, "Contents of an answer")
_count = partial(Row, "Counts")

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
_NASTY = 'a]]>&<b>"%\n::error::x,y:z\x07\x1b[31m|`<!channel>=1+1'
_QUOTED = json.dumps(_NASTY)
_name = partial(Row, "Names in the account's list", name=_QUOTED)


ROWS = (
    *(
        row
        for fault, words in _CONTENTS.items()
        for row in (
            _contents(f"{words}, to a read", BAD_ANSWER, reads(fault), requests=(1, 1)),
            _contents(f"{words}, to the last look", BAD_ANSWER, last_look(fault), requests=(3, 3)),
        )
    ),
    _contents("HTML, as a captive portal answers, to a trigger", BAD_ANSWER, triggers("html"), requests=(2, 2)),
    _contents("the key beside a count, in JSON's other spelling", WELL, always("echo-escaped"), requests=(3, 5)),
    _contents("5,000 digits where nobody looks", WELL, reads("long-number", "again"), requests=(3, 5)),
    *(
        _contents(f"refresh_status {words}", BAD_ANSWER, last_look(says(refresh_status=text), "again"), requests=(3, 3))
        for words, text in _STATUSES.items()
    ),
    *(
        _count(f"a count that is {words}", BAD_ANSWER, reads(says(email_users=text), "again"), requests=(1, 5))
        for words, text in _NO_COUNTS.items()
    ),
    _count(
        "a whole count with a decimal point",
        WELL,
        reads(says(email_users="150.0"), "again"),
        requests=(3, 5),
        before=(FRESH,),
    ),
    _count(
        "a number in quotes, before the count alone",
        WELL,
        reads(says(email_users='"140"')),
        requests=(3, 5),
        before=(None,),
    ),
    _count("nobody, counted afresh", EMPTY, segment="fresh: {email: 0}", requests=(3, 5)),
    _count(
        "another channel that makes no sense",
        WELL,
        reads(says(sms_users="{}", approxusers="absent"), "again"),
        requests=(3, 5),
    ),
    _name("a name made to break out of every format", WELL, audience=f"name: {_QUOTED}", requests=(4, 9)),
    _name(
        "such a name, for a segment that is archived",
        unknown("archived"),
        segment="archived: true",
        audience=f"name: {_QUOTED}",
        requests=(1, 5),
    ),
    _name(
        "such a name, not quite the one that is looked for",
        unknown("not_found"),
        audience=f"name: {json.dumps(_NASTY[:-1])}",
        requests=(1, 5),
    ),
)
