"""Scores of one output against its label, by metric; numpy is imported here, in a child."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from inspector.records.contract import ConformanceTerms

THRESHOLD: Final = 0.5

Array = NDArray[Any]
Values = NDArray[np.float64]


class Mismatch(Exception):
    """Labels and output do not fit (of_labels), or the output is no answer; says how."""

    def __init__(self, message: str, *, of_labels: bool = True) -> None:
        super().__init__(message)
        self.of_labels = of_labels


class Scorer(Protocol):
    """Scores outputs of one model against labels."""

    @property
    def how(self) -> str:
        """How a score comes about, for a person."""
        ...

    def scores(self, output: Array, label: Array, rows: int) -> Values:
        """Return the score of each of so many samples in one output. Raises Mismatch."""
        ...


def scorer_for(terms: ConformanceTerms, output: Array, labels: Array) -> Scorer:
    """Choose how to score from the first output and all labels, whose first axis is samples. Raises Mismatch."""
    if terms.metric in ("mae", "cosine"):
        return Distance(terms.metric)
    if output.dtype.kind in "OUS" and terms.metric == "accuracy":
        return Equality()
    per_sample = prod(labels.shape[1:])
    axis = _class_axis(output, per_sample)
    if axis is not None:
        return _classes(terms, output.shape[axis], axis - output.ndim, labels)
    if output.size == per_sample and per_sample:
        if (
            output.ndim
            and output.shape[-1] > 1
            and labels.ndim > 1
            and labels.shape[-1] == output.shape[-1]
            and _one_hot(labels)
        ):
            return _classes(terms, output.shape[-1], -1, np.argmax(labels, axis=-1), one_hot=True)
        if terms.metric == "accuracy":
            return Equality() if output.dtype.kind in "iub" else _threshold(labels)
    label = "one value" if per_sample == 1 else f"{per_sample} values"
    raise Mismatch(
        f"a label is {label}, the output is {output.dtype}{list(output.shape)}: {terms.metric} needs scores of classes"
    )


def _class_axis(output: Array, per_sample: int) -> int | None:
    """Return the axis along which there is one score a class: the last, else the second, as in segmentation."""
    if output.dtype.kind not in "iuf" or not per_sample:
        return None
    for axis in (output.ndim - 1, 1):
        if 0 <= axis < output.ndim and output.shape[axis] > 1 and output.size == per_sample * output.shape[axis]:
            return axis
    return None


def _one_hot(labels: Array) -> bool:
    return labels.dtype.kind in "iufb" and bool(np.isin(labels, (0, 1)).all() and (np.sum(labels, axis=-1) == 1).all())


def _classes(terms: ConformanceTerms, count: int, axis: int, labels: Array, one_hot: bool = False) -> Scorer:
    """Return the scorer of class scores once every label is known to name one of the classes."""
    whole = labels.dtype.kind in "iub" or (labels.dtype.kind == "f" and bool((labels == np.floor(labels)).all()))
    if not whole:
        raise Mismatch(f"labels of {labels.dtype} are no numbers of classes")
    wrong = np.argwhere((labels < 0) | (labels >= count))
    if wrong.size:
        place = tuple(wrong[0])
        raise Mismatch(f"the label of sample {place[0]} is {labels[place]}, classes are 0 to {count - 1}")
    if terms.metric == "top_k" and not 0 < terms.k < count:
        raise Mismatch(f"top {terms.k} of {count} classes says nothing")
    return Classes(count, axis, terms.k if terms.metric == "top_k" else 1, one_hot)


def _threshold(labels: Array) -> Scorer:
    if labels.dtype.kind not in "iufb" or not np.isin(labels, (0, 1)).all():
        raise Mismatch("the output is one number, for which labels are 0 and 1")
    return Threshold()


@dataclass(frozen=True, slots=True)
class Classes:
    """Right where the label's class is among the k that score highest along an axis (counted from the last)."""

    count: int
    axis: int
    k: int
    one_hot: bool

    @property
    def how(self) -> str:
        """How a score comes about."""
        return f"{'argmax' if self.k == 1 else f'top {self.k}'} of {self.count} classes"

    def scores(self, output: Array, label: Array, rows: int) -> Values:
        """Return the share of right predictions of each row; a prediction with NaN in it is wrong."""
        if output.ndim < -self.axis or output.shape[self.axis] != self.count:
            raise Mismatch(f"the output is {list(output.shape)}, without its {self.count} classes", of_labels=False)
        table = np.moveaxis(output, self.axis, -1).reshape(-1, self.count).astype(np.float64)
        expected = (np.argmax(label, axis=-1) if self.one_hot else label).reshape(-1).astype(np.int64)
        _check_sizes(table.shape[0], expected.size)
        own = np.take_along_axis(table, expected[:, None], axis=1)
        ahead = (table > own) | ((table == own) & (np.arange(self.count) < expected[:, None]))
        return _by_row((ahead.sum(axis=1) < self.k) & ~np.isnan(table).any(axis=1), rows)


