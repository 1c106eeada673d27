"""What keeps the app running as the guide says: a proxy, a systemd unit and a container fit the app that there is."""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from guard.cli.slack import slack as slack_command
from guard.slack.http import PATH
from tests.slack.guide import FILES, PORT, ROOT, blocks, commands
from tests.slack.workspace import Workspace

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the guide's commands are a POSIX shell's")
SYSTEMD_ANALYZE = shutil.which("systemd-analyze")


def test_the_proxy_passes_one_path_on() -> None:
    (block,) = blocks("HTTP mode", "nginx")

    assert re.findall(r"location (.*) \{", block) == [f"= {PATH}"]
    assert f"proxy_pass http://127.0.0.1:{PORT};" in block


def assert_is_an_app(command: list[str]) -> None:
    """Assert that ``audience-guard slack`` takes the arguments."""
    assert Path(command[0]).name == "audience-guard"
    assert command[1] == "slack"
    slack_command.make_context("slack", command[2:])


def unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment]  # keys keep their capitals, as the manual of configparser says
    parser.read(FILES / "audience-guard.service")
    return parser


def test_the_unit_starts_what_is_installed() -> None:
    service = unit()["Service"]
    installed = "\n".join(blocks("With systemd", "console"))
    command = shlex.split(service["ExecStart"])

    assert_is_an_app(command)
    assert f"{command[0].removesuffix('/audience-guard')}/pip install '.[slack]'" in installed
    assert f"install -m 600 ~/audience-guard.env {service['EnvironmentFile']}\n" in installed
    assert f"rules.yaml {service['WorkingDirectory']}/rules.yaml\n" in installed
    assert re.search(rf"useradd .* {service['User']}\n", installed)


def test_the_unit_restarts_where_that_helps() -> None:
    service = unit()["Service"]

    assert int(service["TimeoutStopSec"]) > 20
    assert (service["Restart"], service["SuccessExitStatus"]) == ("on-failure", "143")
    assert service["RestartPreventExitStatus"] == "2"


@pytest.mark.skipif(SYSTEMD_ANALYZE is None, reason="systemd is not here")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    text = (FILES / "audience-guard.service").read_text(encoding="utf-8")
    here = tmp_path / "audience-guard.service"
    here.write_text(text.replace("/opt/audience-guard/bin", str(Path(sys.executable).parent)))

    ended = subprocess.run(
        [str(SYSTEMD_ANALYZE), "verify", "--man=no", str(here)], capture_output=True, text=True, timeout=60, check=False
    )

    assert [line for line in ended.stderr.splitlines() if here.name in line] == []


def instructions(name: str) -> list[str]:
    text = (FILES / "Dockerfile").read_text(encoding="utf-8")
    return [line.removeprefix(f"{name} ") for line in text.splitlines() if line.startswith(f"{name} ")]


def test_the_container_does_not_run_as_root() -> None:
    (entry,), (arguments,), (user,) = instructions("ENTRYPOINT"), instructions("CMD"), instructions("USER")

    assert_is_an_app([*json.loads(entry), *json.loads(arguments)])
    assert user != "root"


def test_the_container_copies_all_it_needs(tmp_path: Path) -> None:
    for line in instructions("COPY"):
        *sources, target = line.split()
        folder = tmp_path / target.strip("/")
        for source in sources:
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, folder, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                folder.mkdir(exist_ok=True)
                shutil.copy(ROOT / source, folder)

    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel"],
        cwd=tmp_path / "src",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert built.returncode == 0, built.stderr
    assert list((tmp_path / "src/dist").glob("*.whl"))


def container_arguments() -> list[list[str]]:
    typed = commands("\n".join(blocks("In a container", "console")))
    runs = [shlex.split(line) for line in typed if line.startswith("docker run")]
    return [words[words.index("audience-guard-slack") + 1 :] for words in runs]


@pytest.mark.parametrize("arguments", container_arguments(), ids=["socket", "http"])
def test_the_container_gets_valid_arguments(arguments: list[str]) -> None:
    assert_is_an_app(["audience-guard", "slack", *arguments])


@pytest.mark.parametrize("healthy", [True, False])
def test_the_container_has_a_health_check(tmp_path: Path, healthy: bool) -> None:
    typed = shlex.split(commands("\n".join(blocks("In a container", "console")))[-1])
    check = typed[typed.index("--health-cmd") + 1]
    path = f"{Path(sys.executable).parent}{os.pathsep}/usr/bin:/bin"
    with Workspace(tmp_path, "http") as there:
        script = check.replace(f"http://127.0.0.1:{PORT}", there.open().address)
        if not healthy:
            there.app.stop()
        ended = subprocess.run(
            ["/bin/sh", "-c", script], env={"PATH": path}, capture_output=True, timeout=30, check=False
        )

    assert (ended.returncode == 0) is healthy


@pytest.mark.parametrize("heading", ["With systemd", "In a container"])
def test_the_other_commands_are_a_shells(heading: str) -> None:
    for block in blocks(heading, "console"):
        subprocess.run(["/bin/bash", "-n", "-c", "\n".join(commands(block))], check=True, timeout=10)
