"""The JSON Schema of the rules file, for editors, generated from the models."""

from __future__ import annotations

import json
from typing import Any

from guard.rules.models import RulesFile

_DRAFT = "http://json-schema.org/draft-07/schema#"


def rules_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft-07) of a rules file as plain dicts and lists."""
    schema = RulesFile.model_json_schema(ref_template="#/definitions/{model}")
    definitions = schema.pop("$defs")
    body = {"$schema": _DRAFT, **schema, "definitions": definitions}
    for mapping in (body, *definitions.values()):
        mapping["properties"] = {key: _property(value) for key, value in mapping["properties"].items()}
    return body


def schema_text() -> str:
    """Return the text of ``rules.schema.json``."""
    return json.dumps(rules_schema(), indent=2) + "\n"


def _property(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the property for draft-07: without null for an optional key, without a title that repeats the key."""
    rest = {key: value for key, value in schema.items() if key not in {"anyOf", "title"} and value is not None}
    if "patternProperties" in rest:
        rest["additionalProperties"] = False
    (kind,) = (each for each in schema.get("anyOf", [{}]) if each != {"type": "null"})
    reference = {"$ref": rest.pop("$ref")} if "$ref" in rest else kind if "$ref" in kind else None
    # Draft-07 ignores everything beside a $ref.
    return {"allOf": [reference], **rest} if reference else {**rest, **kind}
