"""What is known of an image's cold start without an engine: the bytes of a pull and the time that they take, modelled."""

from __future__ import annotations

from dataclasses import replace

from inspector.bench.summary import RunOf, not_measured
from inspector.records.benchmark import Benchmark, PhaseFigures
from inspector.records.loadable_image import LoadableImage


def modelled_only(of: RunOf, image: LoadableImage, bytes_per_second: int, reason: str) -> Benchmark:
    """Return a run that was not measured, for a reason such as "no engine", with the transfer as its only phase, modelled."""
    milliseconds = 1000.0 * image.pulled_bytes / max(1, bytes_per_second)
    size, seconds = image.pulled_bytes / 1e6, milliseconds / 1000
    pulled = f"a pull moves {size:,.1f} MB, which takes {seconds:,.2f} s at {_rate(bytes_per_second)}"
    phases = {"transfer": PhaseFigures(milliseconds, milliseconds, milliseconds, modelled=True)}
    return replace(not_measured(of, "cold_start", reason, notes=(pulled, *image.notes)), phases=phases)


def _rate(bytes_per_second: int) -> str:
    """Return a bandwidth as networks are sold."""
    return f"{8 * bytes_per_second / 1e9:g} Gbit/s"
