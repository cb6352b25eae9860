"""What an engine is to be given of an image, from wherever it was opened: its configuration, and a gzip blob for each layer.

Layers that are stored with gzip stay where they are. All others are made gzip blobs in a folder, since that is what a registry
keeps and an engine pulls: then the bytes of a pull can be told, and unpacking takes what it takes after a pull.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from inspector.engines import failures
from inspector.engines.connection import Engine, engines, streamed
from inspector.engines.stream import Listener, StoppableSource
from inspector.errors import OperationFailed, UnreadableArtifact
from inspector.formats.clean_text import TextCleaner, one_line
from inspector.formats.image.archive import open_store
from inspector.formats.image.digests import blob_name, sha256_of
from inspector.formats.image.engine_body import Body
from inspector.formats.image.layer_answer import Stretch
from inspector.formats.image.manifest_documents import Documents
from inspector.formats.image.manifest_listing import list_candidates
from inspector.formats.image.manifest_notes import ImageNotes
from inspector.formats.image.read import read
from inspector.formats.image.tar_header import LayerProblem
from inspector.formats.image.tar_sources import CHUNK
from inspector.isolation.child import run_child
from inspector.isolation.limits import GIB, CancelToken, Limits
from inspector.records.event import Progress, Started, Steps, result_of
from inspector.records.image import Compression, Image, Layer
from inspector.records.loadable_image import LayerBlob, LoadableImage

if TYPE_CHECKING:
    from inspector.formats.image.loadable_child import GzipLayer

_CHILD: Final = "inspector.formats.image.loadable_child:gzip_in_child"
_SECONDS: Final = 3600.0
_MARGIN: Final = 256 << 20
"""Bytes of the disk left to others."""
_HINT: Final = "save or build the image again"
_PACKED: Final = "layers not stored with gzip were packed for the pull: fast, so about a tenth larger than a registry has them"


def make_loadable(image: Image, folder: Path, cancel: CancelToken | None = None) -> Steps[LoadableImage]:
    """Return what to send of an image; new files lie in folder, which must stay until it was sent for the last time.

    An image of an engine is exported into the folder first. Raises OperationFailed where a layer is missing or damaged or no
    space is left, UnreadableArtifact where the engine does not give it, ChildFailed when cancelled.
    """
    title = one_line(image.artifact.path)
    token = cancel or CancelToken()
    if image.source == "engine":
        exported = folder / "export.tar"
        try:
            yield from export_image(image, exported, token)
            here = read(exported, image.platform or None, token)
            found = yield from _loadable(here, title, exported, folder, token)
            return replace(found, engine=image.artifact.metadata.get("engine address", ""))
        finally:
            exported.unlink(missing_ok=True)
    return (yield from _loadable(image, title, Path(image.artifact.path), folder, token))


def export_image(image: Image, target: Path, cancel: CancelToken) -> Steps[None]:
    """Write what an engine exports of its image into a new file, as docker save does.

    Raises OperationFailed where there is no space left, UnreadableArtifact where the engine does not give it, ChildFailed when
    cancelled; what was written until then is left to the caller.
    """
    title = one_line(image.artifact.path)
    label = f"{title}: "
    identity = image.artifact.metadata.get("image ID", image.artifact.path)
    total = image.artifact.size_bytes
    _check_room(title, target.parent, 2 * total)
    yield Started(f"exporting {title}")
    with engines(label, image.artifact.metadata.get("engine address", "")) as found:
        copying = _Copying(found[0], identity, target, label)
        try:
            with closing(Listener(copying.pieces).listen(cancel, f"exporting {title}")) as counts:
                for count in counts:
                    if count is not None:
                        yield Progress(count, max(total, count), "bytes")
        except LayerProblem as problem:
            raise UnreadableArtifact(f"{label}{problem}", "see what the engine logged, and try again") from None


def _loadable(image: Image, title: str, path: Path, folder: Path, cancel: CancelToken) -> Steps[LoadableImage]:
    if not image.layers or image.artifact_type:
        raise OperationFailed(f"{title}: has no layers that an engine could start", "open an image that runs")
    missing = [layer for layer in image.layers if layer.place is None or layer.problem]
    if missing:
        raise OperationFailed(f"{title}: layer {missing[0].index + 1} is {missing[0].problem or 'missing'}", _HINT)
    config = raw_config(path, image, cancel)
    packed = yield from _packed([layer for layer in image.layers if not _is_ready(layer)], title, folder, cancel)
    layers = tuple(packed[layer.index] if layer.index in packed else _as_stored(layer) for layer in image.layers)
    return LoadableImage(title, config, layers, image.platform, (_PACKED,) if packed else ())


def _is_ready(layer: Layer) -> bool:
    return layer.place is not None and layer.place.wrapping == "none" and layer.compression == "gzip"


def _as_stored(layer: Layer) -> LayerBlob:
    assert layer.place is not None
    path = str(Path(layer.place.path).absolute())
    return LayerBlob(path, layer.place.offset, layer.place.length, layer.place.length)


def raw_config(path: Path, image: Image, cancel: CancelToken) -> bytes:
    """Return the configuration as it stands in the archive or layout; raises OperationFailed where it is gone."""
    store = open_store(path, cancel)
    try:
        documents = Documents(store, TextCleaner(store.label), ImageNotes())
        for candidate in list_candidates(store, documents).candidates:
            if candidate.docker is not None:
                raw = documents.raw(candidate.docker.raw_text("Config"))
                if raw is not None and sha256_of(raw) == image.config.digest:
                    return raw
        raw = documents.raw(blob_name(image.config.digest)) if image.config.digest else None
    finally:
        store.close()
    if raw is None:
        raise OperationFailed(f"{one_line(path)}: its configuration is not there any more", _HINT)
    return raw


@dataclass(frozen=True, slots=True)
class _Pass:
    """Layers that lie in one file, in their order there."""

    path: str
    wrapping: Compression
    layers: tuple[Layer, ...]


def _passes(layers: Sequence[Layer]) -> Iterator[_Pass]:
    """Yield the layers by the file they lie in; one that is stored once and used twice comes once."""
    by_file: dict[tuple[str, Compression], dict[int, Layer]] = {}
    for layer in layers:
        if layer.place is not None:
            by_file.setdefault((layer.place.path, layer.place.wrapping), {}).setdefault(layer.place.offset, layer)
    for (path, wrapping), found in by_file.items():
        yield _Pass(path, wrapping, tuple(found[offset] for offset in sorted(found)))


def _packed(layers: Sequence[Layer], title: str, folder: Path, cancel: CancelToken) -> Steps[dict[int, LayerBlob]]:
    """Return a blob in the folder for each layer, by its index."""
    if not layers:
        return {}
    _check_room(title, folder, sum(layer.place.length for layer in layers if layer.place is not None))
    yield Started(f"packing the layers of {title}")
    blobs: dict[tuple[str, int], LayerBlob] = {}
    for one in _passes(layers):
        targets = [folder / f"layer-{layer.index}.gz" for layer in one.layers]
        written = yield from _written(one, targets, title, cancel)
        for layer, target, made in zip(one.layers, targets, written, strict=True):
            _check_digest(layer, made, title)
            stored = layer.place.length if layer.place is not None and layer.compression != "none" else made.length
            blobs[one.path, layer.place.offset if layer.place else 0] = LayerBlob(str(target), 0, made.length, stored)
    return {layer.index: blobs[layer.place.path, layer.place.offset] for layer in layers if layer.place is not None}


def _written(one: _Pass, targets: Sequence[Path], title: str, cancel: CancelToken) -> Steps[list[GzipLayer]]:
    from inspector.formats.image.loadable_child import GzipLayer, GzipRequest

    stretches = [
        Stretch(layer.place.offset, layer.place.length, layer.compression) for layer in one.layers if layer.place is not None
    ]
    path = os.fsencode(Path(one.path).absolute())
    request = GzipRequest(path, one.wrapping, stretches, [os.fsencode(target) for target in targets], _SECONDS)
    limits = Limits(memory_bytes=2 * GIB, wall_seconds=_SECONDS + 10)
    return (yield from result_of(run_child(_CHILD, request, list[GzipLayer], limits, cancel, title=f"packing {title}")))


def _check_digest(layer: Layer, made: GzipLayer, title: str) -> None:
    if layer.diff_id and layer.diff_id.startswith("sha256:") and layer.diff_id != made.diff_id:
        raise OperationFailed(f"{title}: layer {layer.index + 1} is not what its configuration says", _HINT)


@dataclass(frozen=True, slots=True)
class _Copying:
    """An export on its way into a file."""

    engine: Engine
    identity: str
    target: Path
    label: str

    def pieces(self, stop: threading.Event) -> Iterator[int]:
        """Write the export and yield the bytes so far."""
        import requests

        try:
            with (
                streamed(self.engine, f"images/{quote(self.identity, safe='/:@')}/get") as response,
                self.target.open("xb") as file,
            ):
                if response.status_code != requests.codes.ok:
                    raise failures.refused(self.label, self.engine, response.raw.read(1 << 16).decode("utf-8", "replace"))
                source = StoppableSource(Body(response), stop)
                while data := source.read(CHUNK):
                    self._write(file, data)
                    yield source.count
        except requests.RequestException as error:
            raise failures.broken(self.label, self.engine, error) from None

    def _write(self, file: object, data: bytes) -> None:
        try:
            file.write(data)  # type: ignore[attr-defined]
        except OSError as error:
            raise OperationFailed(f"{self.label}cannot be exported: {error.strerror}", "check the space left") from None


def _check_room(title: str, folder: Path, byte_count: int) -> None:
    """Raise OperationFailed where so many bytes do not fit."""
    free = shutil.disk_usage(folder).free - _MARGIN
    if byte_count > free:
        wanted, there = (f"{max(0, count) / 1e9:.1f} GB" for count in (byte_count, free))
        hint = f"up to {wanted} are needed in {one_line(folder)} and {there} are free: set TMPDIR to a larger place"
        raise OperationFailed(f"{title}: there is no space to make what an engine pulls", hint)
