"""Where reports go. The suite may run as root, whom no permission stops: refusals of the system are then played."""

from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from guard.core.errors import ExitCode, OutputError, UsageError
from guard.report import Format, render
from guard.report.mark import signed
from guard.report.outputs import Output, discard, parse_outputs, prepare, take_back, write
from tests.report.builders import many, outcomes

YESTERDAY = render(outcomes()["pass"], Format.JSON)
PRECIOUS = {
    "a-text": "precious\n",
    "other-rules": "version: 1\nsegments: {}\n",
    "another-verdict": '{"verdict": "pass"}\n',
    "another-tools-json": '{"schema_version": 1, "tool": {"name": "trivy"}}\n',
    "settings-that-name-us": '{"schema_version": 1, "tool": {"name": "audience-guard"}, "my_settings": {}}\n',
    "json-that-names-us": '["audience-guard", {"schema_version": 1}]\n',
    "two-reports-in-a-history": YESTERDAY + YESTERDAY,
    "a-text-that-begins-as-it-ends": "Hello.\nmy novel\nAsked Bob, by the rules in chess\nHello. (exit 1)\n",
    "a-text-report-with-a-note": render(outcomes()["pass"], Format.TEXT).replace("\n", "\nNOTE: sent\n", 1),
    "anothers-notice-under-our-title": "::notice title=audience-guard::my own text%0Abelow\n",
    "annotations-with-anothers": render(outcomes()["pass"], Format.GITHUB) + "::error file=a.py,title=3 more bugs::x\n",
    "a-text-history": render(outcomes()["pass"], Format.TEXT) * 2,
    "a-markdown-history": render(outcomes()["pass"], Format.MARKDOWN) * 2,
    "a-signed-report-that-was-changed": signed(render(outcomes()["pass"], Format.MARKDOWN)).replace("may go", "go"),
    "a-log-that-ends-in-a-report": "PASS src/app.test.js\n" + render(outcomes()["pass"], Format.TEXT),
    "a-report-with-notes": render(outcomes()["pass"], Format.MARKDOWN) + "\nWe sent it all the same.\n",
    "another-tools-annotations": "::error file=a.py,line=1::x\n::notice title=lint::done\n",
    "another-page": '<!doctype html>\n<html lang="en">\n<head>\n<title>audience-guard</title>\n</html>\n',
    "another-suite": '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="pytest tests">\n</testsuites>\n',
    "half-a-report": YESTERDAY[:500],
}
"""Files that are not one report of ours, close as they may come to it."""

_ASKED = "Asked a.b from 2026-11-23 09:00:00 UTC to 2026-11-23 09:01:12 UTC, by the rules in rules.yaml.\n"
OLD = {
    "text": f"PASS    vip / email / min: it reaches 30 | rules.yaml:28\n{_ASKED}"
    "Guards: 0 fail, 0 unknown, 0 warn, 1 pass.\n"
    "All 1 guard passed; every count is fresh. (exit 0)\n",
    "annotations": "::error file=rules.yaml,line=28,title=Failed%3A vip / email / min::it reaches 1%0Aask: Ann\n"
    "::notice title=audience-guard::Do not send: 1 of 1 guard failed. (exit 1)%0Avip: segment 2dd093e6\n",
    "markdown": "## ❌ Do not send: 1 of 1 guard failed. (exit 1)\n\nGuards: 1 fail, 0 unknown, 0 warn, 0 pass.\n\n"
    "### Guards\n\n"
    f"| Verdict | Segment |\n| --- | --- |\n| ❌ FAIL | `vip` |\n\n{_ASKED}"
    "The SHA-256 of the rules begins with `0123456789ab`; audience-guard is `0.1.0`.\n",
}
"""Reports as version 0.1.0 wrote them, shortened; Markdown had no digest then."""

NEEDS_FIFO = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no FIFO in its file system")
NEEDS_DEV_FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
NEEDS_DEV_FD = pytest.mark.skipif(not Path("/dev/fd").exists(), reason="the system has no /dev/fd")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "report.json"


def to(path: Path) -> tuple[Output, ...]:
    return (Output(format=Format.JSON, path=path),)


