"""Try the wheel on every Python at hand, with the locked, the lowest and the newest packages that it allows.

    python -m tests.compat [locked] [lowest] [newest]

Each Python from 3.11 on that is on the path or under pyenv gets a clean environment for each set of packages, in which
the command runs and the quick tests pass. The lock files are also read by the oldest pip and by the newest, since a pip
can refuse what another one takes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
TOOLS = Path(sys.executable).parent
OLDEST, NEWEST_KNOWN = 11, 15  # the minor versions of Python 3 that are looked for by name
OLDEST_PIP = "pip==22.3"  # came with Python 3.11.0
SETS = ("locked", "lowest", "newest")
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
TEST_PACKAGES = (
    "check-jsonschema",
    "hypothesis",
    "jsonschema",
    "markdown-it-py",
    "coverage",
    "pytest",
    "pytest-httpx",
    "websockets",
)
SLOW = ("--ignore-glob=*/test_hostile.py", "--ignore-glob=*/test_fuzz.py")
QUICK = (
    "tests/rules",
    "tests/sandbox",
    "tests/core/test_evaluate.py",
    "tests/security/test_addresses.py",
    "tests/slack/test_http_mode.py",
    "tests/blueshift/test_answers.py",
    "tests/blueshift/test_client.py",
    "tests/blueshift/test_freshness.py",
    "tests/history/test_address.py",
    "tests/history/test_store.py",
    "tests/report/test_formats.py",
    "tests/report/test_html.py",
    "tests/report/test_json_report.py",
    "tests/report/test_json_report_read.py",
    "tests/report/test_terminal.py",
    "tests/report/test_text.py",
)
LONGEST = 600  # seconds for one command
SIDE_BY_SIDE = 3  # the demonstration mostly waits


class Python(NamedTuple):
    """An interpreter at hand, and its version as it says it."""

    path: str
    version: str


class FailedError(Exception):
    """A command that did not end with 0; its text is what it was and what it said."""


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Return what the command wrote to both streams."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "COV"))}
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**kept, "UV_PYTHON_DOWNLOADS": "never", "HYPOTHESIS_PROFILE": "few"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        timeout=LONGEST,
    )
    if done.returncode:
        raise FailedError(f"{' '.join(map(str, command))}\nexit {done.returncode}\n{done.stdout[-6000:]}")
    return done.stdout


def pythons() -> Iterator[Python]:
    """Yield one interpreter of each minor version that is at hand."""
    home = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for minor in range(OLDEST, NEWEST_KNOWN + 1):
        under_pyenv = (str(path / "bin/python") for path in sorted(home.glob(f"versions/3.{minor}.*")))
        for path in (sys.executable, shutil.which(f"python3.{minor}") or sys.executable, *under_pyenv):
            said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
            if said.returncode == 0 and said.stdout.startswith(f"Python 3.{minor}."):
                yield Python(path, said.stdout.split()[1])
                break


def lowest_versions(python: Python, folder: Path) -> Path:
    """Write the lowest versions that pyproject.toml allows, and what they need, as constraints."""
    constraints = folder / f"lowest-{python.version}.txt"
    asked = ("--resolution=lowest-direct", "--all-extras", f"--python={python.path}", f"--output-file={constraints}")
    run(TOOLS / "uv", "pip", "compile", "--quiet", *asked, ROOT / "pyproject.toml")
    return constraints


def try_out(python: Python, packages: str, wheel: Path, folder: Path) -> str:
    """Run the command and the quick tests in a clean environment, and return what was tried."""
    home = folder / f"{packages}-{python.version}"
    uv, there = TOOLS / "uv", f"--python={home}"
    run(uv, "venv", "--quiet", f"--python={python.path}", home)
    into = (uv, "pip", "install", "--quiet", there)
    if packages == "locked":
        run(*into, "--require-hashes", "--requirement", ROOT / "requirements/dev.txt")
        run(*into, "--no-deps", wheel)
    else:
        limits = ["--constraint", lowest_versions(python, folder)] if packages == "lowest" else ["--upgrade"]
        run(*into, *limits, f"{wheel}[slack,postgres]", *TEST_PACKAGES)
    command, checkout = home / "bin/audience-guard", folder / "checkout"
    run(command, "--version", cwd=folder)
    run(command, "validate", checkout / "rules.example.yaml", cwd=folder)
    run(command, "demo", cwd=folder)
    said = run(home / "bin/python", "-m", "pytest", "-p", "no:cacheprovider", *QUICK, *SLOW, cwd=checkout)
    return said.strip().splitlines()[-1].strip("= ")


def read_locks(python: Python, pip: str, folder: Path) -> str:
    """Have the oldest or the newest pip work out what it would install from each lock."""
    home = folder / f"{pip.replace('==', '-')}-{python.version}"
    run(python.path, "-m", "venv", home)
    run(home / "bin/python", "-m", "pip", "install", "--quiet", "--upgrade", pip)
    for lock in LOCKS:
        dry = ("install", "--quiet", "--dry-run", "--ignore-installed", "--require-hashes", "--requirement")
        run(home / "bin/python", "-m", "pip", *dry, lock)
    return f"{', '.join(lock.name for lock in LOCKS)} can be installed"


def read_action_lock(folder: Path) -> str:
    """Look whether there are wheels for every Python that the Action prefers; it installs nothing but wheels."""
    first, last = map(int, re.findall(r"\(3, (\d+)\)", (ROOT / "action.yml").read_text(encoding="utf-8"))[:2])
    asked = ("--quiet", "--dry-run", "--only-binary=:all:", "--require-hashes", f"--target={folder / 'nothing'}")
    for minor in range(first, last):
        version = f"--python-version=3.{minor}"
        run(TOOLS / "uv", "pip", "install", *asked, version, "--requirement", ROOT / "requirements/action.txt")
    return f"there are wheels for Python 3.{first} to 3.{last - 1}"


def checkout(folder: Path) -> None:
    """Copy what git holds but the package, so that the tests meet the wheel."""
    names = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT).splitlines()
    for name in names:
        if not name.startswith(("guard/", "audience_guard_command")) and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


def main(wanted: list[str]) -> int:
    """Try all that is at hand, say what came of each, and return 1 where anything failed."""
    if unknown := set(wanted) - set(SETS):
        print(f"no such set of packages: {', '.join(sorted(unknown))}; there are {', '.join(SETS)}")
        return 2
    found = list(pythons())
    have = {int(each.version.split(".")[1]) for each in found}
    missing = [f"3.{minor}" for minor in range(OLDEST, NEWEST_KNOWN + 1) if minor not in have]
    print(f"Python at hand: {', '.join(each.version for each in found)}; not at hand: {', '.join(missing) or 'none'}")
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        folder = Path(temporary)
        checkout(folder / "checkout")
        run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder, cwd=ROOT)
        (wheel,) = folder.glob("*.whl")
        tries = {
            f"Python {each.version}, {packages} packages": pool.submit(try_out, each, packages, wheel, folder)
            for each in found
            for packages in wanted or SETS
        }
        if not wanted or "locked" in wanted:
            oldest, newest = found[0], found[-1]
            tries[f"the locks, {OLDEST_PIP}"] = pool.submit(read_locks, oldest, OLDEST_PIP, folder)
            tries["the locks, the newest pip"] = pool.submit(read_locks, newest, "pip", folder)
            tries["the Action's lock"] = pool.submit(read_action_lock, folder)
        failed = 0
        for name, future in tries.items():
            error = future.exception()
            failed += error is not None
            print(f"{'FAILED' if error else 'ok    '} {name:36} {error or future.result()}", flush=True)
    print(f"{len(tries) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
