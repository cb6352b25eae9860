"""Starts of images side by side, interleaved: an original and what it was slimmed to, as many as are named.

`python -m tests.performance.slim_starts_bench ORIGINAL READY ROUNDS WARM_ROUNDS SLIMMED…`: in each round every image is pulled
(modelled), unpacked and started until READY answers, in random order. Before that the same for starts of what is unpacked
already, with the original once more as control. Prints medians and the median of paired ratios with an interval of 95 %,
which of fewer than six pairs is their range.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any, Literal, TypeVar

from inspector.bench.statistics import median_interval
from inspector.formats.image.loadable import make_loadable
from inspector.formats.image.read import read
from inspector.isolation.limits import Limits
from inspector.records.benchmark import ColdStart, ImageStart
from inspector.runtimes.container.start import ImageStarter, image_starter
from tests.images.engine import running_engine

Result = TypeVar("Result")
PULLED = ("transfer", "unpack")
STARTED = ("create", "start", "listening", "ready")
LIMITS = Limits(None, 900.0)


def result(steps: Generator[Any, None, Result]) -> Result:
    """Return what steps come to."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Result = end.value
            return found


def rounds(
    starters: Sequence[ImageStarter], count: int, cache: Literal["cold", "warm"]
) -> Generator[tuple[dict[str, float], ...]]:
    """Yield for each round the phases of every image in ms; of warm ones the original's control last."""
    chance = random.Random(1)
    places = [*range(len(starters)), *([0] if cache == "warm" else [])]
    for _ in range(count):
        order = list(enumerate(places))
        chance.shuffle(order)
        taken: dict[int, dict[str, float]] = {}
        for at, place in order:
            taken[at] = _phases(result(starters[place](cache, None, None)))
        yield tuple(taken[at] for at in range(len(places)))


def _phases(start: ColdStart) -> dict[str, float]:
    if start.failure:
        raise SystemExit(f"a start failed: {start.failure}")
    return {phase.name: phase.milliseconds for phase in start.phases}


def told(found: Sequence[tuple[dict[str, float], ...]], place: int, phases: Sequence[str]) -> str:
    """Return seconds before and after, and the ratio with its interval."""
    before, after = ([sum(one[at].get(phase, 0.0) for phase in phases) / 1000 for one in found] for at in (0, place))
    ratio = median_interval([[a / b] for a, b in zip(after, before, strict=True)])
    medians = f"{median(before):.2f} -> {median(after):.2f} s"
    return f"{medians}, {ratio.value:.3f}x [{ratio.low:.3f}, {ratio.high:.3f}], n = {len(found)}"


def main(arguments: Sequence[str]) -> None:
    """Print every image beside the original."""
    paths, ready, counts = [arguments[0], *arguments[4:]], arguments[1], (int(arguments[2]), int(arguments[3]))
    names = [*(Path(path).name for path in paths[1:]), "the original again"]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        images = []
        for index, path in enumerate(paths):
            own = Path(folder, str(index))
            own.mkdir()
            images.append(result(make_loadable(read(Path(path)), own)))
        engine = stack.enter_context(running_engine("docker", Path(folder, "engine")))
        os.environ["DOCKER_HOST"] = engine.host
        start = ImageStart(ready=ready)
        starters = [stack.enter_context(image_starter(image, start, LIMITS)) for image in images]
        kinds: tuple[Literal["warm", "cold"], ...] = ("warm", "cold")
        for cache, count in zip(kinds, reversed(counts), strict=True):
            found: list[tuple[dict[str, float], ...]] = []
            for one in rounds(starters, count, cache):
                found.append(one)
                if len(found) < 2:
                    continue
                for place, name in enumerate(names[: len(one) - 1], start=1):
                    pulled = f"pull + unpack {told(found, place, PULLED)}; " if cache == "cold" else ""
                    print(f"{cache}, {name}: {pulled}start to first answer {told(found, place, STARTED)}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
