"""Writing samples as JSON, as a child process does it."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from inspector.errors import OperationFailed, UsageError
from inspector.formats.clean_text import one_line
from inspector.records.contract import TensorPromise
from inspector.records.tensor import TensorSpec
from inspector.runtimes.onnx_runtime.feeds import read_feed
from inspector.verify.contract_requests import Bodies, BodiesRequest, Dialect
from inspector.verify.data_archive_child import Archive, StoredArray
from inspector.verify.data_fit_child import Fit, fit
from inspector.verify.inputs_lengths import attempts, shape_at
from inspector.verify.inputs_rules import FLOATS, INTEGERS, InputRule, bounded, rule_for
from inspector.verify.inputs_values_child import values_for

Feed = Mapping[str, NDArray[Any]]
Report = Callable[[int, int, str], None]

_DATATYPES: Final[Mapping[str, str]] = {
    "bool": "BOOL",
    **{f"{sign}int{bits}": f"{sign.upper()}INT{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    **{f"float{bits}": f"FP{bits}" for bits in (16, 32, 64)},
}
"""Element types of the Open Inference Protocol; text is BYTES."""
_BYTES_A_NUMBER: Final = 8
"""About what a number takes in JSON, at least."""


def encode_in_child(request: BodiesRequest, report: Report) -> Bodies:
    """Return the samples as bodies. Raises UsageError, OperationFailed."""
    bodies: list[bytes] = []
    size = 0
    for feed in _feeds(request):
        report(len(bodies), request.count, "requests")
        _refuse_large(feed, request.most_bytes)
        body = _encoded(feed, request.dialect)
        size += len(body)
        if size > request.most_bytes and bodies:
            return Bodies(tuple(bodies), (f"only {len(bodies)} samples: more are too long for requests",))
        bodies.append(body)
    return Bodies(tuple(bodies))


def _feeds(request: BodiesRequest) -> Iterator[Feed]:
    if request.inputs is not None:
        inputs = request.inputs
        yield from (read_feed(inputs, index) for index in range(min(inputs.count, request.count)))
    elif request.path:
        yield from _from_archive(request)
    else:
        yield from _seeded(request)


def _from_archive(request: BodiesRequest) -> Iterator[Feed]:
    with Archive(request.path, request.label) as archive:
        fits = _fits(archive, request)
        counts = {one.samples for one in fits if one.samples is not None}
        if len(counts) > 1:
            raise UsageError(f"the arrays of {request.label} differ in samples", "the first axis of each counts the samples")
        streams = [_pieces(archive, one, request) for one in fits]
        for _ in range(min(min(counts, default=1), request.count)):
            yield {one.spec.name: one.sample(next(stream)) for one, stream in zip(fits, streams, strict=True)}


def _fits(archive: Archive, request: BodiesRequest) -> list[Fit]:
    """Return how arrays feed the inputs: those that are promised or, where nothing is, all but the labels."""
    if request.promises:
        missing = next((one.name for one in request.promises if one.name not in archive.names), None)
        if missing is not None:
            held = ", ".join(one_line(name) for name in archive.names[:12])
            raise UsageError(
                f'{request.label} has no array "{one_line(missing)}", which the contract promises; it holds {held}',
                "name each array as the input it is for",
            )
        return [fit(archive.describe(one.name), _spec(one), request.label) for one in request.promises]
    names = [name for name in archive.names if name != request.labels]
    if not names:
        raise UsageError(f"{request.label} holds labels only", "save an array for each input")
    return [_by_rows(archive.describe(name)) for name in names]


def _by_rows(stored: StoredArray) -> Fit:
    """Return how an array feeds an input that nothing is known of: a row at a time, as a batch of one."""
    if stored.shape and stored.shape[0] == 0:
        raise UsageError(f'array "{one_line(stored.name)}" holds no samples', "give at least one")
    kind = "string" if stored.dtype.kind in "US" else stored.dtype.newbyteorder("=").name
    return Fit(stored, TensorSpec(stored.name, kind), stored.shape[0] if stored.shape else None)


def _pieces(archive: Archive, one: Fit, request: BodiesRequest) -> Iterator[NDArray[Any]]:
    bound = request.memory_bytes // 4
    if one.samples is None:
        whole = archive.whole(one.stored, bound)
        yield from (whole for _ in range(request.count))
        return
    row = math.prod(one.stored.shape[1:]) * one.stored.dtype.itemsize * one.per_sample
    if row > bound:
        raise UsageError(f'one sample of array "{one_line(one.stored.name)}" of {request.label} takes {row:,} bytes')
    yield from archive.rows(one.stored, one.per_sample, bound)


def _seeded(request: BodiesRequest) -> Iterator[Feed]:
    """Yield samples made from what is promised of types, shapes and values."""
    rules = [_rule(one) for one in request.promises]
    lengths = next(attempts(rules, {}), {})
    for index in range(request.count):
        random = np.random.default_rng([request.seed, index])
        yield {
            promise.name: values_for(rule, shape_at(rule, lengths), random, index, lengths)
            for promise, rule in zip(request.promises, rules, strict=True)
        }


def _rule(promise: TensorPromise) -> InputRule:
    if promise.dtype not in INTEGERS | FLOATS | {"bool", "string"}:
        raise UsageError(
            f'input "{one_line(promise.name)}" is {one_line(promise.dtype)}: no such values are made', "give --data inputs.npz"
        )
    return bounded(rule_for(_spec(promise)), promise.range)


def _spec(promise: TensorPromise) -> TensorSpec:
    return TensorSpec(promise.name, promise.dtype, promise.shape)


def _encoded(feed: Feed, dialect: Dialect) -> bytes:
    """Return one sample as JSON; raises UsageError for numbers that JSON does not have."""
    if dialect == "open inference":
        document: Any = {"inputs": [_tensor(name, array) for name, array in feed.items()]}
    else:
        nested = {name: _nested(array, dialect) for name, array in feed.items()}
        document = {"inputs": nested} if dialect == "tensorflow serving" else nested
    try:
        return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
    except ValueError:
        raise UsageError("the inputs hold NaN or infinity, which JSON does not have", "give others with --data") from None


def _tensor(name: str, array: NDArray[Any]) -> dict[str, Any]:
    datatype = "BYTES" if array.dtype.kind in "OUS" else _DATATYPES.get(array.dtype.name)
    if datatype is None:
        raise OperationFailed(f'input "{one_line(name)}" is {array.dtype.name}, which requests do not carry')
    return {"name": name, "shape": list(array.shape), "datatype": datatype, "data": array.reshape(-1).tolist()}


def _nested(array: NDArray[Any], dialect: Dialect) -> Any:
    if dialect == "tensorflow serving" and array.dtype.kind in "OUS":
        coded = [{"b64": base64.b64encode(str(text).encode("utf-8")).decode("ascii")} for text in array.reshape(-1)]
        made = np.empty(len(coded), object)
        made[:] = coded
        return made.reshape(array.shape).tolist()
    return array.tolist()


def _refuse_large(feed: Feed, most: int) -> None:
    """Raise UsageError for a sample that would be too long a request, before it is written."""
    count = sum(array.size for array in feed.values())
    if count * _BYTES_A_NUMBER > most:
        raise UsageError(f"a sample of {count:,} numbers is too long a request", f"bodies have at most {most >> 20} MiB in all")
