"""Text fields of any length, read without holding the long ones."""

from __future__ import annotations

import hashlib
from typing import Final

from inspector.formats.clean_text import LIMIT, TextCleaner
from inspector.formats.onnx.wire import LARGEST_WINDOW, Source

LONGEST_HELD: Final = 4 * LIMIT
"""Text of more bytes than this has more than LIMIT characters, whatever they are."""


def read_text(source: Source, cleaner: TextCleaner, start: int, end: int, is_name: bool = True) -> bytes:
    """Return the text between start and end: as it is, or a stand-in for one too long to hold that the cleaner knows.

    Overlong names are noted by the cleaner, other text is not.
    """
    if end - start <= LONGEST_HELD:
        return source.read(start, end - start)
    source.take_scanned(end - start)
    digest = hashlib.sha256()
    for position in range(start, end, LARGEST_WINDOW):
        digest.update(source.read(position, min(LARGEST_WINDOW, end - position)))
    return cleaner.clip(source.read(start, LONGEST_HELD), end - start, digest.hexdigest(), is_name)
