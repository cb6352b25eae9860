"""How a blob is compressed, told from its first bytes, never from what is said about it."""

from __future__ import annotations

from typing import Final

from inspector.records.image import Compression

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_SKIPPABLE: Final = b"\x2a\x4d\x18"
"""Bytes 1 to 3 of a frame that zstd decoders skip (RFC 8878, 3.1.2)."""
_OTHERS: Final = (b"BZh", b"\xfd7zXZ\0", b"\x04\x22\x4d\x18", b"\x5d\x00\x00\x80\x00")


def compression_of(head: bytes) -> Compression | None:
    """Return the compression of a blob that begins with head, "none" included; None for one that is not read."""
    if head.startswith(_GZIP):
        return "gzip"
    if head.startswith(_ZSTD) or (head[1:4] == _SKIPPABLE and 0x50 <= head[0] <= 0x5F):
        return "zstd"
    return None if head.startswith(_OTHERS) else "none"
