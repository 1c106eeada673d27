"""The files that GitHub, Dependabot, pip and pre-commit read: well formed, locked, pinned, and documented."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
REFERENCE = (ROOT / "docs/github-actions.md").read_text(encoding="utf-8").split("## Inputs and outputs")[1]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


def run(*command: str) -> str:
    """Run one of the tools beside this Python, and return what it said where it found fault."""
    done = subprocess.run([TOOLS / command[0], *command[1:]], cwd=ROOT, check=False, capture_output=True, text=True)
    return done.stdout + done.stderr if done.returncode else ""


def test_zizmor_finds_nothing() -> None:
    files = ["action.yml", ".github/dependabot.yml", ".pre-commit-hooks.yaml", *map(str, WORKFLOWS)]

    assert run("zizmor", "--offline", "--strict-collection", "--pedantic", "--quiet", *files) == ""


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("github-actions", [ROOT / "action.yml"]),
        ("github-workflows", WORKFLOWS),
        ("dependabot", [ROOT / ".github/dependabot.yml"]),
    ],
)
def test_the_files_fit_their_schemas(schema: str, files: list[Path]) -> None:
    assert run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *map(str, files)) == ""


def scripts(file: Path) -> Iterator[str]:
    """Yield what the steps of an action or a workflow run in bash."""
    loaded = yaml.safe_load(file.read_text(encoding="utf-8"))
    jobs = loaded["jobs"].values() if "jobs" in loaded else [loaded["runs"]]
    for step in (step for job in jobs for step in job["steps"]):
        if "run" in step:
            yield step["run"]


@pytest.mark.parametrize("file", [ROOT / "action.yml", *WORKFLOWS], ids=lambda file: file.name)
def test_shellcheck_finds_nothing(file: Path, tmp_path: Path) -> None:
    for number, script in enumerate(scripts(file)):
        path = tmp_path / f"step-{number}.sh"
        path.write_text(script, encoding="utf-8")

        assert run("shellcheck", "--shell=bash", "--enable=quote-safe-variables", str(path)) == ""


@pytest.mark.parametrize("file", [ROOT / "action.yml", *WORKFLOWS], ids=lambda file: file.name)
def test_foreign_steps_are_pinned(file: Path) -> None:
    used = re.findall(r"^[ -]*uses: *(.*)", file.read_text(encoding="utf-8"), re.MULTILINE)

    assert [
        each for each in used if each != "./" and not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)
    ] == []


def test_only_publishing_has_an_id_token() -> None:
    asking = [path.name for path in WORKFLOWS if "id-token" in path.read_text(encoding="utf-8")]
    release = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8"))

    assert asking == ["release.yml"]
    assert [name for name, job in release["jobs"].items() if "id-token" in job["permissions"]] == ["publish"]
    assert release["jobs"]["publish"]["environment"] == "release"


def test_expressions_stand_only_in_env() -> None:
    elsewhere = [{name: part for name, part in step.items() if name != "env"} for step in ACTION["runs"]["steps"]]

    assert "${{" not in str(elsewhere)


@pytest.mark.parametrize("kind", ["inputs", "outputs"])
def test_the_reference_lists_each_name(kind: str) -> None:
    rows = re.findall(rf"^\| {kind[:-1]} \|.*?(?:\n\n|\Z)", REFERENCE, re.MULTILINE | re.DOTALL)[0].splitlines()[2:]
    documented = {name for row in rows if row for name in re.findall("`([^`]+)`", row.split("|")[1])}

    assert documented == ACTION[kind].keys()


@pytest.mark.parametrize("name", [name for name, each in ACTION["inputs"].items() if "default" in each])
def test_the_reference_has_each_default(name: str) -> None:
    [row] = [row for row in REFERENCE.splitlines() if row.startswith(f"| `{name}` |")]

    assert row.endswith(f"| `{ACTION['inputs'][name]['default']}` |")


def locked(name: str) -> str:
    return (ROOT / "requirements" / name).read_text(encoding="utf-8")


def pinned(name: str) -> dict[str, tuple[str, str]]:
    """Return the extras and the version that each package is pinned with in a lock."""
    found = re.findall(r"^([\w.-]+)(?:\[([\w,-]+)\])?==([\w.]+)", locked(name), re.MULTILINE)
    return {canonicalize_name(package): (extras, version) for package, extras, version in found}


def test_the_action_lock_is_complete() -> None:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = [*project["project"]["dependencies"], *project["build-system"]["requires"]]

    assert {re.split("[<>=!~ ;[]", each)[0].lower() for each in needed} <= pinned("action.txt").keys()


def test_the_action_lock_is_tested() -> None:
    tested = pinned("dev.txt")

    assert [name for name, (_, version) in pinned("action.txt").items() if version != tested[name][1]] == []


@pytest.mark.parametrize("name", ["action.txt", "dev.txt", "slack.txt"])
def test_a_lock_has_hashes_and_no_host(name: str) -> None:
    text = locked(name)
    requirements = re.findall(r"^[\w.-]+(?:\[[\w,-]+\])?==.*(?:\n    --hash=.*)*", text, re.MULTILINE)

    assert len(requirements) == len(pinned(name))
    assert all("--hash=sha256:" in each for each in requirements)
    assert re.findall(r"://|--index-url|--find-links|--trusted-host", text) == []


@pytest.mark.parametrize("name", ["action.txt", "dev.txt", "slack.txt"])
def test_every_extra_is_pinned(name: str) -> None:
    """An older pip resolves an extra that is not, and refuses the whole file once there is a newer version."""
    extras = {package: set(each.split(",")) for package, (each, _) in pinned(name).items()}
    asked = [
        requirement
        for package in metadata.distributions()
        for requirement in map(Requirement, package.requires or [])
        if (own := extras.get(canonicalize_name(package.name))) is not None
        and requirement.extras
        and (not requirement.marker or any(requirement.marker.evaluate({"extra": each}) for each in (*own, "")))
    ]

    assert [str(each) for each in asked if not each.extras <= extras[canonicalize_name(each.name)]] == []
    assert name != "dev.txt" or "markdown-it-py" in {each.name for each in asked}


def test_pre_commit_validates_offline() -> None:
    [hook] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))

    assert (hook["entry"], hook["language"], hook["pass_filenames"]) == ("audience-guard validate", "python", False)
