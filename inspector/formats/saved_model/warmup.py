"""Warm-up requests: assets.extra/tf_serving_warmup_requests, which TensorFlow Serving replays before it takes traffic.

A TFRecord file (https://www.tensorflow.org/tutorials/load_data/tfrecord) of PredictionLog messages
(https://www.tensorflow.org/tfx/serving/saved_model_warmup); their fields are walked, no tensor is decoded.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from inspector.errors import UnreadableArtifact
from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.containment import MISSING, Locator
from inspector.formats.onnx.open_file import open_source
from inspector.formats.onnx.wire import LENGTH, Source, fields
from inspector.formats.saved_model.masked_checksum import masked_checksum
from inspector.records.saved_model import WarmUp

WARM_UP: Final = "assets.extra/tf_serving_warmup_requests"
MOST_REQUESTS: Final = 1_000
"""TensorFlow Serving refuses more (kMaxNumWarmUpRecords in its warm-up code)."""

MOST_CHECKED_BYTES: Final = 16 * 1024 * 1024
"""Checksums of request data are compared up to this many bytes; lengths and their checksums always."""

_HEAD: Final = 12
_TAIL: Final = 4
_LONGEST_NAME: Final = 1024

_PREDICT: Final = 6
_KINDS: Final = {
    2: "classify",
    3: "regress",
    4: "multi_inference",
    5: "session_run",
    _PREDICT: "predict",
    7: "predict_streamed",
}
"""PredictionLog's oneof by field number."""

_MESSAGE: Final = {number: number << 3 | LENGTH for number in range(1, 8)}


class MalformedError(Exception):
    """The file is not what a server can replay; the message says why."""


def read_warm_up(locator: Locator, folder: Path, cleaner: TextCleaner) -> WarmUp | None:
    """Return what the warm-up file of the SavedModel in folder holds, None if there is none.

    What is wrong with it is in its problem; nothing is raised for that.
    """
    if not os.path.lexists(folder / WARM_UP):
        return None
    located = locator.locate(WARM_UP)
    if located.problem or located.real is None:
        return WarmUp(WARM_UP, 0, 0, problem="the file is not there" if located.problem == MISSING else located.problem)
    kinds: Counter[str] = Counter()
    signatures: dict[str, None] = {}
    size = located.size_bytes or 0
    try:
        with open_source(located.real) as source:
            problem = _walk(source, kinds, signatures, cleaner)
    except UnreadableArtifact as error:
        problem = error.message
    return WarmUp(WARM_UP, size, sum(kinds.values()), dict(kinds), tuple(signatures), problem)


def _walk(source: Source, kinds: Counter[str], signatures: dict[str, None], cleaner: TextCleaner) -> str:
    """Count requests by kind and signature; return why the file is not well formed, "" if it is."""
    number = 1
    try:
        for start, end in _records(source):
            kind, name = _request(source, start, end)
            kinds[kind] += 1
            if name is not None:
                signatures[cleaner.clean(name)] = None
            number += 1
    except MalformedError as error:
        return f"request {number}: {error}"
    except UnreadableArtifact as error:
        return f"request {number}: {error.message.removeprefix(source.label).lstrip(': ')}"
    return "" if kinds else "it holds no requests"


def _records(source: Source) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of the data of each record: length, its checksum, the data, its checksum."""
    position, unchecked, count = 0, MOST_CHECKED_BYTES, 0
    while position < source.size:
        if count >= MOST_REQUESTS:
            raise MalformedError(f"servers refuse files of more than {MOST_REQUESTS:,}")
        count += 1
        if position + _HEAD > source.size:
            raise MalformedError("the file ends inside a record's head")
        head = source.read(position, _HEAD)
        length = int.from_bytes(head[:8], "little")
        if int.from_bytes(head[8:], "little") != masked_checksum(head[:8]):
            raise MalformedError("the checksum of its length does not match")
        start, end = position + _HEAD, position + _HEAD + length
        if end + _TAIL > source.size:
            raise MalformedError("the file ends inside a record")
        unchecked -= length
        if unchecked >= 0 and int.from_bytes(source.read(end, _TAIL), "little") != masked_checksum(source.read(start, length)):
            raise MalformedError("the checksum of its data does not match")
        yield start, end
        position = end + _TAIL


def _request(source: Source, start: int, end: int) -> tuple[str, bytes | None]:
    """Return the kind of the request in a PredictionLog, and the signature it names (None: its kind names none here)."""
    found: tuple[int, int, int] | None = None
    for tag, _, value, after in fields(source, start, end):
        if tag & 7 == LENGTH and tag >> 3 in _KINDS:
            found = (tag >> 3, value, after)
    if found is None:
        raise MalformedError("it is no PredictionLog with a request in it")
    number, value, after = found
    requests = [(first, last) for tag, _, first, last in fields(source, value, after) if tag == _MESSAGE[1]]
    if not requests:
        raise MalformedError(f"its {_KINDS[number]} log holds no request")
    if number != _PREDICT:
        return _KINDS[number], None
    return _KINDS[number], _signature(source, *requests[-1])


def _signature(source: Source, start: int, end: int) -> bytes:
    """Return the signature that a PredictRequest names, empty for the default one; the inputs' fields are walked too."""
    name = b""
    for tag, _, value, after in fields(source, start, end):
        if tag == _MESSAGE[1]:
            for inner, _, first, last in fields(source, value, after):
                if inner == _MESSAGE[3]:
                    name = source.read(first, min(last - first, _LONGEST_NAME))
        elif tag == _MESSAGE[2]:
            for _ in fields(source, value, after):
                pass
    return name
