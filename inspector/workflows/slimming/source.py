"""The image that is slimmed, as a file: one that an engine keeps is exported and read again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspector.errors import OperationFailed
from inspector.records.event import Started, Steps, result_of

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.image import Image
    from inspector.records.image_inspection import ImageInspection
    from inspector.records.written_image import ImageBytes

_HINT = "open the image again, and wait until every layer was read"


def as_file(inspection: ImageInspection, folder: Path, cancel: CancelToken) -> Steps[ImageInspection]:
    """Return an inspection of the image whose layers lie in files, in the folder where they lay on an engine.

    Raises OperationFailed for an image that is no image, is damaged, or was not read to its end; UnreadableArtifact where the
    engine does not give it.
    """
    if inspection.image.source == "engine":
        inspection = yield from _exported(inspection, folder, cancel)
    why_not = not_slimmable(inspection)
    if why_not:
        raise OperationFailed(f"{inspection.image.artifact.path} cannot be slimmed: {why_not}", _HINT)
    return inspection


def not_slimmable(inspection: ImageInspection) -> str:
    """Return why an image cannot be slimmed; empty where it can."""
    image = inspection.image
    if image.artifact_type:
        return "it is a model artifact, whose blobs no container runs"
    if not image.layers:
        return "it has no layers"
    damaged = [layer for layer in image.layers if layer.problem or layer.verification == "mismatch"]
    if damaged:
        return f"layer {damaged[0].index + 1} {damaged[0].problem or 'is not what its digest says'}"
    if not image.complete or inspection.file_system is None:
        return "not every layer was read"
    return ""


def bytes_of(inspection: ImageInspection, pulled_bytes: int | None = None) -> ImageBytes:
    """Return what an image comes to; pulled_bytes: where that is known better than from how the layers are stored."""
    from inspector.records.written_image import ImageBytes

    layers = inspection.image.layers
    files = inspection.file_system.file_count if inspection.file_system is not None else 0
    stored = pulled_bytes if pulled_bytes is not None else _stored(inspection.image)
    return ImageBytes(sum(layer.size_bytes or 0 for layer in layers), stored, files, len(layers))


def _stored(image: Image) -> int | None:
    """Return the compressed bytes of all layers; None where one is stored without compression, as no registry has it."""
    if any(layer.compression == "none" or layer.compressed_bytes is None for layer in image.layers):
        return None
    return sum(layer.compressed_bytes or 0 for layer in image.layers)


def _exported(inspection: ImageInspection, folder: Path, cancel: CancelToken) -> Steps[ImageInspection]:
    from inspector.formats.image.loadable import export_image
    from inspector.workflows.inspect_image import examine_image

    image = inspection.image
    target = folder / "exported.tar"
    yield from export_image(image, target, cancel)
    yield Started("reading what was exported")
    found: Any = yield from result_of(examine_image(target, image.platform or None))
    return found  # type: ignore[no-any-return]
