"""Environments of their own for the tools that the guard is measured beside, and for the plots."""

from __future__ import annotations

import sys
import venv
from pathlib import Path

from bench.lab import CACHE, process

REQUIREMENTS = Path(__file__).parent / "requirements"


def environment(name: str) -> Path:
    """Return the folder of programs of the environment, made as ``requirements/NAME.txt`` says where it is not yet.

    Raises CalledProcessError when pip cannot install it.
    """
    folder, wanted = CACHE / name, (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8")
    installed = folder / "installed.txt"
    programs = folder / ("Scripts" if sys.platform == "win32" else "bin")
    if not installed.exists() or installed.read_text(encoding="utf-8") != wanted:
        venv.create(folder, clear=True, with_pip=True)
        process(programs / "python", "-m", "pip", "install", "--quiet", "-r", REQUIREMENTS / f"{name}.txt")
        installed.write_text(wanted, encoding="utf-8")
    return programs
