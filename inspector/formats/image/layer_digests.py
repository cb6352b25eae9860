"""Digests of layers that lie uncompressed, or of blobs as they are stored, computed beside other work and compared."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Final

from inspector.errors import UnreadableArtifact
from inspector.formats.image.layer_answer import LayerPlace
from inspector.formats.image.layer_places import is_plain, opened, place_of
from inspector.isolation import failure
from inspector.isolation.limits import CancelToken
from inspector.records.event import Event, Finished, Progress, Started
from inspector.records.finding import Finding
from inspector.records.image import Image, Layer, Verification

_CHUNK: Final = 4 << 20
_THREADS: Final = 2
_TICK_SECONDS: Final = 0.1
_SHA256: Final = "sha256:"
MISMATCH: Final = "its content is not what its digest says"


class BlobDigest:
    """The sha256 of one blob as it is stored, computed by a thread of the pool; empty where it could not be read."""

    def __init__(self, place: LayerPlace, pool: ThreadPoolExecutor, stop: CancelToken) -> None:
        self.done = 0
        self._place = place
        self._stop = stop
        self._future: Future[str] = pool.submit(self._compute)

    @property
    def is_ready(self) -> bool:
        """Whether it is over."""
        return self._future.done()

    def result(self, seconds: float | None = None) -> str:
        """Return the digest in hexadecimal, waiting for it; raises TimeoutError after so many seconds."""
        return self._future.result(seconds)

    def _compute(self) -> str:
        sha256 = hashlib.sha256()
        view = memoryview(bytearray(_CHUNK))
        length = self._place.stretch.length
        try:
            with opened(self._place) as descriptor:
                while self.done < length and not self._stop.cancelled:
                    wanted = min(_CHUNK, length - self.done)
                    count = os.preadv(descriptor, [view[:wanted]], self._place.stretch.offset + self.done)
                    if count <= 0:
                        break
                    sha256.update(view[:count])
                    self.done += count
        except (OSError, UnreadableArtifact):
            return ""
        return sha256.hexdigest() if self.done == length else ""


def compare(layer: Layer, blob: str, uncompressed: str) -> Verification:
    """Return whether what was computed (hexadecimal, empty: not computed) is what manifest and configuration say."""
    pairs = [(layer.digest, blob), (layer.diff_id, uncompressed)]
    known = [(said, found) for said, found in pairs if found and said.startswith(_SHA256)]
    if any(said != _SHA256 + found for said, found in known):
        return "mismatch"
    said_of = sum(1 for said, _ in pairs if said.startswith(_SHA256))
    return "verified" if known and len(known) == said_of else "not verified"


def mismatch_finding(layer: Layer) -> Finding:
    """Return the finding for a layer that is not what its digest says."""
    message = f"layer {layer.index} is not what its digest says: it was changed or damaged after the image was built"
    return Finding("layer-digest-mismatch", "high", message, f"layer {layer.index}", "fetch or save the image again")


def verify_digests(image: Image, cancel: CancelToken | None = None) -> Iterator[Event[Image]]:
    """Digest every blob not verified yet, as stored; yield progress in bytes, and at last the image with what came of it.

    Plain layers are verified wholly by that, compressed ones where indexing could not read them to the end. What lies in an
    archive that is compressed as a whole is verified by indexing only. Raises ChildFailed when cancelled.
    """
    yield Started("verifying layers")
    stop = CancelToken()
    places = {layer.index: place for layer in image.layers if (place := _verifiable(layer)) is not None}
    total = sum(place.stretch.length for place in places.values())
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="digest")
    try:
        digests = {index: BlobDigest(place, pool, stop) for index, place in places.items()}
        while not all(digest.is_ready for digest in digests.values()):
            if cancel is not None and cancel.cancelled:
                raise failure.cancelled("verifying the layers")
            yield Progress(sum(digest.done for digest in digests.values()), total, "bytes")
            _wait_a_little(digests)
        yield Finished(_verified(image, {index: digest.result() for index, digest in digests.items()}))
    finally:
        stop.cancel()
        pool.shutdown(cancel_futures=True)


def _verifiable(layer: Layer) -> LayerPlace | None:
    """Return where a layer lies whose digest can be told from its bytes as they are stored, and is not yet."""
    place = place_of(layer)
    if place is None or place.wrapping != "none" or layer.verification != "not verified":
        return None
    return place if layer.digest or (layer.diff_id and is_plain(place)) else None


def _wait_a_little(digests: dict[int, BlobDigest]) -> None:
    running = next((digest for digest in digests.values() if not digest.is_ready), None)
    if running is not None:
        try:
            running.result(_TICK_SECONDS)
        except TimeoutError:
            return


def _verified(image: Image, digests: dict[int, str]) -> Image:
    layers: list[Layer] = []
    findings: list[Finding] = []
    for layer in image.layers:
        blob = digests.get(layer.index, "")
        place = place_of(layer)
        verification = layer.verification
        if blob and place is not None:
            verification = compare(layer, blob, blob if is_plain(place) else "")
        if verification == "mismatch" != layer.verification:
            findings.append(mismatch_finding(layer))
        problem = layer.problem or (MISMATCH if verification == "mismatch" else "")
        layers.append(replace(layer, verification=verification, problem=problem))
    return replace(image, layers=tuple(layers), findings=(*image.findings, *findings))
