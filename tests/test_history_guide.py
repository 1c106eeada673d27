"""The guide to the history is followed word for word: its commands, what they print, and its recipes.

The stand-in for Blueshift listens on any free port. The recipe for GitHub runs with real git against a folder.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from guard.history.address import parse_address
from guard.history.store import Store
from guard.report import Format, render
from tests.conftest import UUID
from tests.report.builders import outcomes
from tests.slack.guide import commands, shown
from tests.test_guides import ROOT, ran

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from guard.sandbox.server import Sandbox
    from tests.postgres import Server

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the guide's commands are a POSIX shell's")

GUIDE = (ROOT / "docs/history.md").read_text(encoding="utf-8")
ADDRESS = "127.0.0.1:8765"
PATH = f"{Path(sys.executable).parent}{os.pathsep}/usr/local/bin:/usr/bin:/bin"
RULES = f"""\
version: 1
blueshift: {{requests_per_second: 200}}
refresh: {{timeout: 5s, poll_interval: 50ms, max_poll_interval: 50ms}}
segments:
  one: {{uuid: {UUID}, channels: {{email: {{min: MINIMUM}}}}}}
campaigns: {{spring-sale: {{segments: [one]}}}}
"""


def blocks(heading: str, language: str) -> list[str]:
    """Return the fenced blocks of a section."""
    section = GUIDE.split(f"\n## {heading}\n", 1)[1].split("\n## ")[0]
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    return found


def store_at(path: object) -> Store:
    return Store(parse_address(str(path), "the test"))


def pretend(folder: Path, minimum: int = 10) -> Path:
    """Write rules for the segment of the sandbox, whose email reaches 40."""
    rules = folder / "rules.yaml"
    rules.write_text(RULES.replace("MINIMUM", str(minimum)))
    return rules


# From nothing to a trend page


@pytest.fixture
def address() -> Iterator[str]:
    """Start the stand-in for Blueshift as the guide does; return where it is."""
    (command,) = commands(blocks("From nothing to a trend page", "console")[0])
    sandbox = subprocess.Popen(
        [*shlex.split(command), "--port", "0"],
        env={"PATH": PATH},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert sandbox.stdout
        said = sandbox.stdout.readline()
        found = re.search(r"127\.0\.0\.1:\d+", said)
        assert found, said
        assert said.splitlines() == [line.replace(ADDRESS, found[0]) for line in shown(_console(0))]
        yield found[0]
    finally:
        sandbox.kill()
        sandbox.communicate()


def _console(number: int) -> str:
    return blocks("From nothing to a trend page", "console")[number]


def steps(block: str) -> list[tuple[str, list[str]]]:
    """Return each command of a block with the lines that the guide shows of its output."""
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    return [(part.splitlines()[0], part.splitlines()[1:]) for part in parts]


def test_a_newcomer_gets_a_trend_page(tmp_path: Path, address: str) -> None:
    preparing, *rest = (_console(number) for number in range(1, len(blocks("From nothing to a trend page", "console"))))
    environ = {"PATH": PATH, "HOME": str(tmp_path)}
    prepared = "\n".join(commands(preparing)).replace(ADDRESS, address)
    made = ran("/bin/bash", "-ec", f"{prepared}\nenv", cwd=tmp_path, env=environ)[1]
    environ |= dict(line.split("=", 1) for line in made.splitlines() if line.startswith("BLUESHIFT_"))
    folder = tmp_path / "audience"
    for name, language in (("rules.yaml", "yaml"), ("past.csv", "csv")):
        (folder / name).write_text(blocks("From nothing to a trend page", language)[0])

    for command, expected in (step for block in rest for step in steps(block)):
        code, stdout, stderr = ran("/bin/bash", "-ec", command, cwd=folder, env=environ)

        told = re.sub(r"20\d\d-\d\d-\d\d", lambda day: min(day[0], "2026-11-16"), stdout + stderr).splitlines()
        whole = "..." not in expected
        lines = iter(told)
        assert [line for line in expected if line != "..." and line not in lines] == [], told
        assert not whole or told == expected
        assert code == {"check": 2 if "does not exist" in stderr else 1}.get(command.split()[1], 0)
    assert (folder / "trends.html").read_text(encoding="utf-8").count("<svg") >= 2


# PostgreSQL


def test_the_roles_have_enough_rights(tmp_path: Path, sandbox: Sandbox, postgres: Server) -> None:
    import psycopg  # noqa: PLC0415 - not on every Python

    making, granting, pruning, looking = (
        re.sub(r"\s+", " ", block).split(";")[:-1] for block in blocks("PostgreSQL", "sql")
    )
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        for statement in making:
            connection.execute(statement)

    def url(user: str) -> str:
        return re.sub("user=[^&]*", f"user={user}", postgres.url("audience"))

    def guard(user: str, *arguments: str) -> tuple[int, str, str]:
        environ = {"PATH": PATH, "AUDIENCE_GUARD_HISTORY": url(user), "BLUESHIFT_API_KEY": "any"}
        environ["BLUESHIFT_BASE_URL"] = sandbox.url
        return ran("audience-guard", *arguments, cwd=tmp_path, env=environ)

    pretend(tmp_path)
    with psycopg.connect(postgres.url("audience"), autocommit=True) as connection:
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")  # as PostgreSQL 15 and later do
        connection.execute("GRANT CREATE ON SCHEMA public TO audience_owner")
        assert guard("audience_guard", "history", "init")[0] == 2
        assert guard("audience_owner", "history", "init")[0] == 0
        assert "permission denied" in guard("audience_guard", "check")[2]
        with psycopg.connect(url("audience_owner"), autocommit=True) as owner:
            for statement in granting:
                owner.execute(statement)
        for statement in looking:
            connection.execute(statement)

    assert guard("audience_guard", "check", "--record-required")[0] == 0
    assert guard("audience_guard", "check", "--record-required")[0] == 0
    assert guard("audience_reader", "check", "--no-record")[0] == 0
    assert guard("audience_reader", "history", "show")[0] == 0
    code, _, stderr = guard("audience_reader", "check", "--record-required")
    assert (code, "permission denied" in stderr) == (3, True)
    (tmp_path / "past.csv").write_text(blocks("From nothing to a trend page", "csv")[0])
    assert guard("audience_guard", "history", "import", "past.csv")[0] == 0
    code, _, stderr = guard("audience_guard", "history", "prune", "--older-than", "1d")
    assert (code, "permission denied" in stderr) == (2, True)
    with psycopg.connect(postgres.url("audience"), autocommit=True) as connection:
        for statement in pruning:
            connection.execute(statement)
    code, stdout, _ = guard("audience_guard", "history", "prune", "--older-than", "1d")
    assert (code, "deleted 12 readings of 1 run" in stdout) == (0, True)
    assert store_at(url("audience_reader")).read_all().damage == ()


def test_dropping_the_tables_deletes_everything(postgres: Server) -> None:
    import psycopg  # noqa: PLC0415 - not on every Python

    url = postgres.create("to_drop")
    store_at(url).init()
    (statement,) = re.findall(r"`(DROP TABLE [^`]*)`", GUIDE)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


# cron, GitLab CI, Airflow, Python


@pytest.mark.parametrize(("minimum", "mailed"), [(10, False), (100, True)])
def test_cron_mails_only_what_stops_a_send(tmp_path: Path, sandbox: Sandbox, minimum: int, mailed: bool) -> None:
    (table,) = blocks("cron", "cron")
    settings = dict(re.findall(r"^(\w+)=(.*)$", table, re.MULTILINE))
    (line,) = re.findall(r"^10 6 \* \* 1-5  (.*)$", table, re.MULTILINE)
    (making,) = blocks("cron", "sh")
    pretend(tmp_path, minimum)
    environ = settings | {"PATH": PATH, "HOME": str(tmp_path), "BLUESHIFT_BASE_URL": sandbox.url}
    assert ran("/bin/sh", "-ec", making, cwd=tmp_path, env=environ)[0] == 0
    assert (tmp_path / ".blueshift-key").stat().st_mode & 0o77 == 0
    (tmp_path / ".blueshift-key").write_text("any\n")

    _, stdout, stderr = ran("/bin/sh", "-c", line, cwd=tmp_path, env=environ)

    assert ("Do not send" in stdout, stderr) == (mailed, "")
    assert [run.exit_code for run in store_at(tmp_path / "history.db").read().runs] == [int(mailed)]
    assert (tmp_path / "audience.html").exists()


@pytest.mark.parametrize("source", ["schedule", "merge_request_event"])
def test_gitlab_records_no_merge_request(tmp_path: Path, sandbox: Sandbox, source: str) -> None:
    (text,) = blocks("GitLab CI", "yaml")
    job = yaml.safe_load(text)["audience"]
    (rule,) = [each for each in job["rules"] if source in each["if"]]
    pretend(tmp_path)
    store_at(tmp_path / "history.db").init()
    installing, checking = job["script"]
    environ = {**job["variables"], **rule.get("variables", {}), "PATH": PATH, "BLUESHIFT_API_KEY": "any"}
    environ |= {"BLUESHIFT_BASE_URL": sandbox.url, "AUDIENCE_GUARD_HISTORY": "history.db"}

    code, _, stderr = ran("/bin/bash", "-ec", checking, cwd=tmp_path, env=environ)

    assert installing.startswith("pip install ")
    assert code == 0, stderr
    assert len(store_at(tmp_path / "history.db").read().runs) == (source == "schedule")
    assert (tmp_path / "audience.xml").exists()


@pytest.fixture
def blueshift(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with a store, and the sandbox in the environment."""
    monkeypatch.chdir(tmp_path)
    for name, value in {"BLUESHIFT_API_KEY": "any", "BLUESHIFT_BASE_URL": sandbox.url, "PATH": PATH}.items():
        monkeypatch.setenv(name, value)
    store_at("history.db").init()
    return tmp_path


