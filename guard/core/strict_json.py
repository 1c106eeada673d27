"""JSON objects without duplicate keys: ``json`` keeps the last value of a key and says nothing."""

from __future__ import annotations

from collections import Counter
from typing import Any

from guard.core.text import printable, shortened


def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object, as ``object_pairs_hook`` of ``json.loads``; raises ``ValueError`` for a duplicate key."""
    found = dict(pairs)
    if len(found) < len(pairs):
        ((key, times),) = Counter(key for key, _ in pairs).most_common(1)
        raise ValueError(f'one object has the key "{shortened(printable(key))}" {times} times')
    return found
