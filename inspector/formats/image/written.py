"""A written image as engines take it: with layers of gzip, whatever they were written with."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.errors import OperationFailed
from inspector.formats.image.layer_answer import Stretch
from inspector.isolation.child import run_child
from inspector.isolation.limits import GIB, CancelToken, Limits
from inspector.records.event import Started, Steps, result_of
from inspector.records.loadable_image import LayerBlob, LoadableImage
from inspector.records.written_image import WrittenImage, WrittenLayer

if TYPE_CHECKING:
    from inspector.formats.image.loadable_child import GzipLayer

_CHILD: Final = "inspector.formats.image.loadable_child:gzip_in_child"
_SECONDS: Final = 3600.0
_PACKED: Final = "layers of zstd were packed with gzip for the engine; what a pull moves is told of them as they are"


def loadable_of(written: WrittenImage, title: str, folder: Path, cancel: CancelToken) -> Steps[LoadableImage]:
    """Return what to send of a written image; layers not of gzip are packed into new files in folder.

    Raises OperationFailed where a layer is not what it was or no space is left, ChildFailed when cancelled; then no file of
    its own is left.
    """
    with ExitStack() as made:
        layers = []
        for number, layer in enumerate(written.layers):
            if layer.media_type.endswith("+gzip"):
                layers.append(LayerBlob(layer.path, 0, layer.compressed_bytes, layer.compressed_bytes))
                continue
            target = folder / f"written-{number}-{layer.diff_id[-16:]}.gz"
            target.unlink(missing_ok=True)
            made.callback(target.unlink, missing_ok=True)
            length = yield from _packed(layer, target, title, cancel)
            layers.append(LayerBlob(str(target), 0, length, layer.compressed_bytes))
        notes = (_PACKED,) if any(not layer.media_type.endswith("+gzip") for layer in written.layers) else ()
        made.pop_all()
        return LoadableImage(title, written.config, tuple(layers), written.platform, notes)


def _packed(layer: WrittenLayer, target: Path, title: str, cancel: CancelToken) -> Steps[int]:
    """Write one layer anew and return its bytes."""
    from inspector.formats.image.loadable_child import GzipLayer, GzipRequest

    yield Started(f"packing the layers of {title}")
    stretch = Stretch(0, layer.compressed_bytes, "zstd")
    path = os.fsencode(Path(layer.path).absolute())
    request = GzipRequest(path, "none", [stretch], [os.fsencode(target.absolute())], _SECONDS)
    limits = Limits(memory_bytes=2 * GIB, wall_seconds=_SECONDS + 10)
    found: list[GzipLayer] = yield from result_of(
        run_child(_CHILD, request, list[GzipLayer], limits, cancel, title=f"packing {title}")
    )
    if found[0].diff_id != layer.diff_id:
        raise OperationFailed(f"{title}: a layer is not what was written", "try again; check the disk")
    return found[0].length
