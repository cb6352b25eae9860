"""How an array of a user's file becomes an input of every sample: along which axis samples lie, and as which element type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from inspector.analysis.cost.bindings import is_missing
from inspector.errors import UsageError
from inspector.formats.clean_text import one_line
from inspector.records.tensor import Shape, TensorSpec
from inspector.verify.data_archive_child import StoredArray

_NUMPY: Final = {"string": "str"}


@dataclass(frozen=True, slots=True)
class Fit:
    """How one array feeds one input.

    samples: how many it holds, None where it is the same for every sample. per_sample: entries of its first axis that make
    one. stacked: whether that axis is apart from the input's own axes and falls away.
    """

    stored: StoredArray
    spec: TensorSpec
    samples: int | None
    per_sample: int = 1
    stacked: bool = False

    def sample(self, piece: NDArray[Any]) -> NDArray[Any]:
        """Return a piece of the array as the input takes it; raises UsageError where a value does not fit."""
        made = piece[0] if self.stacked else piece
        if self.spec.shape is not None and made.ndim == len(self.spec.shape) - 1:
            made = made[None]
        return cast(made, self.spec, self.stored.name)


def fit(stored: StoredArray, spec: TensorSpec, label: str) -> Fit:
    """Return how an array feeds an input. Raises UsageError that names the array and what was expected."""
    check_dtype(stored, spec, label)
    shape, model = stored.shape, spec.shape
    _refuse_empty(stored, spec, label)
    if model is None:
        return Fit(stored, spec, shape[0] if shape else None)
    if len(shape) == len(model) + 1 and _matches(shape[1:], model):
        return Fit(stored, spec, shape[0], stacked=True)
    if len(shape) == len(model) and _matches(shape[1:], model[1:]):
        found = _along_first(stored, spec)
        if found is not None:
            return found
    if len(shape) == len(model) - 1 and _is_one(model) and _matches(shape, model[1:]):
        return Fit(stored, spec, None)
    raise UsageError(
        f'array "{one_line(stored.name)}" of {label} has the shape {_shown(shape)}, expected {_expected(model)}',
        "the first axis of each array counts the samples",
    )


def _along_first(stored: StoredArray, spec: TensorSpec) -> Fit | None:
    """Return how an array of the input's own rank feeds it: its first axis counts samples, or batches of a fixed size."""
    if not stored.shape:
        return Fit(stored, spec, None)
    first = (spec.shape or (None,))[0]
    length = stored.shape[0]
    if isinstance(first, str) or is_missing(first):
        return Fit(stored, spec, length)
    fixed = first if isinstance(first, int) else 1
    if length == fixed:
        return Fit(stored, spec, None)
    if fixed > 0 and length % fixed == 0:
        return Fit(stored, spec, length // fixed, per_sample=fixed)
    return None


def _is_one(model: Shape) -> bool:
    return not isinstance(model[0], int) or model[0] in (1, -1)


def _matches(shape: tuple[int, ...], model: Shape) -> bool:
    return len(shape) == len(model) and all(
        isinstance(wanted, str) or is_missing(wanted) or length == wanted for length, wanted in zip(shape, model, strict=True)
    )


def _refuse_empty(stored: StoredArray, spec: TensorSpec, label: str) -> None:
    """Raise UsageError for arrays without elements, but for past states of no length, which decoders begin with."""
    if 0 not in stored.shape:
        return
    name = f'array "{one_line(stored.name)}" of {label}'
    if stored.shape[0] == 0:
        raise UsageError(f"{name} holds no samples", "give at least one, better some hundreds")
    axis = stored.shape.index(0)
    if not any(isinstance(dim, str) and "past" in dim.lower() for dim in spec.shape or ()):
        raise UsageError(f"{name} is empty: its axis {axis} has the length 0", "write it again with values")


def check_dtype(stored: StoredArray, spec: TensorSpec, label: str) -> None:
    """Raise UsageError where the array's elements are of another kind than the input's."""
    have, want = stored.dtype.kind, _kind(spec.dtype)
    same = (have in "iu" and want == "integer") or (have == "f" and want == "float")
    if same or (have == "b" and want == "bool") or (have in "US" and want == "string"):
        return
    if not want:
        raise UsageError(f'input "{one_line(spec.name)}" is {one_line(spec.dtype)}: an .npz cannot hold that')
    numpy_name = _NUMPY.get(spec.dtype, spec.dtype)
    raise UsageError(
        f'array "{one_line(stored.name)}" of {label} holds {one_line(stored.dtype)}, expected {spec.dtype}',
        f"convert it as the model's preprocessing does, then .astype(np.{numpy_name})" if want != "string" else "save text",
    )


def cast_note(stored: StoredArray, spec: TensorSpec) -> str:
    """Return what is to be said of another width of the same kind, empty where there is none."""
    if stored.dtype.kind in "USb" or stored.dtype.newbyteorder("=") == np.dtype(spec.dtype):
        return ""
    return f"{one_line(stored.name)}: {stored.dtype.name} in the file, {spec.dtype} in the model"


def cast(array: NDArray[Any], spec: TensorSpec, name: str) -> NDArray[Any]:
    """Return the array in the input's element type; raises UsageError where an integer does not fit it."""
    if spec.dtype == "string":
        return np.char.decode(array, "utf-8").astype(object) if array.dtype.kind == "S" else array.astype(object)
    wanted = np.dtype(spec.dtype)
    if array.dtype == wanted:
        return np.asarray(array, order="C")
    if wanted.kind in "iu" and array.size:
        limits, low, high = np.iinfo(wanted), int(array.min()), int(array.max())
        if low < limits.min or high > limits.max:
            worst = low if low < limits.min else high
            raise UsageError(f'array "{one_line(name)}" holds {worst:,}, which {spec.dtype} cannot', "check how it was made")
    return np.asarray(array, order="C").astype(wanted)


def _kind(dtype: str) -> str:
    if dtype in ("bool", "string"):
        return dtype
    if dtype in ("float16", "float32", "float64"):
        return "float"
    return "integer" if dtype.startswith(("int", "uint")) and not dtype.endswith(("2t", "4t")) else ""


def _shown(shape: tuple[int, ...]) -> str:
    return " x ".join(f"{length:,}" for length in shape) or "()"


def _expected(model: Shape) -> str:
    """Return an input's shape with its samples in front, in words: "samples x 3 x 224 x 224"."""
    rest = model[1:] if model and (not isinstance(model[0], int) or model[0] == 1) else model
    return " x ".join(["samples", *("any" if is_missing(dim) else one_line(dim) for dim in rest)])
