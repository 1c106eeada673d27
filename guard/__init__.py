"""Audience-guard: stops a send whose audience is too small, too large, or could not be counted.

The public names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.errors import GuardError, RulesError, UsageError
    from guard.model import Rules, Selection
    from guard.outcome import Verdict
    from guard.rules import load_rules
    from guard.run import Report, check, check_async

__version__ = "0.1.0"
__all__ = [
    "GuardError",
    "Report",
    "Rules",
    "RulesError",
    "Selection",
    "UsageError",
    "Verdict",
    "__version__",
    "check",
    "check_async",
    "load_rules",
]

_HOMES = {
    "GuardError": "guard.errors",
    "Report": "guard.run",
    "Rules": "guard.model",
    "RulesError": "guard.errors",
    "Selection": "guard.model",
    "UsageError": "guard.errors",
    "Verdict": "guard.outcome",
    "check": "guard.run",
    "check_async": "guard.run",
    "load_rules": "guard.rules",
}


def __getattr__(name: str) -> object:
    """Import a public name from its home when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - the point of this function

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the public names, loaded or not."""
    return sorted(__all__)
