"""Selections made by hand from the final file system of an image, for tests of what writes images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from inspector.analysis.image.file_system import merge
from inspector.formats.image.layer_index import index_layers
from inspector.formats.image.read import read
from inspector.formats.image.writing import ConfigChanges, write_image
from inspector.isolation.limits import CancelToken
from inspector.records.event import Finished, Steps
from inspector.records.image import Entry, Image
from inspector.records.written_image import (
    AddedFile,
    EntryPlace,
    KeptEntry,
    LayerCompression,
    LayerPart,
    Selection,
    WrittenImage,
)

Result = TypeVar("Result")
CHANGES = ConfigChanges({"org.modelpack-tui.slim.level": "flatten"}, "modelpack-tui test")


def result(steps: Steps[Result]) -> Result:
    """Run part of a workflow to its end and return what it makes."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Result = end.value
            return found


def opened(path: Path) -> Image:
    """Return the image at a path with its layers indexed; fails where anything of it is damaged."""
    *_, last = index_layers(read(path))
    assert isinstance(last, Finished)
    image: Image = last.result
    assert image.complete
    assert not [layer.problem for layer in image.layers if layer.problem]
    return image


def part_of(path: str) -> LayerPart:
    """Return the part by the end of a path: what a test calls a model is one."""
    if path.endswith((".onnx", ".bin")):
        return "weights"
    if "site-packages" in path:
        return "dependencies"
    return "code" if path.startswith("app") else "base"


def everything(
    image: Image,
    keep: Callable[[str], bool] = lambda path: True,
    part: Callable[[str], LayerPart] = part_of,
    added: Sequence[AddedFile] = (),
) -> Selection:
    """Return all that a container sees of an image, or what of it is to be kept."""
    places = {
        id(entry): EntryPlace(layer.index, index) for layer in image.layers for index, entry in enumerate(layer.entries or ())
    }
    names: dict[int, str] = {}
    kept = []
    for path, placed in sorted(merge(image.layers).entries.items()):
        if not keep(path):
            continue
        content: Entry = placed.content
        first = names.setdefault(id(content), path) if content.kind != "directory" else path
        where = places.get(id(content)) if content.kind == "file" or placed.entry is not content else None
        kept.append(KeptEntry(path, part(first), places.get(id(placed.entry)), where, first if first != path else ""))
    return Selection(tuple(kept), tuple(added))


def written(
    image: Image,
    folder: Path,
    selection: Selection | None = None,
    compression: LayerCompression = "gzip",
    changes: ConfigChanges = CHANGES,
) -> WrittenImage:
    """Return what is written of an image, all of it unless a selection says otherwise."""
    folder.mkdir(exist_ok=True)
    chosen = everything(image) if selection is None else selection
    return result(write_image(image, chosen, changes, compression, folder, CancelToken()))
