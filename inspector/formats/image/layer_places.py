"""Where a layer lies, as what reads it wants to know: in one file, plain or compressed, and how long reading it may take."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from inspector.formats.image.layer_answer import LayerPlace, Stretch
from inspector.formats.onnx.open_file import open_regular
from inspector.isolation.limits import GIB, Limits
from inspector.records.image import Layer

_SLOWEST: Final = 10_000_000
"""Compressed bytes a second that a child is given time for."""


def place_of(layer: Layer) -> LayerPlace | None:
    """Return where a layer lies; None for one of an engine, or whose blob is missing."""
    if layer.place is None:
        return None
    path = os.fsencode(Path(layer.place.path).absolute())
    stretch = Stretch(layer.place.offset, layer.place.length, layer.compression)
    return LayerPlace(path, layer.place.wrapping, stretch)


def is_plain(place: LayerPlace) -> bool:
    """Return whether the layer lies uncompressed in its file."""
    return place.wrapping == "none" and place.stretch.compression == "none"


@contextlib.contextmanager
def opened(place: LayerPlace) -> Iterator[int]:
    """Hold the file that a layer lies in; raises UnreadableArtifact."""
    descriptor = open_regular(Path(os.fsdecode(place.path)))
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def seconds_for(place: LayerPlace) -> float:
    """Return how long reading a layer may take; a wrapped one comes after all that lies before it."""
    before = place.stretch.offset if place.wrapping != "none" else 0
    return 60 + (before + place.stretch.length) / _SLOWEST


def limits_for(place: LayerPlace) -> Limits:
    """Return the bounds of a child, which stops by itself a little before."""
    return Limits(memory_bytes=2 * GIB, wall_seconds=seconds_for(place) + 10)
