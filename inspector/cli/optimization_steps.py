"""Which steps an artifact can go through, and those that the name of the output implies."""

from __future__ import annotations

from pathlib import PurePath

from inspector.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from inspector.records.artifact import Format
    from inspector.records.optimization import OptimizerName

    Steps = tuple[OptimizerName, ...]

_FORMATS = {"saved_model": "a SavedModel", "image": "a container image", "tflite": "a LiteRT model", "onnx": "an ONNX model"}
_ONLY_SAVED_MODEL: tuple[OptimizerName, ...] = ("prune", "to-onnx", "to-litert")
_NARROWING: tuple[OptimizerName, ...] = ("fp16", "int8", "int8-dynamic")
"""Of a SavedModel they make a LiteRT model, of an ONNX model another one."""


def steps_for(artifact: object, kind: Format, steps: Steps, output: str | None) -> Steps:
    """Return the steps to take, with the conversion that the output's suffix asks for.

    Raises UsageError where a step is none for such an artifact, or they do not end in what the output's name promises.
    """
    if kind == "image":
        raise UsageError(f"{artifact} is {_FORMATS[kind]}: these steps work on models", "--apply slim makes an image smaller")
    if kind == "tflite":
        hint = "name the SavedModel it was made of, or an ONNX model"
        raise UsageError(f"{artifact} is {_FORMATS[kind]}: no step works on those", hint)
    if kind == "onnx":
        _refuse(artifact, kind, steps, _ONLY_SAVED_MODEL, "a step for SavedModels", "name a SavedModel's folder")
        return steps
    return _checked(artifact, _with_conversion(steps, PurePath(output or "").suffix.lower()), output)


def _with_conversion(steps: Steps, suffix: str) -> Steps:
    made = kind_after("saved_model", steps)
    if suffix == ".onnx" and "to-onnx" not in steps and "to-litert" not in steps:
        first = next((at for at, name in enumerate(steps) if name in (*_NARROWING, "warmstart")), len(steps))
        return (*steps[:first], "to-onnx", *steps[first:])
    if suffix == ".tflite" and made == "saved_model":
        return (*steps, "to-litert")
    return steps


def _checked(artifact: object, steps: Steps, output: str | None) -> Steps:
    """Return the steps where each can follow the one before, and the last gives what the output is called."""
    before_onnx = steps[: steps.index("to-onnx")] if "to-onnx" in steps else steps
    _refuse(artifact, "saved_model", before_onnx, ("warmstart",), "a step for ONNX models", "put to-onnx before it")
    ends = [at for at, name in enumerate(before_onnx) if name in (*_NARROWING, "to-litert")]
    if ends and ends[0] != len(steps) - 1:
        last, after = steps[ends[0]], steps[ends[0] + 1]
        hint = "put to-onnx before it" if last in _NARROWING else "leave it out, or put it last"
        raise UsageError(f"--apply: {last} makes a LiteRT model, and {after} does not work on those", hint)
    made = kind_after("saved_model", steps)
    suffix = PurePath(output or "").suffix.lower()
    if suffix in (".onnx", ".tflite") and made != {".onnx": "onnx", ".tflite": "tflite"}[suffix]:
        raise UsageError(f"--output {output}: these steps make {_FORMATS[made]}", "name the output for what is in it")
    return steps


def kind_after(kind: Format, steps: Sequence[OptimizerName]) -> Format:
    """Return what an artifact has become once all steps are accepted."""
    for name in steps:
        if kind == "saved_model" and name == "to-onnx":
            kind = "onnx"
        elif kind == "saved_model" and name in (*_NARROWING, "to-litert"):
            kind = "tflite"
    return kind


def _refuse(artifact: object, kind: Format, steps: Steps, refused: Steps, why: str, hint: str) -> None:
    name = next((name for name in steps if name in refused), None)
    if name is not None:
        raise UsageError(f"{artifact} is {_FORMATS[kind]}, and {name} is {why}", hint)
