"""Whether two files hold the same content, told from what is known without reading them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from inspector.records.file_system import Placed
from inspector.records.image import Entry

ContentKeys = Mapping[tuple[int, int], str]
"""By index of the layer and offset in it, as far as contents were compared: what equal ones of one size share, others not."""

Located = tuple[int, Entry]
"""A content and the index of the layer it lies in."""

NO_KEYS: Final[ContentKeys] = MappingProxyType({})


def content_key(entry: Entry, layer: int, keys: ContentKeys) -> str:
    """Return what a content shares with equal ones of its size; empty where nobody compared it."""
    return entry.sha256 or keys.get((layer, entry.offset), "")


def is_same_content(one: Placed, other: Placed, keys: ContentKeys) -> bool:
    """Return whether two files hold the same bytes: by size and key; by size and time where a key is missing."""
    first, second = one.content, other.content
    if first is second and one.content_layer == other.content_layer:
        return True
    if first.kind != "file" or second.kind != "file" or first.size != second.size:
        return False
    if not first.size:
        return True
    key_one = content_key(first, one.content_layer, keys)
    key_other = content_key(second, other.content_layer, keys)
    return key_one == key_other if key_one and key_other else first.mtime == second.mtime
