"""What one layer changes in the file system below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inspector.analysis.image.layer_tree import LayerTree
from inspector.analysis.image.same_content import NO_KEYS, ContentKeys, is_same_content
from inspector.records.file_system import Change, ChangeKind, Placed
from inspector.records.image import Layer


def changes(layers: Sequence[Layer], index: int, keys: ContentKeys = NO_KEYS) -> Mapping[str, Change]:
    """Return, by path, what the layer of that index does to what lies below it; of a removed folder, all that was in it.

    Folders that only hold other things than before are unchanged. Without keys, files of the same size and time are taken
    for the same content. Linear in the entries up to that layer.
    """
    tree = LayerTree()
    for layer in layers[:index]:
        tree.apply(layer)
    before = {path: placed for path, placed in tree.apply(layers[index]).hidden if placed.layer < index}
    found = {path: _change(path, placed, tree.nodes.get(path), keys) for path, placed in before.items()}
    for path, placed in tree.nodes.items():
        if placed.layer == index and path not in before:
            found[path] = Change(path, "added", None, placed)
    return found


def _change(path: str, before: Placed, after: Placed | None, keys: ContentKeys) -> Change:
    return Change(path, "removed" if after is None else _kind(before, after, keys), before, after)


def _kind(before: Placed, after: Placed, keys: ContentKeys) -> ChangeKind:
    if not _holds_the_same(before, after, keys):
        return "modified"
    return "unchanged" if _metadata(before) == _metadata(after) else "metadata"


def _holds_the_same(before: Placed, after: Placed, keys: ContentKeys) -> bool:
    one, other = before.content, after.content
    if one.kind != other.kind:
        return False
    if one.kind == "file":
        return is_same_content(before, after, keys)
    return one.link == other.link and one.device == other.device


def _metadata(placed: Placed) -> tuple[object, ...]:
    """Return what may differ between files of the same content; a folder's time changes with what is in it."""
    entry = placed.entry
    return (entry.mode, entry.uid, entry.gid, entry.xattrs, 0 if entry.kind == "directory" else entry.mtime)
