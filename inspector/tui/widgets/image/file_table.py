"""The file tree as a table: folds, marks of what a layer changed, sizes of subtrees; only what is on the screen is drawn."""

from __future__ import annotations

from collections.abc import Mapping

from textual.message import Message

from inspector.records.image_contents import InsideArtifact
from inspector.report.figures import bytes_text
from inspector.tui.widgets.filtered_table import FilteredTable
from inspector.tui.widgets.image.image_text import CHANGE_ROLES, MARKS, mode_text, owner_text
from inspector.tui.widgets.image.tree import FileTree, TreeNode, bit_of
from inspector.tui.widgets.image.tree_view import TreeView
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.table_columns import Cell, Column

_MOST_GUIDES = 12
_UNUSUAL_BITS = 0o7000
FORMATS: Mapping[str, str] = {
    "onnx": "ONNX model",
    "saved_model": "SavedModel",
    "tflite": "TFLite model",
    "image": "image",
}


class FileTable(LineTable[TreeNode]):
    """Rows of the tree; folding and searching keep the cursor where it was, or on the folder that took it in."""

    class PathsDropped(Message):
        """The user wants all paths again, not only those that were asked for."""

    def __init__(self) -> None:
        self.models: Mapping[str, InsideArtifact] = {}
        size: Column[TreeNode] = Column(
            "size", "size", _size_cell, 9, "right", order=lambda node: node.size + node.removed, largest_first=True
        )
        columns: tuple[Column[TreeNode], ...] = (
            Column("mark", "", _mark_cell, 1),
            Column("mode", "mode", _mode_cell, 10, rank=3),
            Column("owner", "owner", _owner_cell, 9, rank=4),
            size,
            Column("bar", "", self._bar_cell, 6, rank=2),
            Column("name", "name", self._name_cell, order=lambda node: node.name, cut="end", least=40),
        )
        super().__init__(
            columns,
            key=lambda node: node.path,
            search_text=lambda node: node.path,
            nothing="Nothing here",
        )
        self.tree_view = TreeView()
        self.view = self.tree_view
        self.tree_view.sort, self.tree_view.reverse = size, True

    def set_tree(self, tree: FileTree) -> None:
        """Show another tree; cursor, folds, search and scroll stay where they can."""
        self._rearrange(lambda: self.tree_view.set_tree(tree))

    def say_nothing(self, text: str) -> None:
        """Say why there is nothing to show."""
        self.say_when_empty(text)
        self._rearrange(self._forget)

    def _forget(self) -> None:
        self.tree_view.tree = None
        self.tree_view.apply()

    def lay_out(self) -> None:
        """Lay the rows out anew: folds, kinds or paths have changed."""
        self._rearrange(self.tree_view.apply)

    def set_open(self, node: TreeNode, is_open: bool) -> None:
        """Fold or unfold one folder."""
        self.tree_view.set_open(node, is_open)
        self.lay_out()

    def reveal(self, path: str) -> bool:
        """Put the cursor on a path, unfolding what it lies in; return whether it is there."""
        node = self.tree_view.reveal(path)
        self.lay_out()
        return node is not None and self.go_to(node)

    def action_clear_filter(self) -> None:
        """Show all paths again; then all rows; where all are shown, the key means something else."""
        if self.tree_view.only:
            self.post_message(self.PathsDropped())
        else:
            super().action_clear_filter()

    def _bar_cell(self, node: TreeNode) -> Cell:
        tree = self.tree_view.tree
        total = max(1, tree.root.size) if tree is not None else 1
        return Cell("", "bar", node.size / total)

    def _name_cell(self, node: TreeNode) -> Cell:
        guides = "│ " * min(node.depth, _MOST_GUIDES) + (f"⋯{node.depth} " if node.depth > _MOST_GUIDES else "")
        fold = ("▾ " if self.tree_view.is_open(node) else "▸ ") if node.children else "  "
        role = CHANGE_ROLES[node.kind] or ("accent" if node.is_folder else "")
        name = f"{node.name}/" if node.is_folder else node.name
        parts = [(guides, "line"), (fold, "accent"), (name, role)]
        model = self.models.get(node.path)
        if model is not None:
            parts.append((f"  ◆ {FORMATS[model.format].removesuffix(' model')} ↵", "violet"))
        return Cell("", parts=(*parts, (_suffix(node), "soft")))


class FileBox(FilteredTable):
    """The table in its box; says how much of the tree a search leaves, and which changes are hidden."""

    def __init__(self, table: FileTable) -> None:
        super().__init__(table)
        self._files = table

    def shown_note(self) -> str:
        """Return what a search leaves, which changes are hidden, and the order."""
        tree = self._files.tree_view
        parts = [f"{tree.found:,} of {tree.total:,} found"] if tree.searching else []
        hidden = [name for name in MARKS if not tree.kinds & bit_of(name)]
        if hidden:
            parts.append("hidden: " + " ".join(hidden))
        if tree.sort is not None:
            parts.append(f"by {tree.sort.title} {'▾' if tree.reverse else '▴'}")
        return " · ".join(parts)


def _suffix(node: TreeNode) -> str:
    return _leads_to(node) + _changed_metadata(node)


def _changed_metadata(node: TreeNode) -> str:
    """Return what a layer changed beside the content: owner, mode, or neither of them."""
    if node.before is None or node.placed is None:
        return ""
    was, now = node.before.entry, node.placed.entry
    parts = [f"{owner_text(was)} → {owner_text(now)}"] if (was.uid, was.gid) != (now.uid, now.gid) else []
    parts += [f"{was.mode:04o} → {now.mode:04o}"] if was.mode != now.mode else []
    return "  " + (" · ".join(parts) or "times or attributes only")


def _leads_to(node: TreeNode) -> str:
    entry = node.placed.entry if node.placed is not None else None
    if entry is None:
        return ""
    if entry.kind == "symlink":
        return f" → {entry.link}"
    if entry.kind == "hard_link":
        return f" ⇒ {entry.link}"
    if entry.device is not None:
        return f" {entry.device[0]},{entry.device[1]}"
    return " |" if entry.kind == "fifo" else ""


def _mark_cell(node: TreeNode) -> Cell:
    if node.kind == "unchanged" and node.holds != bit_of("unchanged"):
        return Cell(MARKS["modified"], "soft")
    return Cell(MARKS[node.kind], CHANGE_ROLES[node.kind])


def _mode_cell(node: TreeNode) -> Cell:
    if node.placed is None:
        return Cell("")
    entry = node.placed.entry
    return Cell(mode_text(entry), "medium" if entry.mode & _UNUSUAL_BITS and not node.is_folder else "soft")


def _owner_cell(node: TreeNode) -> Cell:
    return Cell("" if node.placed is None else owner_text(node.placed.entry), "soft")


def _size_cell(node: TreeNode) -> Cell:
    if not node.size and node.removed:
        return Cell(f"-{bytes_text(node.removed)}", "high")
    if not node.size and node.placed is not None and node.placed.content.kind != "file" and not node.is_folder:
        return Cell("")
    return Cell(bytes_text(node.size))
