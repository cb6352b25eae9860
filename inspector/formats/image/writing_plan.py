"""What writing a slimmed image takes: which entries of which layers, for names, attributes and contents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from inspector.errors import OperationFailed
from inspector.formats.clean_text import one_line
from inspector.formats.image.layer_answer import KINDS
from inspector.formats.image.layer_places import place_of
from inspector.formats.image.writing_request import ExpectedEntry, LayerJob, Place, PlannedEntry
from inspector.records.image import Entry, Image, Layer
from inspector.records.written_image import LAYER_PARTS, EntryPlace, KeptEntry, LayerPart, Selection

_INDEX_HINT: Final = "open the image again, and wait until its layers are indexed"


@dataclass(frozen=True, slots=True)
class WritePlan:
    """The entries to write, and the layers they come from."""

    entries: list[PlannedEntry]
    layers: list[LayerJob]

    @property
    def stored_bytes(self) -> int:
        """Bytes of all contents, as they are stored."""
        sizes = {(job.index, one.number): one.stored for job in self.layers for one in job.wanted}
        return sum(sizes.get(one.content, 0) for one in self._with_contents() if one.content is not None)

    @property
    def spooled_bytes(self) -> int:
        """Bytes of the contents that lie in compressed layers."""
        places = {one.content for one in self._with_contents()}
        packed = [job for job in self.layers if job.place.wrapping != "none" or job.place.stretch.compression != "none"]
        return sum(one.stored for job in packed for one in job.wanted if (job.index, one.number) in places)

    def _with_contents(self) -> list[PlannedEntry]:
        return [one for one in self.entries if KINDS[one.kind] == "file"]


def plan_of(image: Image, selection: Selection, title: str) -> WritePlan:
    """Return what has to be read and written; raises OperationFailed where the image does not have what is selected."""
    return _Planner(image, title).plan(selection)


@dataclass(slots=True)
class _Group:
    """Names of one file: its place among the groups, layer part, and all entries that say something of it."""

    index: int
    part: LayerPart
    places: list[Place] = field(default_factory=list)


class _Planner:
    def __init__(self, image: Image, title: str) -> None:
        self._image = image
        self._title = title
        self._wanted: dict[int, set[int]] = {}

    def plan(self, selection: Selection) -> WritePlan:
        added = {file.path for file in selection.added}
        kept = {one.path: one for one in selection.entries if one.path not in added}
        groups = self._groups(kept)
        entries = [self._planned(one, groups.get(one.path)) for one in kept.values()]
        root = self._root()
        if root is not None and entries and "" not in kept:
            entries.append(PlannedEntry("", KINDS.index("directory"), 0, root, [root], None))
        for one in entries:
            for place in (one.name, one.content, *one.sources):
                if place is not None:
                    self._wanted.setdefault(place[0], set()).add(place[1])
        return WritePlan(entries, [self._job(index) for index in sorted(self._wanted)])

    def _groups(self, kept: Mapping[str, KeptEntry]) -> dict[str, _Group]:
        """Return for every path that is one of several names of a file what they have in common."""
        groups: dict[str, _Group] = {}
        for one in kept.values():
            if not one.link_to or one.link_to not in kept:
                continue
            first = _first_name(one, kept)
            group = groups.get(first.path) or _Group(len(groups), first.part)
            groups[first.path] = groups[one.path] = group
        for path, group in groups.items():
            for place in (kept[path].content, kept[path].entry):
                if place is not None and (place.layer, place.index) not in group.places:
                    group.places.append((place.layer, place.index))
        return groups

    def _planned(self, one: KeptEntry, group: _Group | None) -> PlannedEntry:
        if one.entry is None:
            return PlannedEntry(one.path, KINDS.index("directory"), LAYER_PARTS.index(one.part), None, [], None)
        entry = self._entry(one.entry, one.path)
        own = one.entry.layer, one.entry.index
        held = self._held(one, group)
        content = self._entry(held, one.path)
        place = held.layer, held.index
        sources = sorted(group.places if group is not None else {own, place})
        part = group.part if group is not None else one.part
        return PlannedEntry(
            one.path,
            KINDS.index(content.kind),
            LAYER_PARTS.index(part),
            own if entry.path == one.path else None,
            sources,
            place,
            group.index if group is not None else -1,
        )

    def _held(self, one: KeptEntry, group: _Group | None) -> EntryPlace:
        """Return the entry that says what an entry is: itself, or where it is another name, that of the content."""
        names = group.places if group is not None else []
        for place in (one.content, one.entry, *(EntryPlace(*name) for name in names)):
            if place is not None and self._entry(place, one.path).kind != "hard_link":
                return place
        raise OperationFailed(f"{self._title}: {one_line(one.path)} is another name of a file that is nowhere")

    def _entry(self, place: EntryPlace, path: str) -> Entry:
        layers = self._image.layers
        entries = layers[place.layer].entries if 0 <= place.layer < len(layers) else None
        if entries is None or not 0 <= place.index < len(entries) or entries[place.index].whiteout:
            raise OperationFailed(f"{self._title}: there is no such entry as is to be kept for {one_line(path)}", _INDEX_HINT)
        return entries[place.index]

    def _root(self) -> Place | None:
        """Return the last entry that says something of the root itself."""
        for layer in reversed(self._image.layers):
            for index, entry in reversed(list(enumerate(layer.entries or ()))):
                if not entry.path and entry.kind == "directory" and not entry.whiteout:
                    return layer.index, index
        return None

    def _job(self, index: int) -> LayerJob:
        layer = self._image.layers[index]
        place = place_of(layer)
        if place is None or layer.problem or layer.entries is None:
            raise OperationFailed(f"{self._title}: layer {index + 1} {layer.problem or 'is missing'}", _INDEX_HINT)
        wanted = _expected(layer, sorted(self._wanted[index]))
        diff_id = layer.diff_id if layer.diff_id.startswith("sha256:") else ""
        return LayerJob(index, place, len(layer.entries), diff_id, wanted)


def _first_name(one: KeptEntry, kept: Mapping[str, KeptEntry]) -> KeptEntry:
    """Return the name that holds the content of which this one is another name."""
    seen = {one.path}
    while one.link_to in kept and one.link_to not in seen:
        one = kept[one.link_to]
        seen.add(one.path)
    return one


def _expected(layer: Layer, indices: Sequence[int]) -> list[ExpectedEntry]:
    entries = layer.entries or ()
    return [
        ExpectedEntry(
            index,
            (one := entries[index]).path,
            KINDS.index(one.kind),
            one.size,
            one.mode,
            one.uid,
            one.gid,
            one.mtime,
            one.offset,
            one.stored,
        )
        for index in indices
    ]
