"""What is wrong with a saved report, in our words: pydantic's name our classes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from guard.core.text import shortened

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_ABOUT_THE_KEY = {
    "missing": "the key is missing",
    "model_type": "it is not an object",
    "tuple_type": "it is not a list",
}
_WANTED = {
    "bool_type": "true or false",
    "int_type": "a whole number",
    "string_type": "a text",
    "string_pattern_mismatch": "a SHA-256 in hexadecimal",
    "greater_than_equal": "large enough",
}


def what_is_wrong(error: ValidationError) -> str:
    """Return the first thing that is wrong, and where."""
    first = error.errors(include_url=False)[0]
    where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in first["loc"]).lstrip(".")
    return f"{shortened(where)}: {_sentence(first)}" if where else _sentence(first)


def shown(value: Any) -> str:
    """Return a value as short JSON; a list or an object is only named."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    return shortened(json.dumps(value, ensure_ascii=False))


def _sentence(error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    if error["type"] == "value_error":
        return str(context["error"])
    if error["type"] in _ABOUT_THE_KEY:
        return _ABOUT_THE_KEY[error["type"]]
    wanted = _WANTED.get(error["type"]) or context.get("expected") or "what a report holds here"
    return f"{shown(error['input'])} is not {wanted}"
