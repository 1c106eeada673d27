"""Annotations name the rules as GitHub looks for them: from the root of the workspace."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from guard.cli.workspace import in_workspace
from tests.cli.conftest import RULES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a workspace with rules in a subfolder, which is the working directory."""
    (tmp_path / "repository/marketing").mkdir(parents=True)
    (tmp_path / "repository/marketing/rules.yaml").write_text(RULES)
    (tmp_path / "elsewhere.yaml").write_text(RULES)
    monkeypatch.chdir(tmp_path / "repository/marketing")
    return tmp_path / "repository"


@pytest.mark.parametrize("path", ["rules.yaml", "./rules.yaml", "../marketing/rules.yaml", ".//.//rules.yaml"])
def test_a_file_is_named_from_the_root_of_the_workspace(workspace: Path, path: str) -> None:
    assert in_workspace(path, {"GITHUB_WORKSPACE": str(workspace)}) == "marketing/rules.yaml"


def test_a_full_path_is_named_so_too(workspace: Path) -> None:
    full = str(workspace / "marketing/rules.yaml")

    assert in_workspace(full, {"GITHUB_WORKSPACE": str(workspace)}) == "marketing/rules.yaml"


def test_a_workspace_behind_a_link_is_the_same_one(workspace: Path) -> None:
    link = workspace.parent / "link"
    link.symlink_to(workspace)

    assert in_workspace("rules.yaml", {"GITHUB_WORKSPACE": str(link)}) == "marketing/rules.yaml"


def test_a_file_outside_of_the_workspace_has_its_full_path(workspace: Path) -> None:
    outside = workspace.parent / "elsewhere.yaml"

    assert in_workspace("../../elsewhere.yaml", {"GITHUB_WORKSPACE": str(workspace)}) == outside.as_posix()


@pytest.mark.parametrize("path", ["<stdin>", "gone.yaml", "no\0name", "\ud800", "x" * 5000])
def test_what_is_not_a_file_stays_as_it_is(workspace: Path, path: str) -> None:
    assert in_workspace(path, {"GITHUB_WORKSPACE": str(workspace)}) == path


@pytest.mark.parametrize("environ", [{}, {"GITHUB_WORKSPACE": ""}])
@pytest.mark.usefixtures("workspace")
def test_without_a_workspace_a_path_loses_no_more_than_its_dot(environ: dict[str, str]) -> None:
    assert in_workspace("./rules.yaml", environ) == "rules.yaml"
    assert in_workspace("../marketing/rules.yaml", environ) == "../marketing/rules.yaml"


def test_a_command_in_a_subfolder_annotates_the_file_of_the_workspace(audience_guard: Run, folder: Path) -> None:
    environ = {"GITHUB_WORKSPACE": str(folder.parent)}
    outputs = ("--output", "github", "--output", "json=report.json")

    code, stdout, _ = audience_guard("check", "./rules.yaml", "--segment", "bad", *outputs, environ=environ)

    named = f"file={folder.name}/rules.yaml"
    assert code == 1
    assert re.findall("^::error (file=[^,]*)", stdout, re.MULTILINE) == [named]
    assert json.loads((folder / "report.json").read_text())["rules"]["path"] == "./rules.yaml"

    code, stdout, _ = audience_guard("report", "report.json", "--output", "github", environ=environ)
    assert re.findall("^::error (file=[^,]*)", stdout, re.MULTILINE) == [named]
