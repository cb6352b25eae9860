"""Writing a copy of a model as a child process does it: streamed from file to file, in bounded memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inspector.errors import OperationFailed, UsageError
from inspector.formats.clean_text import one_line
from inspector.formats.onnx.containment import Locator
from inspector.formats.onnx.open_file import open_source
from inspector.formats.onnx.save_blocks import SMALLEST_EXTERNAL, Block, Stretch, lay_out, stretch_of
from inspector.formats.onnx.save_draft import DATA, MODEL, Draft, flush_folder
from inspector.formats.onnx.save_failures import failed, no_room
from inspector.formats.onnx.save_rewrite import Message, Piece, Rewriter, external_values, length_of, raw_values
from inspector.formats.onnx.wire import Source, Span

CHUNK: Final = 4 << 20
LARGEST_FILE: Final = (1 << 31) - 1
"""Bytes of the largest protobuf message that is read."""

Report = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class SaveRequest:
    """What to copy where, as absolute paths in the file system's encoding, and the metadata to set."""

    source: bytes
    target: bytes
    properties: Mapping[str, str]
    protected: tuple[bytes, ...] = ()
    largest_file: int = LARGEST_FILE


def save_in_child(request: SaveRequest, report: Report) -> int:
    """Write the copy and return the bytes written. Raises OperationFailed or UnreadableArtifact; target is then as it was."""
    target = Path(os.fsdecode(request.target))
    with ExitStack() as stack:
        copy = _Copy(Path(os.fsdecode(request.source)), request, stack)
        try:
            draft = Draft(target, copy.read_from(target, (Path(os.fsdecode(path)) for path in request.protected)))
            stack.callback(draft.close)
            return _write(copy, draft, target, report)
        except OSError as error:
            raise failed(target, error) from error


def _write(copy: _Copy, draft: Draft, target: Path, report: Report) -> int:
    data_name = draft.data_name() if copy.blocks else ""
    pieces = copy.pieces(data_name)
    model_bytes = length_of(pieces)
    total = model_bytes + sum(block.source.length for block in copy.blocks)
    status = os.statvfs(draft.folder)
    if status.f_blocks and status.f_bavail * status.f_frsize < total:
        raise no_room(target, total, status.f_bavail * status.f_frsize)
    progress = _Told(report, total)
    if data_name:
        copy.write_data(draft.folder / DATA, progress)
    copy.write_model(draft.folder / MODEL, pieces, progress)
    flush_folder(draft.folder)
    copy.check_unchanged()
    draft.publish(data_name)
    return total


@dataclass(slots=True)
class _Told:
    """Says how far the copying is, in bytes."""

    report: Report
    total: int
    done: int = 0

    def add(self, count: int) -> None:
        self.done += count
        self.report(self.done, self.total, "bytes")


class _Copy:
    """A model file and its external data, open, and what their copy consists of."""

    def __init__(self, path: Path, request: SaveRequest, stack: ExitStack) -> None:
        self._source: Source = stack.enter_context(open_source(path))
        self._opened = os.fstat(self._source.fd)
        self._locator = Locator(path)
        self._stack = stack
        self._files: dict[str, int] = {"": self._source.fd}
        self._model = self._plan(request)

    def _plan(self, request: SaveRequest) -> Message:
        """Find what changes; where the copy would be larger than protobuf reads, large values move out of it."""
        rewriter = Rewriter(self._source)
        model = rewriter.model(request.properties)
        self._place(rewriter)
        if length_of(self._pieces_of(model, "")) > request.largest_file:
            rewriter = Rewriter(self._source, SMALLEST_EXTERNAL)
            model = rewriter.model(request.properties)
            self._place(rewriter)
        return model

    def _place(self, rewriter: Rewriter) -> None:
        self._stored = [(stored, stretch_of(stored, self._size_of)) for stored in rewriter.stored]
        moved = (stretch for _, stretch in self._stored if stretch.length >= SMALLEST_EXTERNAL)
        self.blocks, self._offsets = lay_out(moved)

    def pieces(self, data_name: str) -> list[Piece]:
        """Return the model file as it is to be written."""
        return self._pieces_of(self._model, data_name)

    def _pieces_of(self, model: Message, data_name: str) -> list[Piece]:
        for stored, stretch in self._stored:
            if stretch in self._offsets:
                stored.values = [external_values(data_name, self._offsets[stretch], stretch.length)]
            else:
                stored.values = [raw_values(stretch.length), self._read(stretch)]
        return model.pieces()

    def write_model(self, path: Path, pieces: Iterable[Piece], progress: _Told) -> None:
        with _New(path) as file:
            for piece in pieces:
                if isinstance(piece, Span):
                    file.copy(self._source.fd, piece.start, piece.end - piece.start, progress)
                else:
                    file.write(piece)
                    progress.add(len(piece))

    def write_data(self, path: Path, progress: _Told) -> None:
        with _New(path) as file:
            for block in self.blocks:
                self._write_block(file, block, progress)

    def _write_block(self, file: _New, block: Block, progress: _Told) -> None:
        file.position = block.offset
        file.copy(self._descriptor(block.source.location), block.source.offset, block.source.length, progress)

    def _read(self, stretch: Stretch) -> bytes:
        data = os.pread(self._descriptor(stretch.location), stretch.length, stretch.offset)
        if len(data) != stretch.length:
            raise OperationFailed("the model changed while it was read", "try again once it is written")
        return data

    def read_from(self, target: Path, inputs: Iterable[Path]) -> list[Path]:
        """Return the inputs and every file the copy is read from; raises UsageError where target is one of the latter."""
        found = [self._locator.locate(location).real for location in self._files if location]
        files = [path for path in found if path is not None]
        for path in files:
            if target.exists() and path.samefile(target):
                raise UsageError(f"writing {one_line(target)} would overwrite data of the model itself", "name another file")
        return [*inputs, *files]

    def check_unchanged(self) -> None:
        """Raise OperationFailed where the model file changed since it was opened."""
        now = os.fstat(self._source.fd)
        if (now.st_size, now.st_mtime_ns) != (self._opened.st_size, self._opened.st_mtime_ns):
            raise OperationFailed(f"{self._source.label} changed while it was read", "try again once it is written")

    def _size_of(self, location: str) -> int:
        return os.fstat(self._descriptor(location)).st_size

    def _descriptor(self, location: str) -> int:
        if location not in self._files:
            descriptor = self._locator.open(location)
            self._stack.callback(os.close, descriptor)
            self._files[location] = descriptor
        return self._files[location]


class _New:
    """A new file that is written at a position, and is on the disk when it is closed."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        self.position = 0

    def __enter__(self) -> _New:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                os.fsync(self._fd)
        finally:
            os.close(self._fd)

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            count = os.pwrite(self._fd, view, self.position)
            self.position += count
            view = view[count:]

    def copy(self, descriptor: int, start: int, length: int, progress: _Told) -> None:
        """Append bytes of an open file."""
        end = start + length
        while start < end:
            data = os.pread(descriptor, min(CHUNK, end - start), start)
            if not data:
                raise OperationFailed("the model changed while it was read", "try again once it is written")
            self.write(data)
            start += len(data)
            progress.add(len(data))
