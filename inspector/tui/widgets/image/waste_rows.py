"""What the waste tab lists: one row a cause, instruction, kind of leftover, kind of pull, wasted file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from inspector.records.image_inspection import ImageInspection
from inspector.records.image_waste import WasteCause, WastedFile
from inspector.report.figures import bytes_text, plural
from inspector.tui.widgets.image.image_text import layer_title

Section = Literal["cause", "instruction", "leftover", "pull", "file"]
SECTIONS: tuple[Section, ...] = ("cause", "instruction", "leftover", "pull", "file")

CAUSE_TITLES: dict[WasteCause, str] = {
    "overwritten": "overwritten by a later layer",
    "deleted": "deleted by a later layer",
    "copied_up": "copied up: only owner, mode or times changed",
}
MOST_FILES = 20_000
_PULL_TITLES = {
    "weights": "only the weights change",
    "code": "only the code changes",
    "dependencies": "only the dependencies change",
}


@dataclass(frozen=True, slots=True)
class WasteTarget:
    """Where Enter leads: as ShowFiles says."""

    path: str = ""
    paths: tuple[str, ...] = ()
    title: str = ""
    layer: int | None = None
    changes: bool = False


@dataclass(frozen=True, slots=True)
class WasteRow:
    """One row; pulled is the estimate of compressed bytes, or, of a pull, the bytes that need to move."""

    section: Section
    title: str
    bytes: int
    files: int = 0
    pulled: int | None = None
    layer: int | None = None
    by_layer: int | None = None
    facts: tuple[tuple[str, str], ...] = ()
    paths: tuple[str, ...] = ()
    target: WasteTarget | None = None
    hint: str = "shows it in the tree"


def waste_rows(inspection: ImageInspection) -> Sequence[WasteRow]:
    """Return all rows, section by section; of wasted files the largest, at most MOST_FILES."""
    return [
        *_causes(inspection),
        *_instructions(inspection),
        *_leftovers(inspection),
        *_pulls(inspection),
        *_files(inspection),
    ]


def _causes(inspection: ImageInspection) -> Iterator[WasteRow]:
    waste = inspection.waste
    if waste is None:
        return
    by_cause: dict[WasteCause, list[WastedFile]] = {}
    for file in waste.files:
        by_cause.setdefault(file.cause, []).append(file)
    for one in sorted(waste.by_cause, key=lambda one: -one.bytes):
        files = by_cause.get(one.cause, [])
        target = _file_target(files[0]) if files else None
        paths = tuple(dict.fromkeys(file.path for file in files))
        yield WasteRow(
            "cause",
            CAUSE_TITLES[one.cause],
            one.bytes,
            one.files,
            one.compressed_bytes,
            paths=paths,
            target=target,
            hint="shows the largest where it was shipped",
        )


def _instructions(inspection: ImageInspection) -> Iterator[WasteRow]:
    waste = inspection.waste
    if waste is None:
        return
    layers = {layer.index: layer for layer in inspection.image.layers}
    by_layer: dict[int, list[WastedFile]] = {}
    for file in waste.files:
        by_layer.setdefault(file.by_layer, []).append(file)
    for share in sorted(waste.by_layer, key=lambda share: -share.caused_bytes):
        layer = layers.get(share.layer)
        if layer is None or not share.caused_bytes:
            continue
        files = by_layer.get(share.layer, [])
        compressed = [file.compressed_bytes for file in files]
        known = [size for size in compressed if size is not None]
        yield WasteRow(
            "instruction",
            layer_title(layer),
            share.caused_bytes,
            len(files),
            sum(known) if known and len(known) == len(compressed) else None,
            share.layer,
            facts=(("made waste", f"by layer {share.layer}; shipped by {_layers(files)}"),),
            paths=tuple(dict.fromkeys(file.path for file in files)),
            target=WasteTarget(layer=share.layer, changes=True, path=files[0].path if files else ""),
            hint="shows what the layer changed",
        )


def _layers(files: Sequence[WastedFile]) -> str:
    indexes = sorted({file.layer for file in files})
    named = ", ".join(str(index) for index in indexes[:8])
    return f"layer{'s' if len(indexes) != 1 else ''} {named}{' …' if len(indexes) > 8 else ''}"


def _leftovers(inspection: ImageInspection) -> Iterator[WasteRow]:
    for one in inspection.leftovers.by_kind if inspection.leftovers is not None else ():
        yield WasteRow(
            "leftover",
            one.kind,
            one.bytes,
            one.files,
            facts=(("rests on", one.note),) if one.note else (),
            paths=one.paths,
            target=WasteTarget(one.paths[0] if one.paths else "", one.paths, f"leftovers: {one.kind}"),
            hint="shows these files in the tree",
        )


def _pulls(inspection: ImageInspection) -> Iterator[WasteRow]:
    for cost in inspection.pull_costs:
        moved = f"{plural(len(cost.layers), 'layer')}: {', '.join(map(str, cost.layers[:12]))}"
        needed = f"{bytes_text(cost.needed_bytes)} of content would do"
        facts = [("moves", moved), ("needed", needed)]
        if cost.advice:
            facts.append(("advice", cost.advice))
        lowest = min(cost.content_layers or cost.layers, default=None)
        yield WasteRow(
            "pull",
            _PULL_TITLES[cost.change],
            cost.bytes,
            facts=tuple(facts),
            layer=lowest,
            target=None if lowest is None else WasteTarget(layer=lowest, changes=True),
            hint="shows the lowest layer that holds it",
        )


def _files(inspection: ImageInspection) -> Iterator[WasteRow]:
    for file in inspection.waste.files[:MOST_FILES] if inspection.waste is not None else ():
        made_waste = f"by layer {file.by_layer}: {CAUSE_TITLES[file.cause]}"
        yield WasteRow(
            "file",
            f"/{file.path}",
            file.bytes,
            0,
            file.compressed_bytes,
            file.layer,
            file.by_layer,
            facts=(("shipped by", f"layer {file.layer}"), ("made waste", made_waste)),
            target=_file_target(file),
            hint="shows it where it was shipped",
        )


def _file_target(file: WastedFile) -> WasteTarget:
    return WasteTarget(file.path, layer=file.layer)