@dataclass(frozen=True, slots=True)
class Equality:
    """Right where the output is the label: class numbers or text."""

    how: str = "output equals label"

    def scores(self, output: Array, label: Array, rows: int) -> Values:
        """Return the share of equal elements of each row."""
        _check_sizes(output.size, label.size)
        left, right = output.reshape(-1), label.reshape(-1)
        if output.dtype.kind in "OUS":
            left, right = left.astype(str), right.astype(str)
        return _by_row(left == right, rows)


@dataclass(frozen=True, slots=True)
class Threshold:
    """Right where a probability lies on the label's side of one half."""

    how: str = "probability of at least 0.5"

    def scores(self, output: Array, label: Array, rows: int) -> Values:
        """Return the share of right predictions of each row; NaN is wrong."""
        _check_sizes(output.size, label.size)
        values = output.reshape(-1)
        if bool(((values < 0) | (values > 1)).any()):
            raise Mismatch("one number beyond 0 to 1 is no probability: accuracy needs one, or scores of classes; use mae")
        right = (values >= THRESHOLD) == (label.reshape(-1) > 0)
        return _by_row(right & ~np.isnan(values), rows)


@dataclass(frozen=True, slots=True)
class Distance:
    """How far an output is from the values it should have: mean absolute error, or cosine."""

    metric: str

    @property
    def how(self) -> str:
        """How a score comes about."""
        return "mean absolute error of a sample" if self.metric == "mae" else "cosine of a sample"

    def scores(self, output: Array, label: Array, rows: int) -> Values:
        """Return the error or the cosine of each row."""
        if output.dtype.kind not in "iufb" or label.dtype.kind not in "iufb":
            raise Mismatch(f"{self.metric} needs numbers: the output is {output.dtype}, the label {label.dtype}")
        _check_sizes(output.size, label.size)
        if not output.size:
            raise Mismatch(f"the output is empty: {self.metric} is not defined", of_labels=False)
        left, right = (array.astype(np.float64).reshape(rows, -1) for array in (output, label))
        if not np.isfinite(right).all():
            raise Mismatch("the label holds NaN or infinity")
        if not np.isfinite(left).all():
            raise Mismatch(f"it holds NaN or infinity, of which there is no {self.metric}", of_labels=False)
        return np.asarray(np.abs(left - right).mean(axis=1) if self.metric == "mae" else _cosine(left, right), np.float64)


def _cosine(left: Values, right: Values) -> Values:
    """Return the cosine of each pair of rows: 1 where both are zero, 0 where one is."""
    lengths = np.linalg.norm(left, axis=1), np.linalg.norm(right, axis=1)
    product = lengths[0] * lengths[1]
    both_zero = (lengths[0] == 0) & (lengths[1] == 0)
    cosine = np.divide((left * right).sum(axis=1), product, out=np.zeros_like(product), where=product > 0)
    return np.where(both_zero, 1.0, np.clip(cosine, -1.0, 1.0))


def _by_row(right: Array, rows: int) -> Values:
    """Return the share that is right in each row."""
    return np.asarray(right.reshape(rows, -1).mean(axis=1), np.float64)


def _check_sizes(predictions: int, labels: int) -> None:
    if predictions != labels:
        raise Mismatch(f"{predictions} predictions for {labels} labels")
