"""Copy files out of the layers of an image into a folder in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from inspector.errors import OperationFailed
from inspector.records.event import Event, Progress, Steps
from inspector.workflows.inside_files import InsideFile

if TYPE_CHECKING:
    from inspector.formats.image.memory_folder import MemoryFolder
    from inspector.isolation.limits import CancelToken


def copy_files(files: Sequence[InsideFile], folder: MemoryFolder, cancel: CancelToken | None) -> Steps[None]:
    """Copy files whole, saying how many bytes are done; raises OperationFailed where one is not as long as its layer says."""
    total, done = sum(file.entry.size for file in files), 0
    for file in files:
        descriptor = folder.create(file.target, file.entry.size)
        try:
            for event in _content(file, descriptor, cancel):
                if isinstance(event, Progress):
                    yield Progress(done + event.done, total, "bytes")
            if os.fstat(descriptor).st_size != file.entry.size:
                raise OperationFailed(f"{file.entry.path} is cut off in its layer", "download the image again")
        finally:
            os.close(descriptor)
        done += file.entry.size


def _content(file: InsideFile, descriptor: int, cancel: CancelToken | None) -> Iterator[Event[int]]:
    if file.image.source == "engine":
        from inspector.formats.image.engine import copy_engine_entry as copy_entry
    else:
        from inspector.formats.image.layer_contents import copy_entry
    try:
        yield from copy_entry(file.image, file.layer, file.entry, descriptor, cancel)
    except OSError as error:
        raise OperationFailed(f"{file.entry.path} cannot be copied: {error.strerror}", "free some memory") from None
