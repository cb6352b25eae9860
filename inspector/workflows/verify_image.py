"""Verify what an image says of itself: the digest of every layer, and sha256 of the archive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.records.event import Event, Finished, Partial, Progress, Started
from inspector.records.image_inspection import ImageInspection

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.image import Image


def verify_image(inspection: ImageInspection, cancel: CancelToken | None = None) -> Iterator[Event[ImageInspection]]:
    """Return the inspection with every layer's digest verified and, of an archive, its sha256; findings are made anew.

    Raises OperationFailed where the archive cannot be read any more.
    """
    from inspector.workflows.analyse_image import with_findings

    yield Started("verifying digests")
    for event in verified(inspection.image, cancel):
        if isinstance(event, Finished):
            yield Finished(with_findings(replace(inspection, image=event.result)))
        elif not isinstance(event, Partial):
            yield event


def verified(image: Image, cancel: CancelToken | None = None) -> Iterator[Event[Image]]:
    """Return the image with every layer's digest verified and the archive's sha256; OperationFailed as verify_image().

    An engine computes digests of its own; nothing is left to verify there. An OCI layout is a folder, which has no sha256.
    """
    path = Path(image.artifact.path)
    if image.source == "engine":
        yield Finished(image)
    elif path.is_dir():
        yield from _layers_verified(image, cancel)
    else:
        yield from _archive_verified(image, path, cancel)


def _layers_verified(image: Image, cancel: CancelToken | None) -> Iterator[Event[Image]]:
    from inspector.formats.image.layer_index import verify_digests

    for event in verify_digests(image, cancel):
        if not isinstance(event, Partial):
            yield event


def _archive_verified(image: Image, path: Path, cancel: CancelToken | None) -> Iterator[Event[Image]]:
    """Hash the archive beside its layers: both read the same bytes at about the same time."""
    from inspector.formats.image.file_digest import FileDigest

    whole = FileDigest(path, cancel)
    try:
        for event in _layers_verified(image, cancel):
            if isinstance(event, Finished):
                image = event.result
            else:
                yield event
        while not whole.wait(0.1):
            yield Progress(whole.done, image.artifact.size_bytes, "hashing the archive")
        yield Finished(replace(image, artifact=replace(image.artifact, sha256=whole.result())))
    finally:
        whole.stop()
