"""JSON objects without duplicate keys."""

from __future__ import annotations

import json

import pytest

from guard.core.strict_json import without_duplicates


def test_a_duplicate_key_is_named() -> None:
    with pytest.raises(ValueError, match=r'^one object has the key "min" 3 times$'):
        json.loads('{"max": 1, "min": 1, "min": 2, "min": 3}', object_pairs_hook=without_duplicates)


def test_equal_keys_of_two_objects_are_fine() -> None:
    assert json.loads('[{"a": 1}, {"a": 2}]', object_pairs_hook=without_duplicates) == [{"a": 1}, {"a": 2}]
