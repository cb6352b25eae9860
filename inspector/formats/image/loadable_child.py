"""Makes gzip blobs of layers that are stored another way, as a child process; what a registry keeps of them is as large."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from inspector.errors import OperationFailed
from inspector.formats.image.decompress import (
    Bounded,
    Digesting,
    Portion,
    StretchReader,
    decompressor,
    most_uncompressed,
)
from inspector.formats.image.layer_answer import Allowance, Stretch
from inspector.formats.image.tar_header import LayerProblem
from inspector.formats.image.tar_sources import CHUNK, StreamSource
from inspector.formats.onnx.open_file import open_regular
from inspector.records.image import Compression

Report = Callable[[int, int, str], None]

_LEVEL: Final = 2
_GZIP: Final = 31
"""What zlib calls the format."""


@dataclass(frozen=True, slots=True)
class GzipRequest:
    """Stretches of one file, in the order they lie in it, and the new files to write them to."""

    path: bytes
    wrapping: Compression
    stretches: list[Stretch]
    targets: list[bytes]
    seconds: float


@dataclass(frozen=True, slots=True)
class GzipLayer:
    """One layer as it was written: bytes of the blob, and the digest of the uncompressed layer."""

    length: int
    diff_id: str


def gzip_in_child(request: GzipRequest, report: Report) -> list[GzipLayer]:
    """Write each layer as a gzip blob; raises OperationFailed for one that is damaged, or where there is no space left."""
    total = sum(stretch.length for stretch in request.stretches)
    done, found = 0, []
    deadline = time.monotonic() + request.seconds
    try:
        with _stretches(request, deadline) as readers:
            for stretch, reader, target in zip(request.stretches, readers, request.targets, strict=True):
                found.append(_written(reader, stretch, target, deadline, partial(_told, report, done, total)))
                done += stretch.length
    except LayerProblem as problem:
        raise OperationFailed(f"a layer {problem}", "save or build the image again") from None
    except OSError as error:
        raise OperationFailed(f"a layer cannot be copied: {error.strerror}", "check the space left") from None
    return found


def _told(report: Report, before: int, total: int, count: int) -> None:
    report(before + count, total, "bytes")


@contextmanager
def _stretches(request: GzipRequest, deadline: float) -> Iterator[Iterator[Callable[[int], bytes]]]:
    """Hold a reader for each stretch, each to be read to its end before the next."""
    descriptor = open_regular(Path(os.fsdecode(request.path)))
    try:
        yield _plain(request, descriptor) if request.wrapping == "none" else _wrapped(request, descriptor, deadline)
    finally:
        os.close(descriptor)


def _plain(request: GzipRequest, descriptor: int) -> Iterator[Callable[[int], bytes]]:
    for stretch in request.stretches:
        yield StretchReader(descriptor, stretch.offset, stretch.length).read


def _wrapped(request: GzipRequest, descriptor: int, deadline: float) -> Iterator[Callable[[int], bytes]]:
    size = os.fstat(descriptor).st_size
    bounds = Allowance()
    stream = decompressor(StretchReader(descriptor, 0, size).read, request.wrapping)
    bounded = Bounded(stream.read, most_uncompressed(size, bounds.uncompressed_bytes, bounds.ratio), deadline)
    source = StreamSource(bounded.read, digest=False)
    for stretch in request.stretches:
        if not source.move_to(stretch.offset):
            raise LayerProblem("is cut short: the archive ends before it")
        yield Portion(source.read, stretch.length).read


def _written(
    read: Callable[[int], bytes], stretch: Stretch, target: bytes, deadline: float, report: Callable[[int], None]
) -> GzipLayer:
    """Write one layer and return what it came to."""
    from isal import isal_zlib

    stored = Digesting(read)
    bounds = Allowance()
    stream = decompressor(stored.read, stretch.compression)
    most = most_uncompressed(stretch.length, bounds.uncompressed_bytes, bounds.ratio)
    bounded = Bounded(stream.read, most, deadline)
    packer = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _GZIP)
    sha256 = hashlib.sha256()
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while data := bounded.read(CHUNK):
            sha256.update(data)
            file.write(packer.compress(data))
            report(stored.count)
        file.write(packer.flush())
        stored.finish()
        return GzipLayer(file.tell(), f"sha256:{sha256.hexdigest()}")
