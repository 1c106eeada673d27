"""The rules file: read strictly, checked as a whole, every problem with its place.

The names load on first use: importing pydantic takes longer than checking a small file.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.rules.load import hints, load_rules, parse_rules

__all__ = ["hints", "load_rules", "parse_rules"]


def __getattr__(name: str) -> object:
    """Import a public name on first use."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("guard.rules.load"), name)
