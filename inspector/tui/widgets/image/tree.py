"""The file tree of an image, or of one layer's changes, as nodes with sizes of subtrees; no drawing here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from inspector.records.file_system import Change, ChangeKind, Placed

KINDS: tuple[ChangeKind, ...] = ("added", "modified", "metadata", "removed", "unchanged")
_BITS: Mapping[ChangeKind, int] = {kind: 1 << index for index, kind in enumerate(KINDS)}
ALL_KINDS = (1 << len(KINDS)) - 1


def bit_of(kind: ChangeKind) -> int:
    """Return the bit that stands for a kind in TreeNode.holds."""
    return _BITS[kind]


@dataclass(slots=True, eq=False)
class TreeNode:
    """One path: what is there, what the layer did to it, and sums over all below it."""

    name: str
    path: str
    parent: TreeNode | None
    depth: int
    placed: Placed | None = None
    """None for a folder that only paths imply."""
    kind: ChangeKind = "unchanged"
    before: Placed | None = None
    """What was there below the layer, where it changed only metadata."""
    size: int = 0
    """Bytes of content in it, content with several names counted once; of what a layer removed, nothing."""
    removed: int = 0
    """Bytes that the layer hides in it."""
    files: int = 0
    holds: int = 0
    """Bits of the kinds of change in it, its own included."""
    children: list[TreeNode] = field(default_factory=list)
    folded_text: str = ""
    """The path in the case that searches compare."""

    @property
    def is_folder(self) -> bool:
        """Whether something can lie in it."""
        return self.placed is None or self.placed.entry.kind == "directory" or bool(self.children)


@dataclass(slots=True, eq=False)
class FileTree:
    """A root and every node under it, parents first."""

    root: TreeNode
    nodes: list[TreeNode]
    by_path: dict[str, TreeNode]


def whole_tree(entries: Mapping[str, Placed], changes: Mapping[str, Change]) -> FileTree:
    """Return all that a container sees, with what the uppermost layer changed marked and what it removed still there."""
    building = _Building()
    for path, placed in entries.items():
        change = changes.get(path)
        building.add(path, placed, "unchanged" if change is None else change.kind)
    for path, change in changes.items():
        if change.kind == "removed" and path not in entries:
            building.add(path, change.before, "removed")
    return building.finish()


def change_tree(changes: Iterable[Change]) -> FileTree:
    """Return what one layer changes, within the folders it lies in."""
    building = _Building()
    for change in changes:
        if change.kind != "unchanged":
            node = building.add(change.path, change.before if change.kind == "removed" else change.after, change.kind)
            node.before = change.before if change.kind == "metadata" else None
    return building.finish()


class _Building:
    """Adds nodes, parents before children, then sums from the leaves up."""

    def __init__(self) -> None:
        root = TreeNode("", "", None, -1)
        self._tree = FileTree(root, [], {"": root})

    def add(self, path: str, placed: Placed | None, kind: ChangeKind) -> TreeNode:
        node = self._node(path)
        node.placed, node.kind = placed, kind
        node.holds = _BITS[kind]
        return node

    def _node(self, path: str) -> TreeNode:
        known = self._tree.by_path
        missing: list[str] = []
        while path not in known:
            missing.append(path)
            path = path.rpartition("/")[0]
        node = known[path]
        for inner in reversed(missing):
            child = TreeNode(inner.rpartition("/")[2], inner, node, node.depth + 1, folded_text=inner.casefold())
            node.children.append(child)
            known[inner] = child
            self._tree.nodes.append(child)
            node = child
        return node

    def finish(self) -> FileTree:
        seen: set[tuple[int, int]] = set()
        for node in self._tree.nodes:
            _count(node, seen)
        for node in reversed(self._tree.nodes):
            parent = node.parent
            if parent is not None:
                parent.size += node.size
                parent.removed += node.removed
                parent.files += node.files
                parent.holds |= node.holds
        return self._tree


def _count(node: TreeNode, seen: set[tuple[int, int]]) -> None:
    """Set a node's own bytes; content that was met under another name counts there."""
    placed = node.placed
    if placed is None or placed.content.kind != "file":
        return
    if node.kind == "removed":
        node.removed = placed.size
        return
    node.files = 1
    content = (placed.content_layer, id(placed.content))
    if content not in seen:
        seen.add(content)
        node.size = placed.size
