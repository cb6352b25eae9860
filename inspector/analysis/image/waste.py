"""Bytes that an image ships and that are not in its final file system: by cause and by layer, to the byte."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from inspector.analysis.image.file_system import merge
from inspector.analysis.image.same_content import NO_KEYS, ContentKeys, Located, content_key, is_same_content
from inspector.records.file_system import FileSystem, LostContent
from inspector.records.image import Entry, Layer
from inspector.records.image_waste import LayerWaste, Waste, WasteByCause, WasteCause, WastedFile

_CAUSES: Final[tuple[WasteCause, ...]] = ("overwritten", "deleted", "copied_up")


def find_waste(layers: Sequence[Layer], final: FileSystem, keys: ContentKeys = NO_KEYS) -> Waste:
    """Return the contents of files that the layers up to final.top ship and that are not in the final file system.

    A content becomes waste with the layer that takes the last of its names, and that event is its cause: a file overwritten
    in one layer and deleted in the next counts as overwritten by the one with its first content, and as deleted by the other
    with its second. Empty files and other entries hold no bytes. Files of one size, of which nobody computed both keys, are
    the same content if their times are equal. Sparse files count with their full size.
    """
    shipping = layers[: final.top + 1]
    wasted = [_wasted(one, shipping, keys) for one in _lost_contents(shipping, final)]
    wasted.sort(key=lambda file: (-file.bytes, file.path, file.layer))
    shipped = [_shipped(layer) for layer in shipping]
    return Waste(
        shipped_bytes=sum(shipped),
        final_bytes=final.size_bytes,
        reclaimable_bytes=sum(shipped) - final.size_bytes,
        by_cause=tuple(_of_cause(cause, wasted) for cause in _CAUSES),
        by_layer=_by_layer(shipped, wasted),
        files=tuple(wasted),
        compressed_bytes=_known_sum(file.compressed_bytes for file in wasted),
    )


def undecided(
    layers: Sequence[Layer], final: FileSystem | None = None, keys: ContentKeys = NO_KEYS
) -> Sequence[Sequence[Located]]:
    """Return, in groups of one size, the files to compare before find_waste can tell an overwritten content from a copied one.

    Those with keys are left out; of two files either both are among them or neither is. final is what the layers are merged
    to; without it they are merged once more.
    """
    wanted: defaultdict[int, dict[tuple[int, int], Located]] = defaultdict(dict)
    for one in _lost_contents(layers, final):
        if _may_be_copied_up(one) and one.after is not None:
            both = [(placed.content_layer, placed.content) for placed in (one.placed, one.after)]
            if not all(content_key(content, layer, keys) for layer, content in both):
                wanted[one.placed.size].update({(layer, content.offset): (layer, content) for layer, content in both})
    return [list(group.values()) for group in wanted.values()]


def _lost_contents(layers: Sequence[Layer], final: FileSystem | None) -> Sequence[LostContent]:
    if final is None or final.lost is None:
        final = merge(layers)
    return final.lost or ()


def _may_be_copied_up(lost: LostContent) -> bool:
    after, before = lost.after, lost.placed
    return (
        after is not None
        and before.content_layer < lost.by_layer == after.content_layer
        and after.content.kind == "file"
        and after.content.size == before.content.size
    )


def _cause(lost: LostContent, keys: ContentKeys) -> WasteCause:
    if lost.after is None:
        return "deleted"
    if _may_be_copied_up(lost) and is_same_content(lost.placed, lost.after, keys):
        return "copied_up"
    return "overwritten"


def _wasted(lost: LostContent, layers: Sequence[Layer], keys: ContentKeys) -> WastedFile:
    content, layer = lost.placed.content, lost.placed.content_layer
    return WastedFile(
        path=content.path,
        bytes=content.size,
        cause=_cause(lost, keys),
        layer=layer,
        by_layer=lost.by_layer,
        compressed_bytes=_compressed(content, layers[layer]),
    )


def _compressed(content: Entry, layer: Layer) -> int | None:
    """Return about how many bytes of a compressed layer a content takes, in proportion to the layer as a whole."""
    if layer.compressed_bytes is None or not layer.size_bytes:
        return None
    return round((content.stored if content.sparse else content.size) * layer.compressed_bytes / layer.size_bytes)


def _shipped(layer: Layer) -> int:
    return sum(entry.size for entry in layer.entries or () if entry.kind == "file" and not entry.whiteout)


def _of_cause(cause: WasteCause, wasted: Iterable[WastedFile]) -> WasteByCause:
    files = [file for file in wasted if file.cause == cause]
    return WasteByCause(
        cause, sum(file.bytes for file in files), len(files), _known_sum(file.compressed_bytes for file in files)
    )


def _by_layer(shipped: Sequence[int], wasted: Iterable[WastedFile]) -> tuple[LayerWaste, ...]:
    reclaimable, caused = [0] * len(shipped), [0] * len(shipped)
    for file in wasted:
        reclaimable[file.layer] += file.bytes
        caused[file.by_layer] += file.bytes
    return tuple(
        LayerWaste(index, size, size - reclaimable[index], reclaimable[index], caused[index])
        for index, size in enumerate(shipped)
    )


def _known_sum(values: Iterable[int | None]) -> int | None:
    total = 0
    for value in values:
        if value is None:
            return None
        total += value
    return total
