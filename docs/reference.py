"""Write docs/rules-reference.md from the JSON Schema of the rules: ``make docs``; a test fails when it is stale."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from guard.rules.schema import rules_schema

HERE = Path(__file__).resolve().parent
PAGE = HERE / "rules-reference.md"
SECTIONS = {
    "blueshift": "BlueshiftSettings",
    "refresh": "RefreshSettings",
    "segments.KEY": "Segment",
    "segments.KEY.channels": "Channels",
    "segments.KEY.channels.users": "UsersGuard",
    "segments.KEY.channels.CHANNEL": "ChannelGuard",
    "warn": "WarnBounds",
    "share": "ShareBounds",
    "change": "Change",
    "change.warn": "ChangeWarn",
    "since": "Since",
    "campaigns.KEY": "Campaign",
    "campaigns.KEY.totals": "Totals",
    "campaigns.KEY.totals.CHANNEL": "Ceiling",
    "history": "HistorySettings",
    "history.exclude": "Excluded",
}
"""Where in the file each model of the schema stands."""

INTRODUCTION = """\
# Reference of the rules file

Every key, as an editor shows it; made from the JSON Schema that `audience-guard schema` prints. [rules.md](rules.md)
explains the file. `KEY` is a name of your own, and `CHANNEL` one of `email`, `sms`, `push` and `in_app`.
"""


def page() -> str:
    """Return the whole page."""
    schema = rules_schema()
    missing = set(schema["definitions"]) - set(SECTIONS.values())
    if missing:
        raise ValueError(f"no section for {', '.join(sorted(missing))}")
    sections = [section("The file", schema)]
    sections += [section(f"`{place}`", schema["definitions"][name]) for place, name in SECTIONS.items()]
    return "\n".join([INTRODUCTION, *sections])


def section(title: str, model: dict[str, Any]) -> str:
    """Return one model's keys as a table."""
    required = model.get("required", [])
    rows = [
        [
            f"`{key}`" + (" (required)" if key in required else ""),
            values["description"],
            default(values),
            example(key, values),
        ]
        for key, values in model["properties"].items()
    ]
    return "\n".join(
        [
            f"## {title}",
            "",
            "| key | meaning | default | example |",
            "|---|---|---|---|",
            *(f"| {' | '.join(row)} |" for row in rows),
            "",
        ]
    )


def default(values: dict[str, Any]) -> str:
    """Return what holds when the key is left out."""
    return f"`{json.dumps(values['default'])}`".replace('"', "") if "default" in values else ""


def example(key: str, values: dict[str, Any]) -> str:
    """Return the key with a value: the schema's own example, else the one in rules.example.yaml."""
    if "examples" in values:
        return f"`{key}: {json.dumps(values['examples'][0])}`".replace('"', "")
    rules = (HERE.parent / "rules.example.yaml").read_text(encoding="utf-8")
    found = re.search(rf"\b{key}: *(\[[^\]\n]*\]|[^,{{}}\[#\n]+)", rules)
    if found is None:
        raise ValueError(f"rules.example.yaml shows no {key}")
    return f"`{key}: {found[1].strip()}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
