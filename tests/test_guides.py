"""The recipes in the guides work: workflows, scripts and tasks."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from guard import __version__, load_rules
from tests.conftest import UUID

if TYPE_CHECKING:
    from guard.sandbox.server import Sandbox

ROOT = Path(__file__).parents[1]


def blocks(document: str, language: str) -> list[str]:
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return found


def test_the_workflows_are_valid(tmp_path: Path) -> None:
    _, gate, rules, count = blocks("github-actions.md", "yaml")
    (tmp_path / "audience.yml").write_text(gate)
    (tmp_path / "rules.yml").write_text(rules + count)

    ended = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", *tmp_path.glob("*")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (0, "ok -- validation done\n")


def test_the_first_rules_are_right(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(blocks("github-actions.md", "yaml")[0])

    assert [campaign.key for campaign in load_rules(tmp_path / "rules.yaml").campaigns] == ["spring-sale"]


def test_the_guide_uses_inputs_that_exist() -> None:
    declared = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["inputs"]
    steps: list[dict[str, Any]] = [
        step
        for block in ("".join(blocks("github-actions.md", "yaml")[2:]), blocks("github-actions.md", "yaml")[1])
        for job in yaml.safe_load(block)["jobs"].values()
        for step in job["steps"]
        if "audience-guard@" in step.get("uses", "")
    ]

    assert len(steps) == 3
    assert {name for step in steps for name in step["with"]} <= set(declared)


def test_the_gitlab_jobs_are_yaml() -> None:
    jobs = [yaml.safe_load(block) for block in blocks("ci.md", "yaml")[:2]]

    assert [list(job) for job in jobs] == [["audience"], ["rules"]]


def test_the_hook_exists() -> None:
    [hook] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    [repository] = yaml.safe_load(blocks("ci.md", "yaml")[2])["repos"]
    [used] = repository["hooks"]

    assert used["id"] == hook["id"]
    assert set(used) - {"id"} <= set(hook)
    assert re.search(used["files"], used["args"][0])


@pytest.mark.parametrize("document", [ROOT / "README.md", *(ROOT / "docs").glob("*.md")], ids=lambda path: path.stem)
def test_no_recipe_needs_a_release(document: Path) -> None:
    text = document.read_text(encoding="utf-8")

    assert re.findall(r"(?:pipx?|uv tool) install[^\n`|]*[\"' ]audience-guard(?!\S* @ )", text) == []
    assert re.findall(r"audience-guard(?:\[\w+\])?(?:==|@v?)\d", text) == []


@pytest.mark.parametrize("document", ["docs/install.md", "docs/ci.md", "docs/slack.md"])
def test_guides_install_from_a_tag_and_a_wheel(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")

    assert "git+https://github.com/OWNER/audience-guard@TAG" in text
    assert "audience_guard-VERSION-py3-none-any.whl" in text


def test_the_wheel_has_the_documented_name(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert built.returncode == 0, built.stderr
    assert [each.name for each in tmp_path.iterdir()] == [f"audience_guard-{__version__}-py3-none-any.whl"]


@pytest.mark.skipif(sys.platform == "win32", reason="cron and sh are not Windows' own")
@pytest.mark.parametrize(("minimum", "code", "mailed"), [(10, 0, False), (100, 1, True)])
def test_cron_mails_only_what_is_wrong(tmp_path: Path, sandbox: Sandbox, minimum: int, code: int, mailed: bool) -> None:
    (script,) = blocks("ci.md", "sh")
    (tmp_path / "run.sh").write_text(script)
    (tmp_path / ".blueshift-key").write_text("any\n")
    (tmp_path / ".blueshift-key").chmod(0o600)
    rules = f"version: 1\nsegments:\n  one: {{uuid: {UUID}, channels: {{email: {{min: {minimum}}}}}}}\n"
    (tmp_path / "rules.yaml").write_text(rules)
    environ = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(tmp_path)}

    ended = subprocess.run(
        ["/bin/sh", str(tmp_path / "run.sh")],
        env={**environ, "BLUESHIFT_BASE_URL": sandbox.url},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert ended.returncode == code
    assert ("Do not send" in ended.stdout) is mailed
    assert ended.stderr == ""
    assert (tmp_path / "audience.html").exists()


@pytest.mark.parametrize(("minimum", "fails"), [(10, False), (100, True)])
def test_the_airflow_task_fails_with_the_gate(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, minimum: int, fails: bool
) -> None:
    """Airflow itself is not installed here; the task's body is run as it stands in the guide."""
    (recipe,) = blocks("ci.md", "python")
    body = re.search(r"        from guard import.*?rules_sha256\n", recipe, re.DOTALL)
    assert body
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        f"version: 1\nsegments:\n  one: {{uuid: {UUID}, channels: {{email: {{min: {minimum}}}}}}}\n"
        "campaigns: {spring-sale: {segments: [one]}}\n"
    )
    monkeypatch.setenv("BLUESHIFT_API_KEY", "any")
    monkeypatch.setenv("BLUESHIFT_BASE_URL", sandbox.url)
    scope: dict[str, Any] = {}
    exec("def gate():\n" + body[0].replace("/opt/rules/rules.yaml", str(rules)), scope)  # noqa: S102 - our own document

    if fails:
        with pytest.raises(RuntimeError, match="do not send: fail\none: email reaches 40, which is 60 below"):
            scope["gate"]()
    else:
        assert len(scope["gate"]()) == 64
