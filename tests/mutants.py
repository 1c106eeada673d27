"""Say how many mutants of the latest ``mutmut run`` the tests noticed; fail for one that survived and is not explained.

``tests/mutants.toml`` explains each survivor by the line that it changes. Give names, as ``mutmut run`` takes them, when
those alone were run; without any, every mutant has to have been run, and every explanation has to be needed.

    python -m tests.mutants [NAME ...]
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
MUTMUT = Path(sys.executable).parent / "mutmut"
NOTICED = {"killed", "timeout"}


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


def explained() -> set[Survivor]:
    """Return the survivors that are known, each with a reason why no test can or should notice it."""
    listed = tomllib.loads((HERE / "mutants.toml").read_text(encoding="utf-8"))["survivor"]
    assert all(each["why"] for each in listed)
    return {Survivor(each["file"], each["line"], change) for each in listed for change in each["becomes"]}


def main() -> int:
    patterns = sys.argv[1:]
    found = outcomes(patterns)
    if not found:
        sys.exit("no mutants: run mutmut first, as make mutants does")
    tally = Counter(found.values())
    known = explained()
    survivors = {name: survivor(name) for name, outcome in found.items() if outcome not in NOTICED}
    new = {name: each for name, each in survivors.items() if each not in known}
    needless = set() if patterns else known - set(survivors.values())
    noticed = sum(tally[outcome] for outcome in NOTICED)
    print(f"{noticed:,} of {len(found):,} mutants noticed ({noticed / len(found):.1%}); survivors: {len(survivors)}, ", end="")
    print(f"of which {len(survivors) - len(new)} are explained in tests/mutants.toml; {dict(tally)}")
    for name, each in new.items():
        print(f"not explained: {name} ({found[name]})\n  {each.file}\n  - {each.line}\n  + {each.becomes}")
    for each in needless:
        print(f"explained, but no longer there: {each.file}\n  - {each.line}\n  + {each.becomes}")
    return 1 if new or needless else 0


if __name__ == "__main__":
    sys.exit(main())
