"""Which layer every path comes to lie in, and what folders look like that have contents in several of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from inspector.errors import OperationFailed
from inspector.formats.clean_text import one_line
from inspector.formats.image.layer_answer import KINDS
from inspector.formats.image.writing_headers import Attributes
from inspector.formats.image.writing_members import Content
from inspector.formats.image.writing_names import raw_name
from inspector.formats.image.writing_request import Place, PlannedEntry
from inspector.records.written_image import LAYER_PARTS, AddedFile

FILE: Final = KINDS.index("file")
FOLDER: Final = KINDS.index("directory")
HARD_LINK: Final = KINDS.index("hard_link")
_IMPLIED_MODE: Final = 0o755
_NANOSECONDS: Final = 1_000_000_000
_CAPABILITY: Final = b"SCHILY.xattr.security.capability"
"""Gone with every entry for another name of the file, unless that brings its own: engines change the owner then."""


class Node(NamedTuple):
    """One path to write: attributes, and where the bytes come from: a place in an archive, or the bytes themselves."""

    attributes: Attributes
    part: int
    content: Content | bytes | None = None
    implied: bool = False
    """Whether it is a folder that nobody said anything of."""


Times = dict[int, int]
"""By part, the largest mtime in ns of what a folder holds of it."""


def layers_of(
    planned: Iterable[PlannedEntry],
    added: Iterable[AddedFile],
    attributes: Mapping[Place, Attributes],
    contents: Mapping[Place, Content],
) -> dict[int, list[Node]]:
    """Return what each part's layer holds, parts without contents left out, in order of paths.

    A folder lies in every layer that has something below it: in the uppermost of them as it is, in the others with the largest
    mtime of what that layer has below it, so that no layer changes because another one's contents do. Names of one file
    follow the first of them, in its layer. Raises OperationFailed where something would lie below what is no folder.
    """
    nodes = {node.attributes.path: node for node in _linked(_nodes(planned, attributes, contents))}
    nodes.update({node.attributes.path: node for node in map(_of_added, added)})
    times = _times(nodes)
    layers: dict[int, list[Node]] = {}
    for path in sorted({*nodes, *times}):
        for node in _copies(path, nodes.get(path), times.get(path)):
            layers.setdefault(node.part, []).append(node)
    return dict(sorted(layers.items()))


def _nodes(
    planned: Iterable[PlannedEntry], attributes: Mapping[Place, Attributes], contents: Mapping[Place, Content]
) -> Iterator[tuple[int, Node]]:
    for one in planned:
        name = attributes[one.name].path if one.name is not None else raw_name(one.path)
        if not one.sources:
            yield -1, Node(_folder(name), one.part, implied=True)
            continue
        found = attributes[one.sources[-1]]
        shown = attributes[one.content] if one.content is not None else found
        records: dict[bytes, bytes] = {}
        for place in one.sources:
            records.pop(_CAPABILITY, None)
            records.update(attributes[place].records)
        whole = found._replace(
            path=name,
            kind=one.kind,
            records=dict(sorted(records.items())),
            size=shown.size,
            stored=shown.stored,
            sparse=shown.sparse,
            link=shown.link if KINDS[one.kind] == "symlink" else b"",
            device=shown.device,
        )
        yield one.group, Node(whole, one.part, contents.get(one.content) if one.content is not None else None)


def _linked(nodes: Iterable[tuple[int, Node]]) -> Iterator[Node]:
    """Yield the nodes, of several names of one file the first with the content and the others as links to it."""
    groups: dict[int, list[Node]] = {}
    for group, node in nodes:
        if group < 0:
            yield node
        else:
            groups.setdefault(group, []).append(node)
    for names in groups.values():
        first, *others = sorted(names, key=lambda node: node.attributes.path)
        yield first
        for node in others:
            changed = first.attributes._replace(path=node.attributes.path, kind=HARD_LINK, link=first.attributes.path)
            yield Node(changed, first.part)


def _of_added(file: AddedFile) -> Node:
    size = len(file.content)
    mtime = file.mtime * _NANOSECONDS
    name = raw_name(file.path)
    found = Attributes(name, FILE, size, file.mode & 0o7777, file.uid, file.gid, mtime, b"", b"", b"", {}, None, -1, size, None)
    return Node(found, LAYER_PARTS.index(file.part), file.content)


def _folder(name: bytes) -> Attributes:
    return Attributes(name, FOLDER, 0, _IMPLIED_MODE, 0, 0, 0, b"", b"", b"", {}, None, -1, 0, None)


def _times(nodes: Mapping[bytes, Node]) -> dict[bytes, Times]:
    """Return for every folder that something lies in, the parts of that and their mtimes."""
    parents = {_above(path) for path in nodes if path}
    times: dict[bytes, Times] = {}
    for path, node in nodes.items():
        if node.attributes.kind != FOLDER or path not in parents:
            _spread(path, node.part, node.attributes.mtime_ns, times)
    alone = [(path, next(iter(parts))) for path, parts in times.items() if len(parts) == 1]
    for path, part in alone:
        if path in nodes and not nodes[path].implied:
            _spread(path, part, nodes[path].attributes.mtime_ns, times)
    for path in times:
        if path in nodes and nodes[path].attributes.kind != FOLDER:
            raise OperationFailed(f"{one_line(path.decode('utf-8', 'replace'))}: is no folder, and something is to lie in it")
    return times


def _spread(path: bytes, part: int, mtime: int, times: dict[bytes, Times]) -> None:
    """Tell all folders above a path of something that lies there; they are known up to the first that has as late a time."""
    while path:
        path = _above(path)
        parts = times.setdefault(path, {})
        if parts.get(part, mtime - 1) >= mtime:
            return
        parts[part] = mtime


def _copies(path: bytes, node: Node | None, parts: Times | None) -> Iterator[Node]:
    """Yield what is written at a path, one for each layer that has it."""
    if parts is None:
        if node is not None:
            yield node
        return
    if node is None and not path:
        return  # the root, of which no layer says anything
    folder = node or Node(_folder(path), 0, implied=True)
    uppermost = max(parts)
    for part, mtime in parts.items():
        is_as_it_was = part == uppermost and not folder.implied
        attributes = folder.attributes if is_as_it_was else folder.attributes._replace(mtime_ns=mtime)
        yield Node(attributes, part)


def _above(path: bytes) -> bytes:
    return path.rpartition(b"/")[0]


__all__ = ["FILE", "FOLDER", "HARD_LINK", "Node", "layers_of"]
