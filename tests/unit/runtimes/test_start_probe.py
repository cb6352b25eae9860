"""When runs count as steady, and which one is the first of them."""

from __future__ import annotations

import ast
import random
import statistics
import sys
from pathlib import Path

import pytest

from inspector.runtimes import start_probe
from inspector.runtimes.start_probe import WINDOW, first_steady, is_steady


@pytest.mark.parametrize(
    ("times", "steady"),
    [
        ([], False),
        ([1.0] * (2 * WINDOW - 1), False),
        ([1.0] * (2 * WINDOW), True),
        ([5, 4, 3, 2.5, 2, 1.5, 1.2, 1.1], False),
        ([9, 5, 2, 1, 1, 1, 1, 1, 1, 1], True),
        ([1, 1, 1, 1, 1, 40, 1, 1], True),
        ([1, 1, 1, 1, 2, 2, 2, 2], False),
        ([1.0, 1.05, 1.0, 1.02, 1.08, 1.0, 1.01, 1.0], True),
    ],
)
def test_runs_are_steady_once_they_no_longer_get_faster(times: list[float], steady: bool) -> None:
    assert is_steady(times) is steady


@pytest.mark.parametrize(
    ("times", "place"),
    [
        ([1.0] * 8, 0),
        ([9, 5, 2, 1, 1, 1, 1, 1, 1, 1], 3),
        ([300, 1, 1, 1, 1, 1, 1, 1], 1),
        ([1, 300, 300, 1, 1, 1, 1, 1], 3),
        ([1, 40, 1, 1, 1, 1, 1, 1], 0),
        ([7.0], 0),
        ([7.0, 3.0], 1),
    ],
)
def test_the_first_steady_run(times: list[float], place: int) -> None:
    assert first_steady(times) == place


def test_warming_up_that_decays_is_left_in_noise() -> None:
    """Whatever the noise, what counts as steady starts when most of the decay is over, and no run is lost."""
    chance = random.Random(7)
    places = []
    for _ in range(200):
        times = [1 + 4 * 0.5**run + abs(chance.gauss(0, 0.02)) for run in range(30)]
        stop = next(end for end in range(2 * WINDOW, 31) if is_steady(times[:end]))
        places.append(first_steady(times[:stop]))
        assert 0 <= places[-1] < stop
    assert 4 <= statistics.median(places) <= 7


def test_the_probe_needs_the_standard_library_only() -> None:
    for name in (start_probe.__file__, str(Path(start_probe.__file__).parent / "onnx_runtime/start_probe_child.py")):
        tree = ast.parse(Path(name).read_text())
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        tops = {one.partition(".")[0] for one in imported} - set(sys.stdlib_module_names)
        assert tops <= ({"numpy", "onnxruntime"} if "onnx" in name else set())
