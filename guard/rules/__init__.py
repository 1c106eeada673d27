"""The rules file: read strictly, checked as a whole, every problem told at its place.

The names are loaded when they are first used: pydantic takes longer to import than a small file takes to check.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.rules.load import hints, load_rules, parse_rules

__all__ = ["hints", "load_rules", "parse_rules"]


def __getattr__(name: str) -> object:
    """Import a public name from where it is made when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("guard.rules.load"), name)
