"""The public Python API, and the README's example."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import guard
from guard import RulesError, UsageError, check, check_async, load_rules
from guard.blueshift.account import open_account
from guard.blueshift.counting import connect
from guard.core.model import Selection
from guard.core.progress import Progress
from guard.core.results import Verdict
from guard.report import Format, render
from guard.run import check_over
from tests.conftest import UUID

if TYPE_CHECKING:
    from guard.core.results import Report
    from guard.sandbox.server import Sandbox

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
RULES = f"""\
version: 1
refresh: {{poll_interval: 100ms}}
segments:
  one: {{uuid: {UUID}, tags: [weekly], channels: {{email: {{min: 10}}}}}}
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    (tmp_path / "rules.yaml").write_text(RULES)
    return tmp_path / "rules.yaml"


def test_check_runs_from_python(rules: Path, sandbox: Sandbox) -> None:
    progress = Progress()

    report = check(load_rules(rules), api_key="any", base_url=sandbox.url, progress=progress)

    assert (report.verdict, report.exit_code) == (Verdict.PASS, 0)
    assert (progress.done, progress.total) == (1, 1)


def test_check_takes_a_path(rules: Path, sandbox: Sandbox) -> None:
    for path in (rules, str(rules)):
        report = check(path, api_key="any", base_url=sandbox.url, timeout="20s", selection=Selection(segments="one"))

        assert (report.verdict, report.rules_path) == (Verdict.PASS, str(rules))
        assert report.selection.segments == ("one",)
    assert asyncio.run(check_async(rules, api_key="any", base_url=sandbox.url)).verdict is Verdict.PASS


def test_wrong_rules_send_nothing(rules: Path, sandbox: Sandbox) -> None:
    rules.write_text("version: 2\n")

    with pytest.raises(RulesError, match=r"rules\.yaml:1:"):
        check(rules, api_key="any", base_url=sandbox.url)
    assert sandbox.requests == ()


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ({"rules": "no-such-file.yaml"}, "no-such-file"),
        ({"selection": Selection(tags=("daily",))}, 'has no tag "daily"'),
        ({"api_key": None}, "there is no API key"),
        ({"api_key": ""}, "the API key is empty"),
        ({"api_key": "a key"}, "contains a character that no API key has"),
        ({"timeout": "20 minutes"}, "timeout: .*20 minutes.*; write one such as 90s, 10m or 1h30m"),
        ({"timeout": "1200"}, "timeout: .*write 1200s"),
        ({"timeout": 0}, "timeout is 0; give more than 0 seconds"),
        ({"timeout": -1.0}, "timeout is -1.0; give more"),
        ({"timeout": float("nan")}, "timeout is nan; give more"),
        ({"timeout": float("inf")}, "timeout is inf; give more"),
        ({"timeout": True}, "timeout is True; give more"),
        ({"timeout": [20]}, r"timeout is \[20\]; give more"),
        ({"selection": "spring-sale"}, r'selection is a str; give one such as Selection\(campaigns="spring-sale"'),
        ({"selection": {"tags": ["x"]}}, "selection is a dict; give one such as"),
        ({"fail_on": "wran"}, 'fail_on is .wran.; did you mean "warn"?'),
        ({"fail_on": None}, "fail_on is None"),
        ({"api_key": 5}, "api_key is a int; give a text, or leave it out$"),
        ({"region": ["us"]}, "region is a list; give a text"),
        ({"base_url": b"http"}, "base_url is a bytes; give a text"),
        ({"progress": 5}, r"progress is a int; give a guard\.Progress\(\)"),
        ({"rules": None}, "rules is a NoneType; give the path of a rules file"),
        ({"rules": b"version: 1"}, "rules is a bytes; give the path"),
        ({"rules": {"version": 1}}, "rules is a dict; give the path"),
    ],
)
def test_a_wrong_argument_sends_nothing(rules: Path, sandbox: Sandbox, arguments: dict[str, Any], wanted: str) -> None:
    right: dict[str, Any] = {"rules": rules, "api_key": "any", "base_url": sandbox.url}

    with pytest.raises(UsageError, match=wanted):
        check(**right | arguments)

    assert sandbox.requests == ()


@pytest.mark.parametrize("path", [None, 5, b"rules.yaml", ["rules.yaml"]])
def test_load_rules_takes_only_a_path(path: Any) -> None:
    with pytest.raises(UsageError, match=f"the rules file is a {type(path).__name__}; give its path"):
        load_rules(path)


def test_fail_on_may_be_a_word(rules: Path, sandbox: Sandbox) -> None:
    rules.write_text(RULES.replace("min: 10", "min: 50, severity: warn"))

    report = check(rules, api_key="any", base_url=sandbox.url, fail_on="warn")

    assert (report.verdict, report.exit_code) == (Verdict.WARN, 1)


