"""Text that a child process wrote, made fit to be part of one line of ours."""

from __future__ import annotations

import re
import unicodedata

LINE_LIMIT = 300

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def plain_line(text: str, limit: int = LINE_LIMIT) -> str:
    """Return text as one line of printable characters, at most limit long (the rest becomes an ellipsis)."""
    bounded = _ESCAPES.sub("", text[: 8 * limit])
    shown = "".join(" " if c.isspace() else c for c in bounded if c.isspace() or unicodedata.category(c) not in _UNPRINTABLE)
    line = " ".join(shown.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def last_line(output: bytes) -> str:
    """Return the last line of captured output that has something to say, cleaned; empty if none has."""
    for line in reversed(output.decode("utf-8", "replace").splitlines()):
        if cleaned := plain_line(line):
            return cleaned
    return ""
