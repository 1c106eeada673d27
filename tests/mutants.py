"""Say how many mutants of the last ``mutmut run`` the tests noticed; fail where one survived and is not explained.

``mutants.toml`` explains each survivor by the line that it changes. Give names, as ``mutmut run`` takes them, where
those alone were run; without any, every mutant has to have been run, and every explanation has to be needed.

    python -m tests.mutants [NAME ...]
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections import defaultdict
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

HERE = Path(__file__).resolve().parent
MUTMUT = Path(sys.executable).parent / "mutmut"
NOTICED = {"killed", "timeout"}
PARTS = {
    "core": "`guard/core/evaluate.py`",
    "rules": "`guard/rules/`",
    "blueshift": "`guard/blueshift/` and `guard/security/`",
    "all": "all",
}


class Survivor(NamedTuple):
    """A change to a line that no test notices; where a function's lines are doubled, it may stand for several."""

    file: str
    line: str
    becomes: str


def mutmut(*arguments: str) -> str:
    return subprocess.run([MUTMUT, *arguments], cwd=HERE.parent, stdout=subprocess.PIPE, text=True, check=True).stdout


def outcomes(patterns: list[str]) -> dict[str, str]:
    """Return what became of each mutant whose name one of the patterns matches; of every one when there is none."""
    lines = (line.strip().rpartition(": ") for line in mutmut("results", "--all", "true").splitlines())
    found = {name: outcome for name, _, outcome in lines if name}
    return {
        name: outcome
        for name, outcome in found.items()
        if not patterns or any(fnmatch(name, each) for each in patterns)
    }


def survivor(name: str) -> Survivor:
    """Return the change that a mutant makes."""
    diff = mutmut("show", name).splitlines()
    file = next(line.removeprefix("--- ") for line in diff if line.startswith("--- "))
    removed = [line[1:].strip() for line in diff if line.startswith("-") and not line.startswith("---")]
    added = [line[1:].strip() for line in diff if line.startswith("+") and not line.startswith("+++")]
    return Survivor(file, " ".join(removed), " ".join(added))


def explained() -> list[Survivor]:
    """Return the survivors that are known, each with a reason why no test can or should notice it."""
    listed = tomllib.loads((HERE / "mutants.toml").read_text(encoding="utf-8"))["survivor"]
    assert all(each["why"] for each in listed)
    return [Survivor(each["file"], each["line"], change) for each in listed for change in each["becomes"]]


def report(found: dict[str, str], known: set[Survivor], *, is_whole: bool) -> tuple[list[str], bool]:
    """Return what there is to say about the mutants, and whether all is well; ``is_whole`` if none was left out."""
    survivors = {name: survivor(name) for name, outcome in found.items() if outcome not in NOTICED}
    new = {name: each for name, each in survivors.items() if each not in known or found[name] != "survived"}
    needless = known - set(survivors.values()) if is_whole else set()
    lines = [
        *table(found, set(survivors), set(new)),
        *(f"not explained, {found[name]}: {name}\n{shown(each)}" for name, each in new.items()),
        *(f"explained, but not there any more:\n{shown(each)}" for each in sorted(needless)),
    ]
    return lines, not new and not needless


def table(found: Iterable[str], survivors: Collection[str], new: Collection[str]) -> list[str]:
    """Return a table, in Markdown, of how many mutants of each part were noticed, and how many others are explained."""
    parts: dict[str, list[str]] = defaultdict(list)
    for name in found:
        part = name.split(".")[1]
        parts["blueshift" if part == "security" else part].append(name)
        parts["all"].append(name)
    lines = ["| | mutants | noticed | | explained |", "|---|---:|---:|---:|---:|"]
    for part, title in PARTS.items():
        total = len(parts[part])
        if total:
            missed = sum(name in survivors for name in parts[part])
            explained_here = missed - sum(name in new for name in parts[part])
            noticed = total - missed
            lines.append(f"| {title} | {total:,} | {noticed:,} | {noticed / total:.1%} | {explained_here:,} |")
    return lines


def shown(change: Survivor) -> str:
    return f"  {change.file}\n  - {change.line}\n  + {change.becomes}"


def main() -> None:
    patterns = sys.argv[1:]
    found = outcomes(patterns)
    if not found:
        sys.exit("no mutants were run: make mutants runs them first")
    lines, all_is_well = report(found, set(explained()), is_whole=not patterns)
    print("\n".join(lines))  # noqa: T201 - a command
    sys.exit(not all_is_well)


if __name__ == "__main__":
    main()
