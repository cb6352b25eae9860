"""Which steps an artifact can go through, and what the name of the output adds to them."""

from __future__ import annotations

import pytest

from inspector.cli.optimization_steps import kind_after, steps_for
from inspector.errors import UsageError


@pytest.mark.parametrize(
    ("steps", "output", "taken"),
    [
        (("prune",), None, ("prune",)),
        (("prune", "int8"), None, ("prune", "int8")),
        (("prune", "int8"), "m.onnx", ("prune", "to-onnx", "int8")),
        (("simplify",), "m.ONNX", ("simplify", "to-onnx")),
        (("warmstart",), "m.onnx", ("to-onnx", "warmstart")),
        (("prune", "simplify"), "m.tflite", ("prune", "simplify", "to-litert")),
        (("fp16",), "m.tflite", ("fp16",)),
        (("to-onnx", "simplify", "int8"), "m.onnx", ("to-onnx", "simplify", "int8")),
    ],
)
def test_the_output_of_a_saved_model_adds_the_conversion_it_asks_for(
    steps: tuple[str, ...], output: str | None, taken: tuple[str, ...]
) -> None:
    assert steps_for("m", "saved_model", steps, output) == taken  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "steps", "output", "said"),
    [
        ("image", ("simplify",), None, "is a container image"),
        ("tflite", ("fp16",), None, "is a LiteRT model: no step works on those"),
        ("onnx", ("simplify", "prune"), None, "is an ONNX model, and prune is a step for SavedModels"),
        ("saved_model", ("warmstart",), None, "is a SavedModel, and warmstart is a step for ONNX models"),
        ("saved_model", ("int8", "prune"), None, "int8 makes a LiteRT model, and prune does not work on those"),
        ("saved_model", ("to-litert", "int8"), None, "to-litert makes a LiteRT model, and int8 does not"),
        ("saved_model", ("to-onnx", "int8"), "m.tflite", "m.tflite: these steps make an ONNX model"),
        ("saved_model", ("to-litert",), "m.onnx", "m.onnx: these steps make a LiteRT model"),
    ],
)
def test_what_cannot_follow_is_refused_before_anything_runs(
    kind: str, steps: tuple[str, ...], output: str | None, said: str
) -> None:
    with pytest.raises(UsageError) as refused:
        steps_for("m", kind, steps, output)  # type: ignore[arg-type]
    assert said in refused.value.message
    assert refused.value.hint


def test_steps_of_an_onnx_model_stay_as_they_are() -> None:
    steps = ("simplify", "fp16", "warmstart")
    assert steps_for("m", "onnx", steps, "out.onnx") == steps  # type: ignore[arg-type]


def test_a_converted_model_goes_on_as_what_it_has_become() -> None:
    assert kind_after("saved_model", ("prune", "to-onnx", "int8")) == "onnx"
    assert kind_after("saved_model", ("prune", "int8-dynamic")) == "tflite"
    assert kind_after("onnx", ("int8",)) == "onnx"
    assert kind_after("saved_model", ()) == "saved_model"
