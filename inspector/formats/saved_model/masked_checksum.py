"""CRC-32C, masked as TFRecord files and checkpoint tables store it.

The polynomial is Castagnoli's (RFC 3720, appendix B.4); the mask keeps the checksum of data that holds checksums from being
special: rotate right by 15 bits, add 0xa282ead8 (LevelDB's log format, https://github.com/google/leveldb/blob/main/doc/log_format.md).
"""

from __future__ import annotations

from typing import Final

_REFLECTED_POLYNOMIAL: Final = 0x82F63B78
_MASK_DELTA: Final = 0xA282EAD8
_ALL: Final = 0xFFFFFFFF


def masked_checksum(data: bytes) -> int:
    """Return the masked CRC-32C of data, as it is stored."""
    checksum = crc32c(data)
    return ((checksum >> 15 | checksum << 17) + _MASK_DELTA) & _ALL


def crc32c(data: bytes) -> int:
    """Return the CRC-32C of data, a byte at a time from a table: some ten megabytes a second."""
    checksum, table = _ALL, _TABLE
    for byte in data:
        checksum = table[(checksum ^ byte) & 0xFF] ^ checksum >> 8
    return checksum ^ _ALL


def _row(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (_REFLECTED_POLYNOMIAL if byte & 1 else 0)
    return byte


_TABLE: Final = tuple(_row(byte) for byte in range(256))
