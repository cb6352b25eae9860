"""A .pbtxt read into the bytes of the saved_model.pb it stands for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from google.protobuf import text_format

from inspector.errors import UnreadableArtifact
from inspector.formats.clean_text import one_line
from inspector.formats.onnx.open_file import open_source
from inspector.formats.onnx.wire import Source
from inspector.formats.saved_model.schema import saved_model_text_message

LARGEST_TEXT: Final = 64 * 1024**2
_HINT: Final = "save the model again without as_text, or convert it to saved_model.pb"


class BytesSource(Source):
    """Bytes in memory, walked as a file is."""

    __slots__ = ("_held",)

    def __init__(self, held: bytes, label: str) -> None:
        super().__init__(-1, len(held), label)
        self._held = held

    def _pread(self, length: int, position: int) -> bytes:
        return self._held[position : position + length]


def read_text_definition(path: Path) -> BytesSource:
    """Return the definition in the .pbtxt at path as the bytes of a binary one. Raises UnreadableArtifact."""
    with open_source(path) as source:
        label = source.label
        if source.size > LARGEST_TEXT:
            raise UnreadableArtifact(f"{label}: {source.size:,} bytes of text are too many", _HINT)
        text = source.read(0, source.size)
    message = saved_model_text_message()()
    try:
        text_format.Parse(text, message, allow_unknown_extension=True, allow_unknown_field=True)
    except text_format.ParseError as error:
        raise UnreadableArtifact(f"{label}: is no SavedModel as text: {one_line(error)}", _HINT) from None
    except UnicodeDecodeError:
        raise UnreadableArtifact(f"{label}: is no text", _HINT) from None
    except (RecursionError, MemoryError):
        raise UnreadableArtifact(f"{label}: is nested too deep or too large", _HINT) from None
    except (ValueError, TypeError, AttributeError) as error:
        raise UnreadableArtifact(f"{label}: is no SavedModel as text: {one_line(error)}", _HINT) from None
    if not message.meta_graphs:
        raise UnreadableArtifact(f"{label}: is no SavedModel as text: it has no MetaGraph", _HINT)
    return BytesSource(message.SerializeToString(), label)


def is_text(name: str | os.PathLike[str]) -> bool:
    """Tell whether a definition of that name is text."""
    return os.fspath(name).endswith(".pbtxt")
