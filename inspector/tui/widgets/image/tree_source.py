"""Which tree the files tab shows for a layer, and how it is made; trees made lately are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from inspector.records.file_system import Change, ChangeKind, FileSystem
from inspector.records.image_inspection import ImageInspection
from inspector.records.image_waste import WasteCause
from inspector.tui.widgets.image.image_text import indexed_layers
from inspector.tui.widgets.image.tree import FileTree, change_tree, whole_tree

_KEPT = 3
_KINDS: Mapping[WasteCause, ChangeKind] = {"overwritten": "modified", "copied_up": "metadata"}


@dataclass(frozen=True, slots=True)
class TreeKey:
    """What a tree shows: layers up to which, all of it or only what that layer changes, told with or without waste."""

    top: int
    changes_only: bool
    judged: bool = False


def key_for(inspection: ImageInspection, layer: int | None, changes_only: bool) -> TreeKey | None:
    """Return the key for a layer, or for the highest below it whose files are known; None where none are."""
    if changes_only:
        known = indexed_layers(inspection.image) - 1
    else:
        known = inspection.file_system.top if inspection.file_system is not None else -1
    top = min(known, known if layer is None else layer)
    return TreeKey(top, changes_only, inspection.waste is not None) if top >= 0 else None


def make_tree(inspection: ImageInspection, key: TreeKey) -> FileTree:
    """Return the tree; takes time linear in the entries of all layers up to the uppermost, so not on the UI's thread."""
    from inspector.analysis.image.changes import changes

    layers = inspection.image.layers
    changed = _judged(inspection, key.top, changes(layers, key.top))
    if key.changes_only:
        return change_tree(changed.values())
    return whole_tree(_file_system(inspection, key.top).entries, changed)


def _judged(inspection: ImageInspection, top: int, changed: Mapping[str, Change]) -> Mapping[str, Change]:
    """Return the changes of a layer, corrected by what waste knows of contents: there they were compared byte for byte."""
    files = inspection.waste.files if inspection.waste is not None else ()
    known = {file.path: _KINDS[file.cause] for file in files if file.by_layer == top and file.cause in _KINDS}
    corrected = {
        path: replace(changed[path], kind=kind)
        for path, kind in known.items()
        if path in changed and changed[path].kind not in (kind, "removed")
    }
    return {**changed, **corrected} if corrected else changed


def _file_system(inspection: ImageInspection, top: int) -> FileSystem:
    known = inspection.file_system
    if known is not None and known.top == top:
        return known
    from inspector.analysis.image.file_system import merge

    return merge(inspection.image.layers, top)


class KeptTrees:
    """The trees made last, by key."""

    def __init__(self) -> None:
        self._trees: dict[TreeKey, FileTree] = {}

    def get(self, key: TreeKey) -> FileTree | None:
        """Return a tree made before, and count it as used last."""
        tree = self._trees.pop(key, None)
        if tree is not None:
            self._trees[key] = tree
        return tree

    def put(self, key: TreeKey, tree: FileTree) -> None:
        """Keep a tree, and let go of the one not used for longest where there are too many."""
        self._trees[key] = tree
        while len(self._trees) > _KEPT:
            self._trees.pop(next(iter(self._trees)))
