"""Nothing but our own text reaches the terminal: the real command under a pseudo-terminal, on files that try to take it over.

Every text field of the model and the file's own name hold escape sequences, markup and bidirectional marks.
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from inspector.report.text_page import PALETTE, RESET
from tests.cli.models import PAYLOADS, dense_model, hostile_model

ROWS, COLUMNS = 40, 120
HOSTILE_NAME = "m\x1b]52;c;T1dORUQ=\x07\x9b2J\u202e[bold]\n.onnx"

SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC, DCS, SOS, PM, APC
    r"|\x1b[ -/]*[0-~]"  # two- and three-character escapes
)
STRING_SEQUENCES = ("\x1b]", "\x1bP", "\x1bX", "\x1b^", "\x1b_")
INVISIBLE = re.compile(r"[\x80-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Terminal:
    """A pseudo-terminal with one command in it."""

    def __init__(self, arguments: list[str | Path], folder: Path) -> None:
        self._controller, terminal = os.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "LINES")}
        environment |= {
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "ESCDELAY": "10",
            "XDG_STATE_HOME": str(folder / "state"),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "inspector", *arguments],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
        os.close(terminal)
        self._seen = b""

    def read(self, seconds: float) -> bytes:
        """Collect what appears until nothing has for that long."""
        while select.select([self._controller], [], [], seconds)[0]:
            try:
                data = os.read(self._controller, 65536)
            except OSError:
                break
            if not data:
                break
            self._seen += data
        return self._seen

    def wait_for(self, text: str, seconds: float = 30) -> None:
        """Read until text is on the screen."""
        deadline = time.monotonic() + seconds
        while text not in plain(self.read(0.1).decode(errors="replace")):
            assert time.monotonic() < deadline, (
                f"{text!r} never appeared:\n{plain(self._seen.decode(errors='replace'))[-3000:]}"
            )
            assert self.process.poll() is None, f"ended early:\n{self._seen.decode(errors='replace')[-3000:]}"

    def press(self, keys: str, settle: float = 0.1) -> None:
        """Type keys, and read until the screen has settled for so many seconds."""
        os.write(self._controller, keys.encode())
        self.read(settle)

    def quit(self) -> None:
        """Leave the workbench, whatever is open on top of it."""
        deadline = time.monotonic() + 60
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it does not end:\n{plain(self._seen.decode(errors='replace'))[-3000:]}"
            self.press("\x1b", settle=0.4)
            self.press("q", settle=0.4)

    def finish(self) -> str:
        """Wait for the end and return everything that ever appeared."""
        self.read(30)
        self.process.wait(30)
        return self._seen.decode()

    def close(self) -> None:
        """End the command if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._controller)


@contextmanager
def terminal(arguments: list[str | Path], folder: Path) -> Iterator[Terminal]:
    opened = Terminal(arguments, folder)
    try:
        yield opened
    finally:
        opened.close()


def plain(screen: str) -> str:
    return SEQUENCE.sub("", screen)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hostile_model(tmp_path_factory.mktemp("hostile") / HOSTILE_NAME)


def assert_only_our_colors(screen: str) -> None:
    assert set(SEQUENCE.findall(screen)) <= {*PALETTE.values(), RESET}
    rest = plain(screen).replace("\r\n", "\n").replace("\r", "\n")
    assert all(line.isprintable() for line in rest.split("\n"))


@pytest.mark.parametrize("report_format", ["text", "md", "json"])
def test_a_report_holds_no_sequence_but_our_colors(hostile: Path, tmp_path: Path, report_format: str) -> None:
    with terminal([hostile, "--report", "-", "--format", report_format], tmp_path) as opened:
        screen = opened.finish()
    assert opened.process.returncode == 0
    assert_only_our_colors(screen)
    assert screen.count("OWNED") > 20
    assert ("\x1b" in screen) == (report_format == "text")


@pytest.mark.parametrize(
    "content",
    [b"", b"\x1b]52;c;T1dORUQ=\x07" * 10, b"\x08\x08\x12\xff\xff\xff\xff\x0f\x1b[2J"],
    ids=["empty", "escapes", "cut"],
)
@pytest.mark.parametrize("report", [True, False])
def test_an_unreadable_file_is_told_without_touching_the_terminal(tmp_path: Path, content: bytes, report: bool) -> None:
    path = tmp_path / HOSTILE_NAME
    path.write_bytes(content)
    with terminal([path, *(["--report"] if report else [])], tmp_path) as opened:
        screen = opened.finish()
    assert opened.process.returncode == 3
    assert "\x1b" not in screen
    assert_only_our_colors(screen)
    assert len(screen.split("\r\n")) == 2
    assert "modelpack-tui: error: " in screen


