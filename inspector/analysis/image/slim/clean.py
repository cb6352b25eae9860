"""What the level clean leaves out: leftovers by kind, what the user drops, and what is nothing without them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from inspector.analysis.findings.wording import size as bytes_text
from inspector.analysis.image.slim.commands import Named
from inspector.analysis.image.slim.emptied import without_use
from inspector.analysis.image.slim.groups import groups_of
from inspector.analysis.image.slim.leftover_rules import Staying, rules_for
from inspector.analysis.image.slim.owners import final_of, is_bytecode, ownership, source_of
from inspector.analysis.image.slim.parts import parts_of
from inspector.analysis.image.slim.patterns import Patterns, paths_by_kind, pattern_of
from inspector.analysis.image.slim.repeated import links_for
from inspector.analysis.image.slim.tally import Tally
from inspector.records.image import Image
from inspector.records.image_inspection import ImageInspection
from inspector.records.image_waste import LeftoverKind
from inspector.records.slimming import GroupKind, Risk, SlimGroup, SlimSurvey
from inspector.records.written_image import ImageBytes, LayerPart

_PLACES: Final[Mapping[LayerPart, GroupKind]] = {
    "base": "system", "dependencies": "system", "code": "application", "weights": "model",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cleaning:
    """Paths that go, folders among them; files that become hard links to another; kinds and packages, by bytes that go.

    The groups' dropped bytes add up to what the file system loses: a file of several kinds goes as one of them.
    """

    dropped: frozenset[str]
    linked: Mapping[str, str]
    groups: tuple[SlimGroup, ...]


@dataclass(frozen=True, slots=True)
class _Cause:
    """Why files go: a kind of leftover, a package that is dropped, or a glob."""

    kind: GroupKind
    name: str
    pattern: str
    risk: Risk
    reason: str


def dropped_by_clean(
    inspection: ImageInspection, keep: Sequence[str] = (), drop: Sequence[str] = (), commands: Sequence[Sequence[str]] = ()
) -> Cleaning:
    """Return what clean leaves out.

    Kinds go as their rules say; keep and drop are patterns (see Patterns), keep wins. What the start or the health check
    names, and build tools that other packages depend on, stay unless dropped by package or path; so does what commands name:
    those that containers are started or exercised with instead of, or beside, the image's own. Bytecode goes with its
    module, symlinks with what they lead to, folders with all that was in them. Raises UsageError for patterns that cannot be
    looked up, ValueError where layers were not indexed.
    """
    return _Cleaner(inspection, keep, drop, commands).cleaning()


def survey(
    inspection: ImageInspection, keep: Sequence[str] = (), drop: Sequence[str] = (), commands: Sequence[Sequence[str]] = ()
) -> SlimSurvey:
    """Return what flatten and clean would do; raises as dropped_by_clean() does."""
    final, waste = final_of(inspection), inspection.waste
    patterns = Patterns(inspection, keep, drop)
    cleaning = dropped_by_clean(inspection, keep, drop, commands)
    kept = frozenset(path for path in final.entries if path not in cleaning.dropped)
    return SlimSurvey(
        _bytes_of(inspection.image, final.file_count),
        waste.reclaimable_bytes if waste is not None else 0,
        sum(one.files for one in waste.by_cause) if waste is not None else 0,
        cleaning.groups,
        groups_of(inspection, kept),
        (*_notes(cleaning), *patterns.unmatched()),
    )


def _bytes_of(image: Image, files: int) -> ImageBytes:
    layers = image.layers
    stored = [None if layer.compression == "none" else layer.compressed_bytes for layer in layers]
    known = [size for size in stored if size is not None]
    compressed = sum(known) if len(known) == len(layers) else None
    return ImageBytes(sum(layer.size_bytes or 0 for layer in layers), compressed, files, len(layers))


def _notes(cleaning: Cleaning) -> Iterator[str]:
    for group in cleaning.groups:
        if group.name == "bytecode" and group.kept_bytes:
            yield (
                f"bytecode stays: without it the image is {bytes_text(group.kept_bytes)} smaller, and every start is slower "
                f"(importing onnxruntime took 1.75 times as long)"
            )


class _Cleaner:
    def __init__(
        self, inspection: ImageInspection, keep: Sequence[str], drop: Sequence[str], commands: Sequence[Sequence[str]]
    ) -> None:
        self._inspection = inspection
        self._final = final_of(inspection)
        self._patterns = Patterns(inspection, keep, drop)
        self._rules = rules_for(inspection)
        self._kinds = paths_by_kind(inspection)
        self._named = Named(inspection, commands)
        self._staying = Staying(inspection, self._named)
        self._causes: dict[str, _Cause] = {}
        """Why each path goes."""

    def cleaning(self) -> Cleaning:
        """Return what goes, why, and what becomes a link."""
        for kind in self._rules:
            if kind != "same content twice" and self._goes(kind):
                self._drop_kind(kind)
        self._drop_by_name()
        self._drop_bytecode()
        folders_and_links = without_use(self._inspection, self._causes.keys(), self._patterns.keeps)
        linked: Mapping[str, str] = {}
        if self._goes("same content twice"):
            linked = self._linked(folders_and_links)
        dropped = frozenset(self._causes) | folders_and_links
        return Cleaning(dropped, linked, self._groups(linked))

    def _goes(self, kind: LeftoverKind) -> bool:
        if kind in self._patterns.keep.kinds:
            return False
        return self._rules[kind].goes or kind in self._patterns.drop.kinds

    def _drop_kind(self, kind: LeftoverKind) -> None:
        rule = self._rules[kind]
        cause = _Cause("leftover", kind, kind, rule.risk, rule.reason)
        is_asked_for = bool(self._patterns.keep)
        for path in self._kinds.get(kind, ()):
            if path in self._causes or self._staying.stays(path, kind):
                continue
            if not (is_asked_for and self._patterns.keeps(path)):
                self._causes[path] = cause

    def _drop_by_name(self) -> None:
        """Drop packages and paths that are named, whatever they are."""
        wishes = self._patterns.drop
        if not wishes:
            return
        owners = ownership(self._inspection).of_path
        for path, placed in self._final.entries.items():
            if placed.entry.kind == "directory" or path in self._causes:
                continue
            owner = owners.get(path)
            if owner is not None and owner in wishes.packages:
                cause = _Cause(owner.kind, owner.name, pattern_of(owner), "high", "dropped by name")
            else:
                glob = next(wishes.globs_meaning(path), None)
                if glob is None:
                    continue
                kind = _PLACES[parts_of(self._inspection)[path]]
                cause = _Cause(kind, glob, glob, "high", "dropped by path")
            if not self._patterns.keeps(path):
                self._causes[path] = cause

    def _drop_bytecode(self) -> None:
        """Drop the bytecode in __pycache__ of modules that go: Python does not look at it without them."""
        if "bytecode" in self._patterns.keep.kinds:
            return
        for path in self._kinds.get("bytecode", ()):
            cause = self._causes.get(source_of(path))
            if cause is not None and path not in self._causes and is_bytecode(path) and not self._patterns.keeps(path):
                self._causes[path] = cause

    def _linked(self, gone: Iterable[str]) -> Mapping[str, str]:
        keeps = self._patterns.keeps
        repeated = (path for path in self._kinds.get("same content twice", ()) if not keeps(path))
        return links_for(self._inspection, repeated, self._causes.keys() | set(gone))

    def _groups(self, linked: Mapping[str, str]) -> tuple[SlimGroup, ...]:
        """Return what goes by cause, and what is left of each kind."""
        by_cause: dict[_Cause, list[str]] = {}
        for path, cause in self._causes.items():
            by_cause.setdefault(cause, []).append(path)
        tally = Tally(self._final, self._causes.keys(), linked)
        groups = []
        for kind, rule in self._rules.items():
            cause = _Cause("leftover", kind, kind, rule.risk, self._reason(kind))
            gone = by_cause.pop(_Cause("leftover", kind, kind, rule.risk, rule.reason), [])
            if kind == "same content twice":
                gone = list(linked)
            staying = [path for path in self._kinds.get(kind, ()) if path not in self._causes and path not in linked]
            if gone or staying:
                groups.append(self._group(cause, gone, staying, tally))
        groups += [self._group(cause, gone, (), tally) for cause, gone in by_cause.items()]
        return tuple(sorted(groups, key=lambda group: (-group.dropped_bytes, group.kind, group.name)))

    def _group(self, cause: _Cause, gone: Sequence[str], staying: Sequence[str], tally: Tally) -> SlimGroup:
        return SlimGroup(
            cause.kind,
            cause.name,
            tally.bytes_of(staying),
            len(staying),
            tally.freed_by(gone),
            len(gone),
            cause.pattern,
            tally.largest(gone),
            cause.risk,
            cause.reason,
        )

    def _reason(self, kind: LeftoverKind) -> str:
        patterns, rule = self._patterns, self._rules[kind]
        if kind in patterns.keep.kinds:
            return "kept by name"
        if not rule.goes and kind in patterns.drop.kinds:
            return "dropped by name"
        if kind == "build tools" and self._staying.tools:
            names = sorted(tool.name for tool in self._staying.tools)
            return f"{rule.reason}; stay: {', '.join(names[:5])}{f' and {len(names) - 5:,} more' if len(names) > 5 else ''}"
        return rule.reason
