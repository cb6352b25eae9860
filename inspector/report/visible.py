"""Text that is safe to show: every character without a glyph of its own becomes a visible escape.

Names in artifacts are cleaned where they are read; what the user or the system adds later (paths, messages of
libraries) is not, so everything that leaves as text passes here. Loads nothing, so that error lines stay cheap.
"""

from __future__ import annotations


def visible(text: str) -> str:
    """Return text as one line of printable characters: controls, escapes, bidi marks and lone surrogates as \\x1b, \\u202e."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def visible_lines(text: str) -> str:
    """Return text with every character but the line feed made visible."""
    return "\n".join(visible(line) for line in text.split("\n"))


def cell_width(text: str) -> int:
    """Return the terminal columns that printable text takes: wide characters two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(_char_width(char) for char in text)


def shorten(text: str, width: int) -> str:
    """Return text cut to at most width columns, an ellipsis in place of its middle: both ends tell names apart."""
    if cell_width(text) <= width:
        return text
    if width <= 1:
        return "…"[:width]
    tail_width = (width - 1) // 2
    head = _prefix(text, width - 1 - tail_width)
    tail = _prefix(text[::-1], tail_width)[::-1]
    return f"{head}…{tail}"


def wrap(text: str, width: int) -> list[str]:
    """Return the words of text in lines of at most width columns; words longer than a line are broken. At least one line."""
    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if cell_width(joined) <= width:
            lines[-1] = joined
            continue
        pieces = _break(word, width)
        lines[-1:] = [*([lines[-1]] if lines[-1] else []), *pieces]
    return lines


def _break(word: str, width: int) -> list[str]:
    pieces = []
    while cell_width(word) > width:
        head = _prefix(word, width) or word[0]
        pieces.append(head)
        word = word[len(head) :]
    return [*pieces, word] if word or not pieces else pieces


def _prefix(text: str, width: int) -> str:
    used = 0
    for index, char in enumerate(text):
        used += _char_width(char)
        if used > width:
            return text[:index]
    return text


def _char_width(char: str) -> int:
    if char.isascii():
        return 1
    from unicodedata import category, east_asian_width

    if category(char) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(char) in ("W", "F") else 1


def _escape(char: str) -> str:
    code = ord(char)
    known = {9: "\\t", 10: "\\n", 13: "\\r"}.get(code)
    if known:
        return known
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
