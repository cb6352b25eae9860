"""Blobs of an export: told apart by their first bytes, and those that are compressed made plain by a child on the way."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import threading
from collections.abc import Iterator
from typing import Final

from inspector.engines.stream import ByteSource, Stopped
from inspector.errors import InspectorError
from inspector.formats.image.engine_blob_child import BlobRequest
from inspector.formats.image.tar_header import LayerProblem
from inspector.formats.image.tar_sources import CHUNK
from inspector.isolation.child import run_child
from inspector.isolation.limits import GIB, CancelToken, Limits
from inspector.records.event import Progress
from inspector.records.image import Compression

_SECONDS: Final = 3600.0
"""An engine may take its time; whoever waits can cancel."""

_CHILD: Final = "inspector.formats.image.engine_blob_child:decompress_in_child"


class Prefixed:
    """A source whose first bytes were read already."""

    def __init__(self, head: bytes, source: ByteSource) -> None:
        self._head = head
        self._source = source

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, none only at the end."""
        if self._head:
            data, self._head = self._head[:size], self._head[size:]
            return data
        return self._source.read(size)


class PlainBlob:
    """The uncompressed bytes of one blob and, once they were read, the digest of the blob as stored."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, none only at the end; raises LayerProblem where the blob is damaged."""
        return self._source.read(size)

    def stored_sha256(self) -> str:
        """Return the digest of the blob as stored, in hexadecimal; empty where it is that of the uncompressed bytes."""
        return ""


@contextlib.contextmanager
def uncompressed(source: ByteSource, length: int, compression: Compression) -> Iterator[PlainBlob]:
    """Hold the uncompressed bytes of a blob of length bytes; the source is not to be read by anybody else meanwhile."""
    if compression == "none":
        yield PlainBlob(source)
        return
    if not sys.platform.startswith("linux"):
        raise LayerProblem("is compressed, which is read from engines on Linux only: save the image and open the file")
    blob = _Decompressed(source, length, compression)
    try:
        yield blob
    finally:
        blob.close()


class _Decompressed(PlainBlob):
    """One thread feeds the child, one listens to what it says, and whoever reads gets what it writes."""

    def __init__(self, source: ByteSource, length: int, compression: Compression) -> None:
        super().__init__(source)
        self._sha256 = hashlib.sha256()
        self._cancel = CancelToken()
        self._problem: BaseException | None = None
        self._child_input, self._input = os.pipe()
        self._output, self._child_output = os.pipe()
        own = f"/proc/{os.getpid()}/fd"
        names = f"{own}/{self._child_input}".encode(), f"{own}/{self._child_output}".encode()
        request = BlobRequest(*names, length, compression, _SECONDS)
        self._threads = [
            threading.Thread(target=self._feed, daemon=True),
            threading.Thread(target=self._listen, args=(request,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def read(self, size: int, /) -> bytes:
        data = os.read(self._output, min(size, CHUNK))
        if not data:
            self._join()
            if self._problem is not None:
                raise self._problem
        return data

    def stored_sha256(self) -> str:
        return self._sha256.hexdigest()

    def close(self) -> None:
        """End the child if it still runs, and both threads with it."""
        self._cancel.cancel()
        os.close(self._output)
        self._join()

    def _join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _feed(self) -> None:
        try:
            while data := self._source.read(CHUNK):
                self._sha256.update(data)
                view = memoryview(data)
                while view:
                    view = view[os.write(self._input, view) :]
        except BrokenPipeError:
            pass  # the child says why it stopped
        except (LayerProblem, Stopped) as problem:
            self._problem = problem
        finally:
            os.close(self._input)

    def _listen(self, request: BlobRequest) -> None:
        limits = Limits(memory_bytes=GIB, wall_seconds=_SECONDS + 10)
        ends = [self._child_input, self._child_output]
        try:
            for event in run_child(_CHILD, request, int, limits, self._cancel, title="decompressing"):
                if isinstance(event, Progress):
                    _close(ends)
        except InspectorError as error:
            self._problem = self._problem or LayerProblem(error.message)
        finally:
            _close(ends)


def _close(descriptors: list[int]) -> None:
    while descriptors:
        os.close(descriptors.pop())
