"""Paths for GitHub's annotations, which begin at the root of the workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def in_workspace(path: str, environ: Mapping[str, str]) -> str:
    """Return a path of the working directory relative to the workspace that GITHUB_WORKSPACE names.

    A file outside the workspace gets its full path. Without a workspace, or without a file (standard input), the path
    only loses a leading ``./``.
    """
    workspace = environ.get("GITHUB_WORKSPACE")
    try:
        if not workspace or not Path(path).exists():
            return Path(path).as_posix()
        file, root = Path(path).resolve(), Path(workspace).resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links, or a name that no file can have
        return path
    return (file.relative_to(root) if file.is_relative_to(root) else file).as_posix()
