"""The JSON Schema for editors: as shipped, as generated, and as another tool understands it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

import guard.rules
from guard.rules.schema import rules_schema, schema_text
from tests.rules.source import BAD, GOOD

SHIPPED = Path(guard.rules.__file__).with_name("rules.schema.json")

BEYOND_A_SCHEMA = {
    "bounds-that-disagree": "a schema cannot compare one value with another",
    "max-poll-interval-below-the-default": "nor can it, and it sees 100 for 1e2 and 5 for 5.0",
    "merged-problems": "nor can it, and it sees 16 for 0x10",
    "the-same-segment-twice": "a schema cannot compare one value with another",
}
BEYOND_ITS_READER = {
    "a-long-number": "5,000 digits end the reader with a ValueError",
    "an-alias-bomb": "the reader runs out of memory",
    "many-brackets": "the reader runs out of stack",
}
READABLE = [path for path in BAD if path.stem not in BEYOND_ITS_READER]


@pytest.fixture(scope="module")
def refused() -> set[str]:
    """Return the files that check-jsonschema refuses, out of all good and bad ones that its reader survives."""
    command = [sys.executable, "-m", "check_jsonschema", "--output-format", "json", "--schemafile", str(SHIPPED)]
    done = subprocess.run(
        [*command, *map(str, GOOD + READABLE)], capture_output=True, text=True, check=False, timeout=60
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return {error["filename"] for error in answer["errors"] + answer["parse_errors"]}


def test_the_shipped_schema_is_up_to_date() -> None:
    stale = 'stale: write guard.rules.schema.schema_text() to "guard/rules/rules.schema.json"'
    assert SHIPPED.read_text(encoding="utf-8") == schema_text(), stale


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in GOOD + READABLE])
def test_it_refuses_bad_files_only(path: Path, refused: set[str]) -> None:
    assert (str(path) in refused) == (path in BAD and path.stem not in BEYOND_A_SCHEMA)


def mappings_of(schema: Any) -> list[dict[str, Any]]:
    """Return every part of a schema that is a mapping, at any depth."""
    parts = list(schema.values()) if isinstance(schema, dict) else schema if isinstance(schema, list) else []
    return ([schema] if isinstance(schema, dict) else []) + [each for part in parts for each in mappings_of(part)]


@pytest.fixture
def schema() -> dict[str, Any]:
    return rules_schema()


@pytest.fixture
def parts(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return mappings_of(schema)


def test_it_is_draft_07(schema: dict[str, Any], parts: list[dict[str, Any]]) -> None:
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert "$defs" not in json.dumps(schema)
    assert all(len(part) == 1 for part in parts if "$ref" in part)


def test_every_mapping_is_closed(parts: list[dict[str, Any]]) -> None:
    objects = [part for part in parts if part.get("type") == "object"]
    assert objects
    assert all(part["additionalProperties"] is False for part in objects)


def test_every_key_is_described(schema: dict[str, Any]) -> None:
    for part in [schema, *schema["definitions"].values()]:
        assert part["title"]
        assert part["description"]
        assert all(each["description"] for each in part["properties"].values())


def test_every_example_is_accepted(schema: dict[str, Any], parts: list[dict[str, Any]]) -> None:
    keys = [part for part in parts if isinstance(part.get("examples"), list)]
    assert len(keys) > 10
    for key in keys:
        for example in key["examples"]:
            Draft7Validator({"definitions": schema["definitions"], **key}).validate(example)


def test_no_value_can_be_null() -> None:
    assert "null" not in schema_text()


def test_every_engine_reads_the_patterns_alike(parts: list[dict[str, Any]]) -> None:
    patterns = {part["pattern"] for part in parts if isinstance(part.get("pattern"), str)}
    patterns |= {key for part in parts for key in part.get("patternProperties", {})}
    assert len(patterns) > 5
    assert not [pattern for pattern in patterns if re.search(r"\\[wWdDsSbBpPAzZ]|\(\?", pattern)]
