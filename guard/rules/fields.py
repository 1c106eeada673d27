r"""The value types of a document, for pydantic models. Each refuses with a sentence for the author.

The patterns must mean the same in Python, pydantic and editors (ECMAScript), so they use no classes such as ``\d``.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from guard.core.model import LARGEST_COUNT
from guard.core.text import UUID, number
from guard.rules.duration import no_duration, parse_duration
from guard.rules.scalars import Cut, Grouped, Number, cut_short, described
from guard.rules.slips import uuid_in

GROUPED_PATTERN = "^[1-9][0-9]{0,2}(_[0-9]{3})+$"
SHARE_PATTERN = r"^(100(\.0{1,15})?|(0|[1-9][0-9]?)(\.[0-9]{1,15})?)%$"
UUID_PATTERN = f"^{UUID}$"
DURATION_PATTERN = (
    "^([0-9]{1,8}h([0-9]{1,8}m)?([0-9]{1,8}s)?([0-9]{1,8}ms)?"
    "|[0-9]{1,8}m([0-9]{1,8}s)?([0-9]{1,8}ms)?|[0-9]{1,8}s([0-9]{1,8}ms)?|[0-9]{1,8}ms)$"
)
_WHITE = r"\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_INVISIBLE = r"\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_PUNCTUATION = r"!-,/:-@\[-\^`\{-~"
TEXT_PATTERN = f"[^{_WHITE}]"
KEY_PATTERN = f"^[^{_WHITE}{_INVISIBLE}{_PUNCTUATION}.\\-][^{_WHITE}{_INVISIBLE}{_PUNCTUATION}]*$"


_IS_KEY = re.compile(KEY_PATTERN)
_IS_TEXT = re.compile(TEXT_PATTERN)
_IS_UUID = re.compile(UUID_PATTERN)
_IS_PERCENT = re.compile(SHARE_PATTERN)
_IN_DIGITS = re.compile(r"-?[0-9]+|[1-9][0-9]{0,2}(?:_[0-9]{3})+")
_DECIMAL = re.compile(r"(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,15})?")
_SEPARATED = re.compile("[-+]?[1-9][0-9]{0,2}(, ?|[. '\u2019\u00a0\u2009\u202f])[0-9]{3}(?:\\1[0-9]{3})*")
_WITH_A_UNIT = re.compile(
    r"((?:0|[1-9][0-9]{0,5})(?:[.,](?:[0-9]{1,2}|[0-9]{4,9}))?) ?(k|thousand|m|mn|mio|mln|million|b|bn|billion)",
    re.IGNORECASE,
)  # three digits after a dot may be thousands
_UNITS = {"k": 10**3, "t": 10**3, "m": 10**6, "b": 10**9}
_OTHER_BASE = re.compile(r"0(?:x[0-9a-fA-F]{1,12}|o[0-7]{1,16}|b[01]{1,48})")
_FLOAT = re.compile(r"-?(?:[0-9]{1,20}\.?[0-9]{0,20}|\.[0-9]{1,20})(?:[eE][-+]?[0-9]{1,2})?")
_MOST_DIGITS = len(str(LARGEST_COUNT))
_EXAMPLE = "2dd093e6-8c6f-4e14-8a2c-744477e1fdef"
_NOT_WHOLE = "is not a whole number"
_READ_DIFFERENTLY = "is read differently by different tools"


def whole_number(value: object) -> int:
    """Return a whole number in plain digits, with or without underscores; raise ValueError if it is not one."""
    if type(value) is int:
        return value
    if isinstance(value, Grouped):
        return int(value)
    raise ValueError(_not_whole(value))


def people(value: object) -> int:
    """Return a number of people, from 0 to the largest count; raise ValueError if it is not one."""
    count = whole_number(value)
    if count < 0:
        raise ValueError(f"{count} is negative; write 0 or more")
    if count > LARGEST_COUNT:
        raise ValueError(f"{described(value)} is too large; the largest number is {number(LARGEST_COUNT)}")
    return count


def decimal(value: object) -> float:
    """Return a number in plain digits, with or without a decimal point; raise ValueError if it is not one."""
    written = value.text if isinstance(value, Number) else str(value) if type(value) is int else ""
    if not _DECIMAL.fullmatch(written):
        meant = _with_a_dot(value)
        advice = meant if _DECIMAL.fullmatch(meant) else "one such as 5 or 0.5, without quotes"
        raise ValueError(f"{described(value)} is not a plain number; write {advice}")
    return float(written)


def share(value: object) -> Fraction:
    """Return a share, ``60%`` or ``0.6``, as an exact fraction from 0 to 1; raise ValueError if it is not one."""
    if isinstance(value, str) and _IS_PERCENT.fullmatch(value):
        return Fraction(value[:-1]) / 100
    written = value.text if isinstance(value, Number) else str(value) if type(value) is int else ""
    if _DECIMAL.fullmatch(written):
        fraction = Fraction(written)
        if fraction <= 1:
            return fraction
        if fraction <= 100:  # noqa: PLR2004 - per cent
            raise ValueError(f"{written} is more than 1, which is 100%; write {written}%")
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        raise ValueError(f"{described(value)} is text because of its quotes; write {value}")
    advice = _share_meant(_with_a_dot(value)) or "one from 0% to 100%, such as 60% or 0.6"
    raise ValueError(f"{described(value)} is not a share; write {advice}")


def duration(value: object) -> float:
    """Return the seconds of a duration such as ``90s``; raise ValueError if it is not one, or out of bounds."""
    if not isinstance(value, str):
        raise ValueError(no_duration(value))  # noqa: TRY004 - pydantic takes only ValueError
    return parse_duration(value)


def text(value: object) -> str:
    """Return a text that identifies something; raise ValueError if it is blank, not text, or may be cut short."""
    if isinstance(value, Cut):
        raise ValueError(cut_short(value, value.rest))  # noqa: TRY004 - pydantic takes only ValueError
    return remark(value)


def remark(value: object) -> str:
    """Return a text that only people read; raise ValueError if it is blank or not text."""
    if not isinstance(value, str):
        advice = "; put all of it in quotes" if isinstance(value, Number | int) else ""
        raise ValueError(f"{described(value)} is not text{advice}")  # noqa: TRY004 - pydantic takes only ValueError
    if not _IS_TEXT.search(value):
        raise ValueError("is empty: write some text, or leave the key out")
    return str(value)


def uuid(value: object) -> str:
    """Return a uuid in lower case; raise ValueError if it is not one."""
    if isinstance(value, Cut):
        raise ValueError(cut_short(value, value.rest, is_whole=bool(_IS_UUID.fullmatch(value))))  # noqa: TRY004 - pydantic takes only ValueError
    if not isinstance(value, str) or not _IS_UUID.fullmatch(value):
        written = _within_brackets(value)
        held = uuid_in(written) if written else None
        advice = f"write {held}" if held else "copy it from the segment's address in Blueshift, such as " + _EXAMPLE
        raise ValueError(f"{described(value)} is not a uuid; {advice}")
    return value.lower()


def _within_brackets(value: object) -> str:
    """Return a text, a number or the one entry of brackets as written; empty for anything else."""
    match value:
        case dict() if len(value) == 1:
            ((key, inner),) = value.items()
            return str(key) if inner is None else ""
        case list() if len(value) == 1:
            return _within_brackets(value[0])
        case Number(text=written) | str(written):
            return written
        case _:
            return ""


def key(value: str) -> str:
    """Return the key; raise ValueError if it has characters that are unsafe on a command line or in a report."""
    if not _IS_KEY.fullmatch(value):
        raise ValueError(
            "cannot be a key: use letters, digits and _ . - without spaces, and begin with a letter, a digit or _"
        )
    return value


def _not_whole(value: object) -> str:
    said = described(value)
    match value:
        case str() if _IN_DIGITS.fullmatch(value):
            return f"{said} is text because of its quotes; write {said[1:-1]}"
        case Number(text=written) | str(written) if found := _SEPARATED.fullmatch(written):
            return f"{said} {_READ_DIFFERENTLY}; write {_joined(written, found[1])}"
        case Number(text=written) | str(written) if meant := _with_a_unit(written):
            return f"{said} {_NOT_WHOLE}; write {meant}"
        case Number(text=written):
            return _how_to_write(said, written)
        case _:
            return f"{said} {_NOT_WHOLE}; write plain digits, such as 50000 or 50_000"


def _with_a_unit(written: str) -> str:
    """Return the digits of ``1.5k`` or ``2M``; empty if it is not such a number, or not a whole one."""
    found = _WITH_A_UNIT.fullmatch(written)
    if not found:
        return ""
    count = Fraction(found[1].replace(",", ".")) * _UNITS[found[2][0].lower()]
    return str(count) if count.denominator == 1 and count <= LARGEST_COUNT else ""


def _joined(written: str, separator: str) -> str:
    """Return what to write for digits in groups of three; a dot may also be a decimal point."""
    groups = written.removeprefix("+").split(separator)
    if separator == ".":
        return f"{''.join(groups)} if the dot separates thousands"
    return f"{''.join(groups)} or {'_'.join(groups)}"


def _how_to_write(said: str, written: str) -> str:
    if written[-3:].lower() in {"inf", "nan"}:
        return f"{said} is not a number; for no limit, leave the key out"
    bare = written.replace("_", "").removeprefix("+")
    if _OTHER_BASE.fullmatch(bare):
        digits = str(int(bare, 0))
    elif bare.removeprefix("-").isdigit():
        digits = bare.lstrip("-0") or "0"
    elif _FLOAT.fullmatch(bare) and Fraction(bare).denominator == 1:
        digits = str(Fraction(bare))
    else:
        return f"{said} {_NOT_WHOLE}; write plain digits, such as 50000 or 50_000"
    if len(digits) > _MOST_DIGITS:
        return f"{said} is too large; the largest number is {number(LARGEST_COUNT)}"
    return f"{said} {_READ_DIFFERENTLY}; write {digits} (plain digits)"


def _with_a_dot(value: object) -> str:
    """Return a value as written, but with a decimal point for a comma, and without spaces."""
    written = value.text if isinstance(value, Number) else value if isinstance(value, str) else ""
    return written.replace(",", ".").replace(" ", "")


def _share_meant(written: str) -> str:
    """Return how to write the share that was meant; empty if there is none."""
    if _IS_PERCENT.fullmatch(written):
        return written
    if not _DECIMAL.fullmatch(written):
        return ""
    fraction = Fraction(written)
    if fraction <= 1:
        per_cent = f"{float(fraction * 100):.13f}".rstrip("0").removesuffix(".")
        return f"{written} or {per_cent}%"
    return f"{written}%" if fraction <= 100 else ""  # noqa: PLR2004 - per cent


WholeNumber = Annotated[int, BeforeValidator(whole_number)]
People = Annotated[
    int,
    BeforeValidator(people),
    WithJsonSchema(
        {
            "oneOf": [
                {"type": "integer", "minimum": 0, "maximum": LARGEST_COUNT},
                {"type": "string", "pattern": GROUPED_PATTERN},
            ]
        }
    ),
]
Decimal = Annotated[float, BeforeValidator(decimal)]
Share = Annotated[
    Fraction,
    BeforeValidator(share),
    WithJsonSchema(
        {"oneOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "string", "pattern": SHARE_PATTERN}]}
    ),
]
Duration = Annotated[float, BeforeValidator(duration), WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN})]
Text = Annotated[str, BeforeValidator(text), WithJsonSchema({"type": "string", "pattern": TEXT_PATTERN})]
Remark = Annotated[str, BeforeValidator(remark), WithJsonSchema({"type": "string", "pattern": TEXT_PATTERN})]
Uuid = Annotated[str, BeforeValidator(uuid), WithJsonSchema({"type": "string", "pattern": UUID_PATTERN})]
Key = Annotated[str, AfterValidator(key), WithJsonSchema({"type": "string", "pattern": KEY_PATTERN})]
