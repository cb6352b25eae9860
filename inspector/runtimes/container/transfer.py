"""The part of a cold start that is modelled: what a pull moves over a network of stated bandwidth."""

from __future__ import annotations

from inspector.records.benchmark import PhaseSample
from inspector.records.loadable_image import LoadableImage

PHASE = "transfer"


def modelled_transfer(image: LoadableImage, bytes_per_second: int) -> PhaseSample:
    """Return the time that the bytes of a pull take: all layers, on a machine that has none of them, at full bandwidth."""
    return PhaseSample(PHASE, 1000.0 * image.pulled_bytes / max(1, bytes_per_second), modelled=True)
