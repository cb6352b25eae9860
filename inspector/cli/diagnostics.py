"""Standard error and exit codes: one line for a problem, progress only on a terminal, a traceback only into a file."""

from __future__ import annotations

import os
import sys

from inspector.errors import EXIT_OUR_BUG, InspectorError
from inspector.report.visible import cell_width, shorten, visible, visible_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from inspector.records.event import Progress

PROGRAM = "modelpack-tui"


def say_error(error: InspectorError) -> int:
    """Write the error in one line and return its exit code."""
    _write_line(f"error: {error}")
    return error.exit_code


def say_warning(message: str) -> None:
    """Write a warning in one line."""
    _write_line(f"warning: {message}")


def say_note(message: str) -> None:
    """Write what was done in one line, where somebody sits at a terminal."""
    if sys.stderr is not None and sys.stderr.isatty():
        _write_line(message)


def say(message: str) -> None:
    """Write in one line what the exit code depends on, whether somebody sits at a terminal or reads a log."""
    _write_line(message)


def save_traceback(error: BaseException) -> int:
    """Save the traceback of a bug in the user's state folder, say where in one line, and return the exit code."""
    from traceback import format_exception

    text = visible_lines("".join(format_exception(error)))
    reason = visible(f"{type(error).__name__}: {error}")
    path = _save(text)
    where = f"the traceback is in {path}, please report it" if path else "the traceback could not be saved"
    _write_line(f"error: this is a bug in {PROGRAM}: {shorten(reason, 200)} ({where})")
    return EXIT_OUR_BUG


class ProgressLine:
    """One line on standard error that is redrawn in place while work goes on; silent where that is no terminal."""

    def __init__(self) -> None:
        self._drawn = 0
        self._title = ""
        self._active = sys.stderr is not None and sys.stderr.isatty()

    def start(self, title: str) -> None:
        """Show what has begun."""
        self._title = title
        self._draw(title)

    def advance(self, progress: Progress) -> None:
        """Show how far it is."""
        share = f" {100 * progress.done // progress.total} %" if progress.total else ""
        self._draw(" ".join(f"{self._title}{share} {progress.note}".split()))

    def clear(self) -> None:
        """Take the line off the screen."""
        if self._drawn:
            _write(f"\r{' ' * self._drawn}\r")
            self._drawn = 0

    def _draw(self, text: str) -> None:
        if not self._active:
            return
        line = shorten(visible(text), _columns() - 2)
        _write(f"\r{line}{' ' * max(0, self._drawn - cell_width(line))}")
        self._drawn = cell_width(line)


def _columns() -> int:
    try:
        return max(os.get_terminal_size(2).columns, 10)
    except OSError:
        return 80


def _save(text: str) -> str:
    from datetime import datetime

    name = f"crash-{datetime.now().astimezone():%Y%m%d-%H%M%S}-{os.getpid()}.txt"
    for folder in _state_folders():
        path = folder / name
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
        except OSError:
            continue
        return str(path)
    return ""


def _state_folders() -> list[Path]:
    """Return where a traceback may go: the user's state folder (XDG base directories), else the temporary folder."""
    from pathlib import Path
    from tempfile import gettempdir

    named = os.environ.get("XDG_STATE_HOME", "")
    state = Path(named) if named.startswith("/") else Path(os.environ.get("HOME") or gettempdir(), ".local", "state")
    return [state / PROGRAM, Path(gettempdir())]


def _write_line(text: str) -> None:
    _write(f"{PROGRAM}: {visible(text)}\n")


def _write(text: str) -> None:
    """Write where it can be written; that nobody hears us is not worth another error."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError):
        return