def refuse(*_: object, **__: object) -> None:
    raise PermissionError(13, "Permission denied")


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


# What is asked for


def test_without_an_output_the_text_goes_to_standard_output() -> None:
    assert parse_outputs([]) == (Output(format=Format.TEXT),)


def test_a_report_in_a_file_leaves_standard_output_to_the_text() -> None:
    assert parse_outputs(["json=out.json"]) == (
        Output(format=Format.JSON, path=Path("out.json")),
        Output(format=Format.TEXT),
    )


def test_a_report_without_a_path_takes_standard_output() -> None:
    assert parse_outputs(["json", "text=a=b.txt"]) == (
        Output(format=Format.JSON),
        Output(format=Format.TEXT, path=Path("a=b.txt")),
    )


def test_md_is_markdown() -> None:
    assert parse_outputs(["md=a.md"])[0] == Output(format=Format.MARKDOWN, path=Path("a.md"))
    assert parse_outputs(["md"]) == (Output(format=Format.MARKDOWN),)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("report.json", "json=report.json"),
        ("out/junit.xml", "junit=out/junit.xml"),
        ("a.b.MD", "markdown=a.b.MD"),
        ("page.htm", "html=page.htm"),
        ("log.txt", "text=log.txt"),
        ("xml", "junit"),
        ("HTML=page.html", "html"),
        ("Txt", "text"),
    ],
)
def test_a_file_name_for_a_format_is_understood(text: str, meant: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_outputs([text])
    assert caught.value.message.endswith(f'; did you mean "{meant}"?')


@pytest.mark.parametrize("text", ["report.pdf", ".", "x.", "pdf"])
def test_nothing_is_made_up_for_any_other_ending(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_outputs([text])
    assert "did you mean" not in caught.value.message


@pytest.mark.parametrize(
    "flags",
    ["--output json={}", "--output=json={}", "-o json={}", "-ojson={}", "-qo json={}", "-qojson={}"],
)
def test_a_wrong_line_still_removes_reports(path: Path, flags: str) -> None:
    path.write_text(render(outcomes()["pass"], Format.JSON))
    discard(["check", *flags.format(path).split(), "--no-such-flag"])
    assert not path.exists()


@pytest.mark.parametrize(
    ("texts", "message", "hint"),
    [
        pytest.param(["jsn"], 'no format "jsn"; did you mean "json"?', "text, json", id="misspelled"),
        pytest.param(["zip=x"], 'no format "zip"', "text, json", id="unknown"),
        pytest.param(["JSON"], 'no format "JSON"; did you mean "json"?', "text, json", id="capitals"),
        pytest.param([""], 'no format ""', "text, json", id="empty"),
        pytest.param(["\x1b[2J"], r'no format "\x1b[2J"', "text, json", id="an-escape"),
        pytest.param(["json="], "--output json= names no file", "json=PATH", id="no-path"),
        pytest.param(["json", "text"], "two --output without a path", "all but one", id="two-on-stdout"),
        pytest.param(["json=a", "text=a"], "two reports to one file: a", "of its own", id="one-file"),
        pytest.param(["json=a", "text=x/../a"], "two reports to one file", "of its own", id="spelled-otherwise"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(texts: list[str], message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_outputs(texts)
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


def test_two_reports_do_not_go_to_one_file_through_a_link(path: Path) -> None:
    link = path.with_name("link")
    link.symlink_to(path)
    with pytest.raises(UsageError, match="two reports to one file"):
        parse_outputs([f"json={path}", f"text={link}"])


# Before the counting


def test_an_earlier_report_is_removed_before_the_counting(path: Path) -> None:
    path.write_text(YESTERDAY)
    prepare(to(path), [])
    assert list(path.parent.iterdir()) == []


def test_a_link_to_an_earlier_report_stays_and_the_report_goes(path: Path) -> None:
    link = path.with_name("link")
    link.symlink_to(path)
    path.write_text(YESTERDAY)
    prepare(to(link), [])
    assert not path.exists()
    assert link.is_symlink()


def test_standard_output_needs_no_preparation() -> None:
    prepare(parse_outputs([]), [])


def test_the_files_that_a_run_reads_are_never_overwritten(path: Path) -> None:
    path.write_text("version: 1")
    link, hard = path.with_name("link"), path.with_name("hard")
    link.symlink_to(path)
    hard.hardlink_to(path)
    for spelling in (path, path.parent / "x" / ".." / path.name, link, hard):
        with pytest.raises(UsageError, match="this run reads that file"):
            prepare(to(spelling), [path])
    assert path.read_text() == "version: 1"


def test_a_folder_is_no_place_for_a_report(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it is a folder"):
        prepare(to(tmp_path), [])


def test_a_missing_folder_is_found_before_the_counting(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="its folder does not exist") as caught:
        prepare(to(tmp_path / "reports" / "report.json"), [])
    assert caught.value.hint == f"create {tmp_path / 'reports'}"


def test_a_refused_name_is_found_before_the_counting(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="File name too long"):
        prepare(to(tmp_path / ("x" * 5_000)), [])


def test_a_read_only_folder_is_found_before_the_counting(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(UsageError, match="Permission denied") as caught:
        prepare(to(path), [])
    assert str(path) in caught.value.message
    assert caught.value.exit_code is ExitCode.USAGE


def test_an_earlier_report_that_cannot_be_removed_is_a_usage_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text(YESTERDAY)
    monkeypatch.setattr(Path, "unlink", refuse)
    monkeypatch.setattr(os, "truncate", refuse)
    with pytest.raises(UsageError, match="Permission denied"):
        prepare(to(path), [])


def test_an_earlier_report_that_may_not_be_read_is_told_of(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text(YESTERDAY)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", refuse)  # as for a file of the mode 222
        with pytest.raises(UsageError) as caught:
            prepare(to(path), [])
    assert caught.value.message == (
        f"cannot write a report to {path}: Permission denied; the report of an earlier run may still exist"
    )
    assert "remove the old report" in (caught.value.hint or "")
    assert path.read_text() == YESTERDAY


def test_an_unsearchable_folder_is_reported(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text(YESTERDAY)
    stat = Path.stat
    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", refuse)
        patched.setattr(Path, "stat", lambda each, **how: refuse() if each == path else stat(each, **how))
        with pytest.raises(UsageError, match="Permission denied; the report of an earlier run may still exist"):
            prepare(to(path), [])
    assert path.read_text() == YESTERDAY


def test_one_bad_path_does_not_leave_yesterdays_pass_at_another(path: Path, tmp_path: Path) -> None:
    path.write_text(YESTERDAY)
    with pytest.raises(UsageError, match="it is a folder"):
        prepare([*to(tmp_path), *to(path)], [])
    assert not path.exists()


@NEEDS_FIFO
def test_a_fifo_is_left_alone(path: Path) -> None:
    os.mkfifo(path)
    prepare(to(path), [])
    assert stat.S_ISFIFO(path.stat().st_mode)


@NEEDS_DEV_FD
def test_a_file_behind_an_open_descriptor_is_left_alone(path: Path) -> None:
    with path.open("w") as file:
        file.write("from this run\n")
        file.flush()
        prepare(to(Path(f"/dev/fd/{file.fileno()}")), [])
        write(Path(f"/dev/fd/{file.fileno()}"), "the report\n")
    assert path.read_text() == "from this run\nthe report\n"


@pytest.mark.parametrize("format_", Format)
@pytest.mark.parametrize("outcome", outcomes())
def test_an_earlier_report_is_recognised_in_every_format(path: Path, outcome: str, format_: Format) -> None:
    path.write_text(signed(render(outcomes()[outcome], format_)), encoding="utf-8")
    prepare(to(path), [])
    assert not path.exists()


@pytest.mark.parametrize("content", OLD.values(), ids=OLD)
def test_a_report_of_an_older_version_is_recognised(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8")
    prepare(to(path), [])
    assert not path.exists()


def test_what_others_added_to_a_report_is_theirs(path: Path) -> None:
    report = outcomes()["pass"]
    page, suite = (signed(render(report, each)) for each in (Format.HTML, Format.JUNIT))
    added = {
        "a paragraph": page.replace("</main>", "<p>Checked by Ann</p></main>"),
        "a line behind the end": page + "<!-- Ann -->\n",
        "a suite": suite.replace("</testsuites>", '<testsuite name="others"/></testsuites>'),
        "a suite in a line of its own": suite.replace("</testsuites>", "<testsuite\n/></testsuites>")[:-89],
        "a suite, and the digest taken away": suite.replace("</testsuites>", '<testsuite name="a"/></testsuites>')[
            :-89
        ],
    }
    for what, content in added.items():
        assert content not in (page, suite), what
        path.write_text(content, encoding="utf-8")
        with pytest.raises(UsageError, match="not an audience-guard report and stays unchanged"):
            prepare(to(path), [])
        assert path.read_text(encoding="utf-8") == content
    for content in (page, suite):
        path.write_text(content, encoding="utf-8")
        prepare(to(path), [])
        assert not path.exists()


@pytest.mark.no_cover
def test_the_largest_kinds_of_report_are_recognised(path: Path) -> None:
    for format_ in Format:
        path.write_text(signed(render(many(failed=3_000, passed=3_000, key="k" * 80), format_)), encoding="utf-8")
        prepare(to(path), [])
        assert not path.exists()


def test_a_page_of_before_there_was_a_mark_is_recognised(path: Path) -> None:
    page = render(outcomes()["pass"], Format.HTML).replace("<title>May go:", "<title>PASS:")
    path.write_text(page.replace('<meta name="generator" content="audience-guard">\n', ""), encoding="utf-8")
    prepare(to(path), [])
    assert not path.exists()


def test_an_empty_file_is_a_place_for_a_report(path: Path) -> None:
    path.touch()
    prepare(to(path), [])
    write(path, "report")
    assert path.read_text() == "report"


@pytest.mark.parametrize("content", PRECIOUS.values(), ids=PRECIOUS)
def test_a_file_that_is_not_a_report_is_refused_and_stays(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8")
    link = path.with_name("link")
    link.symlink_to(path)
    for spelling in (path, link, path.parent / "x" / ".." / path.name):
        with pytest.raises(UsageError, match="not an audience-guard report and stays unchanged") as caught:
            prepare(to(spelling), [])
        assert "another path" in (caught.value.hint or "")
    discard(["check", "--output", f"json={path}"])
    take_back([path])
    with pytest.raises(OutputError, match="not an audience-guard report"):
        write(path, YESTERDAY)
    assert path.read_text(encoding="utf-8") == content


def test_bytes_that_are_not_text_are_refused_and_stay(path: Path) -> None:
    path.write_bytes(b"\xff\x00precious")
    with pytest.raises(UsageError, match="not an audience-guard report"):
        prepare(to(path), [])
    assert path.read_bytes() == b"\xff\x00precious"


def test_a_wrong_command_line_removes_earlier_reports_alone(path: Path) -> None:
    path.write_text(YESTERDAY)
    discard(["check", "--bogus", "--output", f"json={path}"])
    assert not path.exists()


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="the system has no /proc")
def test_a_path_through_the_working_directory_is_a_file_as_any_other(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)
    roundabout = Path("/proc/self/cwd") / path.name
    path.write_text(YESTERDAY)
    with pytest.raises(UsageError, match="this run reads that file"):
        prepare(to(roundabout), [path])
    prepare(to(roundabout), [])
    assert not path.exists()
    write(roundabout, "first\n")
    assert path.read_text() == "first\n"


@NEEDS_DEV_FD
def test_a_link_to_an_open_descriptor_is_written_directly(path: Path) -> None:
    link = path.with_name("link")
    with path.open("w") as file:
        file.write("from this run\n")
        file.flush()
        link.symlink_to(f"/dev/fd/{file.fileno()}")
        prepare(to(link), [])
        write(link, "the report\n")
    assert path.read_text() == "from this run\nthe report\n"


# A place that can be written but not replaced


@pytest.fixture
def locked(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return yesterday's report in a folder that nothing can be made in or taken from."""
    path.write_text(YESTERDAY)
    monkeypatch.setattr(Path, "touch", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    monkeypatch.setattr(Path, "replace", refuse)
    return path


def test_a_report_that_cannot_be_replaced_is_emptied_and_filled_in_place(locked: Path) -> None:
    prepare(to(locked), [])
    assert locked.read_text() == ""
    write(locked, YESTERDAY)
    assert locked.read_text() == YESTERDAY
    take_back([locked])
    assert locked.read_text() == ""


@pytest.mark.parametrize(("failure", "raised"), [(refuse, OutputError), (interrupt, KeyboardInterrupt)])
def test_what_fails_half_way_in_place_leaves_an_empty_file(
    locked: Path, monkeypatch: pytest.MonkeyPatch, failure: object, raised: type[BaseException]
) -> None:
    prepare(to(locked), [])
    monkeypatch.setattr(os, "fsync", failure)
    with pytest.raises(raised):
        write(locked, YESTERDAY)
    assert locked.read_text() == ""


def test_a_stuck_report_is_reported(locked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "truncate", refuse)
    with pytest.raises(UsageError, match="Permission denied; the report of an earlier run still exists") as caught:
        prepare(to(locked), [])
    assert "remove the old report" in (caught.value.hint or "")
    assert locked.read_text() == YESTERDAY


# After the counting


def test_a_report_is_utf_8_with_plain_newlines(path: Path) -> None:
    write(path, "é ◆\nb\n")
    assert path.read_bytes() == "é ◆\nb\n".encode()


@pytest.mark.skipif(os.name == "nt", reason="the system has no file modes")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_report_may_be_read_as_the_umask_allows(path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        write(path, "report")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_link_keeps_pointing_and_its_target_is_replaced(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    path.symlink_to(folder / "real.json")
    write(path, YESTERDAY)
    write(path, "second")
    assert path.is_symlink()
    assert (folder / "real.json").read_text() == "second"
    assert [each.name for each in folder.iterdir()] == ["real.json"]


@pytest.mark.parametrize("failing", ["os.fsync", "pathlib.Path.replace"])
@pytest.mark.parametrize(("failure", "raised"), [(refuse, OutputError), (interrupt, KeyboardInterrupt)])
def test_a_report_is_written_whole_or_not_at_all(
    path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, failure: object, raised: type[BaseException]
) -> None:
    path.write_text(YESTERDAY)
    monkeypatch.setattr(failing, failure)
    with pytest.raises(raised):
        write(path, "after")
    assert path.read_text() == YESTERDAY
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_half_encoded_report_leaves_nothing_behind(path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        write(path, "begins well \ud800")
    assert list(path.parent.iterdir()) == []


def test_a_reader_never_sees_half_a_report(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text(YESTERDAY)
    seen = []
    monkeypatch.setattr(os, "fsync", lambda _: seen.append(path.read_text()))
    write(path, "after")
    assert seen == [YESTERDAY]
    assert path.read_text() == "after"


def test_two_runs_at_once_leave_one_whole_report(path: Path) -> None:
    texts = [render(many(passed=10 * number), Format.JSON) for number in range(1, 9)]
    threads = [threading.Thread(target=write, args=(path, text)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() in texts
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_missing_folder_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError) as caught:
        write(tmp_path / "gone" / "report.json", "report")
    why = os.strerror(errno.ENOENT)
    assert caught.value.message == f"cannot write the report to {tmp_path}/gone/report.json: {why}"
    assert "run again" in (caught.value.hint or "")
    assert caught.value.exit_code is ExitCode.UNKNOWN


@NEEDS_DEV_FULL
def test_a_full_disk_is_an_output_error(tmp_path: Path) -> None:
    full = Path("/dev/full")
    prepare(to(full), [])
    with pytest.raises(OutputError, match=os.strerror(errno.ENOSPC)):
        write(full, "report")
    assert stat.S_ISCHR(full.stat().st_mode)
    assert list(tmp_path.iterdir()) == []


@NEEDS_FIFO
def test_a_fifo_is_written_to_its_reader(path: Path) -> None:
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write(path, "report")
        assert os.read(reader, 100) == b"report"
    finally:
        os.close(reader)


@NEEDS_FIFO
def test_a_fifo_that_nobody_reads_is_an_error_and_no_wait(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(OutputError):
        write(path, "report")
