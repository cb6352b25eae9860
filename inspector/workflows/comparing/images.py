"""Two images side by side: configuration, layers, files, packages, models and findings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from inspector.analysis.artifact_diff import image_parts, promises
from inspector.analysis.artifact_diff.assembly import assembled
from inspector.analysis.artifact_diff.findings import findings
from inspector.analysis.artifact_diff.image_files import Digests, FileComparison, Wanted
from inspector.analysis.artifact_diff.tally import Tally
from inspector.records.difference import ArtifactComparison
from inspector.records.event import Steps, result_of
from inspector.records.image import Image, Layer
from inspector.records.image_inspection import ImageInspection

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken


def compare_images(before: ImageInspection, after: ImageInspection, cancel: CancelToken | None) -> Steps[ArtifactComparison]:
    """Compare two images; contents are digested only where sizes and shared layers leave it open."""
    files = yield from _files(before, after, cancel)
    return assembled("image", after.image.artifact, [files, *_parts(before, after)])


def _parts(before: ImageInspection, after: ImageInspection) -> Iterator[Tally]:
    ours, theirs = before.image, after.image
    yield image_parts.configuration(ours.config, theirs.config, _shown)
    yield image_parts.layers(*(tuple(map(_facts, image.layers)) for image in (ours, theirs)))
    left = before.packages.packages if before.packages else ()
    yield image_parts.packages(left, after.packages.packages if after.packages else ())
    yield image_parts.models(before.models, after.models)
    yield promises.cost(_figures(before), _figures(after))
    yield findings(before.findings, after.findings)


def _shown(name: str, value: str) -> str:
    from inspector.analysis.image.findings.secret_names import is_secret_variable
    from inspector.workflows.image_review import redacted

    return "(secret)" if is_secret_variable(name, value) else redacted(value)


def _facts(layer: Layer) -> image_parts.LayerFacts:
    return image_parts.LayerFacts(layer.diff_id or layer.digest, layer.compressed_bytes, layer.created_by)


def _figures(inspection: ImageInspection) -> dict[str, int | None]:
    system, waste = inspection.file_system, inspection.waste
    sizes = [layer.compressed_bytes for layer in inspection.image.layers]
    return {
        "files": system.file_count if system else None,
        "final bytes": system.size_bytes if system else None,
        "shipped bytes": waste.shipped_bytes if waste else None,
        "reclaimable bytes": waste.reclaimable_bytes if waste else None,
        "compressed bytes": None if None in sizes else sum(size for size in sizes if size is not None),
    }


def _files(before: ImageInspection, after: ImageInspection, cancel: CancelToken | None) -> Steps[Tally]:
    if before.file_system is None or after.file_system is None:
        return Tally("files", unknown="not every layer was read")
    comparison = FileComparison(before.file_system, after.file_system, _shared(before.image, after.image))
    ours, theirs = comparison.wanted()
    left = yield from _digests(before.image, ours, cancel)
    right = yield from _digests(after.image, theirs, cancel)
    return comparison.compared(left, right)


def _shared(before: Image, after: Image) -> dict[int, int]:
    """Return the layers of the first that the second has, too, by index."""
    where = {layer.diff_id or layer.digest: layer.index for layer in after.layers}
    names = ((layer.index, layer.diff_id or layer.digest) for layer in before.layers)
    return {index: where[name] for index, name in names if name and name in where}


def _digests(image: Image, wanted: Wanted, cancel: CancelToken | None) -> Steps[Digests]:
    if not any(wanted.values()):
        return {}
    from inspector.formats.image.layer_hashes import hash_entries

    return (yield from result_of(hash_entries(image, wanted, cancel)))
