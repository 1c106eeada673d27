"""Which store the flag and the environment name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guard.core.errors import UsageError
from guard.history.address import named_store, parse_address, required_store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("history.db", "history.db"),
        ("/var/lib/history.db", "/var/lib/history.db"),
        ("sqlite:///history.db", "history.db"),
        ("sqlite:////var/lib/history.db", "/var/lib/history.db"),
        ("SQLite:///history.db", "history.db"),
        ("a folder/x y.db", "a folder/x y.db"),
    ],
)
def test_a_path_is_a_file(text: str, path: str) -> None:
    address = parse_address(text, "--history")

    assert (str(address.path), address.kind, address.shown) == (path, "sqlite", path)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "PostgreSQL"])
def test_a_server_is_shown_without_its_password(scheme: str) -> None:
    address = parse_address(f"{scheme}://ana:not-a-password@db.example.com:5433/guard?sslmode=require", "x")

    assert address.url == "postgresql://ana:not-a-password@db.example.com:5433/guard?sslmode=require"
    assert (address.kind, address.shown) == ("postgresql", "postgresql://db.example.com:5433/guard")
    assert "not-a-password" not in repr(address)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("'history.db'", "is in quotation marks"),
        ("mysql://host/db", 'begins with "mysql://"'),
        ("postgresq://host/db", 'did you mean "postgresql"'),
        ("postgresql://host", "names no database"),
        ("postgresql://host/", "names no database"),
        ("postgresql://[host/db", "is not the address of a PostgreSQL database"),
        ("sqlite://history.db", "names no file"),
        ("sqlite:///", "names no file"),
        ("sqlite://", "names no file"),
        (":memory:", "in memory forgets everything"),
        ("a\0b", "is not the address of a history store"),
        ("x" * 5000, "is not the address of a history store"),
    ],
)
def test_what_is_no_address_is_refused(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        parse_address(text, "--history")


def test_the_flag_beats_the_variable_which_beats_the_file(tmp_path: Path) -> None:
    file = tmp_path / "address"
    file.write_text("c.db\n")
    environ = {"AUDIENCE_GUARD_HISTORY": "b.db", "AUDIENCE_GUARD_HISTORY_FILE": str(file)}

    assert required_store("a.db", environ).shown == "a.db"
    assert required_store(None, environ).shown == "b.db"
    assert required_store(None, environ | {"AUDIENCE_GUARD_HISTORY": ""}).shown == "c.db"
    assert named_store(None, {}) is None
    with pytest.raises(UsageError, match="no history store is named"):
        required_store(None, {})


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ana:not-a-password@host/db",
        "postgresql://host/db?user=ana&password=not-a-password",
        "postgresql://host/db?sslpassword=not-a-password",
        "postgres://:not-a-password@/db?host=/tmp",
        "postgresql://host/db?pass%77ord=not-a-password",
        "postgresql://host/db?PASSWORD=not-a-password",
    ],
)
def test_a_password_in_the_flag_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="--history contains a password") as caught:
        named_store(url, {})

    assert "not-a-password" not in str(caught.value)
    assert named_store(None, {"AUDIENCE_GUARD_HISTORY": url})


@pytest.mark.parametrize(
    "text",
    [
        "host=db user=ana password=not-a-password dbname=x",
        "postgresql:/ana:not-a-password@host/db",
        "postgresql//ana:not-a-password@host/db",
        "ana:not-a-password@host/db",
        "AUDIENCE_GUARD_HISTORY=postgresql://ana:not-a-password@host/db",
        "jdbc:postgresql://ana:not-a-password@host/db",
        "postgresql://ana:Ab/not-a-password?d=e@host/db",
    ],
)
def test_what_may_hold_a_password_is_not_shown(text: str) -> None:
    with pytest.raises(UsageError) as in_the_flag:
        parse_address(text, "--history")
    with pytest.raises(UsageError) as for_a_file:
        named_store(None, {"AUDIENCE_GUARD_HISTORY_FILE": text})

    for caught in (in_the_flag, for_a_file):
        assert "not-a-password" not in f"{caught.value}{caught.value.hint}"


def test_a_path_with_an_at_sign_is_a_path_if_it_is_there(tmp_path: Path) -> None:
    path = tmp_path / "ana@example.db"
    path.touch()

    assert parse_address(str(path), "--history").path == path


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "is empty"), (b"a.db\nb.db\n", "more than one line"), (b"\xff\xfe", "is not plain text")],
)
def test_a_file_with_no_address_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "address"
    file.write_bytes(content)

    with pytest.raises(UsageError, match=told):
        named_store(None, {"AUDIENCE_GUARD_HISTORY_FILE": str(file)})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not name an existing file"):
        named_store(None, {"AUDIENCE_GUARD_HISTORY_FILE": str(tmp_path / "nowhere")})
    with pytest.raises(UsageError, match="names a folder"):
        named_store(None, {"AUDIENCE_GUARD_HISTORY_FILE": str(tmp_path)})
