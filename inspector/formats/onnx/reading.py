"""What the readers of one file share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from inspector.errors import UnreadableArtifact
from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.attributes import AttributeReader
from inspector.formats.onnx.notes import Notes
from inspector.formats.onnx.skeleton import Carver
from inspector.formats.onnx.values import ValueReader
from inspector.formats.onnx.weights import WeightCollector
from inspector.formats.onnx.wire import DAMAGED_HINT, Source, Span
from inspector.records.graph import Graph
from inspector.records.tensor import Carrier

DEFAULT_DOMAIN: Final = "ai.onnx"
"""The domain meant where a file leaves it empty."""

MOST_NODES: Final = 2_000_000
MOST_NODE_PARTS: Final = 12_000_000
"""Inputs, outputs and attributes of all nodes."""


class ReadGraph(Protocol):
    """Reads the graph whose message lies at the spans."""

    def __call__(self, reading: Reading, spans: Sequence[Span], path: str, depth: int, carrier: Carrier) -> Graph: ...


class Reading:
    """One file being read: its bytes, its names, and what has been gathered so far."""

    def __init__(self, source: Source, read_graph: ReadGraph) -> None:
        self.source = source
        self.cleaner = TextCleaner(source.label)
        self.notes = Notes()
        self.carver = Carver(source, self.cleaner, with_children=False)
        self.values = ValueReader(source, self.cleaner, self.carver, self.notes)
        self.attributes = AttributeReader(source, self.cleaner, self.values, self.notes)
        self.weights = WeightCollector(source, self.cleaner, self.notes)
        self.read_graph = read_graph
        self._paths: set[str] = set()
        self._nodes = 0
        self._parts = 0

    def fresh_path(self, path: str) -> str:
        """Return the path, or one like it if a graph already has it (two attributes of one name, which no tool writes)."""
        unique, count = path, 1
        while unique in self._paths:
            count += 1
            unique = f"{path}~{count}"
        self._paths.add(unique)
        return unique

    def count_node(self, parts: int) -> None:
        """Count a node and its inputs, outputs and attributes; raises UnreadableArtifact beyond what any real model has."""
        self._nodes += 1
        self._parts += parts
        if self._nodes > MOST_NODES or self._parts > MOST_NODE_PARTS:
            raise UnreadableArtifact(
                f"{self.source.label}: holds more than {MOST_NODES:,} nodes or {MOST_NODE_PARTS:,} parts of nodes", DAMAGED_HINT
            )
