"""A text in the metadata of a .tflite, as a child process writes it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from inspector.errors import OperationFailed
from inspector.optimize.litert.messages import Embedded, EmbedRequest
from inspector.optimize.litert.schema_child import load_schema, packed, read_model

Report = Callable[[int, int, str], None]

_LARGEST: Final = (1 << 31) - (1 << 16)


def embed_in_child(request: EmbedRequest, report: Report) -> Embedded:
    """Write source to target with the text in it; target appears whole or not. Raises OperationFailed."""
    report(0, 1, "writing the contract into the file")
    try:
        content = with_metadata(Path(request.source).read_bytes(), request.name, request.text.encode())
        beside = Path(f"{request.target}.part")
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(request.target)
    except OSError as error:
        raise OperationFailed(f"the .tflite cannot be written: {error.strerror or error}", "free some space") from None
    return Embedded(len(content))


def with_metadata(content: bytes, name: str, text: bytes) -> bytes:
    """Return a .tflite with a text under a name in its metadata, in place of one that was there; all else is as it was."""
    if len(content) + len(text) > _LARGEST:
        raise OperationFailed("a .tflite of more than 2 GB takes no contract", "keep the contract beside it")
    schema = load_schema()
    model = read_model(content)
    model.metadata = list(model.metadata or ())
    entry = next((one for one in model.metadata if one.name in (name.encode(), name)), None)
    if entry is None:
        entry = schema.MetadataT()
        entry.name = name
        entry.buffer = len(model.buffers)
        model.buffers.append(schema.BufferT())
        model.metadata.append(entry)
    model.buffers[entry.buffer].data = bytearray(text)
    return packed(schema, model)
