"""A fat and a lean image of one model, started cold and warm on an engine of our own: the table that the README shows.

`python -m tests.performance.image_start_bench [SECONDS] [docker|podman]`: SECONDS for each of four tables, 240 by default. The
images are made once in .bench/.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from inspector.bench.cold_start import cold_start
from inspector.isolation.limits import Limits
from inspector.records.benchmark import Benchmark, BenchPart, ImageStart
from inspector.records.loadable_image import LoadableImage
from inspector.records.measurement import CacheState, Comparison, Conditions
from inspector.runtimes.container.start import image_starter
from tests.images.engine import PROJECT, running_engine
from tests.images.serving import PORT, serving_images
from tests.images.starting import loadable, result

_LIMITS = Limits(memory_bytes=2 << 30, wall_seconds=300)
_FREIGHT_BYTES = 400_000_000
_PYTHON = str(Path(sys.executable).resolve())
STARTS: Mapping[str, ImageStart] = {
    "its first output": ImageStart(),
    "an answer over HTTP": ImageStart((_PYTHON, "/srv/serve.py", "http", str(PORT)), f"http://localhost:{PORT}/predict"),
}


def tables(seconds: float, kind: str) -> Iterator[str]:
    """Yield the tables, line by line, each measured just before."""
    images = serving_images(PROJECT / ".bench" / "serving_images", _FREIGHT_BYTES)
    with tempfile.TemporaryDirectory() as folder, running_engine(kind, Path(folder, "engine")) as engine:
        os.environ["DOCKER_HOST"] = engine.host
        fat, lean = loadable(images.fat, Path(folder, "fat")), loadable(images.lean, Path(folder, "lean"))
        yield f"{kind}, {engine.driver}; fat {fat.pulled_bytes / 1e6:.0f} MB, lean {lean.pulled_bytes / 1e6:.0f} MB compressed"
        for ready, start in STARTS.items():
            for cache in ("cold", "warm"):
                yield ""
                yield f"{cache}, ready by {ready}"
                yield from _lines(_measured(fat, lean, start, "cold" if cache == "cold" else "warm", seconds))


def _measured(fat: LoadableImage, lean: LoadableImage, start: ImageStart, cache: CacheState, seconds: float) -> BenchPart:
    with image_starter(fat, start, _LIMITS) as before, image_starter(lean, start, _LIMITS) as after:
        starters, names = {"before": before, "after": after}, {"before": "fat", "after": "lean"}
        return result(cold_start(starters, Conditions(cache=cache), "cpu", names, seconds))


def _lines(part: BenchPart) -> Iterator[str]:
    fat, lean = part.runs
    by_phase = {one.phase: one for one in part.comparisons}
    yield f"{'':<12}{'fat, ms':>24}{'lean, ms':>24}   lean / fat"
    for phase in fat.phases:
        compared = by_phase.get(phase)
        yield f"{phase:<12}{_figures(fat, phase):>24}{_figures(lean, phase):>24}   {_ratio(compared)}"
    yield f"{'all of it':<12}{_figures(fat):>24}{_figures(lean):>24}   {_ratio(by_phase.get(''))}"
    said = [note for note in (*fat.notes, fat.note, lean.note) if note]
    yield f"{fat.samples} and {lean.samples} starts; {'; '.join(said) or 'nothing to add'}"


def _figures(run: Benchmark, phase: str = "") -> str:
    if not phase:
        return f"{run.median_ms:,.0f} [{run.low_ms:,.0f}, {run.high_ms:,.0f}]"
    figures = run.phases.get(phase)
    if figures is None:
        return "-"
    if figures.modelled:
        return f"{figures.median_ms:,.0f} modelled"
    return f"{figures.median_ms:,.0f} [{figures.low_ms:,.0f}, {figures.high_ms:,.0f}]"


def _ratio(compared: Comparison | None) -> str:
    if compared is None:
        return ""
    noise = "" if compared.noise_low is None else f", noise {compared.noise_low:.2f} to {compared.noise_high:.2f}"
    return f"{compared.ratio:.2f}x [{compared.low:.2f}, {compared.high:.2f}] {compared.verdict}{noise}"


def main(arguments: list[str]) -> int:
    """Print the tables."""
    seconds = float(arguments[0]) if arguments else 240.0
    try:
        for line in tables(seconds, arguments[1] if len(arguments) > 1 else "docker"):
            print(line, flush=True)
    except pytest.skip.Exception as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
