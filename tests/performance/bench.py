"""`make bench`: every performance promise as a ratio against a peer or a bare loop in the same run, with memory.

Large models and two images are made once in .bench/ (about 17 GB). Parts can be named: `make bench BENCH="help paging"`.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from tests.performance import (
    cold_start_bench,
    image_bench,
    large_models,
    latency_bench,
    optimize_bench,
    slim_bench,
    without_tensorflow,
)
from tests.performance.measuring import Row, interleave, median_ratio, median_seconds, peak_bytes, run_once
from tests.performance.terminal import Terminal
from tests.saved_models.published import basic_pitch_folder

PYTHON = sys.executable
COMMAND = str(Path(PYTHON).parent / "modelpack-tui")
BARE_APP = Path(__file__).with_name("bare_textual_app.py")
PAGING = Path(__file__).with_name("measure_graph_paging.py")
MIB = 1 << 20
MB = 1_000_000


def help_text() -> Iterator[Row]:
    """--help against an interpreter that does nothing."""
    samples = interleave(
        {"help": partial(run_once, [COMMAND, "--help"]), "bare": partial(run_once, [PYTHON, "-c", "pass"])}, rounds=20
    )
    ratio = median_ratio(samples["help"], samples["bare"])
    milliseconds = 1000 * median_seconds(samples["help"])
    yield Row("--help / python -c pass", f"{ratio:.2f}x ({milliseconds:.0f} ms)", "<= 3x", ratio <= 3)


def inline_report() -> Iterator[Row]:
    """A full JSON report of a 1.9 GB model against onnx.load of it."""
    path = large_models.inline_model()
    load = f"import onnx; onnx.load({str(path)!r})"
    samples = interleave(
        {
            "report": partial(run_once, [COMMAND, str(path), "--report", "-", "--format", "json"]),
            "load": partial(run_once, [PYTHON, "-c", load]),
        },
        rounds=5,
    )
    ratio = median_ratio(samples["report"], samples["load"])
    seconds = f"{median_seconds(samples['report']):.2f} s against {median_seconds(samples['load']):.2f} s"
    yield Row("1.9 GB inline: JSON report / onnx.load", f"{ratio:.2f}x ({seconds})", "<= 0.25x", ratio <= 0.25)
    yield _memory_row("1.9 GB inline: peak memory, children included", peak_bytes(samples["report"]), 150 * MIB)
    yield Row("  onnx.load of it", f"{peak_bytes(samples['load']) / MIB:.0f} MiB", "for comparison", holds=True)


def _memory_row(name: str, peak: int, limit: int) -> Row:
    return Row(name, f"{peak / MIB:.0f} MiB", f"<= {limit // MIB} MiB", peak <= limit)


def external_report() -> Iterator[Row]:
    """A full JSON report of a model with 3 GB of external data, over interpreter start."""
    path = large_models.external_model()
    samples = interleave(
        {
            "report": partial(run_once, [COMMAND, str(path), "--report", "-", "--format", "json"]),
            "bare": partial(run_once, [PYTHON, "-c", "pass"]),
        },
        rounds=5,
    )
    over = statistics.median(a.seconds - b.seconds for a, b in zip(samples["report"], samples["bare"], strict=True))
    yield Row("3 GB external: JSON report - python -c pass", f"{over:.2f} s", "<= 1 s", over <= 1)
    yield _memory_row("3 GB external: peak memory, children included", peak_bytes(samples["report"]), 150 * MIB)


def saved_model_report() -> Iterator[Row]:
    """A full JSON report of basic-pitch's SavedModel, TensorFlow not installed, against TensorFlow's own command."""
    folder = str(basic_pitch_folder())
    show = [str(Path(PYTHON).parent / "saved_model_cli"), "show", "--all", "--dir", folder]
    report = [without_tensorflow.command(), folder, "--report", "-", "--format", "json"]
    # Both with their bytecode, as users run them: what pip installs comes compiled, an editable project compiles on first use.
    compiled = {"PYTHONDONTWRITEBYTECODE": ""}
    subjects = {"report": partial(run_once, report, compiled), "show": partial(run_once, show, compiled)}
    samples = interleave(subjects, rounds=5)
    ratio = median_ratio(samples["report"], samples["show"])
    seconds = f"{median_seconds(samples['report']):.2f} s against {median_seconds(samples['show']):.2f} s"
    yield Row("basic-pitch: JSON report / saved_model_cli show --all", f"{ratio:.2f}x ({seconds})", "<= 0.15x", ratio <= 0.15)
    peak = peak_bytes(samples["report"])
    yield Row("basic-pitch: peak memory, children included", f"{peak / MB:.0f} MB", "<= 80 MB", peak <= 80 * MB)
    yield Row("  saved_model_cli of it", f"{peak_bytes(samples['show']) / MB:.0f} MB", "for comparison", holds=True)


def first_paint() -> Iterator[Row]:
    """First paint on an 860-node model against a bare Textual app, both under a pty."""
    model = _package_file("rapidocr_onnxruntime", "models/ch_PP-OCRv3_rec_infer.onnx", "models/ch_PP-OCRv4_rec_infer.onnx")
    ratios, ours = [], []
    for turn in range(11):
        pair = {
            "ours": lambda: _paint([COMMAND, str(model)], "modelpack-tui"),
            "bare": lambda: _paint([PYTHON, str(BARE_APP)], "hello"),
        }
        names = list(pair) if turn % 2 else list(reversed(pair))
        seconds = {name: pair[name]() for name in names}
        if turn:
            ratios.append(seconds["ours"] / seconds["bare"])
            ours.append(seconds["ours"])
    ratio = statistics.median(ratios)
    yield Row(
        "first paint, 860 nodes / bare Textual app", f"{ratio:.2f}x ({statistics.median(ours):.2f} s)", "<= 1.5x", ratio <= 1.5
    )


def _paint(argv: list[str], text: str) -> float:
    with Terminal(argv) as terminal:
        return terminal.wait_for(text)


def large_graph() -> Iterator[Row]:
    """A 100,000-node graph: from the command to its rows on screen, under a pty."""
    path = large_models.many_nodes_model()
    seconds = []
    for _ in range(4):
        with Terminal([COMMAND, str(path)]) as terminal:
            terminal.wait_for("modelpack-tui")
            terminal.type("2")
            seconds.append(terminal.wait_for("Gather"))
    median = statistics.median(seconds[1:])
    yield Row("100,000 nodes: command to graph rows on screen", f"{median:.2f} s", "<= 4 s", median <= 4)


def paging() -> Iterator[Row]:
    """Page-down through 100,000 rows of the graph."""
    done = subprocess.run(
        [PYTHON, str(PAGING), str(large_models.many_nodes_model())],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    measured = json.loads(done.stdout.strip().splitlines()[-1])
    median = measured["median_ms"]
    yield Row("100,000 nodes: page-down, median", f"{median:.1f} ms", "<= 50 ms", median <= 50)


def _package_file(package: str, *candidates: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"bench: package {package} is missing; run `make bench`, which installs it")
    folder = Path(next(iter(spec.submodule_search_locations)))
    found = next((folder / name for name in candidates if (folder / name).exists()), None)
    return found or max(folder.rglob("*rec*.onnx"))


PARTS: dict[str, Callable[[], Iterator[Row]]] = {
    "help": help_text,
    "inline": inline_report,
    "external": external_report,
    "saved_model": saved_model_report,
    "paint": first_paint,
    "large": large_graph,
    "paging": paging,
    "image": image_bench.report,
    "textbook": image_bench.textbook,
    "engine": image_bench.engine,
    "slim": slim_bench.report,
    "digits": optimize_bench.digits_int8,
    "large_external": optimize_bench.large_external,
    "cold_start": cold_start_bench.report,
    "latency": latency_bench.report,
}


def main() -> int:
    """Run the parts named (default: all), print one line each, return 1 if a target is missed."""
    names = sys.argv[1:] or list(PARTS)
    missed = 0
    print(f"{'measure':<54} {'figure':<36} {'target':<16}")
    for name in names:
        for row in PARTS[name]():
            missed += not row.holds
            print(f"{row.name:<54} {row.figure:<36} {row.target:<16} {'ok' if row.holds else 'MISSED'}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
