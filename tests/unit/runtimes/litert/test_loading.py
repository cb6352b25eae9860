"""Signatures of .tflite files give what LiteRT gives; what is refused is one line. One process makes all the calls."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.saved_models.published import basic_pitch_folder
from tests.unit.runtimes.litert.odd_models import write

Json = dict[str, Any]
PROJECT = Path(__file__).parents[4]
CASES = (
    "dense", "default of two", "the other of two", "no signature", "int8", "words", "ids", "wide", "published",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if find_spec("ai_edge_litert") is None:
        pytest.skip("LiteRT has no wheel for this Python or platform")
    return write(tmp_path_factory.mktemp("tflite"))


@pytest.fixture(scope="module")
def printed(folder: Path) -> subprocess.CompletedProcess[str]:
    real = next(basic_pitch_folder().parent.glob("*.tflite"))
    command = [sys.executable, "-m", "tests.unit.runtimes.litert.calls", str(folder), str(real)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, timeout=120)
    assert done.returncode == 0, done.stderr[-4000:]
    return done


@pytest.fixture(scope="module")
def found(printed: subprocess.CompletedProcess[str]) -> Json:
    return dict(json.loads(printed.stdout))


@pytest.mark.parametrize("case", CASES)
def test_a_signature_gives_what_a_bare_interpreter_gives_to_the_bit(found: Json, case: str) -> None:
    made = found["called"][case]
    assert made["same"]
    assert all(made["same"])
    assert all(made["same again"])
    assert made["copies"]
    assert [name for name, _, _ in made["specs"]] == made["outputs"]


def test_inputs_and_outputs_are_as_the_file_describes_them(found: Json) -> None:
    called = found["called"]
    assert called["dense"]["name"] == called["default of two"]["name"] == "serving_default"
    assert called["dense"]["inputs"] == [["x", "float32", [None, 4]]]
    assert called["default of two"]["outputs"] == ["s"]
    assert called["the other of two"]["inputs"] == [["n", "int32", []], ["v", "float32", [2]]]
    assert called["no signature"]["name"] == ""
    assert called["int8"]["specs"] == [["twice", "int8", [None, 8, 8, 1]]]
    assert called["words"]["inputs"] == [["w", "string", [None]]]
    assert called["published"]["outputs"] == ["contour", "note", "onset"]


def test_names_of_the_original_are_used_where_the_file_has_others(found: Json) -> None:
    assert found["renamed"] == {"inputs": ["features"], "outputs": ["scores", "scores"], "same": True}


def test_a_timed_signature_ends_when_closed(found: Json) -> None:
    timed = found["timed"]
    assert timed["creation_ms"] > 0
    assert timed["shape"] == [None, 4]
    assert timed["notes"] == ["threads: 2; a run goes from numpy arrays to numpy arrays"]
    assert timed["closed"] == "RuntimeRefused: it is closed"


def test_nothing_is_printed(printed: subprocess.CompletedProcess[str]) -> None:
    ours = [line for line in printed.stderr.splitlines() if "XNNPACK" in line or "Warning" in line]
    assert ours == []


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("custom", "RuntimeRefused: LiteRT cannot load it: it has the custom operator Svd, which LiteRT does not know ("),
        ("select", "RuntimeRefused: LiteRT cannot load it: it has Select TensorFlow operators, which LiteRT does not run here"),
        ("twins", 'RuntimeRefused: it has no signature, and two inputs are called "x"'),
        ("cut_short", "RuntimeRefused: LiteRT cannot load it: The model is not a valid Flatbuffer buffer"),
        ("empty", "RuntimeRefused: LiteRT cannot load it: mmap of size 0"),
        ("nowhere", "RuntimeRefused: LiteRT cannot load it: Could not open"),
        ("signature", 'UsageError: it has no signature "none"; it has aaa, serving_default (name one of them)'),
        ("no signature", 'UsageError: it has no signature "serving_default"; it has none (name none)'),
        ("type", 'RuntimeRefused: LiteRT cannot run it: input "x" is float64, expected float32'),
        ("shape", 'RuntimeRefused: LiteRT cannot run it: input "x" has the shape 1 x 1 x 4, expected ? x 4'),
        ("length", 'RuntimeRefused: LiteRT cannot run it: input "x" has the shape 1 x 5, expected ? x 4'),
        ("nothing", 'RuntimeRefused: LiteRT cannot run it: nothing is fed to its input "x"'),
        ("too much", 'RuntimeRefused: LiteRT cannot run it: it has no input "y"'),
        ("fails", "RuntimeRefused: LiteRT cannot run it: node "),
        ("value", "RuntimeRefused: LiteRT cannot run it: node 0 (GATHER): gather index out of bounds"),
        ("after that", "it did not fail"),
        ("device", "UsageError: LiteRT runs on the CPU (leave --device out)"),
    ],
)  # fmt: skip
def test_what_is_refused_is_one_clean_line(found: Json, case: str, said: str) -> None:
    line = found["refused"][case]
    assert ("FlexErf" in line) == (case == "select")
    assert line.startswith(said)
    assert "\n" not in line
    assert "\x1b" not in line
    assert "site-packages" not in line
