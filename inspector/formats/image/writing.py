"""Writes what is kept of an image as a new image: up to four layers, cut by what changes together, with reproducible bytes."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from inspector.errors import OperationFailed
from inspector.formats.clean_text import one_line
from inspector.formats.image.loadable import raw_config
from inspector.formats.image.writing_config import OCI_LAYER, manifest_of, slimmed_config
from inspector.formats.image.writing_plan import WritePlan, plan_of
from inspector.formats.image.writing_request import BlobMade, LayerJob, WriteRequest
from inspector.isolation.child import run_child
from inspector.isolation.limits import GIB, CancelToken, Limits
from inspector.records.event import Started, Steps, result_of
from inspector.records.image import Image
from inspector.records.written_image import LAYER_PARTS, LayerCompression, Selection, WrittenImage, WrittenLayer

_CHILD: Final = "inspector.formats.image.writing_child:write_in_child"
_SECONDS: Final = 3600.0
_LIMITS: Final = Limits(memory_bytes=4 * GIB, wall_seconds=_SECONDS + 10)
_MARGIN: Final = 256 << 20
"""Bytes of the disk left to others."""
_HEADERS: Final = 1536
"""Bytes of the headers of one entry, at most as a rule."""


_MOST_REMEMBERED: Final = 10_000
_verified: Final[set[tuple[object, ...]]] = set()
"""Layers that are what their diff_id says, as long as nobody touches their files: an image is written several times."""


@dataclass(frozen=True, slots=True)
class ConfigChanges:
    """What a slimmed image's configuration says besides the original's: labels, and what made it (for the history)."""

    labels: Mapping[str, str]
    tool: str


def write_image(
    image: Image,
    selection: Selection,
    changes: ConfigChanges,
    compression: LayerCompression,
    folder: Path,
    cancel: CancelToken,
) -> Steps[WrittenImage]:
    """Return a new image of what is selected, its layers in a new folder inside of folder, which discard() removes.

    The image must lie in files and be indexed. The same input gives the same bytes: what is written depends on names,
    attributes and contents of the selected entries, not on how their layers are stored. Owners, modes, times, extended
    attributes, hard links and holes survive. Raises OperationFailed where the archive is damaged or not what was indexed, or
    no space is left, UnreadableArtifact where it is gone, ChildFailed when cancelled; nothing is left in folder then.
    """
    title = one_line(image.artifact.path)
    plan = plan_of(image, selection, title)
    if not (plan.entries or selection.added):
        raise OperationFailed(f"{title}: nothing of it would be left", "keep something of it")
    original = raw_config(Path(image.artifact.path), image, cancel)
    yield Started(f"writing what stays of {title}")
    own = _folder(folder, title)
    try:
        _check_room(title, own, plan, selection)
        identities = [_identity(job) for job in plan.layers]
        jobs = [_job(job, identity) for job, identity in zip(plan.layers, identities, strict=True)]
        request = WriteRequest(jobs, plan.entries, list(selection.added), compression, os.fsencode(own), _SECONDS)
        said = f"writing what stays of {title}"
        blobs = yield from result_of(run_child(_CHILD, request, list[BlobMade], _LIMITS, cancel, title=said))
        _remember(identities)
        layers = tuple(_layer(blob, compression) for blob in blobs)
        config = slimmed_config(original, layers, changes.labels, changes.tool, title)
        return WrittenImage(config, manifest_of(config, layers), layers, image.references, image.platform)
    except BaseException:
        shutil.rmtree(own, ignore_errors=True)
        raise


def discard(written: WrittenImage) -> None:
    """Remove the files of a written image."""
    for parent in {Path(layer.path).parent for layer in written.layers}:
        shutil.rmtree(parent, ignore_errors=True)


def _folder(base: Path, title: str) -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix="written-", dir=base)).absolute()
    except OSError as error:
        reason = f"{title}: what stays of it cannot be written to {one_line(base)}: {error.strerror}"
        raise OperationFailed(reason, "set TMPDIR to another place") from None


def _job(job: LayerJob, identity: tuple[object, ...]) -> LayerJob:
    """Return the job without its digest where the layer was verified before."""
    return replace(job, diff_id="") if identity in _verified else job


def _identity(job: LayerJob) -> tuple[object, ...]:
    """Return what a layer is, and what its file is as long as it stays as it is."""
    stretch = job.place.stretch
    try:
        status = os.stat(job.place.path)  # noqa: PTH116 - the path is in the file system's bytes
    except OSError:
        return ()
    file = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return *file, stretch.offset, stretch.length, job.diff_id


def _remember(identities: Iterable[tuple[object, ...]]) -> None:
    if len(_verified) > _MOST_REMEMBERED:
        _verified.clear()
    _verified.update(identity for identity in identities if identity)


def _layer(blob: BlobMade, compression: LayerCompression) -> WrittenLayer:
    return WrittenLayer(
        LAYER_PARTS[blob.part],
        os.fsdecode(blob.path),
        blob.digest,
        blob.diff_id,
        f"{OCI_LAYER}+{compression}",
        blob.compressed_bytes,
        blob.size_bytes,
        blob.files,
    )


def _check_room(title: str, folder: Path, plan: WritePlan, selection: Selection) -> None:
    """Raise OperationFailed where what is written may not fit, compressed or not, and what is put aside for it."""
    count = plan.stored_bytes + plan.spooled_bytes + sum(len(file.content) for file in selection.added)
    count += _HEADERS * (len(plan.entries) + len(selection.added))
    free = shutil.disk_usage(folder).free - _MARGIN
    if count > free:
        wanted, there = (f"{max(0, one) / 1e9:.1f} GB" for one in (count, free))
        hint = f"up to {wanted} are needed in {one_line(folder.parent)} and {there} are free: set TMPDIR to a larger place"
        raise OperationFailed(f"{title}: there is no space to write what stays of it", hint)
