"""The installed command ``audience-guard``: runs the package ``guard`` that stands beside this file, and no other.

This is a module of its own, because other projects have a folder ``guard`` too. Python looks into the folders of
PYTHONPATH first. So with ``PYTHONPATH=.`` it would run a folder ``guard`` or ``click`` of the repository under test in
place of ours, and that could exit with 0.

A file of this module's own name in such a folder is run before this one, and so is a ``sitecustomize.py``: nothing here
can help against them. ``python -I -m guard`` does not look into PYTHONPATH at all.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command, or exit with 2 where another package of the name was loaded before ours could be."""
    beside = os.path.dirname(os.path.abspath(__file__))
    _look_last_where_strangers_write(beside)
    sys.path.insert(0, beside)  # for the package alone: its modules are then found inside it
    import guard  # noqa: PLC0415 - not before the path is right

    del sys.path[0]
    loaded = os.path.dirname(guard.__file__ or "")
    if os.path.realpath(loaded) != os.path.realpath(os.path.join(beside, "guard")):
        sys.stderr.write(
            f"audience-guard: another package named guard was loaded first, from {loaded!a}; nothing was sent\n"
            "  hint: unset PYTHONPATH, and install audience-guard into an environment of its own\n"
        )
        sys.exit(2)
    from guard.__main__ import main as run  # noqa: PLC0415 - see above

    run()


def _look_last_where_strangers_write(beside: str) -> None:
    """Have Python look into its own folders first, and after them into PYTHONPATH and the folder of the script."""
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    strange = {_folder(each) for each in (*named, os.path.dirname(os.path.realpath(sys.argv[0])))} - {_folder(beside)}
    sys.path.sort(key=lambda each: _folder(each) in strange)


def _folder(path: str) -> str:
    """Return one spelling of a folder's path; as it is where it is relative to a working directory that is gone."""
    try:
        return os.path.normcase(os.path.abspath(path))
    except OSError:
        return path
