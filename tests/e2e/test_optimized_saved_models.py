"""Every kind of SavedModel through every step: what is accepted holds in its runtime on inputs that nobody accepted it by."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.e2e.saved_model_steps import TOO_LONG

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: make the .venv with `make test`")

MADE = ("keras_export", "optimizer_slots", "text_table", "two_signatures", "recurrent", "looping", "resource_only")
REFUSED = ("ragged_input", "planted_custom_operator")
LEAST_SQNR = {"fp16": 25.0, "int8": 12.0, "int8-dynamic": 20.0}
"""In dB, on unseen inputs; below the gates it was accepted by, since every input has its own noise."""
SAME_NUMBERS = 80.0
"""In dB: fp32 added in another order."""

ACCEPTED = {
    "digits_keras": {"prune", "simplify", "to-onnx", "to-litert", "fp16", "int8", "int8-dynamic"},
    "basic_pitch": {"prune", "simplify", "to-onnx", "to-litert", "fp16", "int8-dynamic"},
    "keras_export": {"prune", "simplify", "to-onnx", "to-litert", "fp16", "int8"},
    "optimizer_slots": {"prune", "simplify", "to-onnx", "to-litert", "fp16", "int8"},
    "text_table": {"to-onnx"},
    "two_signatures": {"simplify", "to-onnx", "to-litert", "fp16", "int8"},
    "recurrent": {"prune", "simplify", "to-onnx"},
    "looping": {"simplify", "to-onnx", "to-litert", "fp16"},
    "resource_only": {"simplify", "to-onnx", "to-litert"},
    "ragged_input": set(),
    "planted_custom_operator": set(),
}

Row = dict[str, Any]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Row]:
    """Return what each step came to for each model, all of it made by two processes."""
    models, out = tmp_path_factory.mktemp("models"), tmp_path_factory.mktemp("out")
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}
    make = [sys.executable, "-m", "tests.saved_models", str(models), "basic_pitch", *MADE, *REFUSED]
    subprocess.run(make, env=environment, check=True, capture_output=True, timeout=600)
    command = [sys.executable, "-m", "tests.e2e.saved_model_steps", str(models), str(out), *ACCEPTED]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-2000:]
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {(row["model"], row["step"]): row for row in found}


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("model", ACCEPTED)
def test_what_is_accepted_holds_on_unseen_inputs_and_what_is_not_says_why(rows: dict[tuple[str, str], Row], model: str) -> None:
    found = {step: row for (name, step), row in rows.items() if name == model}
    assert len(found) == 7 - sum(name == model for name, _ in TOO_LONG)
    assert {step for step, row in found.items() if row["verdict"] == "accepted"} == ACCEPTED[model], found
    for step, row in found.items():
        assert row["verdict"] in ("accepted", "rejected", "nothing to do", "cannot run"), row
        if row["verdict"] == "accepted":
            assert min(row["sqnr"].values()) >= LEAST_SQNR.get(step, SAME_NUMBERS), row
        else:
            assert len(row["reason"]) > len("rejected"), row
            assert "\n" not in row["reason"]


def test_the_digits_in_int8_are_small_and_keep_their_accuracy(rows: dict[tuple[str, str], Row]) -> None:
    pruned, quantized = rows["digits_keras", "prune"], rows["digits_keras", "int8"]
    assert quantized["conformance"] == "passed"
    assert quantized["after"] <= 0.35 * pruned["after"]


def test_each_signature_becomes_callable_by_its_name(rows: dict[tuple[str, str], Row]) -> None:
    for step in ("simplify", "to-onnx", "to-litert", "int8"):
        assert set(rows["two_signatures", step]["sqnr"]) == {"serving_default", "embed/rows:2"}


def test_what_cannot_be_converted_is_named(rows: dict[tuple[str, str], Row]) -> None:
    assert "no builtin operator" in rows["recurrent", "to-litert"]["reason"]
    assert "is text" in rows["text_table", "int8"]["reason"]
    assert "AcmeFusedAttention" in rows["planted_custom_operator", "to-litert"]["reason"]
    assert "nothing can be proven" in rows["ragged_input", "to-onnx"]["reason"]
