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


def ran(*command: str | Path, **options: Any) -> tuple[int, str, str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **options)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def rules(tmp_path: Path, minimum: int) -> Path:
    (tmp_path / "rules.yaml").write_text(
        f"version: 1\nsegments:\n  one: {{uuid: {UUID}, channels: {{email: {{min: {minimum}}}}}}}\n"
        "campaigns: {spring-sale: {segments: [one]}}\n"
    )
    return tmp_path / "rules.yaml"


def test_the_workflows_are_valid(tmp_path: Path) -> None:
    _, gate, rules, count = blocks("github-actions.md", "yaml")
    (tmp_path / "audience.yml").write_text(gate)
    (tmp_path / "rules.yml").write_text(rules + count)

    check = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows")
    assert ran(*check, *tmp_path.glob("*"))[:2] == (0, "ok -- validation done\n")


def test_the_first_rules_are_right(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(blocks("github-actions.md", "yaml")[0])

    assert [campaign.key for campaign in load_rules(tmp_path / "rules.yaml").campaigns] == ["spring-sale"]


def test_the_guide_uses_real_inputs() -> None:
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
def test_guides_install_without_a_release(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")

    assert "git+https://github.com/OWNER/audience-guard@TAG" in text
    assert "audience_guard-VERSION-py3-none-any.whl" in text


def test_the_wheel_has_the_documented_name(tmp_path: Path) -> None:
    code, _, stderr = ran(
        sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path, cwd=ROOT
    )

    assert code == 0, stderr
    assert [each.name for each in tmp_path.iterdir()] == [f"audience_guard-{__version__}-py3-none-any.whl"]


@pytest.mark.skipif(sys.platform == "win32", reason="cron and sh are not Windows' own")
@pytest.mark.parametrize(("minimum", "code", "mailed"), [(10, 0, False), (100, 1, True)])
def test_cron_mails_only_what_is_wrong(rules: Path, sandbox: Sandbox, code: int, mailed: bool) -> None:
    home = rules.parent
    (script,) = blocks("ci.md", "sh")
    (home / "run.sh").write_text(script)
    (home / ".blueshift-key").write_text("any\n")
    (home / ".blueshift-key").chmod(0o600)
    environ = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(home)}

    found, stdout, stderr = ran("/bin/sh", home / "run.sh", env={**environ, "BLUESHIFT_BASE_URL": sandbox.url})

    assert (found, stderr) == (code, "")
    assert ("Do not send" in stdout) is mailed
    assert (home / "audience.html").exists()


@pytest.mark.parametrize(("minimum", "fails"), [(10, False), (100, True)])
def test_airflow_fails_with_the_gate(
    rules: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    """Airflow itself is not installed here; the task's body is run as it stands in the guide."""
    (recipe,) = blocks("ci.md", "python")
    body = re.search(r"        from guard import.*?rules_sha256\n", recipe, re.DOTALL)
    assert body
    monkeypatch.setenv("BLUESHIFT_API_KEY", "any")
    monkeypatch.setenv("BLUESHIFT_BASE_URL", sandbox.url)
    scope: dict[str, Any] = {}
    exec("def gate():\n" + body[0].replace("/opt/rules/rules.yaml", str(rules)), scope)  # noqa: S102 - our own document

    if fails:
        with pytest.raises(RuntimeError, match="do not send: fail\none: email reaches 40, which is 60 below"):
            scope["gate"]()
    else:
        assert len(scope["gate"]()) == 64
