"""The file system that the layers of an image add up to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from inspector.analysis.image.layer_tree import LayerTree
from inspector.records.file_system import FileSystem, LostContent, Placed
from inspector.records.image import Layer


class Merger:
    """Merges layers as they come, base first, so that what lies below need not be merged again with each of them."""

    def __init__(self) -> None:
        self._tree = LayerTree()
        self._lost: list[LostContent] = []

    def add(self, layer: Layer) -> None:
        """Put one more layer on top; one that was not indexed counts as empty."""
        self._lost.extend(self._tree.apply(layer).lost)

    def file_system(self) -> FileSystem:
        """Return what a container sees of the layers so far, for keeps; as merge() does."""
        nodes = dict(self._tree.nodes)
        files = [placed for placed in nodes.values() if placed.content.kind == "file"]
        return FileSystem(nodes, self._tree.top, len(files), _size(files), tuple(self._lost))


def merge(layers: Sequence[Layer], up_to: int | None = None) -> FileSystem:
    """Return what a container sees of the layers, base first, those after index up_to left out.

    By path, in no particular order; the root itself is not among them. Layers that were not indexed count as empty. An
    entry below a symlink of its own layer lies, as with engines, where the symlink leads, so its key may differ from
    entry.path. Linear in entries. Source: OCI image layer specification, overlayfs.
    """
    merger = Merger()
    for layer in layers if up_to is None else layers[: up_to + 1]:
        merger.add(layer)
    return merger.file_system()


def dangling_links(file_system: FileSystem) -> tuple[str, ...]:
    """Return the paths of hard links whose target is nowhere: engines refuse such layers; here they are empty."""
    return tuple(path for path, placed in file_system.entries.items() if placed.content.kind == "hard_link")


def _size(files: Collection[Placed]) -> int:
    """Return the bytes of all contents, those with several names counted once."""
    linked = []
    size = 0
    for placed in files:
        if placed.entry is placed.content:
            size += placed.content.size
        else:
            linked.append(placed)
    return size + _size_without_own_name(files, linked) if linked else size


def _size_without_own_name(files: Iterable[Placed], linked: Iterable[Placed]) -> int:
    """Return the bytes of contents that only hard links lead to."""
    own = {(placed.content_layer, id(placed.content)) for placed in files if placed.entry is placed.content}
    others = {(placed.content_layer, id(placed.content)): placed.content.size for placed in linked}
    return sum(size for inode, size in others.items() if inode not in own)
