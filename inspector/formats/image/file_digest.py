"""The sha256 of a whole archive, computed beside other work: hashing leaves the interpreter to other threads."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.errors import OperationFailed, UnreadableArtifact
from inspector.formats.clean_text import one_line
from inspector.formats.onnx.open_file import open_regular

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken

_CHUNK: Final = 4 << 20


class FileDigest:
    """Hashes a file in a thread of its own, from the moment it is made; done is the bytes hashed so far."""

    def __init__(self, path: Path, cancel: CancelToken | None = None) -> None:
        self.done = 0
        self._path = path
        self._cancel = cancel
        self._sha256 = ""
        self._error: OperationFailed | None = None
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="digest", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait so many seconds at most; return whether it is over."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Give up soon; returns at once."""
        self._stopped = True

    def result(self) -> str:
        """Return the sha256 in hexadecimal once wait() said it is over; raises OperationFailed where there is none."""
        if self._error is not None:
            raise self._error
        return self._sha256

    def _run(self) -> None:
        label = one_line(self._path)
        try:
            descriptor = open_regular(self._path)
        except UnreadableArtifact as error:
            self._error = OperationFailed(error.message, error.hint)
            return
        try:
            self._sha256 = self._hash(descriptor, label)
        except OSError as error:
            self._error = OperationFailed(f"{label}: cannot be read: {error.strerror}", "check the disk")
        finally:
            os.close(descriptor)

    def _hash(self, descriptor: int, label: str) -> str:
        sha256 = hashlib.sha256()
        buffer = memoryview(bytearray(_CHUNK))
        while count := os.preadv(descriptor, [buffer], self.done):
            if self._stopped or (self._cancel is not None and self._cancel.cancelled):
                self._error = OperationFailed(f"{label}: hashing it was stopped")
                return ""
            sha256.update(buffer[:count])
            self.done += count
        return sha256.hexdigest()
