"""What is in the files of an image: bytes of one, or a model, opened from its layer as if it lay on the disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.errors import InspectorError
from inspector.records.artifact import Computation
from inspector.records.event import Event, Finished, Started, Steps
from inspector.records.image import Entry, Image
from inspector.records.image_contents import InsideArtifact
from inspector.records.image_inspection import ImageInspection
from inspector.records.inspection import Inspection
from inspector.workflows.dimensions import check_settings
from inspector.workflows.inside_copy import copy_files
from inspector.workflows.inside_files import files_of_model, name_of, neighbor, own_name
from inspector.workflows.inspect import read_artifact

if TYPE_CHECKING:
    from inspector.formats.image.memory_folder import MemoryFolder
    from inspector.isolation.limits import CancelToken

SIGN: Final = " ▸ "
"""Stands between the name of an image and a path in it."""

PREVIEW_BYTES: Final = 65_536


def preview(inspection: ImageInspection, layer: int, entry: Entry, start: int = 0, length: int = PREVIEW_BYTES) -> bytes:
    """Return at most length bytes from start on of the content of a file in a layer; of a hard link, give the content's entry.

    Raises OperationFailed where the layer cannot be read.
    """
    if inspection.image.source == "engine":
        from inspector.formats.image.engine import read_engine_entry

        return read_engine_entry(inspection.image, layer, entry, start, length)
    from inspector.formats.image.layer_contents import read_entry

    return read_entry(inspection.image, layer, entry, start, length)


def open_inside(
    inspection: ImageInspection,
    model: InsideArtifact,
    batch: int = 1,
    settings: Mapping[str, int] | None = None,
    cancel: CancelToken | None = None,
) -> Iterator[Event[Inspection]]:
    """Copy a model from its layers into memory, with its external data, and inspect it as if it lay on the disk.

    The copy stays until close_inside() or the end of this process, since weights are read from it on demand.
    Raises OperationFailed where there is no room in memory or a layer cannot be read, UnreadableArtifact and UsageError as
    inspect() does.
    """
    from inspector.formats.image.memory_folder import MemoryFolder

    shown = shown_name(inspection.image, model)
    yield Started(f"copying {name_of(model)}")
    files = files_of_model(inspection, model)
    folder = MemoryFolder(sum(file.entry.size for file in files), shown)
    path = folder.path / name_of(model)
    kept = False
    try:
        yield from copy_files(files, folder, cancel)
        computation = yield from _read(inspection, model, folder, path, cancel)
        computation = replace(computation, artifact=replace(computation.artifact, inside=shown))
        for event in _analysed(computation, batch, settings or {}):
            kept = kept or isinstance(event, Finished)
            yield event
    except InspectorError as error:
        error.message = error.message.replace(f"{folder.path}/", shown[: len(shown) - len(own_name(model))])
        raise
    finally:
        if not kept:
            folder.close()


def close_inside(inspection: Inspection) -> None:
    """Give the memory back that a model from an image was copied into; harmless for any other."""
    from inspector.formats.image.memory_folder import close_holding

    close_holding(Path(inspection.computation.artifact.path))


def shown_name(image: Image, model: InsideArtifact) -> str:
    """Return what a model inside is called: "image.tar ▸ models/x.onnx"."""
    path = image.artifact.path.rstrip("/")
    name = path if image.source == "engine" else path.rpartition("/")[2] or path
    return f"{name}{SIGN}{model.path}"


def _read(
    inspection: ImageInspection, model: InsideArtifact, folder: MemoryFolder, path: Path, cancel: CancelToken | None
) -> Steps[Computation]:
    """Read a model that was copied; again once the external data it names was copied beside it."""
    computation = read_artifact(path, model.format, {})
    wanted = [file.location for file in computation.external_files if file.contained and file.size_bytes is None]
    found = [file for location in wanted if (file := neighbor(inspection, model, location)) is not None]
    if not found:
        return computation
    yield Started(f"copying the external data of {name_of(model)}")
    yield from copy_files(found, folder, cancel)
    return read_artifact(path, model.format, {})


def _analysed(computation: Computation, batch: int, settings: Mapping[str, int]) -> Iterator[Event[Inspection]]:
    from inspector.workflows.analyse import analyse_in_steps

    check_settings(computation, settings)
    yield from analyse_in_steps(computation, batch, settings)
