"""Whether two files hold the same content, told from what is known without reading them."""

from __future__ import annotations

from collections.abc import Mapping

from inspector.records.file_system import Placed
from inspector.records.image import Entry

ContentHashes = Mapping[tuple[int, int], str]
"""SHA-256 in hexadecimal by index of the layer and offset in it, as far as computed."""


def content_hash(entry: Entry, layer: int, hashes: ContentHashes) -> str:
    """Return the SHA-256 of a content; empty where nobody computed it."""
    return entry.sha256 or hashes.get((layer, entry.offset), "")


def is_same_content(one: Placed, other: Placed, hashes: ContentHashes) -> bool:
    """Return whether two files hold the same bytes: by size and hash; by size and time where a hash is missing."""
    first, second = one.content, other.content
    if first is second and one.content_layer == other.content_layer:
        return True
    if first.kind != "file" or second.kind != "file" or first.size != second.size:
        return False
    if not first.size:
        return True
    hash_one = content_hash(first, one.content_layer, hashes)
    hash_other = content_hash(second, other.content_layer, hashes)
    return hash_one == hash_other if hash_one and hash_other else first.mtime == second.mtime
