"""The id of a run: a UUID of version 7, which begins with the time, so that ids sort as runs came.

https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7
"""

from __future__ import annotations

from uuid import UUID

RANDOM_BYTES = 10


def run_id(milliseconds: int, random: bytes) -> str:
    """Return the id for a time, in milliseconds since 1970, and ten random bytes."""
    value = (milliseconds & (1 << 48) - 1) << 80 | int.from_bytes(random[:RANDOM_BYTES])
    value = value & ~(0xF << 76) | 0x7 << 76  # the version
    return str(UUID(int=value & ~(0x3 << 62) | 0x2 << 62))  # the variant
