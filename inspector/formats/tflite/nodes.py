"""Operators of one subgraph as nodes: tensors by name instead of number, options as attributes, subgraphs as calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from inspector.errors import UnreadableArtifact
from inspector.formats.onnx.notes import Notes
from inspector.formats.onnx.wire import DAMAGED_HINT
from inspector.formats.tflite.operator_names import OperatorCode
from inspector.formats.tflite.options import read_options
from inspector.formats.tflite.tables import FlatFile, Table
from inspector.records.graph import Attribute, Call, Node, NodeRef
from inspector.records.tflite import TFLITE

MOST_NODES: Final = 1_000_000

_CODE, _INPUTS, _OUTPUTS, _KIND, _OPTIONS, _CUSTOM, _, _MUTATING = range(8)
_LARGE_CUSTOM_SIZE, _KIND_2, _OPTIONS_2 = 10, 11, 12
_LEFT_OUT: Final = -1
_ONE_OF_SEVERAL: Final = ";"
"""Between the names that a converter joins where it fuses operators."""


class NodeReader:
    """Reads the operators of all subgraphs of one file."""

    def __init__(self, file: FlatFile, codes: Sequence[OperatorCode], paths: Sequence[str], notes: Notes) -> None:
        self._file = file
        self._codes = codes
        self._paths = paths
        self._notes = notes
        self._count = 0

    def read(self, subgraph: Table, slot: int, path: str, names: Sequence[str]) -> tuple[Node, ...]:
        """Return the nodes of a subgraph in the order they run; names are those of its tensors."""
        offsets = subgraph.tables(slot)
        self._count += len(offsets)
        if self._count > MOST_NODES:
            raise UnreadableArtifact(f"{self._file.pages.label}: holds more than {MOST_NODES:,} operators", DAMAGED_HINT)
        return tuple([self._node(self._file.table(at), NodeRef(path, i), names) for i, at in enumerate(offsets)])

    def named(self, indexes: Sequence[int], names: Sequence[str], who: str, node: NodeRef | None = None) -> tuple[str, ...]:
        """Return the names of tensors by number, "" for one left out; a number that no tensor has is noted."""
        if not indexes or (min(indexes) >= 0 and max(indexes) < len(names)):
            return tuple([names[index] for index in indexes])
        wrong = [index for index in indexes if not _LEFT_OUT <= index < len(names)]
        for index in wrong[:1]:
            message = f"{who} refers to tensor {index:,}, its subgraph has {len(names):,}"
            hint = "the file is damaged: interpreters refuse it"
            self._notes.add("tensor-out-of-range", "high", message, who, hint, node)
        known = range(len(names))
        return tuple(["" if i == _LEFT_OUT else names[i] if i in known else f"no tensor {i}" for i in indexes])

    def _node(self, table: Table, ref: NodeRef, names: Sequence[str]) -> Node:
        code = self._code(table.uint32(_CODE), ref)
        where = f" in {ref.graph}" if ref.graph else ""
        who = f"node {ref.index} {code.name}{where}"
        inputs = self.named(table.numbers(_INPUTS, "i"), names, who, ref)
        outputs = self.named(table.numbers(_OUTPUTS, "i"), names, who, ref)
        options = read_options(table.uint8(_KIND), table.table(_OPTIONS), table.uint8(_KIND_2), table.table(_OPTIONS_2))
        attributes = (*options.attributes, *_of_custom(code, table))
        calls = tuple([call for name, number in options.calls for call in self._call(name, number, who, ref)])
        name = next((one for one in outputs if one), "").partition(_ONE_OF_SEVERAL)[0]
        return Node(ref.index, name, code.name, code.domain, inputs, outputs, attributes, calls=calls)

    def _code(self, number: int, ref: NodeRef) -> OperatorCode:
        if number < len(self._codes):
            return self._codes[number]
        message = f"node {ref.index} is of operator code {number:,}, the file has {len(self._codes):,}"
        self._notes.add("operator-code-out-of-range", "high", message, f"node {ref.index}", "the file is damaged", ref)
        return OperatorCode(TFLITE, f"CODE_{number}", is_known=False)

    def _call(self, name: str, number: int, who: str, ref: NodeRef) -> tuple[Call, ...]:
        if 0 <= number < len(self._paths):
            return (Call(name, self._paths[number]),)
        if number != _LEFT_OUT:
            message = f"{who} calls subgraph {number:,}, the file has {len(self._paths):,}"
            self._notes.add("subgraph-out-of-range", "high", message, who, "the file is damaged: interpreters refuse it", ref)
        return ()


def _of_custom(code: OperatorCode, table: Table) -> tuple[Attribute, ...]:
    """Return how many bytes of options an operator carries that only its own kernel understands."""
    if code.domain == TFLITE:
        return ()
    count = table.count(_CUSTOM) or table.uint64(_LARGE_CUSTOM_SIZE)
    return (Attribute("custom_options", "string", f"{count:,} bytes"),) if count else ()