def test_a_format_of_a_later_version_is_told_without_touching_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "saved_model.pb").write_bytes(b"\x08\x01")
    with terminal([tmp_path / "saved"], tmp_path) as opened:
        screen = opened.finish()
    assert opened.process.returncode == 3
    assert_only_our_colors(screen)
    assert "\x1b" not in screen


def test_a_dimension_that_does_not_exist_is_told_without_touching_the_terminal(tmp_path: Path) -> None:
    with terminal([dense_model(tmp_path / "dense.onnx"), "--dim", "sequense=3"], tmp_path) as opened:
        screen = opened.finish()
    assert opened.process.returncode == 2
    assert "\x1b" not in screen


@pytest.mark.parametrize(
    "arguments", [["--batch", "\x1b[2J"], ["--dim", "\x1b]0;x\x07=0"], ["--\x1b[2J"], ["--format", "\x9b2J"]]
)
def test_usage_errors_are_cleaned(tmp_path: Path, arguments: list[str]) -> None:
    with terminal([*arguments], tmp_path) as opened:
        screen = opened.finish()
    assert opened.process.returncode == 2
    assert_only_our_colors(screen)
    assert "\x1b" not in screen


def walk_through(path: Path, folder: Path) -> str:
    """Open the workbench, visit every tab, move, search and ask for help in each, and return all that was drawn."""
    with terminal([path], folder) as opened:
        opened.wait_for("Overview")
        opened.read(1.0)
        for tab in "123456":
            opened.press(tab)
            for keys in ("\x1b[B\x1b[B", "\r", "\x1b[6~", "/OWNED\r", "n", "\x1b"):
                opened.press(keys)
        for keys in ("?", "\x1b", "\x10", "OWNED", "\x1b", "\x1b"):
            opened.press(keys)
        opened.quit()
        screen = opened.finish()
        assert opened.process.returncode == 0, plain(screen)[-2000:]
        return screen


def test_without_an_artifact_the_terminal_shows_where_to_begin(tmp_path: Path) -> None:
    with terminal([], tmp_path) as opened:
        opened.wait_for("modelpack-tui")
        opened.quit()
        screen = opened.finish()
    assert opened.process.returncode == 0
    assert screen.count("\x1b[?1049h") == screen.count("\x1b[?1049l") == 1


def test_the_terminal_is_given_back_as_it_was(tmp_path: Path) -> None:
    with terminal([dense_model(tmp_path / "dense.onnx")], tmp_path) as opened:
        opened.wait_for("Overview")
        opened.quit()
        screen = opened.finish()
    assert opened.process.returncode == 0
    for mode in ("1049", "1000", "1002", "1003", "1006", "2004", "1004"):
        if f"\x1b[?{mode}h" in screen:
            assert screen.rindex(f"\x1b[?{mode}l") > screen.rindex(f"\x1b[?{mode}h"), mode
    assert screen.rindex("\x1b[?25h") > screen.rindex("\x1b[?25l")


def sequence_kinds(screen: str) -> set[str]:
    """Return the string sequences whole, and of the others what they do, their numbers left out."""
    kinds = set()
    for sequence in SEQUENCE.findall(screen):
        kinds.add(sequence if sequence.startswith(STRING_SEQUENCES) else re.sub(r"\d+", "0", sequence))
    return {re.sub(r"(?:0;)+0m$", "0m", kind) for kind in kinds}


def test_the_workbench_draws_hostile_names_as_text(hostile: Path, tmp_path: Path) -> None:
    screen = walk_through(hostile, tmp_path)
    assert "OWNED" in plain(screen)
    harmless = walk_through(dense_model(tmp_path / "dense.onnx"), tmp_path)
    assert sequence_kinds(screen) <= sequence_kinds(harmless), "the hostile model makes the terminal do something else"
    assert not INVISIBLE.search(screen)
    for payload in PAYLOADS:
        if "\x1b" in payload:
            assert payload not in screen
    strings = [sequence for sequence in SEQUENCE.findall(screen) if sequence.startswith(STRING_SEQUENCES)]
    assert not [string for string in strings if "OWNED" in string or "UFdORUQ" in string or "T1dORUQ" in string]
