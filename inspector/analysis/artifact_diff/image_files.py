"""Files of two images as containers see them: added, removed, moved, changed in content, or in owner and mode alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from inspector.analysis.artifact_diff.tally import Tally
from inspector.records.file_system import FileSystem, Placed
from inspector.records.image import Entry

Digests = Mapping[tuple[int, int], str]
"""sha256 of contents by layer index and offset."""

Wanted = dict[int, list[Entry]]


@dataclass(slots=True)
class FilePairs:
    """Paths sorted by what is known before any content is read."""

    both: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    """Of both: regular files of one size that may differ."""
    removed: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)


class FileComparison:
    """Compares two file systems; shared are the layers of the first, by index, with the index of the same one in the second."""

    def __init__(self, before: FileSystem, after: FileSystem, shared: Mapping[int, int]) -> None:
        self._before = before.entries
        self._after = after.entries
        self._shared = shared
        self._pairs = self._sorted_out()

    def wanted(self) -> tuple[Wanted, Wanted]:
        """Return the entries of either side whose digests decide what is still open, by layer."""
        ours: Wanted = {}
        theirs: Wanted = {}
        for path in self._pairs.open:
            _want(ours, self._before[path])
            _want(theirs, self._after[path])
        sizes = self._sizes(self._before, self._pairs.removed) & self._sizes(self._after, self._pairs.added)
        for path in self._pairs.removed:
            if self._before[path].content.kind == "file" and self._before[path].size in sizes:
                _want(ours, self._before[path])
        for path in self._pairs.added:
            if self._after[path].content.kind == "file" and self._after[path].size in sizes:
                _want(theirs, self._after[path])
        return ours, theirs

    def compared(self, before: Digests, after: Digests) -> Tally:
        """Return what differs, given the digests of what was wanted."""
        tally = Tally("files")
        unread = 0
        still_open = set(self._pairs.open)
        for path in self._pairs.both:
            ours, theirs = self._before[path], self._after[path]
            verdict = _same_digest(ours, theirs, before, after) if path in still_open else self._is_same(ours, theirs)
            if verdict is None:
                unread += 1
            else:
                _add_pair(tally, path, ours, theirs, verdict)
        self._add_one_sided(tally, before, after)
        if unread:
            tally.unknown = f"contents of {unread:,} files could not be read"
        return tally

    def _sorted_out(self) -> FilePairs:
        pairs = FilePairs()
        for path, placed in self._before.items():
            other = self._after.get(path)
            if other is None:
                if placed.entry.kind != "directory":
                    pairs.removed.append(path)
                continue
            pairs.both.append(path)
            if self._is_same(placed, other) is None:
                pairs.open.append(path)
        pairs.added = [
            path for path, placed in self._after.items() if path not in self._before and placed.entry.kind != "directory"
        ]
        return pairs

    def _is_same(self, ours: Placed, theirs: Placed) -> bool | None:
        """Return whether the content is the same, None where only reading tells."""
        left, right = ours.content, theirs.content
        if left.kind != right.kind or left.size != right.size:
            return False
        if left.kind != "file":
            return (left.link, left.device) == (right.link, right.device)
        if not left.size:
            return True
        if left.sha256 and right.sha256:
            return left.sha256 == right.sha256
        is_shared = self._shared.get(ours.content_layer) == theirs.content_layer
        return True if is_shared and left.offset == right.offset else None

    @staticmethod
    def _sizes(entries: Mapping[str, Placed], paths: Sequence[str]) -> set[int]:
        return {entries[path].size for path in paths if entries[path].content.kind == "file" and entries[path].size}

    def _add_one_sided(self, tally: Tally, before: Digests, after: Digests) -> None:
        fresh: dict[str, list[str]] = {}
        for path in self._pairs.added:
            if digest := _digest(self._after[path], after):
                fresh.setdefault(digest, []).append(path)
        moved = set()
        for path in self._pairs.removed:
            placed = self._before[path]
            digest = _digest(placed, before)
            if digest and fresh.get(digest):
                target = fresh[digest].pop(0)
                moved.add(target)
                tally.add("moved", f"/{target}", f"/{path}", f"/{target}", weight=placed.size, figures=_sizes(placed, placed))
            else:
                tally.add("removed", f"/{path}", _told(placed), weight=placed.size, figures=_sizes(placed, None))
        for path in self._pairs.added:
            if path not in moved:
                placed = self._after[path]
                tally.add("added", f"/{path}", "", _told(placed), weight=placed.size, figures=_sizes(None, placed))


def _want(wanted: Wanted, placed: Placed) -> None:
    wanted.setdefault(placed.content_layer, []).append(placed.content)


def _digest(placed: Placed, digests: Digests) -> str:
    if placed.content.kind != "file" or not placed.size:
        return ""
    return placed.content.sha256 or digests.get((placed.content_layer, placed.content.offset), "")


def _same_digest(ours: Placed, theirs: Placed, before: Digests, after: Digests) -> bool | None:
    left, right = _digest(ours, before), _digest(theirs, after)
    return left == right if left and right else None


def _add_pair(tally: Tally, path: str, ours: Placed, theirs: Placed, is_same: bool) -> None:
    told = "; ".join(_metadata_changes(ours, theirs))
    if is_same and not told:
        tally.equal += 1
        return
    weight = 0 if is_same else max(ours.size, theirs.size)
    detail = f"{told}; the content is the same" if is_same else told or "the content"
    tally.add("changed", f"/{path}", _told(ours), _told(theirs), detail, weight=weight, figures=_sizes(ours, theirs))


def _metadata_changes(ours: Placed, theirs: Placed) -> Iterator[str]:
    left, right = ours.content, theirs.content
    if left.kind != right.kind:
        yield f"{left.kind} -> {right.kind}"
    if left.mode != right.mode and left.kind != "symlink":
        yield f"mode {left.mode:o} -> {right.mode:o}"
    if (left.uid, left.gid) != (right.uid, right.gid):
        yield f"owner {left.uid}:{left.gid} -> {right.uid}:{right.gid}"
    if left.link != right.link:
        yield f"link {left.link} -> {right.link}"


def _told(placed: Placed) -> str:
    content = placed.content
    return f"{content.size:,} bytes" if content.kind == "file" else f"-> {content.link}" if content.link else content.kind


def _sizes(ours: Placed | None, theirs: Placed | None) -> dict[str, float]:
    sides = {"bytes before": ours, "bytes after": theirs}
    return {name: float(placed.size) for name, placed in sides.items() if placed is not None}