@pytest.mark.parametrize("campaigns", ["spring-sale", ("spring-sale",), ["spring-sale"], {"spring-sale": 1}])
def test_a_selection_takes_texts(campaigns: Any) -> None:
    assert Selection(campaigns=campaigns).campaigns == ("spring-sale",)
    assert Selection(campaigns=campaigns) == Selection(campaigns=("spring-sale",))
    assert not Selection(campaigns="spring-sale").segments


@pytest.mark.parametrize("kind", ["segments", "tags", "campaigns"])
@pytest.mark.parametrize("asked", [1, None, [1], [b"weekly"], [["weekly"]], b"weekly"])
def test_a_selection_takes_only_texts(kind: str, asked: Any) -> None:
    arguments: dict[str, Any] = {kind: asked}
    with pytest.raises(
        UsageError, match=rf'Selection\({kind}=.*is not made of texts; .* Selection\(campaigns="spring-sale"'
    ):
        Selection(**arguments)


def test_a_selection_needs_a_kind() -> None:
    with pytest.raises(UsageError, match=r"Selection\('a'\) does not say what it selects; write one text"):
        Selection("a")


def test_a_result_knows_its_place(rules: Path, sandbox: Sandbox) -> None:
    rules.write_text(RULES + "campaigns:\n  sale: {segments: [one], totals: {email: {max: 100}}}\n")

    guarded, total = check(rules, api_key="any", base_url=sandbox.url).results()

    assert (guarded.segment, guarded.campaign, guarded.channel) == ("one", None, "email")
    assert (total.segment, total.campaign, total.channel) == (None, "sale", "email")


def test_a_report_has_every_format(rules: Path, sandbox: Sandbox) -> None:
    report = check(rules, api_key="any", base_url=sandbox.url)

    assert isinstance(report, guard.Report)
    assert json.loads(report.to_json())["verdict"] == "pass"
    assert report.to_json() == report.render("json")
    assert [report.render(each) for each in Format] == [render(report, each) for each in Format]
    assert report.render("md") == report.render("markdown")
    with pytest.raises(UsageError, match=r'there is no format "htlm"; did you mean "html"\?'):
        report.render("htlm")


def test_check_refuses_an_event_loop(rules: Path, sandbox: Sandbox) -> None:
    async def main() -> None:
        check(rules, api_key="any", base_url=sandbox.url)

    with pytest.raises(UsageError, match="await check_async"):
        asyncio.run(main())
    assert sandbox.requests == ()


def test_the_public_names_are_there() -> None:
    assert dir(guard) == sorted(guard.__all__)
    assert all(getattr(guard, name) for name in guard.__all__)


def test_checks_share_a_connection(rules: Path, sandbox: Sandbox) -> None:
    right = load_rules(rules)
    rules.write_text(RULES.replace("min: 10", "min: 50"))
    stricter = load_rules(rules)
    account = open_account({"BLUESHIFT_API_KEY": "any"}, base_url=sandbox.url)

    async def main() -> tuple[Report, Report]:
        async with connect(account, right.pacing) as blueshift:
            return await asyncio.gather(check_over(blueshift, right), check_over(blueshift, stricter))

    reports = asyncio.run(main())

    assert [each.verdict for each in reports] == [Verdict.PASS, Verdict.FAIL]
    assert [each.rules_sha256 for each in reports] == [right.sha256, stricter.sha256]
    assert {each.host for each in reports} == {account.host}


def test_the_readme_example_runs(
    rules: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    monkeypatch.chdir(rules.parent)
    monkeypatch.setenv("BLUESHIFT_API_KEY", "any")
    monkeypatch.setenv("BLUESHIFT_BASE_URL", sandbox.url)

    with pytest.raises(SystemExit) as left:
        exec(compile(example, "README.md", "exec"), {})  # noqa: S102 - our own document

    assert left.value.code == 0
    assert (rules.parent / "report.html").exists()
    assert capsys.readouterr().out == "pass one line 4: email reaches 40, which meets the minimum of 10\n"


def test_the_readme_rules_are_valid(tmp_path: Path) -> None:
    (first,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "rules.yaml").write_text(first)

    assert [segment.key for segment in load_rules(tmp_path / "rules.yaml").segments] == ["win-back"]


def test_other_names_do_not_exist() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'no_such_name'"):
        guard.no_such_name  # noqa: B018 - asking is the test


def test_importing_the_package_is_fast() -> None:
    program = "import sys; before = set(sys.modules); import guard; print(*(set(sys.modules) - before))"

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    assert {"httpx", "pydantic", "yaml", "click", "dataclasses"} & set(loaded) == set()
