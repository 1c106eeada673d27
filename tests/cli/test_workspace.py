"""Annotations name the rules as GitHub looks for them: from the root of the workspace."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from guard.cli.workspace import in_workspace
from tests.cli.conftest import RULES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a workspace with rules in a subfolder, which is the working directory."""
    (tmp_path / "repository/marketing").mkdir(parents=True)
    (tmp_path / "repository/marketing/rules.yaml").write_text(RULES)
    (tmp_path / "elsewhere.yaml").write_text(RULES)
    (tmp_path / "link").symlink_to(tmp_path / "repository")
    monkeypatch.chdir(tmp_path / "repository/marketing")
    return tmp_path / "repository"


@pytest.mark.parametrize(
    ("path", "root", "named"),
    [
        *(
            (path, "{above}/repository", "marketing/rules.yaml")
            for path in ("rules.yaml", "./rules.yaml", "../marketing/rules.yaml", ".//.//rules.yaml")
        ),
        ("{above}/repository/marketing/rules.yaml", "{above}/repository", "marketing/rules.yaml"),
        ("rules.yaml", "{above}/link", "marketing/rules.yaml"),
        ("../../elsewhere.yaml", "{above}/repository", "{above}/elsewhere.yaml"),
        *((path, "{above}/repository", path) for path in ("<stdin>", "gone.yaml", "no\0name", "\ud800", "x" * 5000)),
        *(("./rules.yaml", root, "rules.yaml") for root in ("", None)),
        *(("../marketing/rules.yaml", root, "../marketing/rules.yaml") for root in ("", None)),
    ],
)
def test_a_path_begins_at_the_workspace(workspace: Path, path: str, root: str | None, named: str) -> None:
    above = workspace.parent.as_posix()
    environ = {} if root is None else {"GITHUB_WORKSPACE": root.format(above=above)}

    assert in_workspace(path.format(above=above), environ) == named.format(above=above)


def test_a_subfolder_annotates_the_file(audience_guard: Run, folder: Path) -> None:
    environ = {"GITHUB_WORKSPACE": str(folder.parent)}
    outputs = ("--output", "github", "--output", "json=report.json")

    code, stdout, _ = audience_guard("check", "./rules.yaml", "--segment", "bad", *outputs, environ=environ)

    named = f"file={folder.name}/rules.yaml"
    assert code == 1
    assert re.findall("^::error (file=[^,]*)", stdout, re.MULTILINE) == [named]
    assert json.loads((folder / "report.json").read_text())["rules"]["path"] == "./rules.yaml"

    code, stdout, _ = audience_guard("report", "report.json", "--output", "github", environ=environ)
    assert re.findall("^::error (file=[^,]*)", stdout, re.MULTILINE) == [named]
