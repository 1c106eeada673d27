"""A file's path as GitHub wants it in annotations: relative to the root of the workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def in_workspace(path: str, environ: Mapping[str, str]) -> str:
    """Return a file of the working directory as seen from the workspace that GITHUB_WORKSPACE names.

    A file outside of it gets its full path. Without a workspace, and for what is not a file (such as standard input),
    the path stays as it is, but for a leading ``./``.
    """
    workspace = environ.get("GITHUB_WORKSPACE")
    try:
        if not workspace or not Path(path).exists():
            return Path(path).as_posix()
        file, root = Path(path).resolve(), Path(workspace).resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links, or a name that no file can have
        return path
    return (file.relative_to(root) if file.is_relative_to(root) else file).as_posix()