class Dag(contextlib.nullcontext[None]):
    """A stand-in for Airflow's."""

    def __init__(self, *_: object, **__: object) -> None:
        super().__init__()


def airflow_tasks(monkeypatch: pytest.MonkeyPatch, recipe: str) -> dict[str, Any]:
    """Run the recipe against stand-ins for Airflow, which is not installed here; return what its tasks were given."""
    tasks: dict[str, Any] = {}
    for name in ("airflow", "airflow.sdk", "airflow.providers", "airflow.providers.standard"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    sys.modules["airflow.sdk"].DAG = Dag  # type: ignore[attr-defined]
    for kind in ("Bash", "Python"):
        module = types.ModuleType(kind)
        setattr(module, f"{kind}Operator", lambda kind=kind, **given: tasks.update({kind: given}))
        monkeypatch.setitem(sys.modules, "airflow.providers.standard.operators", types.ModuleType("operators"))
        monkeypatch.setitem(sys.modules, f"airflow.providers.standard.operators.{kind.lower()}", module)
    exec(recipe, {})  # noqa: S102 - our own document
    return tasks


@pytest.mark.parametrize(("minimum", "passes"), [(10, True), (100, False)])
def test_airflow_tasks_record(blueshift: Path, monkeypatch: pytest.MonkeyPatch, minimum: int, passes: bool) -> None:
    monkeypatch.setenv("AUDIENCE_GUARD_HISTORY", "history.db")
    rules = pretend(blueshift, minimum)
    (recipe,) = blocks("Airflow", "python")
    tasks = airflow_tasks(monkeypatch, recipe.replace("/opt/rules/rules.yaml", str(rules)))
    gate: Callable[[], str] = tasks["Python"]["python_callable"]

    if passes:
        ids = [gate()]
    else:
        with pytest.raises(RuntimeError, match="do not send: fail"):
            gate()
        ids = []
    assert ran("/bin/bash", "-c", tasks["Bash"]["bash_command"], cwd=blueshift)[0] == (0 if passes else 1)
    runs = store_at("history.db").read().runs
    assert [run.exit_code for run in runs] == [0 if passes else 1] * 2
    assert [run.id for run in runs][: len(ids)] == ids


def test_python_records(blueshift: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pretend(blueshift)
    (recipe,) = blocks("Python", "python")

    exec(recipe, {})  # noqa: S102 - our own document

    (run,) = store_at("history.db").read().runs
    first, second = capsys.readouterr().out.splitlines()
    assert (first, second.startswith("1 runs since 20")) == (f"{run.id} pass", True)


# GitHub Actions without a database


HEADING = "GitHub Actions without a database"


class GitHub:
    """A repository in a folder, with the script of the guide in it, and the branch made as the guide does."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.folder, self.repository = folder, folder / "repository.git"
        tools = folder / "tools"
        tools.mkdir()
        (tools / "sleep").write_text("#!/bin/sh\n")  # no test waits
        (tools / "sleep").chmod(0o755)
        who = {
            f"GIT_{role}_{what}": "ana@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        self.person = {"PATH": f"{tools}:{PATH}", "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", **who}
        self.job = {name: value for name, value in self.person.items() if name not in who}
        self.job |= {"BLUESHIFT_API_KEY": "any", "BLUESHIFT_BASE_URL": sandbox.url}
        self.git("init", "--quiet", "--bare", "--initial-branch=main", self.repository)
        main = folder / "main"
        self.git("clone", "--quiet", self.repository, main)
        pretend(main)
        (main / ".github").mkdir()
        (main / ".github/audience-history.sh").write_text(blocks(HEADING, "sh")[0])
        self.git("add", ".", at=main)
        self.git("commit", "--quiet", "--message=Rules", at=main)
        self.git("push", "--quiet", "origin", "HEAD:main", at=main)
        making = "\n".join(commands(blocks(HEADING, "console")[0]))
        address = "https://github.com/YOUR/REPOSITORY"
        assert address in making
        done = ran("/bin/bash", "-ec", making.replace(address, str(self.repository)), cwd=folder, env=self.person)
        assert done[0] == 0, done[2]

    def git(self, *arguments: str | Path, at: Path | None = None) -> str:
        code, stdout, stderr = ran("git", *arguments, cwd=at or self.folder, env=self.person)
        assert code == 0, stderr
        return stdout

    def on_branch(self, *arguments: str) -> list[str]:
        return self.git("-C", str(self.repository), *arguments).split()

    def reports(self) -> list[str]:
        return self.on_branch("ls-tree", "-r", "--name-only", "audience-history", "reports")


class Job:
    """One run of the workflow: its steps, as far as they are not GitHub's own."""

    def __init__(self, github: GitHub, name: str) -> None:
        self.workspace, self.temp = github.folder / name, github.folder / f"{name} temp"
        self.temp.mkdir()
        self.report = self.temp / "report.json"
        steps = yaml.safe_load(blocks(HEADING, "yaml")[0])["jobs"]["gate"]["steps"]
        main, branch = (step["with"] for step in steps if step.get("uses", "").startswith("actions/checkout@"))
        address = f"file://{github.repository}"
        github.git("clone", "--quiet", "--depth=1", address, self.workspace)
        github.git(
            "clone", "--quiet", "--depth=1", f"--branch={branch['ref']}", address, self.workspace / branch["path"]
        )
        assert "ref" not in main
        self.environ = github.job | {"RUNNER_TEMP": str(self.temp)}
        self.install, self.loading, self.saving = [step for step in steps if "run" in step]
        (self.guard,) = [step["with"] for step in steps if step.get("id") == "guard"]

    def load(self, min_runs: int = 0) -> tuple[int, str, str]:
        assert self.loading["env"] == {"MIN_RUNS": 0}
        return self._run(self.loading, {"MIN_RUNS": str(min_runs)})

    def check(self, minimum: int = 10) -> int:
        """Do what the Action does with these inputs."""
        assert (self.guard["history"], self.guard["record"]) == ("${{ runner.temp }}/history.db", False)
        pretend(self.workspace, minimum)
        named = ("--history", f"{self.temp}/history.db", "--no-record", f"--output=json={self.report}")
        return ran("audience-guard", "check", *named, cwd=self.workspace, env=self.environ)[0]

    def end(self, outcome: str) -> None:
        """Leave the report of a run that was counted earlier, which takes no time."""
        self.report.write_text(render(outcomes()[outcome], Format.JSON), encoding="utf-8")

    def save(self) -> tuple[int, str, str]:
        return self._run(self.saving, {"REPORT": str(self.report)})

    def start_saving(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["/bin/bash", "-e", "-c", self.saving["run"]],
            cwd=self.workspace / self.saving["working-directory"],
            env=self.environ | {"REPORT": str(self.report)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _run(self, step: dict[str, Any], environ: dict[str, str]) -> tuple[int, str, str]:
        where = self.workspace / step["working-directory"]
        return ran("/bin/bash", "-e", "-c", step["run"], cwd=where, env=self.environ | environ)


@pytest.fixture
def github(tmp_path: Path, sandbox: Sandbox) -> GitHub:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    return GitHub(tmp_path, sandbox)


def test_every_run_adds_a_report(github: GitHub) -> None:
    for number, (minimum, code) in enumerate([(10, 0), (100, 1), (10, 0)]):
        job = Job(github, f"job {number}")
        loaded, stdout, stderr = job.load(min_runs=number)
        assert (loaded, stderr) == (0, "")
        assert f"history.db holds {number} run" in stdout
        assert job.check(minimum) == code
        assert job.save()[0] == 0

    last = Job(github, "last")
    assert last.load(min_runs=3)[0] == 0
    assert [run.exit_code for run in store_at(last.temp / "history.db").read().runs] == [0, 1, 0]
    assert len(github.reports()) == 3
    assert github.on_branch("log", "--diff-filter=ad", "--format=%H", "audience-history", "--", "reports") == []


def test_two_runs_that_push_at_once_both_land(github: GitHub) -> None:
    jobs = [Job(github, name) for name in ("pass", "everything")]
    for job in jobs:
        job.end(job.workspace.name)

    saving = [job.start_saving() for job in jobs]
    ended = [(each.communicate(timeout=60), each.returncode) for each in saving]

    assert [code for _, code in ended] == [0, 0], ended
    assert len(github.reports()) == 2
    assert len(github.on_branch("log", "--merges", "--format=%H", "audience-history")) == 0


def test_the_slower_run_lands_behind_the_faster(github: GitHub) -> None:
    first, second = Job(github, "one"), Job(github, "two")
    first.end("pass")
    second.end("everything")

    assert first.save()[0] == 0
    code, _, stderr = second.save()

    assert code == 0
    assert "rejected" in stderr
    assert len(github.reports()) == 2


def test_pushing_ends_after_five_times(github: GitHub) -> None:
    tried = github.folder / "tried"
    hook = github.repository / "hooks/pre-receive"
    hook.write_text(f"#!/bin/sh\necho once >> '{tried}'\nexit 1\n")
    hook.chmod(0o755)
    job = Job(github, "one")
    job.end("pass")

    code, _, stderr = job.save()

    assert (code, len(tried.read_text().split())) == (1, 5)
    assert stderr.endswith("the report could not be pushed, so this run is missing in the history\n")
    assert github.reports() == []


def test_saving_again_changes_nothing(github: GitHub) -> None:
    job = Job(github, "one")
    job.end("pass")

    assert [job.save()[0], job.save()[0]] == [0, 0]
    assert len(github.reports()) == 1


def test_an_emptied_branch_is_loud(github: GitHub) -> None:
    job = Job(github, "one")
    job.end("pass")
    job.save()
    github.git("rm", "--quiet", "-r", "reports", at=job.workspace / "history")
    github.git("commit", "--quiet", "--message=Oops", at=job.workspace / "history")
    github.git("push", "--quiet", "origin", "HEAD:audience-history", at=job.workspace / "history")

    code, _, stderr = Job(github, "two").load(min_runs=1)

    assert code == 3
    assert "the store holds 0 runs, but --min-runs asks for 1" in stderr


def test_a_broken_report_is_loud(github: GitHub) -> None:
    job = Job(github, "one")
    (job.workspace / "history/reports").mkdir()
    (job.workspace / "history/reports/broken.json").write_text("{}")

    code, _, stderr = job.load()

    assert code == 2
    assert "reports/broken.json:1:" in stderr


def test_the_workflow_is_valid(tmp_path: Path) -> None:
    (tmp_path / "audience.yml").write_text(blocks(HEADING, "yaml")[0])
    declared = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["inputs"]
    (with_database,) = yaml.safe_load(blocks("GitHub Actions", "yaml")[0])
    steps = yaml.safe_load(blocks(HEADING, "yaml")[0])["jobs"]["gate"]["steps"]
    ours = [step["with"] for step in (with_database, *steps) if "audience-guard@" in step.get("uses", "")]

    check = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows")
    assert ran(*check, tmp_path / "audience.yml")[:2] == (0, "ok -- validation done\n")
    assert len(ours) == 2
    assert {name for each in ours for name in each} <= set(declared)


def test_the_script_is_sound(tmp_path: Path) -> None:
    (tmp_path / "audience-history.sh").write_text(blocks(HEADING, "sh")[0])
    shellcheck = Path(sys.executable).with_name("shellcheck")

    assert ran(shellcheck, tmp_path / "audience-history.sh") == (0, "", "")
