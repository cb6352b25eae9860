"""The skim: an ONNX file read for its structure, without the values of its weights."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from inspector.errors import UnreadableArtifact
from inspector.formats.onnx.containment import link_of
from inspector.formats.onnx.external import ExternalData
from inspector.formats.onnx.functions import read_function, read_opsets, read_pairs
from inspector.formats.onnx.graphs import read_graph
from inspector.formats.onnx.long_text import read_text
from inspector.formats.onnx.odd_text import note_odd_text
from inspector.formats.onnx.open_file import open_source
from inspector.formats.onnx.reading import Reading
from inspector.formats.onnx.wire import DAMAGED_HINT, Source, Span, fields, signed, varint_at
from inspector.records.artifact import Artifact, Computation
from inspector.records.graph import Function, Graph, Signature

_TEXTS: Final = {0x12: "producer", 0x1A: "producer version", 0x22: "domain", 0x32: "doc"}
_IR_VERSION: Final = 0x08
_MODEL_VERSION: Final = 0x28
_GRAPH: Final = 0x3A
_OPSET: Final = 0x42
_METADATA: Final = 0x72
_TRAINING: Final = 20 * 8 + 2
_FUNCTION: Final = 25 * 8 + 2
_CONFIGURATION: Final = 26 * 8 + 2
_FIRST_BYTES: Final = frozenset(
    {
        _IR_VERSION,
        _MODEL_VERSION,
        *_TEXTS,
        _GRAPH,
        _OPSET,
        _METADATA,
        *(tag & 127 | 128 for tag in (_TRAINING, _FUNCTION, _CONFIGURATION)),
    }
)


def read(path: Path) -> Computation:
    """Return what the ONNX file at path computes: graphs, functions, signatures and every weight, but none of their values.

    Offsets and lengths are in bytes of the file. Raises UnreadableArtifact if it is no ONNX model or cannot be read.
    """
    with open_source(path) as source:
        before = os.fstat(source.fd)
        model = _Model(source, path)
        try:
            model.read()
        except UnreadableArtifact as error:
            if _changed(before, os.fstat(source.fd)):
                raise UnreadableArtifact(
                    f"{source.label}: changed while it was read", "open it again once it is written"
                ) from error
            raise
        if _changed(before, os.fstat(source.fd)):
            model.reading.notes.add(
                "changed-while-open",
                "high",
                "the file changed while it was read: what is shown may mix old and new",
                str(path.name),
            )
        return model.build()


def _changed(before: os.stat_result, after: os.stat_result) -> bool:
    return (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns)


class _Model:
    """One ModelProto while it is read."""

    def __init__(self, source: Source, path: Path) -> None:
        self._source = source
        self._path = path
        self.reading = Reading(source, read_graph)
        self._numbers: dict[int, int] = {}
        self._texts: dict[int, str] = {}
        self._spans: dict[int, list[Span]] = {_GRAPH: [], _OPSET: [], _METADATA: [], _TRAINING: [], _FUNCTION: []}
        self._graph: Graph | None = None
        self._functions: list[Function] = []
        self._training: list[Graph] = []

    def read(self) -> None:
        """Read the file; raises UnreadableArtifact."""
        self._survey()
        reading, spans = self.reading, self._spans
        self._graph = read_graph(reading, spans[_GRAPH], reading.fresh_path(""), 0, "initializer")
        # A model is known by its version or its operators; without either, bytes that happen to parse are no model.
        if not (self._numbers or spans[_OPSET] or self._graph.nodes):
            raise self._no_model()
        self._functions = [read_function(reading, span) for span in spans[_FUNCTION]]
        for index, span in enumerate(spans[_TRAINING]):
            self._training.extend(_read_training(reading, span, index))

    def _survey(self) -> None:
        """Walk the fields of the model itself; what is no field of a model after a whole graph is trailing bytes."""
        source = self._source
        if source.size == 0:
            raise UnreadableArtifact(f"{source.label}: is empty", DAMAGED_HINT)
        position = 0
        try:
            for tag, _, start, end in fields(source, 0, source.size):
                self._take(tag, start, end)
                position = end
        except UnreadableArtifact:
            if not (self._spans[_GRAPH] and self._numbers) or _begins_field(source.read(position, 1)[0]):
                raise
            self._note_trailing(position)
        if not self._spans[_GRAPH]:
            raise self._no_model()

    def _take(self, tag: int, start: int, end: int) -> None:
        if tag in self._spans:
            self._spans[tag].append(Span(start, end))
        elif tag in (_IR_VERSION, _MODEL_VERSION):
            self._numbers[tag] = signed(varint_at(self._source, start, end))
        elif tag in _TEXTS:
            raw = read_text(self._source, self.reading.cleaner, start, end, is_name=False)
            self._texts[tag] = self.reading.cleaner.clean_value(raw)
        else:
            self.reading.notes.unrecognized("Model", tag, start, end)

    def _note_trailing(self, position: int) -> None:
        self.reading.notes.add(
            "trailing-bytes",
            "high",
            f"the last {self._source.size - position:,} bytes of the file are no part of the model",
            f"byte {position:,}",
            "something was appended, or the file is damaged: other tools refuse it",
        )

    def _no_model(self) -> UnreadableArtifact:
        return UnreadableArtifact(f"{self._source.label}: is not an ONNX model: it has no graph", DAMAGED_HINT)

    def build(self) -> Computation:
        """Return the record of all that was read, with the external data looked up."""
        reading, graph = self.reading, self._graph
        if graph is None:
            raise self._no_model()
        collected = reading.weights
        external = ExternalData(self._path, reading.cleaner, reading.notes)
        for index, described in collected.external.items():
            collected.weights[index] = external.place(collected.weights[index], described)
        files = external.files()
        opsets = read_opsets(reading, self._spans[_OPSET])
        metadata = read_pairs(reading, self._spans[_METADATA])
        note_odd_text(reading.cleaner, reading.notes, reading.carver.clipped_lists)
        return Computation(
            artifact=Artifact(str(self._path), "onnx", self._source.size, None, metadata, link_of(self._path)),
            signatures=(_signature(graph),),
            graph=graph,
            functions=tuple(self._functions),
            training=tuple(self._training),
            weights=tuple(collected.weights),
            opsets=opsets,
            ir_version=self._numbers.get(_IR_VERSION),
            producer=" ".join(text for text in (self._texts.get(0x12, ""), self._texts.get(0x1A, "")) if text),
            domain=self._texts.get(0x22, ""),
            version=self._numbers.get(_MODEL_VERSION),
            doc=self._texts.get(0x32, ""),
            small_values=collected.small_values,
            external_files=files,
            findings=reading.notes.findings(),
        )


def _begins_field(byte: int) -> bool:
    """Return whether the byte can begin a field of a model, rather than something appended to one."""
    return byte in _FIRST_BYTES


def _signature(graph: Graph) -> Signature:
    """Files before IR version 4 list initializers as inputs as well; those need not be fed."""
    fed = tuple(value for value in graph.inputs if value.name not in graph.initializers)
    return Signature("main", fed, graph.outputs)


def _read_training(reading: Reading, span: Span, index: int) -> Iterator[Graph]:
    parts: dict[str, list[Span]] = {}
    for tag, _, start, end in fields(reading.source, *span):
        if tag in (0x0A, 0x12):
            parts.setdefault("initialization" if tag == 0x0A else "algorithm", []).append(Span(start, end))
        else:
            reading.notes.unrecognized("Training", tag, start, end)
    for part, spans in parts.items():
        yield read_graph(reading, spans, reading.fresh_path(f"training:{index}.{part}"), 0, "training")
