"""Writes the layers of a slimmed image, as a child process: what is kept of the old layers, in new ones."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from inspector.errors import OperationFailed
from inspector.formats.image.layer_answer import KINDS
from inspector.formats.image.tar_writing import tar_of
from inspector.formats.image.writing_blob import write_blob
from inspector.formats.image.writing_members import LayerReader
from inspector.formats.image.writing_request import BlobMade, WriteRequest
from inspector.formats.image.writing_tree import FILE, HARD_LINK, Node, layers_of
from inspector.records.written_image import LAYER_PARTS

Report = Callable[[int, int, str], None]

_THREADS: Final = 2
"""That compress: bytes do not depend on it."""


def write_in_child(request: WriteRequest, report: Report) -> list[BlobMade]:
    """Write a blob for each part that has contents, base first; raises OperationFailed, and leaves the spool to be removed."""
    gc.disable()
    folder = Path(os.fsdecode(request.folder))
    deadline = time.monotonic() + request.seconds
    progress = _Progress(request, report)
    contents = {one.content for one in request.entries if one.content is not None and KINDS[one.kind] == "file"}
    try:
        with (
            ThreadPoolExecutor(_THREADS, thread_name_prefix="layer") as pool,
            LayerReader(folder / "spool", contents, deadline, progress.add) as reader,
        ):
            reader.read(request.layers, pool)
            layers = layers_of(request.entries, request.added, reader.attributes, reader.contents)
            made = [_written(part, nodes, request, pool, progress) for part, nodes in layers.items()]
            reader.check()
            return made
    except OSError as error:
        raise OperationFailed(
            f"the slimmed image cannot be written: {error.strerror}", "check the space left, or set TMPDIR to a larger place"
        ) from None


def _written(part: int, nodes: list[Node], request: WriteRequest, pool: ThreadPoolExecutor, progress: _Progress) -> BlobMade:
    path = Path(os.fsdecode(request.folder)) / f"{part}-{LAYER_PARTS[part]}"
    blob = write_blob(path, progress.counting(tar_of(nodes)), request.compression, pool)
    files = sum(node.attributes.kind in (FILE, HARD_LINK) for node in nodes)
    return BlobMade(part, os.fsencode(path), blob.digest, blob.diff_id, blob.compressed_bytes, blob.size_bytes, files)


class _Progress:
    """Bytes of layers read and of contents written, of all there are."""

    def __init__(self, request: WriteRequest, report: Report) -> None:
        sizes = {(job.index, one.number): one.stored for job in request.layers for one in job.wanted}
        written = sum(sizes.get(one.content, 0) for one in request.entries if one.content is not None)
        self._total = sum(job.place.stretch.length for job in request.layers) + written
        self._done = 0
        self._report = report

    def add(self, count: int) -> None:
        """Count bytes that are done."""
        self._done = min(self._done + count, self._total)
        self._report(self._done, self._total, "bytes")

    def counting(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Pass pieces on, counted."""
        for piece in pieces:
            yield piece
            self.add(len(piece))
