"""Audience-guard stops a send if its audience is too small, too large, or cannot be counted.

The public names are imported on first use, so that importing the package is fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.version import __version__

if TYPE_CHECKING:
    from guard.core.errors import GuardError, RulesError, UsageError
    from guard.core.model import Rules, Selection
    from guard.core.progress import Progress
    from guard.core.results import Verdict
    from guard.rules import load_rules
    from guard.run import Report, check, check_async

__all__ = [
    "GuardError",
    "Progress",
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
    "GuardError": "guard.core.errors",
    "Progress": "guard.core.progress",
    "Report": "guard.run",
    "Rules": "guard.core.model",
    "RulesError": "guard.core.errors",
    "Selection": "guard.core.model",
    "UsageError": "guard.core.errors",
    "Verdict": "guard.core.results",
    "check": "guard.run",
    "check_async": "guard.run",
    "load_rules": "guard.rules",
}


def __getattr__(name: str) -> object:
    """Import a public name on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - the point of this function

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the public names, loaded or not."""
    return sorted(__all__)
