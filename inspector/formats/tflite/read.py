"""The skim of a TensorFlow Lite model: its graphs, signatures and weights, without the values of any of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from inspector.errors import UnreadableArtifact
from inspector.formats.clean_text import TextCleaner, one_line
from inspector.formats.onnx.containment import link_of
from inspector.formats.onnx.notes import Notes
from inspector.formats.onnx.odd_text import note_odd_text
from inspector.formats.onnx.open_file import open_regular
from inspector.formats.onnx.wire import DAMAGED_HINT
from inspector.formats.tflite.buffers import Buffers
from inspector.formats.tflite.metadata import read_metadata
from inspector.formats.tflite.nodes import NodeReader
from inspector.formats.tflite.operator_names import OperatorCode, read_operator_code
from inspector.formats.tflite.pages import Pages
from inspector.formats.tflite.signatures import ReadGraph, SignatureReader, main_subgraph
from inspector.formats.tflite.subgraphs import GraphReader, graph_paths, subgraph_name
from inspector.formats.tflite.tables import IDENTIFIER_AT, FlatFile, Table
from inspector.formats.tflite.tensors import Gathered, TensorReader
from inspector.records.artifact import Artifact, Computation
from inspector.records.graph import Function, Graph
from inspector.records.tflite import TFLiteFacts

IDENTIFIER: Final = b"TFL3"
MOST_SUBGRAPHS: Final = 100_000

_VERSION, _CODES, _SUBGRAPHS, _DESCRIPTION, _BUFFERS, _, _METADATA, _SIGNATURES = range(8)


def read(path: Path) -> Computation:
    """Return what the .tflite file at path computes: graphs, signatures and every weight, but none of their values.

    Offsets and lengths are in bytes of the file. Raises UnreadableArtifact if it is no such model or cannot be read.
    """
    descriptor = open_regular(path)
    try:
        before = os.fstat(descriptor)
        label = one_line(path)
        pages = Pages(descriptor, before.st_size, label)
        try:
            computation = _Model(FlatFile(pages, TextCleaner(label))).read(path)
        except UnreadableArtifact as error:
            if _changed(before, os.fstat(descriptor)):
                hint = "open it again once it is written"
                raise UnreadableArtifact(f"{label}: changed while it was read", hint) from error
            raise
        if _changed(before, os.fstat(descriptor)):
            raise UnreadableArtifact(f"{label}: changed while it was read", "open it again once it is written")
        return computation
    finally:
        os.close(descriptor)


def _changed(before: os.stat_result, after: os.stat_result) -> bool:
    return (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns)


class _Model:
    """One Model table while it is read."""

    def __init__(self, file: FlatFile) -> None:
        self._file = file
        self._notes = Notes()
        self._gathered = Gathered()

    def read(self, path: Path) -> Computation:
        """Return the record of all that was read. Raises UnreadableArtifact."""
        file, pages = self._file, self._file.pages
        if pages.size < 8 or pages.read(IDENTIFIER_AT, 4) != IDENTIFIER:
            raise UnreadableArtifact(f"{pages.label}: is not a TensorFlow Lite model", DAMAGED_HINT)
        model = file.root()
        codes = [read_operator_code(file.table(at)) for at in model.tables(_CODES)]
        buffers = Buffers(file, model, _BUFFERS, self._notes)
        graphs = self._graphs(model, codes, buffers)
        main = next(read.graph for read in graphs if not read.graph.path)
        signatures, runs = SignatureReader(file, graphs, main, self._notes).read(model, _SIGNATURES)
        metadata = read_metadata(file, model.tables(_METADATA), buffers)
        self._note_rest(codes)
        unused = buffers.unused()
        gathered = self._gathered
        return Computation(
            artifact=Artifact(str(path), "tflite", pages.size, None, metadata, link_of(path)),
            signatures=signatures,
            graph=main,
            functions=tuple(_function(read.graph) for read in graphs if read.graph is not main),
            weights=tuple(gathered.weights),
            doc=model.text(_DESCRIPTION),
            small_values=gathered.small_values,
            findings=self._notes.findings(),
            inferred=True,
            tflite=TFLiteFacts(
                model.uint32(_VERSION),
                runs,
                gathered.quantization,
                _versions(codes),
                buffers.count,
                len(unused),
                sum(unused),
            ),
        )

    def _graphs(self, model: Table, codes: Sequence[OperatorCode], buffers: Buffers) -> list[ReadGraph]:
        file = self._file
        offsets = model.tables(_SUBGRAPHS)
        if not offsets:
            raise UnreadableArtifact(f"{file.pages.label}: is a TensorFlow Lite model without a graph", DAMAGED_HINT)
        if len(offsets) > MOST_SUBGRAPHS:
            raise UnreadableArtifact(f"{file.pages.label}: holds more than {MOST_SUBGRAPHS:,} graphs", DAMAGED_HINT)
        tables = [file.table(at) for at in offsets]
        names = [subgraph_name(table) for table in tables]
        paths = graph_paths(names, main_subgraph(file, model, _SIGNATURES, len(offsets)))
        tensors = TensorReader(file, buffers, self._notes, self._gathered)
        nodes = NodeReader(file, codes, paths, self._notes)
        reader = GraphReader(tensors, nodes, self._gathered)
        parts = zip(tables, paths, names, strict=True)
        return [ReadGraph(*reader.read(table, path, name)) for table, path, name in parts]

    def _note_rest(self, codes: Sequence[OperatorCode]) -> None:
        notes, repeated = self._notes, self._gathered.repeated_names
        if repeated:
            message = f"{repeated:,} tensors bear the name of another one; their number is added to tell them apart"
            notes.add("repeated-tensor-name", "info", message, "names")
        unknown = sorted({code.name for code in codes if not code.is_known})
        if unknown:
            message = f"{len(unknown):,} operators are newer than what is known here: {', '.join(unknown[:3])}"
            notes.add(
                "unknown-operator", "medium", message, "operators", "it takes a newer interpreter, and a newer modelpack-tui"
            )
        note_odd_text(self._file.cleaner, notes, 0)


def _function(graph: Graph) -> Function:
    return Function("", graph.name or graph.path.removeprefix("function:"), "", graph)


def _versions(codes: Sequence[OperatorCode]) -> dict[str, int]:
    versions: dict[str, int] = {}
    for code in codes:
        versions[code.name] = max(versions.get(code.name, 0), code.version)
    return versions
