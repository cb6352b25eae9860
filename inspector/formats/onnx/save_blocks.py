"""Where the values of moved tensors lie in the new data file: one block for each stretch of a source, on a page boundary."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from inspector.errors import OperationFailed
from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.save_rewrite import StoredTensor, label_of, location_of
from inspector.records.dtype import packed_bytes

PAGE: Final = 4096
SMALLEST_EXTERNAL: Final = 1024
"""Values of fewer bytes move into the model file: runtimes refuse shapes and axes that lie outside it."""


class Stretch(NamedTuple):
    """Bytes of a source: location is empty for the model file itself."""

    location: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Block:
    """Bytes of a source that are copied together, and where to."""

    source: Stretch
    offset: int


def stretch_of(stored: StoredTensor, size_of: Callable[[str], int]) -> Stretch:
    """Return where the values of a tensor lie; size_of gives the size of an external file, or raises OperationFailed.

    Raises OperationFailed where the file ends before they do.
    """
    tensor = stored.tensor
    if not tensor.is_external:
        return Stretch("", tensor.raw.start, tensor.raw.end - tensor.raw.start) if tensor.raw else Stretch("", 0, 0)
    label = label_of(tensor)
    location = location_of(tensor)
    size = size_of(location)
    offset = _number(tensor.external.get("offset"), label) or 0
    length = _number(tensor.external.get("length"), label)
    if length is None:
        expected = packed_bytes(tensor.dtype, _count(tensor.dims))
        length = max(0, size - offset) if expected is None else expected
    if offset + length > size:
        raise OperationFailed(
            f"{TextCleaner().clean(location)} ends {offset + length - size:,} bytes before the values of {label} do",
            "download it again",
        )
    return Stretch(location, offset, length)


def _count(dims: Iterable[int]) -> int:
    count = 1
    for length in dims:
        count *= max(length, 0)
    return count


def _number(text: bytes | None, label: str) -> int | None:
    if text is None:
        return None
    if not text.isdigit() or len(text) > 19:
        raise OperationFailed(f"{label} says it lies at or takes {text[:40]!r}, which is no number of bytes", "")
    return int(text)


def lay_out(stretches: Iterable[Stretch]) -> tuple[list[Block], dict[Stretch, int]]:
    """Return blocks that hold every stretch once, in the order first met, and the offset of each stretch in the new file.

    Stretches that overlap stay together, so that what weights share is stored once and nothing grows.
    """
    order = {stretch: at for at, stretch in reversed(list(enumerate(stretches)))}
    merged: list[tuple[int, Stretch, list[Stretch]]] = []
    for one in sorted(order):
        first, around, members = merged[-1] if merged else (0, None, [])
        if around is not None and one.location == around.location and one.offset < around.offset + around.length:
            end = max(around.offset + around.length, one.offset + one.length)
            members.append(one)
            merged[-1] = (min(first, order[one]), around._replace(length=end - around.offset), members)
        else:
            merged.append((order[one], one, [one]))
    blocks, offsets, position = [], {}, 0
    for _, around, members in sorted(merged):
        blocks.append(Block(around, position))
        offsets.update({one: position + one.offset - around.offset for one in members})
        position += -(-around.length // PAGE) * PAGE
    return blocks, offsets
