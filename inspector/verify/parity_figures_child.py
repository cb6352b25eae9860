"""The figures of one output, added up over samples and over pieces of large ones, in float64."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from inspector.formats.clean_text import one_line
from inspector.records.parity import OutputParity

CHUNK: Final = 1 << 16
"""Elements compared at a time, so that their float64 copies stay small, and in the processor's cache."""

MOST_CLASSES: Final = 1 << 18
"""Rows longer than that are no classes to choose from."""

PRACTICALLY_INFINITE: Final = 1e30
"""Reference values from here on stand for infinity: masks hold the lowest float32, and no float16 can say that."""

LARGEST_HALF: Final = 65504.0
QUIET: Final = 0.01
"""Inputs that give less than this share of the largest magnitude have no direction worth comparing."""

DECIDED: Final = 0.01
"""Share of the scale by which the largest element of a row must exceed the second for the row to count as decided."""

_LOWEST_DB: Final = -300.0


def finite_scale(array: NDArray[Any]) -> float:
    """Return the largest finite magnitude, 0 where there is none, or where the elements are no numbers."""
    if array.dtype.kind not in "fiu":
        return 0.0
    largest = 0.0
    for piece in _pieces(array):
        finite = np.abs(piece[np.abs(piece) < PRACTICALLY_INFINITE])
        largest = max(largest, float(finite.max(initial=0.0)))
    return largest


