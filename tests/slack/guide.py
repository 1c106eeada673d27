"""What the guide to Slack says, taken apart: its sections, what is typed in them, and what they show."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = ROOT / "docs/slack"
GUIDE = (ROOT / "docs/slack.md").read_text(encoding="utf-8")
SANDBOX = "127.0.0.1:8765"
PORT = "3000"
_ENTERING = ("python3 -m venv ", ". .venv/bin/activate")


def section(heading: str) -> str:
    """Return what stands below a heading, up to the next one."""
    return re.split(r"^#+ ", GUIDE.split(f"# {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def blocks(heading: str, language: str) -> list[str]:
    """Return the fenced blocks of a section."""
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```", section(heading), re.DOTALL | re.MULTILINE)
    return found


def commands(block: str) -> list[str]:
    """Return what is typed, without the lines that make and enter an environment."""
    typed = [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]
    return [line for line in typed if not line.startswith(_ENTERING)]


def shown(block: str) -> list[str]:
    """Return what is shown; what the guide leaves out is left out."""
    return [line for line in block.splitlines() if not line.startswith("$ ") and line != "..."]
