"""A bloated image slimmed at every level by the command itself, on an engine of its own: the table that the README shows.

`python -m tests.performance.slim_bench [SECONDS] [LEVEL …]`: SECONDS for the starts of each level, 400 by default. For each
level sizes, what a pull moves and unpacks, starts to the first answer, cold and warm, before and after with intervals of 95 %,
answers compared, wall time and peak memory. The image is made once in .bench/ (4 GB); all of it takes 10 GB more and an
hour.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from inspector.bench.statistics import Interval, median_interval
from inspector.records.slimming import SLIM_LEVELS
from tests.images.bloated import READY, BloatedImage, bloated_image, why_not
from tests.images.engine import running_engine
from tests.performance.measuring import Row, Sample, run_once

COMMAND = str(Path(sys.executable).parent / "modelpack-tui")
SECONDS = 400.0
PULLED = ("transfer", "unpack")
STARTED = ("create", "start", "listening", "ready")
MOST_OF_SIZE = 0.08
MOST_OF_PULL = 0.15
HEADER = """\
| level | unpacked | pulled | files | pull + unpack | start to first answer, cold | warm | answers | took | peak memory |
|---|---|---|---|---|---|---|---|---|---|"""


@dataclass(frozen=True)
class Measured:
    """One level as the command reported it, and what the command itself took."""

    step: Mapping[str, Any]
    runs: Sequence[Mapping[str, Any]]
    sample: Sample

    def starts(self, cache: str, subject: str) -> list[dict[str, float]]:
        """Return the phases of every start in ms; of both subjects as many, in the order they were paired."""
        found = [run for run in self.runs if run["conditions"]["cache"] == cache and run["subject"] == subject]
        return [
            {phase["name"]: phase["milliseconds"] for phase in start["phases"]}
            for run in found
            for start in run["starts"]
            if not start["failure"]
        ]

    def ratio(self, cache: str, phases: Sequence[str]) -> Interval | None:
        """Return the median of paired ratios of the sum of phases; None where too few starts were measured."""
        pairs = list(zip(self.starts(cache, "before"), self.starts(cache, "after"), strict=False))
        ratios = [_sum(after, phases) / _sum(before, phases) for before, after in pairs]
        return median_interval([[ratio] for ratio in ratios]) if len(ratios) > 1 else None

    def median_ms(self, cache: str, subject: str, phases: Sequence[str]) -> float:
        """Return the median of the sum of phases."""
        times = sorted(_sum(start, phases) for start in self.starts(cache, subject))
        return times[len(times) // 2] if times else 0.0

    def verdict(self, cache: str) -> str:
        """Return what the tool claims of whole starts."""
        starts = self.step["proof"]["starts"] if self.step["proof"] else []
        whole = [one for one in starts if not one["phase"] and one["conditions"]["cache"] == cache]
        return whole[0]["verdict"] if whole else "not measured"


def _sum(start: Mapping[str, float], phases: Sequence[str]) -> float:
    return sum(start.get(phase, 0.0) for phase in phases)


def measured(level: str, image: BloatedImage, seconds: float, folder: Path) -> Measured:
    """Slim the image to a level; raises RuntimeError with its standard error where the command fails."""
    target, report = folder / f"{level}.tar", folder / f"{level}.json"
    command = [COMMAND, str(image.archive), "--apply", "slim", "--slim-level", level, "--exercise", str(image.requests)]
    options = ["--output", str(target), "--report", str(report), "--bench", "--ready", READY, "--budget", f"{seconds:g}s"]
    sample = run_once([*command, *options], accepted=(0, 1))
    target.unlink(missing_ok=True)
    review = json.loads(report.read_text())
    return Measured(review["slimming"]["steps"][0], review["benchmarks"], sample)


def levels(names: Sequence[str], seconds: float) -> Iterator[tuple[str, Measured]]:
    """Yield each level as it was measured."""
    if reason := why_not():
        raise SystemExit(f"slim: {reason}")
    image = bloated_image()
    with tempfile.TemporaryDirectory() as folder, running_engine("docker", Path(folder, "engine")) as engine:
        os.environ["DOCKER_HOST"] = engine.host
        for name in names:
            yield name, measured(name, image, seconds, Path(folder))


def report() -> Iterator[Row]:
    """Every level against its targets."""
    for name, found in levels(SLIM_LEVELS, SECONDS):
        yield from _rows(name, found)


def _rows(name: str, found: Measured) -> Iterator[Row]:
    step = found.step
    before, after = step["before"], step["after"] or step["before"]
    proof = step["proof"] or {"status": "not run", "answers": 0}
    size = after["size_bytes"] / before["size_bytes"]
    pull, start = found.ratio("cold", PULLED), found.ratio("warm", STARTED)
    is_trace = name == "trace"
    told = f"{size:.3f}x ({before['size_bytes'] / 1e6:,.0f} -> {after['size_bytes'] / 1e6:,.0f} MB)"
    target = f"<= {MOST_OF_SIZE}x" if is_trace else "smaller"
    yield Row(f"slim {name}: unpacked", told, target, size <= MOST_OF_SIZE if is_trace else size < 1)
    target = f"<= {MOST_OF_PULL}x" if is_trace else "for comparison"
    yield Row(
        f"slim {name}: pull + unpack", _told(pull), target, not is_trace or (pull is not None and pull.value <= MOST_OF_PULL)
    )
    yield Row(f"slim {name}: start to first answer, warm", _told(start), "not slower", found.verdict("warm") != "slower")
    yield Row(f"slim {name}: answers", f"{proof['answers']} compared", "equal", proof["status"] == "passed")
    took = f"{found.sample.seconds:.0f} s, {found.sample.peak_bytes / 1e6:.0f} MB"
    yield Row(f"slim {name}: the command, starts included", took, "for comparison", holds=True)


def table_row(name: str, found: Measured) -> str:
    """Return one row of the Markdown table."""
    step = found.step
    before, after = step["before"], step["after"]
    if after is None:
        return f"| {name} | {step['verdict']}: {step['reason']} |"
    cells = [
        name,
        _sizes(before["size_bytes"], after["size_bytes"]),
        _sizes(before["compressed_bytes"], after["compressed_bytes"]),
        f"{before['files']:,} → {after['files']:,}",
        _times(found, "cold", PULLED),
        f"{_times(found, 'cold', STARTED)}",
        f"{_times(found, 'warm', STARTED)}, {found.verdict('warm')}",
        f"{step['proof']['answers']} {step['proof']['status']}",
        f"{found.sample.seconds:.0f} s",
        f"{found.sample.peak_bytes / 1e6:.0f} MB",
    ]
    return f"| {' | '.join(cells)} |"


def _sizes(before: int | None, after: int | None) -> str:
    if before is None or after is None:
        return "not known"
    return f"{before / 1e6:,.0f} → {after / 1e6:,.0f} MB ({after / before:.3f}×)"


def _times(found: Measured, cache: str, phases: Sequence[str]) -> str:
    before, after = (found.median_ms(cache, subject, phases) for subject in ("before", "after"))
    return f"{before / 1000:,.2f} → {after / 1000:,.2f} s, {_told(found.ratio(cache, phases))}"


def _told(ratio: Interval | None) -> str:
    return "not measured" if ratio is None else f"{ratio.value:.3f}x [{ratio.low:.3f}, {ratio.high:.3f}]"


def main(arguments: list[str]) -> int:
    """Print the table."""
    seconds = float(arguments[0]) if arguments else SECONDS
    print(HEADER)
    try:
        for name, found in levels(arguments[1:] or SLIM_LEVELS, seconds):
            print(table_row(name, found), flush=True)
    except pytest.skip.Exception as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