@dataclass(slots=True)
class OutputFigures:
    """One output's figures so far; scale is the largest finite magnitude of the reference over all inputs."""

    name: str
    scale: float
    dtype: str = ""
    problem: str = ""
    elements: int = 0
    compared: int = 0
    equal: int = 0
    largest: float = 0.0
    worst_input: int | None = None
    total: float = 0.0
    largest_relative: float = 0.0
    total_relative: float = 0.0
    signal: float = 0.0
    noise: float = 0.0
    nonfinite: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("nan", "inf", "ref_nan", "ref_inf", "differ"), 0))
    rows: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    """Rows, those that agree, decided ones, those of them that agree."""
    directions: list[tuple[float, float]] = field(default_factory=list)
    """Of each input: root mean square of the reference, cosine."""

    def add(self, index: int, reference: NDArray[Any], changed: NDArray[Any] | None) -> None:
        """Take in what one input gave; changed None: the output is missing."""
        self.dtype = self.dtype or _dtype_name(reference)
        self.elements += reference.size
        self.problem = self.problem or _mismatch(index, reference, changed)
        if self.problem or changed is None:
            return
        if reference.dtype.kind != "f":
            self.equal += int((reference == changed).sum())
            self.compared += reference.size
        if reference.dtype.kind in "fiu":
            self._add_numbers(index, reference, changed)
            if reference.ndim and 2 <= reference.shape[-1] <= MOST_CLASSES and reference.size:
                self._add_rows(reference, changed)

    def _add_numbers(self, index: int, reference: NDArray[Any], changed: NDArray[Any]) -> None:
        sums = np.zeros(3)
        counted = 0
        for expected_piece, given_piece in zip(_pieces(reference), _pieces(changed), strict=True):
            expected, given = self._usable(expected_piece, given_piece)
            signal = float(expected @ expected)
            self._add_differences(index, expected, np.abs(expected - given))
            self.signal += signal
            sums += (signal, given @ given, expected @ given)
            counted += expected.size
        if counted > 1:
            self.directions.append((math.sqrt(sums[0] / counted), _cosine(*sums)))
        if reference.dtype.kind == "f":
            self.compared += counted

    def _usable(self, expected: NDArray[Any], given: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the elements where both are finite, after counting what is not."""
        if np.abs(expected).max() < PRACTICALLY_INFINITE and math.isfinite(float(np.abs(given).max())):
            return expected, given
        endless = np.abs(expected) >= PRACTICALLY_INFINITE
        same_side = endless & (np.sign(expected) == np.sign(given)) & (np.abs(given) >= LARGEST_HALF)
        nan, given_nan, given_inf = np.isnan(expected), np.isnan(given), np.isinf(given)
        usable: NDArray[Any] = ~(endless | nan | given_nan | given_inf)
        self.nonfinite["nan"] += int(given_nan.sum())
        self.nonfinite["inf"] += int(given_inf.sum())
        self.nonfinite["ref_nan"] += int(nan.sum())
        self.nonfinite["ref_inf"] += int(np.isinf(expected).sum())
        self.nonfinite["differ"] += int((~usable & ~same_side & ~(nan & given_nan)).sum())
        return expected[usable], given[usable]

    def _add_differences(self, index: int, expected: NDArray[Any], difference: NDArray[Any]) -> None:
        if difference.size == 0:
            return
        largest = float(difference.max())
        if largest > self.largest:
            self.largest, self.worst_input = largest, index
        self.total += float(difference.sum())
        self.noise += float(difference @ difference)
        if self.scale > 0:
            relative = difference / np.maximum(np.abs(expected), 1e-6 * self.scale)
            self.largest_relative = max(self.largest_relative, float(relative.max()))
            self.total_relative += float(relative.sum())

    def _add_rows(self, reference: NDArray[Any], changed: NDArray[Any]) -> None:
        """Count rows along the last axis whose largest element is the same one; equal largest ones are all right."""
        length = reference.shape[-1]
        expected_rows, given_rows = reference.reshape(-1, length), changed.reshape(-1, length)
        step = max(1, CHUNK // length)
        for start in range(0, len(expected_rows), step):
            expected = np.nan_to_num(expected_rows[start : start + step].astype(np.float64), nan=-np.inf)
            given = np.nan_to_num(given_rows[start : start + step].astype(np.float64), nan=-np.inf)
            top_two = np.partition(expected, length - 2, axis=1)[:, -2:]
            chosen = np.take_along_axis(expected, given.argmax(axis=1)[:, None], axis=1)[:, 0]
            agrees = chosen == top_two[:, 1]
            decided = top_two[:, 1] - top_two[:, 0] >= max(DECIDED * self.scale, np.finfo(np.float64).tiny)
            counts = (len(expected), int(agrees.sum()), int(decided.sum()), int((agrees & decided).sum()))
            self.rows = [before + more for before, more in zip(self.rows, counts, strict=True)]

    def result(self) -> OutputParity:
        """Return the figures of all that was added."""
        name = one_line(self.name)
        if self.problem:
            return OutputParity(name, self.dtype, self.elements, problem=self.problem)
        exact = self.equal / self.compared if self.dtype[:5] != "float" and self.compared else None
        result = OutputParity(name, self.dtype, self.elements, exact_share=exact)
        if self.dtype in ("bool", "string") or not self.dtype or not self.compared:
            return self._with_nonfinite(result)
        return self._with_nonfinite(self._with_numbers(result))

    def _with_numbers(self, result: OutputParity) -> OutputParity:
        count, scale = self.compared, self.scale
        all_rows, agreeing, decided, agreeing_decided = self.rows
        return replace(
            result,
            max_absolute=self.largest,
            mean_absolute=self.total / count,
            max_relative=self.largest_relative if scale > 0 else None,
            mean_relative=self.total_relative / count if scale > 0 else None,
            max_scaled=self.largest / scale if scale > 0 else None,
            mean_scaled=self.total / count / scale if scale > 0 else None,
            cosine=self._lowest_cosine(),
            sqnr_db=self._sqnr(),
            top1_agreement=agreeing / all_rows if all_rows else None,
            decided_top1_agreement=agreeing_decided / decided if decided else None,
            decided_rows=decided if all_rows else None,
            scale=scale,
            worst_input=self.worst_input,
        )

    def _with_nonfinite(self, result: OutputParity) -> OutputParity:
        found = self.nonfinite
        return replace(
            result,
            nan_count=found["nan"],
            inf_count=found["inf"],
            reference_nan_count=found["ref_nan"],
            reference_inf_count=found["ref_inf"],
            nonfinite_mismatches=found["differ"],
        )

    def _lowest_cosine(self) -> float | None:
        loudest = max((magnitude for magnitude, _ in self.directions), default=0.0)
        return min((cosine for magnitude, cosine in self.directions if magnitude >= QUIET * loudest), default=None)

    def _sqnr(self) -> float | None:
        if self.noise == 0:
            return None
        return max(_LOWEST_DB, 10 * math.log10(self.signal / self.noise)) if self.signal > 0 else _LOWEST_DB


def _cosine(reference: float, changed: float, product: float) -> float:
    """Return the cosine from the sums of squares and of products; of two zero vectors it is 1."""
    if reference == 0 or changed == 0:
        return 1.0 if reference == changed else 0.0
    return float(min(1.0, max(-1.0, product / (math.sqrt(reference) * math.sqrt(changed)))))


def _mismatch(index: int, reference: NDArray[Any], changed: NDArray[Any] | None) -> str:
    """Return why one input's outputs cannot be compared, empty where they can."""
    if changed is None:
        return "it is missing"
    if _kind(reference) == "" or _kind(reference) != _kind(changed):
        return f"it holds {_dtype_name(changed)} where the original has {_dtype_name(reference)}"
    if reference.shape != changed.shape:
        return f"its shape is {_shape(changed)} where the original's is {_shape(reference)} (input {index})"
    return ""


def _kind(array: NDArray[Any]) -> str:
    """Return what kind of elements an array holds, empty for kinds that are not compared."""
    return {"f": "float", "i": "integer", "u": "integer", "b": "bool", "O": "string", "U": "string"}.get(array.dtype.kind, "")


def _dtype_name(array: NDArray[Any]) -> str:
    return "string" if array.dtype.kind in "OUS" else str(array.dtype)


def _shape(array: NDArray[Any]) -> str:
    return " x ".join(map(str, array.shape)) or "()"


def _pieces(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield all elements as float64, CHUNK at a time."""
    flat = array.reshape(-1)
    for start in range(0, flat.size, CHUNK):
        yield flat[start : start + CHUNK].astype(np.float64)
