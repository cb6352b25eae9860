from __future__ import annotations

import io
import os
import sys

import pytest

from inspector.cli import output
from inspector.errors import OperationFailed
from inspector.report.text_page import PALETTE, RESET


class Redirected:
    """Standard output as a text stream of some encoding over bytes."""

    def __init__(self, encoding: str = "utf-8") -> None:
        self.bytes = io.BytesIO()
        self.stream = io.TextIOWrapper(self.bytes, encoding=encoding)

    def written(self) -> bytes:
        return self.bytes.getvalue()


def redirect(monkeypatch: pytest.MonkeyPatch, encoding: str = "utf-8") -> Redirected:
    """Replace standard output; from within a test, since pytest captures each phase anew."""
    redirected = Redirected(encoding)
    monkeypatch.setattr(sys, "stdout", redirected.stream)
    return redirected


def test_text_leaves_without_control_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    stdout = redirect(monkeypatch)
    output.write_text("a\x1b]52;c;x\x07b\nc\td\n")
    assert stdout.written() == b"a\\x1b]52;c;x\\x07b\nc\\td\n"


def test_only_the_given_sequences_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    stdout = redirect(monkeypatch)
    sequences = frozenset((*PALETTE.values(), RESET))
    output.write_colored(f"{PALETTE['high']}high{RESET} \x1b[31m \x1b[1;31 \x1b[2J\n", sequences)
    assert stdout.written() == b"\x1b[1;31mhigh\x1b[0m \\x1b[31m \\x1b[1;31 \\x1b[2J\n"


def test_without_color_no_sequence_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    stdout = redirect(monkeypatch)
    output.write_colored(f"{PALETTE['high']}high{RESET}\n", frozenset())
    assert stdout.written() == b"\\x1b[1;31mhigh\\x1b[0m\n"


@pytest.mark.parametrize(("encoding", "shown"), [("ascii", b"3x4 -> # \\u91cd\n"), ("latin-1", b"3x4 -> # \\u91cd\n")])
def test_signs_that_the_encoding_lacks_have_stand_ins(monkeypatch: pytest.MonkeyPatch, encoding: str, shown: bytes) -> None:
    redirected = redirect(monkeypatch, encoding)
    output.write_text("3×4 → █ 重\n")
    assert redirected.written() == shown


def test_a_closed_standard_output_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(OperationFailed, match="standard output is closed"):
        output.write_text("x")


@pytest.mark.parametrize(
    ("environment", "colored"), [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)]
)
def test_color_needs_a_terminal_that_wants_it(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], colored: bool
) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    controller, terminal = os.openpty()
    try:
        with os.fdopen(terminal, "w") as stream:
            monkeypatch.setattr(sys, "stdout", stream)
            assert output.wants_color() is colored
    finally:
        os.close(controller)


def test_a_pipe_is_never_colored(monkeypatch: pytest.MonkeyPatch) -> None:
    redirect(monkeypatch)
    assert not output.wants_color()


def test_a_width_that_is_not_known_is_the_one_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: int) -> os.terminal_size:
        raise OSError

    monkeypatch.setattr(os, "get_terminal_size", unknown)
    assert output.terminal_width(100) == 100
