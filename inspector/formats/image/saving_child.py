"""Writes an archive or a layout to the disk, as a child process: flushing can take long and cannot be stopped otherwise."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from inspector.formats.image.saving_archive import SavedFile, file_pieces, tar_pieces
from inspector.formats.onnx.save_failures import failed

Report = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class SaveRequest:
    """Files to write to a draft, which is a new tar or a new folder; target is what it will be called, for messages."""

    files: list[SavedFile]
    draft: bytes
    target: str
    as_folder: bool
    mode: int | None = None
    """Permissions of the tar; None: the usual ones."""


def save_in_child(request: SaveRequest, report: Report) -> int:
    """Write the draft and return its bytes; raises OperationFailed."""
    draft = Path(os.fsdecode(request.draft))
    progress = _Progress(report, sum(file.size for file in request.files))
    try:
        if request.as_folder:
            _write_folder(draft, request.files, progress)
        else:
            progress.write(draft, tar_pieces(request.files), request.mode)
    except OSError as error:
        raise failed(Path(request.target), error) from None
    return progress.done


def _write_folder(folder: Path, files: list[SavedFile], progress: _Progress) -> None:
    folder.mkdir()
    for file in files:
        path = folder / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        progress.write(path, file_pieces(file), None)
    for inner in {folder, *(folder / file.name for file in files)}:
        _flush(inner if inner is folder else inner.parent)


def _flush(folder: Path) -> None:
    with suppress(OSError):  # some file systems cannot
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class _Progress:
    def __init__(self, report: Report, total: int) -> None:
        self._report = report
        self._total = total
        self.done = 0

    def write(self, path: Path, pieces: Iterable[bytes], mode: int | None) -> None:
        """Write pieces to a new file that is on the disk when this returns."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        with os.fdopen(descriptor, "wb") as file:
            if mode is not None:
                os.fchmod(descriptor, mode)
            for piece in pieces:
                file.write(piece)
                self.done += len(piece)
                self._report(min(self.done, self._total), self._total, "bytes")
            file.flush()
            os.fsync(descriptor)
