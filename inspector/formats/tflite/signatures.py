"""Signatures: entry points with names of their own for the inputs and outputs of a subgraph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from inspector.formats.onnx.notes import Notes
from inspector.formats.tflite.tables import FlatFile, Table
from inspector.records.graph import Graph, Signature
from inspector.records.tensor import TensorSpec
from inspector.records.tflite import SignatureGraph

DEFAULT_SIGNATURE: Final = "serving_default"
MOST_SIGNATURES: Final = 10_000

_INPUTS, _OUTPUTS, _KEY, _, _SUBGRAPH = range(5)
_TENSOR_NAME, _TENSOR_INDEX = range(2)


class ReadGraph(NamedTuple):
    """A graph with the names of its tensors by number."""

    graph: Graph
    names: Sequence[str]


def main_subgraph(file: FlatFile, model: Table, slot: int, count: int) -> int:
    """Return the number of the subgraph that the default signature runs, of so many; the first one without any."""
    tables = [file.table(at) for at in model.tables(slot)[:MOST_SIGNATURES]]
    runs = [(_order(table.text(_KEY)), table.uint32(_SUBGRAPH)) for table in tables]
    return min((one for one in runs if one[1] < count), default=(_order(""), 0))[1]


def _order(name: str) -> tuple[bool, str]:
    """Return what signatures are ordered by: the one that a call which names none gets comes first."""
    return name != DEFAULT_SIGNATURE, name


class SignatureReader:
    """Reads the signatures of one file."""

    def __init__(self, file: FlatFile, graphs: Sequence[ReadGraph], main: Graph, notes: Notes) -> None:
        self._file = file
        self._main = main
        self._graphs = graphs
        self._notes = notes

    def read(self, model: Table, slot: int) -> tuple[tuple[Signature, ...], tuple[SignatureGraph, ...]]:
        """Return the signatures, the default one first, and what each runs.

        A file without any has the inputs and outputs of its main graph as the one signature, without a name.
        """
        found = [one for at in model.tables(slot)[:MOST_SIGNATURES] if (one := self._signature(self._file.table(at)))]
        found.sort(key=lambda pair: _order(pair[0].name))
        if not found:
            return (Signature("", self._main.inputs, self._main.outputs),), ()
        return tuple(signature for signature, _ in found), tuple(runs for _, runs in found)

    def _signature(self, table: Table) -> tuple[Signature, SignatureGraph] | None:
        name, number = table.text(_KEY), table.uint32(_SUBGRAPH)
        if number >= len(self._graphs):
            self._note(name, f"runs subgraph {number:,}, the file has {len(self._graphs):,}")
            return None
        read = self._graphs[number]
        inputs, fed = self._tensors(table, _INPUTS, name, read)
        outputs, given = self._tensors(table, _OUTPUTS, name, read)
        return Signature(name, inputs, outputs), SignatureGraph(name, read.graph.path, fed, given)

    def _tensors(
        self, table: Table, slot: int, signature: str, read: ReadGraph
    ) -> tuple[tuple[TensorSpec, ...], dict[str, str]]:
        specs: dict[str, TensorSpec] = {}
        tensors: dict[str, str] = {}
        for at in table.tables(slot):
            one = self._file.table(at)
            name, index = one.text(_TENSOR_NAME), one.uint32(_TENSOR_INDEX)
            if index >= len(read.names):
                self._note(signature, f"names tensor {index:,} {name}, its subgraph has {len(read.names):,}")
                continue
            known = read.graph.values[read.names[index]]
            specs[name] = TensorSpec(name, known.dtype, known.shape)
            tensors[name] = known.name
        return tuple(specs.values()), tensors

    def _note(self, signature: str, what: str) -> None:
        message = f"signature {signature} {what}"
        self._notes.add("signature-broken", "high", message, f"signature {signature}", "interpreters cannot call it")
