"""The installed command ``audience-guard``: it runs only the package ``guard`` beside this file.

Other projects may have a folder ``guard`` too, and Python searches PYTHONPATH first. So with ``PYTHONPATH=.`` it would
run a folder ``guard`` or ``click`` of the repository under test instead of ours, and that could exit with 0.

This file cannot help against a ``sitecustomize.py``, or a file with its own name, in such a folder: Python runs those
first. ``python -I -m guard`` ignores PYTHONPATH.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command, or exit with 2 if another package named ``guard`` is loaded already."""
    beside = os.path.dirname(os.path.abspath(__file__))
    _search_foreign_folders_last(beside)
    sys.path.insert(0, beside)  # only for the package: its modules are then found inside it
    import guard  # noqa: PLC0415 - not before the path is right

    del sys.path[0]
    loaded = os.path.dirname(guard.__file__ or "")
    if os.path.realpath(loaded) != os.path.realpath(os.path.join(beside, "guard")):
        sys.stderr.write(
            f"audience-guard: another package named guard was loaded first, from {loaded!a}; nothing was sent\n"
            "  hint: unset PYTHONPATH, and install audience-guard in its own environment\n"
        )
        sys.exit(2)
    from guard.__main__ import main as run  # noqa: PLC0415 - see above

    run()


def _search_foreign_folders_last(beside: str) -> None:
    """Have Python search its own folders first, then PYTHONPATH and the folder of the script."""
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    foreign = {_folder(each) for each in (*named, os.path.dirname(os.path.realpath(sys.argv[0])))} - {_folder(beside)}
    sys.path.sort(key=lambda each: _folder(each) in foreign)


def _folder(path: str) -> str:
    """Return the normal form of a folder's path; unchanged if it is relative to a working directory that is gone."""
    try:
        return os.path.normcase(os.path.abspath(path))
    except OSError:
        return path
