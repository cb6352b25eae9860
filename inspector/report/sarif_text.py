"""Hostile text in SARIF: paths as URI references, and messages in which nothing is a link or a placeholder."""

from __future__ import annotations

import re
from urllib.parse import quote

from inspector.report.visible import visible

LONGEST = 2_000
"""Characters of one message."""

_PLACEHOLDER = re.compile(r"\{(?=[0-9]+\})|(?<=[0-9])\}")
_LINK = re.compile(r"\](?=\()")


def uri(path: str) -> str:
    """Return a path as a URI reference: relative where it is, and with everything in it that is no letter escaped.

    Bytes that are no UTF-8 are escaped as they are.
    """
    try:
        data = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = path.encode("utf-8", "surrogatepass")
    if path.startswith("/"):
        return f"file://{quote(data)}"
    return quote(data)


def message_text(text: str) -> str:
    """Return text as a plain message: printable, of bounded length, without embedded links and placeholders (SARIF 3.11)."""
    text = visible(text)
    text = text if len(text) <= LONGEST else f"{text[: LONGEST // 2]}…{text[-LONGEST // 2 :]}"
    doubled = _PLACEHOLDER.sub(lambda match: match[0] * 2, text) if re.search(r"\{[0-9]+\}", text) else text
    return _LINK.sub("]\N{WORD JOINER}", doubled)
