"""Sparse files in tars: where their stretches of data lie, in the three ways GNU tar has written that down."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from inspector.formats.image.tar_extensions import MOST_BYTES, Extension, whole_number
from inspector.formats.image.tar_header import BLOCK, LayerProblem, number
from inspector.formats.image.tar_sources import TarSource

SparseMap = tuple[tuple[int, int], ...]
"""Stretches of data as (offset in the file, length), ascending; their bytes are stored one after the other."""

_MOST_STRETCHES: Final = MOST_BYTES // 8


def old_sparse(source: TarSource, block: bytes, stored: int) -> tuple[int, SparseMap]:
    """Return the size and the map of a GNU sparse entry (type S); reads the blocks that continue its header."""
    numbers = _pairs(block, 386, 4)
    continued = block[482]
    while continued:
        more = source.read(BLOCK)
        if len(more) < BLOCK:
            raise LayerProblem(f"cut short at byte {source.position:,}, in the map of a sparse file")
        numbers += _pairs(more, 0, 21)
        if len(numbers) > 2 * _MOST_STRETCHES:
            raise _damaged(source)
        continued = more[504]
    try:
        size = number(block[483:495])
    except ValueError:
        raise _damaged(source) from None
    return size, _checked(numbers, size, stored, source)


def pax_sparse(source: TarSource, extension: Extension, stored: int) -> tuple[int, SparseMap, int] | None:
    """Return size, map and stored bytes of the sparse file that PAX records describe; None if they describe none.

    Version 1.0 keeps the map in front of the data, which is read here; 0.0 and 0.1 in the records.
    """
    facts = extension.sparse
    if not facts and not extension.sparse_map:
        return None
    size = whole_number(facts.get(b"realsize", facts.get(b"size", b"")))
    if (facts.get(b"major"), facts.get(b"minor")) == (b"1", b"0"):
        numbers, used = _stored_map(source, stored)
        stored -= used
    elif b"map" in facts:
        numbers = _decimal(facts[b"map"].split(b","), source) if facts[b"map"] else []
    elif extension.sparse_map:
        numbers = _decimal(extension.sparse_map, source)
    else:
        return None
    if size is None:
        raise _damaged(source)
    return size, _checked(numbers, size, stored, source), stored


def _stored_map(source: TarSource, stored: int) -> tuple[list[int], int]:
    """Return the numbers in front of the data and the bytes they take: a count, then pairs, one a line, padded to a block."""
    text = bytearray()
    wanted = None
    while wanted is None or text.count(b"\n") < wanted:
        if len(text) >= min(stored, MOST_BYTES):
            raise _damaged(source)
        block = source.read(BLOCK)
        if len(block) < BLOCK:
            raise LayerProblem(f"cut short at byte {source.position:,}, in the map of a sparse file")
        text += block
        if wanted is None and b"\n" in text:
            count = whole_number(bytes(text.partition(b"\n")[0]))
            if count is None or count > _MOST_STRETCHES:
                raise _damaged(source)
            wanted = 1 + 2 * count
    lines = bytes(text).split(b"\n")
    return _decimal(lines[1:wanted], source), len(text)


def _pairs(block: bytes, start: int, count: int) -> list[int]:
    found: list[int] = []
    for at in range(start, start + 24 * count, 24):
        if not block[at]:
            break
        try:
            found += number(block[at : at + 12]), number(block[at + 12 : at + 24])
        except ValueError:
            return [*found, -1, -1]
    return found


def _decimal(texts: Iterable[bytes], source: TarSource) -> list[int]:
    numbers: list[int] = []
    for text in texts:
        value = whole_number(text)
        if value is None:
            raise _damaged(source)
        numbers.append(value)
    return numbers


def _checked(numbers: list[int], size: int, stored: int, source: TarSource) -> SparseMap:
    """Return the numbers as stretches; raises LayerProblem where they overlap, go past the end or lack bytes."""
    if len(numbers) % 2:
        raise _damaged(source)
    stretches = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    end = 0
    for offset, length in stretches:
        if length < 0 or offset < end:
            raise _damaged(source)
        end = offset + length
    if end > size or sum(length for _, length in stretches) > stored:
        raise _damaged(source)
    return stretches


def _damaged(source: TarSource) -> LayerProblem:
    return LayerProblem(f"the map of the sparse file before byte {source.position:,} makes no sense")
