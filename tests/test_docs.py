"""The documents say what the code does: nothing that a user can type or read is missing from them."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import click
import pytest

from guard.blueshift import account
from guard.cli.main import audience_guard
from guard.exit_code import ExitCode
from guard.model import Channel
from guard.outcome import Reason
from guard.report import Format
from guard.rules.schema import rules_schema
from guard.sandbox.demo import demo_scenario, example_rules

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RULES = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
REPORT = (ROOT / "docs/report.md").read_text(encoding="utf-8")
SANDBOX = (ROOT / "docs/sandbox.md").read_text(encoding="utf-8")
CONTEXT = click.Context(audience_guard)
VERBS = audience_guard.list_commands(CONTEXT)


def flags(verb: str) -> list[str]:
    command = audience_guard.get_command(CONTEXT, verb)
    assert command
    return [each for parameter in command.params for each in parameter.opts if each.startswith("--")]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_in_the_readme(verb: str) -> None:
    assert f"`audience-guard {verb}" in README


@pytest.mark.parametrize("flag", sorted({flag for verb in VERBS for flag in flags(verb)}))
def test_every_flag_is_in_the_readme(flag: str) -> None:
    assert f"`{flag}" in README


@pytest.mark.parametrize("code", list(ExitCode))
def test_every_exit_code_is_in_the_readme(code: ExitCode) -> None:
    table = README.split("### Exit codes")[1].split("###")[0]

    assert re.search(rf"\b{int(code)}\b", table)


def test_every_variable_that_the_code_reads_is_in_the_readme_and_no_other() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "guard").rglob("*.py"))
    read = set(re.findall(r"BLUESHIFT_[A-Z_]+\b(?<!_)", source))

    assert set(re.findall(r"BLUESHIFT_[A-Z_]+", README)) == read


@pytest.mark.parametrize("format", list(Format))
def test_every_format_is_in_the_readme(format: Format) -> None:  # noqa: A002 - the word of the option
    assert f"`{format.value}`" in README


@pytest.mark.parametrize("host", account.HOSTS.values())
def test_the_hosts_are_the_documented_ones(host: str) -> None:
    assert re.fullmatch(r"https://api\.(eu\.)?getblueshift\.com", host)


def rules_keys() -> set[str]:
    schema = rules_schema()
    models = [schema, *schema["definitions"].values()]
    return {key for model in models for key in model.get("properties", {})} | {each.value for each in Channel}


@pytest.mark.parametrize("key", sorted(rules_keys()))
def test_every_key_of_the_rules_is_documented_and_in_the_example(key: str) -> None:
    assert re.search(rf"`(\w+\.)?{key}[`.]", RULES)
    assert re.search(rf"\b{key}:", example_rules().read_text(encoding="utf-8"))


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_documented(reason: Reason) -> None:
    assert f"| `{reason.value}` |" in REPORT


def scenario_keys() -> set[str]:
    return set(re.findall(r"^[\s-]*([a-z_]+):", demo_scenario().read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("key", sorted(scenario_keys()))
def test_every_key_of_a_scenario_is_documented(key: str) -> None:
    assert key in set(Channel) or re.search(rf"`(\w+\.)?{key}[`.]", SANDBOX)


def every_document() -> list[Path]:
    return [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


@pytest.mark.parametrize("document", every_document(), ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_reference_of_the_rules_is_what_the_schema_says() -> None:
    made = runpy.run_path(str(ROOT / "docs/reference.py"))

    assert made["PAGE"].read_text(encoding="utf-8") == made["page"](), "stale: run `make docs` and read the difference"
