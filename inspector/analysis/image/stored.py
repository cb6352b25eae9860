"""What layers keep of the files in a file system: whole contents of some, first bytes of others."""

from __future__ import annotations

from collections.abc import Sequence

from inspector.records.file_system import FileSystem, Placed
from inspector.records.image import Layer


class Stored:
    """Looks up kept contents and first bytes of final files, in whichever layer they lie."""

    def __init__(self, layers: Sequence[Layer], final: FileSystem) -> None:
        """layers may be more than final was made of."""
        self.final = final
        self.entries = final.entries
        self._layers = {layer.index: layer for layer in layers}

    def whole(self, path: str) -> bytes | None:
        """Return the content of the file at path, symlinks not followed; None where it was not kept or is not there."""
        place = self.entries.get(path)
        return None if place is None else self.whole_of(place)

    def whole_of(self, place: Placed) -> bytes | None:
        """Return the content of a file; None where it was not kept."""
        layer = self._layers.get(place.content_layer)
        return None if layer is None else layer.contents.get(place.content.path)

    def head_of(self, place: Placed) -> bytes:
        """Return the first bytes of a file, or as many of them as were kept."""
        layer = self._layers.get(place.content_layer)
        if layer is None:
            return b""
        path = place.content.path
        return layer.heads.get(path) or layer.contents.get(path, b"")
