"""Decompresses a layer that an engine sends, as a child process: from one pipe of the parent into another."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from inspector.errors import OperationFailed
from inspector.formats.image.decompress import Bounded, decompressor, most_uncompressed
from inspector.formats.image.layer_answer import Allowance
from inspector.formats.image.tar_header import LayerProblem
from inspector.formats.image.tar_sources import CHUNK
from inspector.records.image import Compression


@dataclass(frozen=True, slots=True)
class BlobRequest:
    """A blob of length bytes that comes through a pipe; both pipes are named as files of the process file system."""

    input: bytes
    output: bytes
    length: int
    compression: Compression
    seconds: float


def decompress_in_child(request: BlobRequest, report: Callable[[int, int, str], None]) -> int:
    """Pass the uncompressed bytes on and return their number; raises OperationFailed where the blob is damaged or a bomb."""
    source = os.open(request.input, os.O_RDONLY | os.O_CLOEXEC)
    target = os.open(request.output, os.O_WRONLY | os.O_CLOEXEC)
    report(0, request.length, "bytes")  # both are open: the parent closes its own ends
    bounds = Allowance()
    stream = decompressor(lambda size: os.read(source, size), request.compression)
    most = most_uncompressed(request.length, bounds.uncompressed_bytes, bounds.ratio)
    bounded = Bounded(stream.read, most, time.monotonic() + request.seconds)
    try:
        while data := bounded.read(CHUNK):
            view = memoryview(data)
            while view:
                view = view[os.write(target, view) :]
    except LayerProblem as problem:
        raise OperationFailed(str(problem)) from None
    return bounded.count
