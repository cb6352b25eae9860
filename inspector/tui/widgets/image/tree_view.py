"""Which nodes of a file tree are shown, and in what order: folds, sorting, search, kinds of change; no drawing here."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from inspector.tui.widgets.image.tree import ALL_KINDS, FileTree, TreeNode
from inspector.tui.widgets.table_view import TableView


def _path(node: TreeNode) -> str:
    return node.path


class TreeView(TableView[TreeNode]):
    """A table's view of a tree: what open folders hold, sorted within each folder."""

    def __init__(self) -> None:
        super().__init__(_path, _path)
        self.tree: FileTree | None = None
        self.opened: set[str] = set()
        """Paths of the folders that are unfolded."""
        self.kinds = ALL_KINDS
        """Bits of the kinds of change that are shown."""
        self.only: Collection[str] = ()
        """Where not empty: only these paths, and what lies in them, are shown."""
        self.found = 0
        """Nodes that match text and paths, those in folds included."""
        self._kept: set[str] | None = None
        self._folded_while_searching: set[str] = set()
        self._unfolded_while_searching: set[str] = set()
        self._searched: tuple[int, str, int] = (0, "", 0)

    @property
    def total(self) -> int:
        """Number of nodes."""
        return len(self.tree.nodes) if self.tree is not None else 0

    @property
    def searching(self) -> bool:
        """Whether text or paths keep some nodes out."""
        return bool(self.filter or self.only)

    def set_tree(self, tree: FileTree) -> None:
        """Show another tree; what was unfolded stays so by path."""
        self.tree = tree
        self.apply()

    def apply(self) -> None:
        """Search anew where text or paths have changed, and lay the rows out anew."""
        self.shown = []
        if self.tree is None:
            return
        self._search(self.tree)
        rows: list[TreeNode] = []
        pending = self._below(self.tree.root)
        while pending:
            node = pending.pop()
            rows.append(node)
            if node.children and self.is_open(node):
                pending += self._below(node)
        self.shown = rows

    def is_open(self, node: TreeNode) -> bool:
        """Return whether a folder shows what it holds; a search opens what leads to a match."""
        if not self.searching:
            return node.path in self.opened
        if node.path in self._folded_while_searching:
            return False
        return node.path in self._unfolded_while_searching or not self._matches(node)

    def set_open(self, node: TreeNode, is_open: bool) -> None:
        """Fold or unfold one folder."""
        if self.searching:
            fold, unfold = self._folded_while_searching, self._unfolded_while_searching
            (fold.discard if is_open else fold.add)(node.path)
            (unfold.add if is_open else unfold.discard)(node.path)
        else:
            (self.opened.add if is_open else self.opened.discard)(node.path)

    def open_all(self) -> None:
        """Unfold every folder, or fold them all where any is unfolded deeper than the first level."""
        if self.tree is None:
            return
        folders = {node.path for node in self.tree.nodes if node.children}
        if self.searching:
            self._folded_while_searching, self._unfolded_while_searching = set(), folders
        elif any("/" in path for path in self.opened & folders):
            self.opened = set()
        else:
            self.opened = folders

    def reveal(self, path: str) -> TreeNode | None:
        """Unfold what a path lies in and return its node; None where the tree has no such path."""
        node = self.tree.by_path.get(path) if self.tree is not None else None
        above = node.parent if node is not None else None
        while above is not None and above.parent is not None:
            self.opened.add(above.path)
            above = above.parent
        return node

    def position(self, row: TreeNode | None) -> int | None:
        """Return where a node is shown, or the innermost folder it is in that is; None if none of them is."""
        if row is None:
            return None
        wanted = {row.path}
        above = row.parent
        while above is not None:
            wanted.add(above.path)
            above = above.parent
        best: int | None = None
        for index, node in enumerate(self.shown):
            if node.path in wanted:
                best = index
                if node.path == row.path:
                    break
        return best

    def _below(self, node: TreeNode) -> list[TreeNode]:
        """Return what a folder shows, last first."""
        kept, kinds = self._kept, self.kinds
        children = [child for child in node.children if child.holds & kinds and (kept is None or child.path in kept)]
        order: Callable[[TreeNode], Any] | None = self.sort.order if self.sort is not None else None
        children.sort(key=_by_name, reverse=True)
        if order is not None:
            children.sort(key=order, reverse=not self.reverse)
        return children

    def _search(self, tree: FileTree) -> None:
        key = (id(tree), self.filter, id(self.only))
        if key == self._searched:
            return
        if key[1:] != self._searched[1:]:
            self._folded_while_searching, self._unfolded_while_searching = set(), set()
        self._searched = key
        self._kept = None
        self.found = len(tree.nodes)
        if self.searching:
            matches = [node for node in tree.nodes if self._matches(node)]
            self.found = len(matches)
            self._kept = _with_folders(matches)

    def _matches(self, node: TreeNode) -> bool:
        return self.filter.casefold() in node.folded_text and (not self.only or self._is_wanted(node))

    def _is_wanted(self, node: TreeNode) -> bool:
        path = node.path
        while path:
            if path in self.only:
                return True
            path = path.rpartition("/")[0]
        return False


def _by_name(node: TreeNode) -> str:
    return node.name


def _with_folders(nodes: list[TreeNode]) -> set[str]:
    """Return the paths of nodes and of all folders they are in."""
    kept: set[str] = set()
    for node in nodes:
        inner: TreeNode | None = node
        while inner is not None and inner.path not in kept:
            kept.add(inner.path)
            inner = inner.parent
    return kept
