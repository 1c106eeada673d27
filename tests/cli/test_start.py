"""The installed command runs its own package, whatever stands in the working directory, in PYTHONPATH or in its folder.

The script is the one that pip writes for the entry point of pyproject.toml.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from guard import __version__

ROOT = Path(__file__).parents[2]
SCRIPT = """\
import sys
from {module} import {function}
if __name__ == "__main__":
    sys.exit({function}())
"""
PROGRAM = 'print("another program")\ndef main(*_): raise SystemExit(0)\nmain()\n'


@pytest.fixture
def command(tmp_path: Path) -> Path:
    """Return the command as it is installed, in a folder of its own."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, function = project["scripts"]["audience-guard"].split(":")
    script = tmp_path / "bin/audience-guard"
    script.parent.mkdir()
    script.write_text(SCRIPT.format(module=module, function=function))
    return script


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a working directory without a rules file, so that ``validate`` exits with 2."""
    folder = tmp_path / "repository"
    folder.mkdir()
    return folder


def run(command: Path | str, repository: Path, path: str | None = ".", *arguments: str) -> tuple[int, str, str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE_"))}
    ended = subprocess.run(
        [sys.executable, str(command), *(arguments or ("validate",))],
        cwd=repository,
        env=environ if path is None else {**environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return ended.returncode, ended.stdout, ended.stderr


def assert_it_is_ours(ran: tuple[int, str, str]) -> None:
    code, stdout, stderr = ran
    assert (code, stdout) == (2, "")
    assert stderr.startswith("audience-guard: ")
    assert "rules.yaml" in stderr


@pytest.mark.parametrize("path", [".", "", ":.", "elsewhere:.", None])
@pytest.mark.parametrize("module", ["guard/__init__.py", "guard/__main__.py", "guard/cli/main.py", "guard.py"])
def test_a_package_of_our_name_is_not_run(command: Path, repository: Path, module: str, path: str | None) -> None:
    file = repository / module
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(PROGRAM)
    for each in file.parents:
        if each not in repository.parents and each != repository:
            (each / "__init__.py").touch()

    assert_it_is_ours(run(command, repository, path))


@pytest.mark.parametrize(
    ("module", "place", "path"),
    [
        *(
            (each, "repository", ".")
            for each in ["click", "yaml", "pydantic", "rich", "dataclasses", "argparse", "asyncio", "json"]
        ),
        *((each, "bin", None) for each in ("guard", "click", "json")),
    ],
)
def test_a_module_of_theirs_is_not_run(
    command: Path, repository: Path, module: str, place: str, path: str | None
) -> None:
    (repository.parent / place / f"{module}.py").write_text(PROGRAM)

    assert_it_is_ours(run(command, repository, path))


@pytest.mark.parametrize("module", ["audience_guard_command", "sitecustomize", "guard", "click", "json"])
def test_isolated_python_ignores_pythonpath(repository: Path, module: str) -> None:
    (repository / f"{module}.py").write_text(PROGRAM)

    assert_it_is_ours(run("-I", repository, str(repository), "-m", "guard", "validate"))


def test_an_earlier_package_is_refused(command: Path, repository: Path) -> None:
    (repository / "guard.py").write_text(PROGRAM.replace("main()\n", ""))
    command.write_text("import sys\nsys.path.insert(0, '.')\nimport guard\n" + command.read_text())

    code, stdout, stderr = run(command, repository, None)

    assert (code, stdout) == (2, "another program\n")
    assert "another package named guard was loaded first" in stderr
    assert "hint: unset PYTHONPATH" in stderr


def test_a_missing_package_exits_2(command: Path, repository: Path) -> None:
    command.write_text("import sys\nsys.modules['click'] = None\n" + command.read_text())

    code, stdout, stderr = run(command, repository)

    assert (code, stdout) == (2, "")
    assert stderr.startswith("audience-guard: the command cannot start (")
    assert "Traceback" not in stderr


def test_pythonpath_can_name_ours(command: Path, repository: Path, tmp_path: Path) -> None:
    """As where it was installed with ``pip install --target``, and another copy stands elsewhere."""
    target = tmp_path / "target"
    shutil.copytree(ROOT / "guard", target / "guard", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "audience_guard_command.py", target)
    package = target / "guard/version.py"
    package.write_text(package.read_text().replace(__version__, "9.9.9"))
    (repository / "guard.py").write_text(PROGRAM)

    assert run(command, repository, f".{os.pathsep}{target}", "--version") == (0, "audience-guard 9.9.9\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a working directory")
def test_a_lost_working_directory_is_fine(command: Path, repository: Path) -> None:
    command.write_text(f"import os\nos.rmdir({str(repository)!r})\n" + command.read_text())

    assert run(command, repository, ".", "--version") == (0, f"audience-guard {__version__}\n", "")
