from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from inspector.cli import diagnostics
from inspector.cli.diagnostics import ProgressLine
from inspector.errors import EXIT_OUR_BUG, EXIT_UNREADABLE, UnreadableArtifact
from inspector.records.event import Progress


def test_an_error_is_one_line_with_its_hint(capsys: pytest.CaptureFixture[str]) -> None:
    code = diagnostics.say_error(UnreadableArtifact("x.onnx is\ntruncated \x1b]0;t\x07", "get it again"))
    assert code == EXIT_UNREADABLE
    assert capsys.readouterr().err == "modelpack-tui: error: x.onnx is\\ntruncated \\x1b]0;t\\x07 (get it again)\n"


def test_names_that_are_no_unicode_can_be_told(capsys: pytest.CaptureFixture[str]) -> None:
    diagnostics.say_error(UnreadableArtifact("caf\udce9.onnx is empty"))
    assert "caf\\udce9.onnx" in capsys.readouterr().err


@pytest.mark.parametrize("closed", [True, False])
def test_nobody_listening_is_no_error(monkeypatch: pytest.MonkeyPatch, closed: bool) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    stream = os.fdopen(writing, "w", buffering=1)
    monkeypatch.setattr(sys, "stderr", None if closed else stream)
    assert diagnostics.say_error(UnreadableArtifact("x")) == EXIT_UNREADABLE
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    stream.close()


def fail() -> BaseException:
    try:
        raise ValueError("node \x1b[2J is odd")
    except ValueError as error:
        return error


def test_a_bug_leaves_its_traceback_in_the_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert diagnostics.save_traceback(fail()) == EXIT_OUR_BUG
    (saved,) = (tmp_path / "modelpack-tui").iterdir()
    text = saved.read_text()
    assert "Traceback (most recent call last)" in text
    assert "in fail" in text
    assert "\x1b" not in text
    assert saved.stat().st_mode & 0o077 == 0
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert str(saved) in line
    assert r"ValueError: node \x1b[2J is odd" in line


def test_where_there_is_no_state_folder_the_temporary_one_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    diagnostics.save_traceback(fail())
    assert re.search(rf"the traceback is in {re.escape(str(tmp_path))}/crash-[-\d]+\.txt", capsys.readouterr().err)


def test_a_relative_state_folder_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    diagnostics.save_traceback(fail())
    assert str(tmp_path / ".local" / "state" / "modelpack-tui") in capsys.readouterr().err


def test_progress_is_drawn_in_place_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    controller, terminal = os.openpty()
    os.set_blocking(controller, False)
    with os.fdopen(terminal, "w") as stream, os.fdopen(controller, "rb", buffering=0) as screen:
        monkeypatch.setattr(sys, "stderr", stream)
        line = ProgressLine()
        line.start("reading \x1b[2J.onnx")
        line.advance(Progress(1, 4, "nodes"))
        line.clear()
        drawn = b"".join(iter(lambda: screen.read(10_000) or b"", b"")).decode()
    assert "\x1b" not in drawn
    assert r"reading \x1b[2J.onnx 25 % nodes" in drawn
    assert drawn.endswith("\r")
    assert drawn.rsplit("\r", 2)[1].strip() == ""


def test_progress_is_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    line = ProgressLine()
    line.start("reading")
    line.advance(Progress(0, 0))
    line.clear()
    diagnostics.say_note("wrote out.md")
    assert capsys.readouterr().err == ""
