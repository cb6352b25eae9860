"""Writing warm-up requests: samples on disk become PredictRequests of signatures, in the file that servers replay.

Messages and their numbers: tensorflow_serving/apis/prediction_log.proto, predict.proto and model.proto,
tensorflow/core/framework/tensor.proto; the file is a TFRecord (see warmup.py, which reads it back).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from inspector.errors import OperationFailed
from inspector.formats.clean_text import one_line
from inspector.formats.onnx.wire import LENGTH, VARINT, encode_varint
from inspector.formats.saved_model.dtypes import STRING, dtype_name
from inspector.formats.saved_model.masked_checksum import masked_checksum
from inspector.formats.saved_model.warmup import MOST_CHECKED_BYTES, MOST_REQUESTS
from inspector.records.optimization import InputSet
from inspector.records.publishing import WarmUpInputs, WarmUpPlan

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_BYTES: Final = MOST_CHECKED_BYTES
"""Of all requests together: what a server reads at each start, and what is checked when it is read back."""

_PREDICT_LOG: Final = 6
_NUMBERS: Final = {dtype_name(number): number for number in range(1, 33)}
_HELD_AS: Final = {
    "bfloat16": 2, "float8e5m2": 1, "float8e4m3fn": 1,
    "qint8": 1, "quint8": 1, "qint16": 2, "quint16": 2, "qint32": 4,
}  # fmt: skip
"""Bytes of elements that numpy has no type of its own for."""


class WarmUpFile(NamedTuple):
    """The content of a warm-up file, the requests in it, and what was left out."""

    content: bytes
    requests: int
    notes: tuple[str, ...] = ()


def warm_up_file(plan: WarmUpPlan) -> WarmUpFile:
    """Return the requests of a plan, the first of each signature first, as many as MOST_REQUESTS and MOST_BYTES allow.

    Raises OperationFailed where a sample cannot be read or is of a type that requests do not carry.
    """
    records: list[bytes] = []
    left, dropped = MOST_BYTES, 0
    for samples, index in _in_turn(plan):
        log = prediction_log(plan.model, samples, read_sample(samples.inputs, index))
        if len(records) >= MOST_REQUESTS or len(log) > left:
            dropped += 1
            continue
        left -= len(log)
        records.append(tf_record(log))
    notes = (f"{dropped:,} warm-up requests left out: a file holds {MOST_REQUESTS:,} of {MOST_BYTES:,} bytes together",)
    return WarmUpFile(b"".join(records), len(records), notes if dropped else ())


def prediction_log(model: str, samples: WarmUpInputs, feed: Sequence[NDArray[Any]]) -> bytes:
    """Return a PredictionLog of one PredictRequest: the arrays of a feed, in the order of the input names."""
    spec = _message(1, model.encode("utf-8", "surrogateescape"))
    spec += _message(3, samples.signature.encode("utf-8", "surrogateescape"))
    request = _message(1, spec)
    for name, array in zip(samples.inputs.names, feed, strict=True):
        key = name.encode("utf-8", "surrogateescape")
        request += _message(2, _message(1, key) + _message(2, tensor_proto(array, samples.dtypes.get(name, ""), name)))
    return _message(_PREDICT_LOG, _message(1, request))


def tensor_proto(array: NDArray[Any], dtype: str = "", label: str = "an input") -> bytes:
    """Return an array as a TensorProto of an element type, by its name here; "": that of the array.

    Raises OperationFailed where the array does not hold such elements.
    """
    held = STRING if array.dtype.kind in "OSU" else array.dtype.name
    dtype = dtype or held
    same = dtype == held or (array.dtype.kind in "Viu" and array.dtype.itemsize == _HELD_AS.get(dtype))
    if not same or dtype not in _NUMBERS:
        raise OperationFailed(f'input "{one_line(label)}" is {one_line(dtype)}, and its samples hold {one_line(held)}')
    head = _number(1, _NUMBERS[dtype]) + _message(2, b"".join(_message(2, _number(1, length)) for length in array.shape))
    if dtype == STRING:
        return head + b"".join(_message(8, _text(element)) for element in array.ravel())
    content = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    return head + (_message(4, content) if content else b"")


def read_sample(inputs: InputSet, index: int) -> list[NDArray[Any]]:
    """Return the arrays of one sample in the order of the input names. Raises OperationFailed."""
    import zipfile

    import numpy as np

    try:
        with np.load(Path(inputs.folder, f"{index:05d}.npz"), allow_pickle=False) as archive:
            return [archive[str(place)] for place in range(len(inputs.names))]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        raise OperationFailed(f"sample {index} for warm-up requests is missing or damaged", "run it again") from None


def tf_record(data: bytes) -> bytes:
    """Return a TFRecord: the length, its masked checksum, the data, its masked checksum."""
    length = len(data).to_bytes(8, "little")
    return b"".join((length, masked_checksum(length).to_bytes(4, "little"), data, masked_checksum(data).to_bytes(4, "little")))


def _in_turn(plan: WarmUpPlan) -> Iterator[tuple[WarmUpInputs, int]]:
    """Yield the first sample of each signature, then the second of each, up to what is wanted of one."""
    for index in range(min(plan.most, max((one.inputs.count for one in plan.samples), default=0))):
        for samples in plan.samples:
            if index < samples.inputs.count:
                yield samples, index


def _text(element: Any) -> bytes:
    return element if isinstance(element, bytes) else str(element).encode("utf-8", "surrogateescape")


def _message(number: int, payload: bytes) -> bytes:
    return encode_varint(number << 3 | LENGTH) + encode_varint(len(payload)) + payload


def _number(number: int, value: int) -> bytes:
    return encode_varint(number << 3 | VARINT) + encode_varint(value)
