"""Standard output: data and nothing else, through one writer that lets no control character reach a terminal."""

from __future__ import annotations

import os
import sys

from inspector.errors import OperationFailed
from inspector.report.visible import visible, visible_lines

PLAIN_SIGNS: dict[str, str | int | None] = {
    "×": "x",
    "·": "-",
    "…": "...",
    "→": "->",
    "—": "-",
    "█": "#",
    "▉": "#",
    "▊": "#",
    "▋": "#",
    "▌": "#",
    "▍": "|",
    "▎": "|",
    "▏": "|",
}
"""What our own signs become where the encoding of standard output lacks them."""


def write_text(text: str) -> None:
    """Write lines of text: all that is not printable is made visible first.

    Raises OperationFailed where the bytes cannot be written; a reader that has gone away (head) is no error.
    """
    write_bytes(_encoded(visible_lines(text)))


def write_colored(text: str, sequences: frozenset[str]) -> None:
    """Write lines of text in which exactly the given SGR sequences stay what they are."""
    import re

    pattern = "|".join(re.escape(sequence) for sequence in sorted(sequences))
    pieces = re.split(f"({pattern})", text)
    cleaned = [piece if index % 2 else visible_lines(piece) for index, piece in enumerate(pieces)]
    write_bytes(_encoded("".join(cleaned)))


def write_bytes(data: bytes) -> None:
    """Write bytes that are known to be clean; errors as write_text."""
    if sys.stdout is None:
        raise OperationFailed("standard output is closed")
    try:
        sys.stdout.flush()
        stream = sys.stdout.buffer
        stream.write(data)
        stream.flush()
    except BrokenPipeError:
        drop()
    except OSError as error:
        drop()
        raise OperationFailed(f"cannot write to standard output: {visible(error.strerror or str(error))}") from error


def drop() -> None:
    """Point standard output at nothing, so that what is still buffered fails silently when the interpreter ends."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.close(nothing)


def is_terminal() -> bool:
    """Return whether standard output is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def wants_color() -> bool:
    """Return whether standard output is a terminal that may be colored (https://no-color.org)."""
    return is_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def terminal_width(otherwise: int) -> int:
    """Return the columns of the terminal on standard output, otherwise the given number."""
    try:
        return os.get_terminal_size(1).columns or otherwise
    except OSError:
        return otherwise


def _encoded(text: str) -> bytes:
    encoding = (sys.stdout and sys.stdout.encoding) or "utf-8"
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(str.maketrans(PLAIN_SIGNS)).encode(encoding, "backslashreplace")
