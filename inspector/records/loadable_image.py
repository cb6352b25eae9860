"""An image as an engine can be given it: its configuration as it stands, and where each layer's blob lies."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LayerBlob:
    """One layer, plain or gzip: a stretch of a file, in bytes; pulled_bytes is what a pull of it moves."""

    path: str
    offset: int
    length: int
    pulled_bytes: int


@dataclass(frozen=True, slots=True)
class LoadableImage:
    """An image that can be sent to any engine."""

    title: str
    """What was opened, cleaned, for a person."""
    config: bytes
    """The configuration, JSON as it is stored."""
    layers: tuple[LayerBlob, ...]
    """Base first, as many as the configuration has diff_ids."""
    platform: str = ""
    notes: tuple[str, ...] = ()
    """What of it is not as it was stored."""
    engine: str = ""
    """Address of the engine that it came from; empty where it came from a file."""

    @property
    def pulled_bytes(self) -> int:
        """Bytes that a pull moves, where the engine has none of it yet."""
        return sum(layer.pulled_bytes for layer in self.layers)
