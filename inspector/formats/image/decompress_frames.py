"""Where the frames of a zstd stream end, which its decompressor does not tell: whether a stream was cut short (RFC 8878)."""

from __future__ import annotations

from typing import Final

_MAGIC: Final = 0xFD2FB528
_SKIPPABLE: Final = 0x184D2A50
_DICTIONARY_BYTES: Final = (0, 1, 2, 4)
_SIZE_BYTES: Final = (0, 2, 4, 8)
_RUN: Final = 1
_FRAME_HEADER: Final = 8
"""Bytes that tell how long the rest of the header is; no frame has fewer in all."""

_BLOCK_HEADER: Final = 3


class FrameTracker:
    """Follows the frames of a stream from block to block; ends at the first bytes that begin none."""

    def __init__(self) -> None:
        self._buffer = b""
        self._skip = 0
        self._in_frame = False
        self._checksum = 0
        self._is_lost = False

    @property
    def is_inside(self) -> bool:
        """Whether the bytes so far end in the middle of a frame."""
        return not self._is_lost and (self._in_frame or self._skip > 0 or bool(self._buffer))

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the stream in."""
        data = self._buffer + data
        at = 0
        while at < len(data) and not self._is_lost:
            if self._skip:
                taken = min(self._skip, len(data) - at)
                self._skip -= taken
                at += taken
            elif len(data) - at < (_BLOCK_HEADER if self._in_frame else _FRAME_HEADER):
                break
            elif self._in_frame:
                self._begin_block(int.from_bytes(data[at : at + _BLOCK_HEADER], "little"))
            else:
                self._begin_frame(data[at : at + _FRAME_HEADER])
        self._buffer = data[at:]

    def _begin_frame(self, header: bytes) -> None:
        magic = int.from_bytes(header[:4], "little")
        if magic & ~0xF == _SKIPPABLE:
            self._skip = _FRAME_HEADER + int.from_bytes(header[4:], "little")
        elif magic != _MAGIC:
            self._is_lost = True
        else:
            flags = header[4]
            is_single = flags >> 5 & 1
            size = _SIZE_BYTES[flags >> 6] or is_single
            self._skip = 5 + (1 - is_single) + _DICTIONARY_BYTES[flags & 3] + size
            self._checksum = 4 if flags & 4 else 0
            self._in_frame = True

    def _begin_block(self, header: int) -> None:
        is_last, kind, size = header & 1, header >> 1 & 3, header >> 3
        self._skip = _BLOCK_HEADER + (1 if kind == _RUN else size)
        if is_last:
            self._skip += self._checksum
            self._in_frame = False
