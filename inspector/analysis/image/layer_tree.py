"""A file system that layers are applied to one after another, as engines do it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from inspector.records.file_system import LostContent, Placed
from inspector.records.image import Entry, Layer
from inspector.records.making import quick_maker

IMPLIED_MODE: Final = 0o755
"""Of a folder that no layer has an entry for."""

_MOST_LINKS_FOLLOWED: Final = 40
_LONGEST_PATH: Final = 4096
_MOST_EFFORT: Final = 64 << 20
"""Characters of folders looked at because no entry names them; past that, entries lie where they say, parents or not."""
_EFFORT_EACH: Final = 100

_Inode = tuple[int, int]


_make_placed: Final = quick_maker(Placed)


def _placed(entry: Entry, layer: int) -> Placed:
    """Return the place of an entry that is its own content."""
    return _make_placed(entry, layer, entry, layer)


class Applied(NamedTuple):
    """What one layer took out of sight by removing or replacing it, of itself too: by path, and contents gone for good."""

    hidden: Sequence[tuple[str, Placed]]
    lost: Sequence[LostContent]


class LayerTree:
    """Paths and what lies there once the layers applied so far lie on top of each other; linear in their entries.

    Semantics of the OCI image layer specification and of overlay file systems: whiteouts and opaque folders hide what lower
    layers hold, wherever in the archive they stand; a folder over a folder keeps what is in it; anything else over a folder
    removes it; a folder over a symlink of a lower layer replaces it, while a symlink of the same layer is followed.

    Engines disagree about two kinds of layers that no builder should write. Where a layer has no entry for a folder that a
    lower one has, the folder keeps its mode and owner, as with containerd and Docker's vfs driver, while overlay drivers of
    Docker and Podman give it 0755 and root. Where a layer has a whiteout of a folder and the folder itself, the whiteout hides
    what was in it, as the specification says, while overlay drivers let it show through.
    """

    def __init__(self) -> None:
        self.nodes: dict[str, Placed] = {}
        """By path; the root is not among them."""
        self.top = -1
        self._children: dict[str, set[str]] = {"": set()}
        self._names: dict[_Inode, set[str]] = {}
        self._hidden: list[tuple[str, Placed]] = []
        self._effort = 0

    def apply(self, layer: Layer) -> Applied:
        """Put one layer on top; one that was not indexed counts as empty."""
        self.top += 1
        self._hidden = []
        entries = layer.entries or ()
        whiteouts = [entry for entry in entries if entry.whiteout]
        for entry in whiteouts:
            self._hide(entry)
        self._keep_folders(whiteouts)
        self._place(entries)
        return Applied(self._hidden, self._lost())

    def _lost(self) -> list[LostContent]:
        """Return the contents of files that the current layer took the last name of, the last name it took deciding."""
        lost: list[LostContent] = []
        linked: dict[_Inode, LostContent] = {}
        for path, placed in self._hidden:
            content = placed.content
            if content.kind != "file" or not content.size:
                continue
            inode = (placed.content_layer, id(content))
            names = self._names.get(inode)
            if names is None:
                lost.append(LostContent(placed, self.top, self.nodes.get(path)))
            elif not names:
                linked[inode] = LostContent(placed, self.top, self.nodes.get(path))
        return [*lost, *linked.values()]

    def _hide(self, whiteout: Entry) -> None:
        path = whiteout.path
        if whiteout.whiteout == "opaque" or not path:
            children = self._children.get(path)
            if children:
                self._children[path] = set()
                for child in children:
                    self._remove_tree(child)
        elif path in self.nodes:
            self._children[path.rpartition("/")[0]].discard(path)
            self._remove_tree(path)

    def _keep_folders(self, whiteouts: Iterable[Entry]) -> None:
        """Make the folders that whiteouts lie in, as engines do, but none that a whiteout of the same layer removes."""
        removed = {entry.path for entry in whiteouts if entry.whiteout == "file"}
        for entry in whiteouts:
            folder = entry.path if entry.whiteout == "opaque" else entry.path.rpartition("/")[0]
            if folder not in self._children and folder not in removed and not self._is_below(folder, removed):
                self._settle(f"{folder}/x")

    def _is_below(self, path: str, removed: set[str]) -> bool:
        while path not in self._children and self._spend(path):
            path = path.rpartition("/")[0]
            if path in removed:
                return True
        return False

    def _spend(self, text: str) -> bool:
        """Count what looking at a folder costs; return whether there is anything left to spend."""
        self._effort += len(text) + _EFFORT_EACH
        return self._effort < _MOST_EFFORT

    def _place(self, entries: Iterable[Entry]) -> None:
        nodes, children, top = self.nodes, self._children, self.top
        unresolved: list[tuple[str, Placed]] = []
        for entry in entries:
            path = entry.path
            if entry.whiteout or not path:
                continue
            siblings = children.get(path.rpartition("/")[0])
            if siblings is None:
                path = self._settle(path)
                siblings = children[path.rpartition("/")[0]]
            kind = entry.kind
            placed = self._linked(entry, path) if kind == "hard_link" else _placed(entry, top)
            old = nodes.get(path)
            if old is not None:
                self._clear(path, old, keep_children=kind == "directory")
            siblings.add(path)
            nodes[path] = placed
            if kind == "directory":
                if path not in children:
                    children[path] = set()
            elif kind == "hard_link":
                if placed.content is entry:
                    unresolved.append((path, placed))
                else:
                    self._name(path, placed)
        for path, placed in reversed(unresolved):
            self._resolve_late(path, placed)

    def _clear(self, path: str, old: Placed, *, keep_children: bool) -> None:
        """Take away what lies at a path that something of the current layer comes to lie at."""
        self._note(path, old)
        if not keep_children and path in self._children:
            for child in self._children.pop(path):
                self._remove_tree(child)

    def _remove_tree(self, path: str) -> None:
        pending = [path]
        while pending:
            gone = pending.pop()
            self._note(gone, self.nodes.pop(gone))
            pending.extend(self._children.pop(gone, ()))

    def _note(self, path: str, placed: Placed) -> None:
        self._hidden.append((path, placed))
        if self._names:
            self._names.get((placed.content_layer, id(placed.content)), set()).discard(path)

    def _linked(self, entry: Entry, path: str) -> Placed:
        """Return a hard link with the content it leads to; with itself as content where its target is not there."""
        target = self.nodes.get(self._target_path(entry))
        if target is None or entry.link == path or target.content.kind in ("directory", "hard_link"):
            return Placed(entry, self.top, entry, self.top)
        return Placed(entry, self.top, target.content, target.content_layer)

    def _target_path(self, link: Entry) -> str:
        """Return where the target of a hard link lies."""
        return link.link if link.link in self.nodes or len(link.link) > _LONGEST_PATH else self._real_path(link.link)

    def _resolve_late(self, path: str, dangling: Placed) -> None:
        """Lead a hard link that came before its target to it; the last such link first, so that chains resolve."""
        if self.nodes.get(path) is dangling:
            placed = self._linked(dangling.entry, path)
            if placed.content is not dangling.entry:
                self.nodes[path] = placed
                self._name(path, placed)

    def _name(self, path: str, placed: Placed) -> None:
        """Remember that a content has one more name; the first time, the name that it was linked from counts too."""
        inode = (placed.content_layer, id(placed.content))
        names = self._names.get(inode)
        if names is None:
            names = self._names[inode] = set()
            target_path = self._target_path(placed.entry)
            target = self.nodes.get(target_path)
            if target is not None and (target.content_layer, id(target.content)) == inode:
                names.add(target_path)
        names.add(path)

    def _settle(self, path: str) -> str:
        """Return where an entry comes to lie, symlinks of its own layer followed, once the folders above it are made."""
        path = self._real_path(path)
        folder = path.rpartition("/")[0]
        missing = []
        while folder not in self._children and self._spend(folder):
            missing.append(folder)
            folder = folder.rpartition("/")[0]
        for path_made in reversed(missing):
            self._imply(path_made)
        self._children.setdefault(path.rpartition("/")[0], set())
        return path

    def _imply(self, path: str) -> None:
        old = self.nodes.get(path)
        if old is not None:
            self._clear(path, old, keep_children=False)
        entry = Entry(path, "directory", mode=IMPLIED_MODE)
        self.nodes[path] = Placed(entry, self.top, entry, self.top)
        self._children[path] = set()
        self._children.setdefault(path.rpartition("/")[0], set()).add(path)

    def _real_path(self, path: str) -> str:
        """Return a path with symlinks among its parents followed that are of the current layer; never out of the root."""
        real = path
        for _ in range(_MOST_LINKS_FOLLOWED):
            link = self._symlink_above(real)
            if not link:
                return real
            target = self.nodes[link].content.link
            if len(target) + len(real) > _LONGEST_PATH or not self._spend(real + target):
                return path
            base = "" if target.startswith("/") else link.rpartition("/")[0]
            real = posixpath.normpath(f"/{base}/{target}/{real[len(link) + 1 :]}").lstrip("/")
        return path

    def _symlink_above(self, path: str) -> str:
        """Return the parent of a path that is a symlink of the current layer; empty where there is none."""
        below = path
        above = path.rpartition("/")[0]
        while above not in self._children:
            if not self._spend(above):
                return ""
            below, above = above, above.rpartition("/")[0]
        node = self.nodes.get(below) if below != path else None
        return below if node is not None and node.layer == self.top and node.content.kind == "symlink" else ""
