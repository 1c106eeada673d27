"""The documents cover all that a user can type or read."""

from __future__ import annotations

import ast
import re
import runpy
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guard.blueshift import account
from guard.cli import lists
from guard.core.errors import ExitCode
from guard.core.model import Channel
from guard.core.results import Reason
from guard.report import Format
from guard.report.json_report.model import report_schema
from guard.rules.schema import rules_schema
from guard.sandbox.demo import demo_scenario, example_rules
from tests.verbs import commands

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
COMMAND = (ROOT / "docs/command.md").read_text(encoding="utf-8")
INDEX = (ROOT / "docs/index.md").read_text(encoding="utf-8")
RULES = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
REPORT = (ROOT / "docs/report.md").read_text(encoding="utf-8")
SANDBOX = (ROOT / "docs/sandbox.md").read_text(encoding="utf-8")
SLACK = (ROOT / "docs/slack.md").read_text(encoding="utf-8")
VERBS = commands()


def flags(verb: str) -> list[str]:
    return [each for parameter in VERBS[verb].params for each in parameter.opts if each.startswith("--")]


def report_keys() -> set[tuple[str, str]]:
    """Return every key of the JSON report with its description; one that repeats its object's is there only."""
    schema = report_schema()
    objects = schema["$defs"]
    return {
        (key, each.get("description") or objects[each["$ref"].rpartition("/")[2]]["description"])
        for holder in (schema, *objects.values())
        for key, each in holder.get("properties", {}).items()
    }


@pytest.mark.parametrize(
    ("prefix", "documents"),
    [("BLUESHIFT", README + COMMAND), ("SLACK", README + COMMAND + SLACK), ("AUDIENCE_GUARD", COMMAND)],
    ids=["blueshift", "slack", "audience-guard"],
)
def test_the_variables_are_documented(prefix: str, documents: str) -> None:
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
def test_the_blind_spots_agree(document: str) -> None:
    told, proven = blind_spots(document), blind_spots("docs/proof.md")

    assert told[:-1] == proven[:-1]
    assert proven[-1].startswith(told[-1][:100])  # other words follow the last point


@pytest.mark.parametrize("host", account.HOSTS.values())
def test_the_hosts_are_blueshifts(host: str) -> None:
    assert re.fullmatch(r"https://api\.(eu\.)?getblueshift\.com", host)


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


def test_the_slack_events_are_documented() -> None:
    table = SLACK.split("\n## The log\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)`(?: \(error\))? \|([^|]*)\|", table, re.MULTILINE)

    assert {name: set(re.findall(r"`(\w+)`", fields)) for name, fields in rows} == logged_events()


def slack_headings() -> set[str]:
    """Return how each short message of the Slack app begins."""
    return {
        text
        for node in slack_nodes()
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"notice", "_message"} and node.args
        for text in texts(node.args[0])
    }


def rules_keys() -> set[str]:
    schema = rules_schema()
    models = [schema, *schema["definitions"].values()]
    return {key for model in models for key in model.get("properties", {})} | {each.value for each in Channel}


def documented() -> Iterator[tuple[str, str, str]]:
    """Yield all that a user can type or read: a name for it, how its document shows it, and the document."""
    exit_codes = COMMAND.split("## Exit codes")[1].split("##")[0]
    list_keys = REPORT.split("## The lists of `segments` and `counts`")[1]
    example = example_rules().read_text(encoding="utf-8")
    scenario_keys = set(re.findall(r"^[\s-]*([a-z_]+):", demo_scenario().read_text(encoding="utf-8"), re.MULTILINE))
    yield from ((f"verb-{verb}", f"`audience-guard {verb}", COMMAND) for verb in VERBS)
    yield from ((f"flag-{flag}", f"`{flag}", COMMAND) for verb in VERBS for flag in flags(verb))
    yield from ((f"slack-flag-{flag}", f"`{flag}[ `]", SLACK) for flag in flags("slack"))
    yield from ((f"exit-code-{code:d}", rf"\b{code:d}\b", exit_codes) for code in ExitCode)
    yield from ((f"format-{each}", f"`{each}`", COMMAND) for each in Format)
    yield from ((f"reason-{each}", rf"\| `{each}` \|", REPORT) for each in Reason)
    for key, description in report_keys():
        yield f"report-{key}", rf"^\| `(?:\S+\.)?{key}` \| {re.escape(description)} \|$", REPORT
    for key in rules_keys():
        yield f"rules-{key}", rf"`(\w+\.)?{key}[`.]", RULES
        yield f"example-{key}", rf"\b{key}:", example
    for key in (*lists.SEGMENT, *lists.COUNT):
        yield f"list-{key}", rf"^\| [^|]*`{key}`[^|]* \|", list_keys
    for key in scenario_keys - set(Channel):
        yield f"scenario-{key}", rf"`(\w+\.)?{key}[`.]", SANDBOX
    yield from ((f"message-{heading}", re.escape(f"| **{heading}"), SLACK) for heading in slack_headings())
    pages = (path.name for path in (ROOT / "docs").glob("*.md") if path.stem != "index")
    yield from ((f"page-{page}", re.escape(f"]({page})"), INDEX) for page in pages)
    yield "index", r"\]\(docs/index\.md\)", README


@pytest.mark.parametrize(
    ("pattern", "document"),
    [pytest.param(pattern, document, id=name) for name, pattern, document in sorted(set(documented()))],
)
def test_all_is_documented(pattern: str, document: str) -> None:
    assert re.search(pattern, document, re.MULTILINE)


def every_document() -> list[Path]:
    return [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def told_tree() -> set[str]:
    """Return every path of the tree in CONTRIBUTING.md; a folder is deeper than what holds it by two spaces."""
    folders: list[str] = []
    paths = set()
    for indent, name in re.findall(r"^( *)(\S+)", CONTRIBUTING.split("```\nguard/\n")[1].split("```")[0], re.MULTILINE):
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


def test_the_recipes_name_real_files() -> None:
    recipes = CONTRIBUTING.split("## Recipes")[1].split("## Ground rules")[0]
    named = re.findall(r"`((?:guard|tests|docs)/[^`*]+|[\w.]+\.(?:yaml|yml|md))`", recipes)

    assert [path for path in named if "NAME" not in path and not (ROOT / path).exists()] == []


def anchors(document: Path) -> set[str]:
    """Return the places in a document that a link can lead to, named after its headings as GitHub does."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", every_document(), ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:]*)(?:#([^)]+))?\)", document.read_text(encoding="utf-8"))
    targets = [(document.parent / path if path else document, heading) for path, heading in links]

    assert [path for path, _ in targets if not path.exists()] == []
    assert [target for target in targets if target[1] and target[1] not in anchors(target[0])] == []


def test_the_rules_reference_is_current() -> None:
    made = runpy.run_path(str(ROOT / "docs/reference.py"))

    assert made["PAGE"].read_text(encoding="utf-8") == made["page"](), "stale: run `make docs` and read the difference"
