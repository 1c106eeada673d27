"""The documents cover all that a user can type or read."""

from __future__ import annotations

import ast
import re
import runpy
from pathlib import Path

import click
import pytest

from guard.blueshift import account
from guard.cli import lists
from guard.cli.main import audience_guard
from guard.core.errors import ExitCode
from guard.core.model import Channel
from guard.core.results import Reason
from guard.report import Format
from guard.report.json_report.model import report_schema
from guard.rules.schema import rules_schema
from guard.sandbox.demo import demo_scenario, example_rules

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMAND = (ROOT / "docs/command.md").read_text(encoding="utf-8")
INDEX = (ROOT / "docs/index.md").read_text(encoding="utf-8")
RULES = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
REPORT = (ROOT / "docs/report.md").read_text(encoding="utf-8")
SANDBOX = (ROOT / "docs/sandbox.md").read_text(encoding="utf-8")
SLACK = (ROOT / "docs/slack.md").read_text(encoding="utf-8")
CONTEXT = click.Context(audience_guard)
VERBS = audience_guard.list_commands(CONTEXT)


def flags(verb: str) -> list[str]:
    command = audience_guard.get_command(CONTEXT, verb)
    assert command
    return [each for parameter in command.params for each in parameter.opts if each.startswith("--")]


def report_keys() -> set[tuple[str, str]]:
    """Return every key of the JSON report with its description; one that repeats its object's is there only."""
    schema = report_schema()
    objects = schema["$defs"]
    return {
        (key, each.get("description") or objects[each["$ref"].rpartition("/")[2]]["description"])
        for holder in (schema, *objects.values())
        for key, each in holder.get("properties", {}).items()
    }


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_documented(verb: str) -> None:
    assert f"`audience-guard {verb}" in COMMAND


@pytest.mark.parametrize("flag", sorted({flag for verb in VERBS for flag in flags(verb)}))
def test_every_flag_is_documented(flag: str) -> None:
    assert f"`{flag}" in COMMAND


@pytest.mark.parametrize("code", list(ExitCode))
def test_every_exit_code_is_documented(code: ExitCode) -> None:
    table = COMMAND.split("## Exit codes")[1].split("##")[0]

    assert re.search(rf"\b{int(code)}\b", table)


@pytest.mark.parametrize(
    ("prefix", "documents"),
    [("BLUESHIFT", README + COMMAND), ("SLACK", README + COMMAND + SLACK)],
    ids=["blueshift", "slack"],
)
def test_every_variable_is_documented_and_no_other(prefix: str, documents: str) -> None:
    variable = re.compile(rf"\b{prefix}_[A-Z_]+\b(?<!_)")
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "guard").rglob("*.py"))

    assert set(variable.findall(documents)) == set(variable.findall(source))


BLIND_SPOTS = 7


def blind_spots(document: str) -> list[str]:
    """Return the list that says where a stale count can be believed, each point on one line."""
    text = (ROOT / document).read_text(encoding="utf-8").split("can believe a stale count where", 1)[1]
    lines = " ".join(line.strip().replace("- **", "\n**") for line in text.splitlines() if line.strip()).splitlines()
    return [line.strip() for line in lines[1 : BLIND_SPOTS + 1]]


@pytest.mark.parametrize("document", ["README.md", "SECURITY.md"])
def test_the_blind_spots_are_the_same_everywhere(document: str) -> None:
    told, proven = blind_spots(document), blind_spots("docs/proof.md")

    assert told[:-1] == proven[:-1]
    assert proven[-1].startswith(told[-1][:100])  # other words follow the last point


@pytest.mark.parametrize("format", list(Format))
def test_every_format_is_documented(format: Format) -> None:  # noqa: A002 - the word of the option
    assert f"`{format.value}`" in COMMAND


@pytest.mark.parametrize("host", account.HOSTS.values())
def test_the_hosts_are_the_documented_ones(host: str) -> None:
    assert re.fullmatch(r"https://api\.(eu\.)?getblueshift\.com", host)


def rules_keys() -> set[str]:
    schema = rules_schema()
    models = [schema, *schema["definitions"].values()]
    return {key for model in models for key in model.get("properties", {})} | {each.value for each in Channel}


@pytest.mark.parametrize(("key", "description"), sorted(report_keys()))
def test_every_report_key_is_documented(key: str, description: str) -> None:
    assert re.search(rf"^\| `(?:\S+\.)?{key}` \| {re.escape(description)} \|$", REPORT, re.MULTILINE)


@pytest.mark.parametrize("key", sorted(rules_keys()))
def test_every_rules_key_is_documented(key: str) -> None:
    assert re.search(rf"`(\w+\.)?{key}[`.]", RULES)
    assert re.search(rf"\b{key}:", example_rules().read_text(encoding="utf-8"))


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_documented(reason: Reason) -> None:
    assert f"| `{reason.value}` |" in REPORT


@pytest.mark.parametrize("key", sorted({*lists.SEGMENT, *lists.COUNT}))
def test_every_list_key_is_documented(key: str) -> None:
    section = REPORT.split("## The lists of `segments` and `counts`")[1]

    assert re.search(rf"^\| [^|]*`{key}`[^|]* \|", section, re.MULTILINE)


