"""Layers applied to a dictionary, one entry at a time, with no thought for speed: what the real thing is compared with."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, field

from inspector.records.image import Entry, Layer

Inode = tuple[int, int]
"""Layer and position in it of the entry that brought the content."""


@dataclass
class Node:
    """What lies at one path: the entry, the layer that placed it, and the content it leads to."""

    entry: Entry
    layer: int
    inode: Inode
    content: Entry


@dataclass
class PlainModel:
    """The file system after each of the layers."""

    states: list[dict[str, Node]] = field(default_factory=list)

    def apply(self, layer: Layer) -> None:
        """Put one layer on top."""
        index = len(self.states)
        nodes = dict(self.states[-1]) if self.states else {}
        entries = list(enumerate(layer.entries or ()))
        for _, entry in entries:
            if entry.whiteout:
                _remove(nodes, entry.path, itself=entry.whiteout == "file")
        _keep_folders(nodes, [entry for _, entry in entries if entry.whiteout], index)
        late = []
        for position, entry in entries:
            if not entry.whiteout:
                late.extend(_place(nodes, entry, index, position))
        for path, node in reversed(late):
            if nodes.get(path) is node:
                _resolve(nodes, node, path, index)
        self.states.append(nodes)


def applied(layers: Sequence[Layer]) -> PlainModel:
    """Return the model after all layers."""
    model = PlainModel()
    for layer in layers:
        model.apply(layer)
    return model


def sizes(nodes: dict[str, Node]) -> dict[Inode, int]:
    """Return the bytes of every content that some path leads to."""
    return {node.inode: node.content.size for node in nodes.values() if node.content.kind == "file"}


def _remove(nodes: dict[str, Node], path: str, *, itself: bool) -> None:
    below = f"{path}/" if path else ""
    for other in [other for other in nodes if (itself and other == path) or other.startswith(below)]:
        del nodes[other]


def _place(nodes: dict[str, Node], entry: Entry, layer: int, position: int) -> list[tuple[str, Node]]:
    path = _followed(nodes, entry.path, layer)
    _make_folders(nodes, posixpath.dirname(path), layer)
    node = Node(entry, layer, (layer, position), entry)
    dangling = entry.kind == "hard_link" and not _resolve(nodes, node, path, layer)
    old = nodes.get(path)
    if old is not None and not (old.entry.kind == entry.kind == "directory"):
        _remove(nodes, path, itself=True)
    nodes[path] = node
    return [(path, node)] if dangling else []


def _resolve(nodes: dict[str, Node], node: Node, path: str, layer: int) -> bool:
    link = node.entry.link
    target = nodes.get(link) or nodes.get(_followed(nodes, link, layer))
    if target is None or link == path or target.content.kind in ("hard_link", "directory"):
        return False
    node.inode, node.content = target.inode, target.content
    return True


def _make_folders(nodes: dict[str, Node], folder: str, layer: int) -> None:
    parts = folder.split("/") if folder else []
    for depth in range(1, len(parts) + 1):
        path = "/".join(parts[:depth])
        if path not in nodes or nodes[path].entry.kind != "directory":
            _remove(nodes, path, itself=True)
            entry = Entry(path, "directory", mode=0o755)
            nodes[path] = Node(entry, layer, (layer, -1), entry)


def _keep_folders(nodes: dict[str, Node], whiteouts: Sequence[Entry], layer: int) -> None:
    removed = {entry.path for entry in whiteouts if entry.whiteout == "file"}
    for entry in whiteouts:
        folder = entry.path if entry.whiteout == "opaque" else posixpath.dirname(entry.path)
        if not folder or (folder in nodes and nodes[folder].entry.kind == "directory"):
            continue
        chain = [folder]
        while chain[-1]:
            chain.append(posixpath.dirname(chain[-1]))
        gone = [path for path in chain if not (path in nodes and nodes[path].entry.kind == "directory")]
        if not removed & set(gone):
            _make_folders(nodes, folder, layer)


def _followed(nodes: dict[str, Node], path: str, layer: int) -> str:
    current = path
    for _ in range(40):
        link = _first_link(nodes, current, layer)
        if link is None:
            return current
        base = "/" if nodes[link].content.link.startswith("/") else f"/{posixpath.dirname(link)}/"
        current = posixpath.normpath(f"{base}{nodes[link].content.link}/{current[len(link) + 1 :]}").lstrip("/")
    return path


def _first_link(nodes: dict[str, Node], path: str, layer: int) -> str | None:
    parts = path.split("/")
    for depth in range(1, len(parts)):
        above = "/".join(parts[:depth])
        if above in nodes and nodes[above].content.kind == "symlink" and nodes[above].layer == layer:
            return above
    return None
