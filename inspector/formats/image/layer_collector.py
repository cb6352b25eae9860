"""What is kept of the members of one layer: entries below the root, contents and heads that are wanted, what was odd."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from inspector.formats.image import wanted
from inspector.formats.image.layer_answer import Allowance, RawEntry, RawLayer, RawNote
from inspector.formats.image.tar_header import LayerProblem
from inspector.formats.image.tar_paths import Refused, hidden_by, is_possible, leads_outside, normalize, simple
from inspector.formats.image.tar_sources import FileStretch, StreamSource, TarSource
from inspector.formats.image.tar_walk import GLOBAL, Member, walk

_KIND_OF: Final = {b"0": 0, b"\0": 0, b"7": 0, b"S": 0, b"5": 1, b"D": 1, b"2": 2, b"1": 3, b"3": 4, b"4": 5, b"6": 6}
_FILE: Final = 0
_SYMLINK: Final = 2
_HARD_LINK: Final = 3
_VOLUME: Final = b"V"
_EXAMPLES: Final = 5
_REPORT_EVERY: Final = 1024

Report = Callable[[int], None]
"""Called now and then with the position in the layer."""


@dataclass(slots=True)
class _Notes:
    counts: Counter[str] = field(default_factory=Counter)
    names: dict[str, list[bytes]] = field(default_factory=dict)

    def add(self, rule: str, name: bytes) -> None:
        self.counts[rule] += 1
        names = self.names.setdefault(rule, [])
        if len(names) < _EXAMPLES:
            names.append(name[:1024])

    def raw(self) -> tuple[RawNote, ...]:
        return tuple(RawNote(rule, count, tuple(self.names[rule])) for rule, count in self.counts.items())


class LayerCollector:
    """Turns members into entries, within an allowance; what it has stays when the layer ends in a LayerProblem."""

    def __init__(self, allowance: Allowance) -> None:
        self.entries: list[RawEntry] = []
        self.contents: dict[bytes, bytes] = {}
        self.heads: dict[bytes, bytes] = {}
        self.notes = _Notes()
        self._allowance = allowance
        self._text_left = allowance.text_bytes
        self._content_left = allowance.content_bytes
        self._links: set[bytes] = set()

    def collect_file(self, source: FileStretch, report: Report) -> str:
        """Walk over a layer that lies in a file; return what kept it from being read to its end."""
        return self._collect(source, report, partial(self._read_wanted, source))

    def collect_stream(self, source: StreamSource, report: Report) -> str:
        """Read a layer that comes as a stream, digesting every content; return what kept it from being read to its end."""
        return self._collect(source, report, partial(self._read_all, source))

    def result(self, problem: str, size_bytes: int, sha256: str = "", blob_sha256: str = "") -> RawLayer:
        """Return everything collected."""
        self._note_structure()
        contents, heads = list(self.contents.items()), list(self.heads.items())
        return RawLayer(self.entries, contents, heads, self.notes.raw(), size_bytes, sha256, blob_sha256, problem)

    def _collect(self, source: TarSource, report: Report, read: Callable[[Member, bytes], bytes]) -> str:
        most = self._allowance.entries
        try:
            for count, member in enumerate(walk(source)):
                if count % _REPORT_EVERY == 0:
                    report(source.position)
                if count >= most:
                    raise LayerProblem(f"has more entries than the {most:,} that are read")
                self._add(member, read)
        except LayerProblem as problem:
            return str(problem)
        return ""

    def _add(self, member: Member, read: Callable[[Member, bytes], bytes]) -> None:
        name, flag, size, mode, uid, gid, mtime, link, offset, stored, xattrs, device, sparse = member
        kind = _KIND_OF.get(flag)
        if kind is None:
            if flag == _VOLUME:
                return
            self.notes.add("layer-global-header" if flag == GLOBAL else "layer-unknown-type", name)
            if flag == GLOBAL:
                return
            kind = _FILE
        path, whiteout = simple(name), 0
        if path is None or kind > 1:
            try:
                placed = self._place(name, kind, link)
            except Refused:
                return
            if placed is None:
                return
            path, whiteout, link = placed
        self._text_left -= len(path) + len(link) + (sum(map(len, xattrs)) if xattrs else 0)
        if self._text_left < 0:
            raise LayerProblem(f"has names of more than {self._allowance.text_bytes:,} bytes in all")
        digest, problem = b"", None
        if kind == _FILE and stored and not whiteout:
            try:
                digest = read(member, path)
            except LayerProblem as stopped:  # in the middle of the content: the entry stands all the same
                problem = stopped
        if kind != _FILE:
            offset = -1
        is_sparse = sparse is not None
        fields = (path, kind, size, mode, uid, gid, mtime, link, offset, stored, digest, xattrs, device, is_sparse, whiteout)
        self.entries.append(tuple.__new__(RawEntry, fields))  # at half the time that RawEntry(...) takes
        if problem is not None:
            raise problem

    def _place(self, name: bytes, kind: int, link: bytes) -> tuple[bytes, int, bytes] | None:
        """Return path, whiteout and link of a member; None for records of aufs. Raises Refused, which it took note of."""
        path = self._normalized(name)
        hidden, whiteout = path, 0
        if b".wh." in path:
            try:
                found = hidden_by(path)
            except Refused:
                self.notes.add("layer-odd-whiteout", name)
                raise
            if found is None:
                return None
            hidden, kind_of_whiteout = found
            whiteout = ("", "file", "opaque").index(kind_of_whiteout)
        if kind == _HARD_LINK:
            link = self._normalized(link, "layer-link-outside")
        elif kind == _SYMLINK:
            if not is_possible(link):
                self.notes.add("layer-path-impossible", name)
                raise Refused
            self._links.add(path)
            if leads_outside(path, link):
                self.notes.add("layer-symlink-outside", name)
        elif kind in (4, 5):
            self.notes.add("layer-device", name)
        return hidden, whiteout, link

    def _normalized(self, name: bytes, rule: str = "layer-path-outside") -> bytes:
        try:
            path = normalize(name)
        except Refused:
            self.notes.add(rule if is_possible(name) else "layer-path-impossible", name)
            raise
        if name[:1] == b"/" and rule == "layer-path-outside":
            self.notes.add("layer-absolute-path", name)
        if b".." in name and b".." in name.split(b"/"):
            self.notes.add("layer-path-upward", name)
        return path

    def _wants(self, member: Member, path: bytes) -> tuple[bool, bool]:
        """Return whether content and head of a file are kept."""
        size = member.size
        content, head = wanted.wants(path, size, member.mode)
        if not (content or head) or member.sparse is not None:
            return False, False
        return content and size <= self._content_left, head and len(self.heads) < self._allowance.heads

    def _read_wanted(self, source: FileStretch, member: Member, path: bytes) -> bytes:
        content, head = self._wants(member, path)
        if content:
            self._keep(path, source.read(member.stored))
        if head:
            data = self.contents[path] if content else source.read(min(wanted.PROGRAM_HEAD_BYTES, member.stored))
            self.heads[path] = wanted.head_of(data)
        return b""

    def _read_all(self, source: StreamSource, member: Member, path: bytes) -> bytes:
        content, head = self._wants(member, path)
        sha256 = hashlib.sha256()
        kept = bytearray()
        room = member.stored if content else wanted.PROGRAM_HEAD_BYTES if head else 0
        for piece in source.pieces(member.stored):
            sha256.update(piece)
            if len(kept) < room:
                kept += piece[: room - len(kept)]
        if content:
            self._keep(path, bytes(kept))
        if head:
            self.heads[path] = wanted.head_of(bytes(kept))
        is_whole = source.position == member.offset + member.stored
        return sha256.hexdigest().encode() if is_whole and member.sparse is None else b""

    def _keep(self, path: bytes, data: bytes) -> None:
        self._content_left -= len(data)
        self.contents[path] = data

    def _note_structure(self) -> None:
        """Take note of paths that occur twice, and of entries that lie below a symlink of the same layer."""
        placed = [entry.path for entry in self.entries if not entry.whiteout]
        paths = set(placed)
        repeated = len(placed) - len(paths)
        if repeated:
            self.notes.counts["layer-repeated-path"] = repeated
            self.notes.names["layer-repeated-path"] = list(_repeated(self.entries))
        if self._links:
            for link in sorted(self._links.intersection(_folders(paths)))[:1000]:
                self.notes.add("layer-below-symlink", link)


def _repeated(entries: list[RawEntry]) -> Iterator[bytes]:
    seen: set[bytes] = set()
    found = 0
    for entry in entries:
        if entry.path in seen and not entry.whiteout:
            yield entry.path
            found += 1
            if found == _EXAMPLES:
                return
        seen.add(entry.path)


def _folders(paths: set[bytes]) -> set[bytes]:
    """Return every folder that some path lies in."""
    found: set[bytes] = set()
    for folder in {path.rpartition(b"/")[0] for path in paths}:
        above = folder
        while above and above not in found:
            found.add(above)
            above = above.rpartition(b"/")[0]
    return found