def scenario_keys() -> set[str]:
    return set(re.findall(r"^[\s-]*([a-z_]+):", demo_scenario().read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("key", sorted(scenario_keys()))
def test_every_scenario_key_is_documented(key: str) -> None:
    assert key in set(Channel) or re.search(rf"`(\w+\.)?{key}[`.]", SANDBOX)


@pytest.mark.parametrize("flag", sorted(flags("slack")))
def test_the_slack_guide_lists_every_flag(flag: str) -> None:
    assert re.search(rf"`{flag}[ `]", SLACK)


def slack_nodes() -> list[ast.AST]:
    modules = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "guard/slack").glob("*.py")]
    return [node for module in modules for node in ast.walk(module)]


def texts(node: ast.expr) -> set[str]:
    """Return the texts that an expression can come to; of one with values in it, what stands before the first."""
    match node:
        case ast.Constant(value=str(text)):
            return {text}
        case ast.IfExp(body=one, orelse=other):
            return texts(one) | texts(other)
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            return {text}
        case _:
            return set()


def named_fields() -> dict[str, set[str]]:
    """Return the keys of each dictionary that is kept under a name or returned by a function of that name."""
    fields: dict[str, set[str]] = {}
    for node in slack_nodes():
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict(keys=keys)):
                pass
            case ast.FunctionDef(name=name, body=[*_, ast.Return(value=ast.Dict(keys=keys))]):
                pass
            case _:
                continue
        fields.setdefault(name, set()).update(text for key in keys if key for text in texts(key))
    return fields


def logged_events() -> dict[str, set[str]]:
    """Return every event that the Slack app logs, and the fields that come with it."""
    spread = named_fields()
    events: dict[str, set[str]] = {}
    for node in slack_nodes():
        call = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        if not isinstance(node, ast.Call) or call.removeprefix("log.") not in {"event", "trouble", "bug"}:
            continue
        if not texts(node.args[0]):  # what an event is called is handed on
            continue
        fields = {"error", "where"} if call.endswith("bug") else set()
        for keyword in node.keywords:
            fields |= {keyword.arg} if keyword.arg else spread[ast.unparse(keyword.value).rpartition(".")[2]]
        for name in texts(node.args[0]):
            events.setdefault(name, set()).update(fields)
    return events


def test_the_slack_guide_lists_every_event() -> None:
    table = SLACK.split("\n## The log\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)`(?: \(error\))? \|([^|]*)\|", table, re.MULTILINE)

    assert {name: set(re.findall(r"`(\w+)`", fields)) for name, fields in rows} == logged_events()


def slack_headings() -> set[str]:
    """Return how each short message of the Slack app begins."""
    return {
        text
        for node in slack_nodes()
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"note", "_message"} and node.args
        for text in texts(node.args[0])
    }


@pytest.mark.parametrize("heading", sorted(slack_headings()))
def test_the_slack_guide_lists_every_message(heading: str) -> None:
    assert f"| **{heading}" in SLACK


def every_document() -> list[Path]:
    return [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


@pytest.mark.parametrize("document", every_document(), ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("page", sorted(path.name for path in (ROOT / "docs").glob("*.md") if path.stem != "index"))
def test_the_index_links_every_page(page: str) -> None:
    assert f"]({page})" in INDEX


def test_the_readme_links_the_index() -> None:
    assert "](docs/index.md)" in README


def told_tree() -> set[str]:
    """Return every path of the tree in CONTRIBUTING.md; a folder is deeper than what holds it by two spaces."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    folders: list[str] = []
    paths = set()
    for indent, name in re.findall(r"^( *)(\S+)", text.split("```\nguard/\n")[1].split("```")[0], re.MULTILINE):
        folders[len(indent) // 2 - 1 :] = [name]
        paths.add("".join(folders))
    return paths


def real_tree() -> set[str]:
    """Return the folders and files of guard/, but for each ``__init__.py`` that holds only a docstring."""
    files = [path for path in (ROOT / "guard").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    told = [path for path in files if path.name != "__init__.py" or len(ast.parse(path.read_bytes()).body) > 1]
    folders = {folder for path in told for folder in path.parents if ROOT / "guard" in folder.parents}
    inside = ROOT / "guard"
    return {f"{path.relative_to(inside).as_posix()}{'/' if path in folders else ''}" for path in (*told, *folders)}


def test_the_tree_is_the_real_one() -> None:
    assert told_tree() == real_tree()


def recipe_files() -> list[str]:
    recipes = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Recipes")[1].split("## Ground rules")[0]
    return sorted(set(re.findall(r"`((?:guard|tests|docs)/[^`*]+|[\w.]+\.(?:yaml|yml|md))`", recipes)))


@pytest.mark.parametrize("path", [path for path in recipe_files() if "NAME" not in path])
def test_the_recipes_name_real_files(path: str) -> None:
    assert (ROOT / path).exists()


def anchors(document: Path) -> set[str]:
    """Return the places in a document that a link can lead to, named after its headings as GitHub does."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", every_document(), ids=lambda path: path.name)
def test_links_lead_to_headings(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:]*)#([^)]+)\)", document.read_text(encoding="utf-8"))

    assert [
        link for link in links if link[1] not in anchors((document.parent / link[0]) if link[0] else document)
    ] == []


def test_the_rules_reference_is_current() -> None:
    made = runpy.run_path(str(ROOT / "docs/reference.py"))

    assert made["PAGE"].read_text(encoding="utf-8") == made["page"](), "stale: run `make docs` and read the difference"
