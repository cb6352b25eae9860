"""Reading a weight's values as a child process does it: numpy is imported here, and memory stays bounded whatever the size."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from numpy.typing import NDArray

from inspector.errors import OperationFailed
from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.weight_answer import WeightAnswer, WeightRequest
from inspector.formats.onnx.weight_bytes import iter_chunks, read_strings
from inspector.formats.onnx.weight_decoding import COMPLEX, decode, is_decodable
from inspector.formats.onnx.weight_statistics import PREVIEW, BinCounter, Moments, preview_texts
from inspector.records.artifact import Artifact, Computation
from inspector.records.graph import Graph
from inspector.records.tensor import Weight

CHUNK: Final = 3 << 18
"""Bytes read at a time: whole elements of every width, 6 bits included, and few enough to stay in the processor's cache."""

_LONGEST_TEXT: Final = 200

Report = Callable[[int, int, str], None]


def read_in_child(request: WeightRequest, report: Report) -> WeightAnswer:
    """Read all values of the weight twice: for digest, moments and extremes, and for the histogram. Raises OperationFailed."""
    artifact = Artifact(os.fsdecode(request.path), "onnx", request.size_bytes)
    nothing = Graph("", "", (), (), ())
    computation = Computation(artifact, (), nothing, weights=(request.weight,), external_files=request.external_files)
    reader = _Reader(computation, request.weight, report)
    if request.weight.dtype == "string":
        return _of_text(reader)
    if not is_decodable(request.weight.dtype):
        return WeightAnswer(None, None, None, None, 0, 0, 0, None, (), reader.digest())
    return _of_numbers(reader)


@dataclass(slots=True)
class _Reader:
    """Goes through one weight's dense bytes, any number of times, and reports how far it is."""

    computation: Computation
    weight: Weight
    report: Report
    passes: int = 1
    done: int = 0

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes in pieces of CHUNK."""
        for chunk in iter_chunks(self.computation, self.weight, CHUNK):
            self.done += len(chunk)
            self.report(self.done, self.passes * max(self.weight.byte_count, self.weight.storage.length), "bytes")
            yield chunk

    def arrays(self) -> Iterator[tuple[bytes, NDArray[Any]]]:
        """Yield each piece with its values; raises OperationFailed if there are fewer than the shape asks for."""
        left = self.weight.element_count
        for chunk in self.chunks():
            values = decode(self.weight.dtype, chunk)[:left]
            left -= values.size
            yield chunk, values
        if left:
            stored = self.weight.element_count - left
            raise OperationFailed(
                f"weight {self.weight.name} holds {stored:,} elements where its shape asks for {self.weight.element_count:,}",
                "the file is damaged: export it again",
            )

    def digest(self) -> str:
        """Return the sha256 of the bytes in hexadecimal."""
        sha256 = hashlib.sha256()
        for chunk in self.chunks():
            sha256.update(chunk)
        return sha256.hexdigest()


def _of_numbers(reader: _Reader) -> WeightAnswer:
    dtype = reader.weight.dtype
    reader.passes = 1 if dtype in COMPLEX else 2
    sha256, moments = hashlib.sha256(), Moments(dtype)
    preview: tuple[str, ...] = ()
    for chunk, values in reader.arrays():
        sha256.update(chunk)
        moments.add(values)
        preview = preview or preview_texts(dtype, values)
    histogram = None
    if moments.minimum is not None and moments.maximum is not None:
        bins = BinCounter(dtype, moments.minimum, moments.maximum)
        for _, values in reader.arrays():
            bins.add(values)
        histogram = bins.histogram
    return WeightAnswer(
        None if moments.minimum is None else float(moments.minimum),
        None if moments.maximum is None else float(moments.maximum),
        moments.mean,
        moments.deviation,
        moments.zero_count,
        moments.nan_count,
        moments.infinite_count,
        histogram,
        preview,
        sha256.hexdigest(),
    )


def _of_text(reader: _Reader) -> WeightAnswer:
    """Return the digest of all texts and the first of them; texts in more than a few megabytes are not previewed."""
    cleaner = TextCleaner()
    try:
        texts = read_strings(reader.computation, reader.weight)
    except OperationFailed:
        texts = []
    preview = tuple(_shortened(cleaner.clean_value(text[: 4 * _LONGEST_TEXT])) for text in texts[:PREVIEW])
    return WeightAnswer(None, None, None, None, 0, 0, 0, None, preview, reader.digest())


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "…"
