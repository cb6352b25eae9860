"""The signatures tab: what goes in, what comes out, and what the symbols in the shapes stand for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from inspector.analysis.cost.bindings import is_missing, named_shape
from inspector.records.dtype import packed_bytes
from inspector.records.graph import Signature
from inspector.records.inspection import Inspection
from inspector.records.tensor import Dim, TensorSpec
from inspector.report.figures import bytes_text, plural, shape_text
from inspector.tui.actions import bindings
from inspector.tui.messages import HighlightNodes
from inspector.tui.plain_text import plain
from inspector.tui.widgets import tflite_facts
from inspector.tui.widgets.card import Card
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.list_pane import ListPane
from inspector.tui.widgets.saved_model_ports import PortFacts, listed, port_facts, port_lines, signature_title, touching
from inspector.tui.widgets.table_columns import Cell, Column
from inspector.tui.widgets.text_rows import labeled, wrapped

_MOST_PLACES = 4
_MOST_FUNCTIONS = 40


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output of one signature."""

    signature: str
    direction: str
    position: int
    spec: TensorSpec
    facts: PortFacts | None = None
    title: str = ""
    """What to list it as where there are several signatures: the signature before the name."""


class SignaturesPane(ListPane[Port, Inspection]):
    """One row an input or output; Enter selects the nodes that take or make it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("signatures")
    DETAIL_TITLE = "tensor"

    def __init__(self) -> None:
        super().__init__("signatures")
        self._symbols = Card("symbols", classes="detail titled")
        self._environment = Card("needs", classes="detail titled")

    def make_table(self) -> LineTable[Port]:
        """Return the table, without rows."""
        columns: tuple[Column[Port], ...] = (
            Column("direction", "", lambda port: Cell(port.direction, "soft"), 4),
            Column("name", "name", lambda port: Cell(port.title or port.spec.name), order=lambda port: port.spec.name),
            Column("dtype", "dtype", lambda port: Cell(port.spec.dtype, "violet"), 9, order=lambda port: port.spec.dtype),
            Column("shape", "shape", lambda port: Cell(shape_text(port.spec.shape)), 26),
            Column("bytes", "bytes", lambda port: Cell(self._bytes(port), "soft"), 9, "right", rank=2),
            Column("signature", "signature", lambda port: Cell(port.signature, "soft"), 16, rank=3),
        )
        return LineTable(
            columns,
            key=lambda port: (port.signature, port.direction, port.position),
            search_text=lambda port: (
                f"{port.direction} {port.signature} {port.spec.name} {port.spec.dtype} {shape_text(port.spec.shape)}"
            ),
            nothing="Nothing goes in and nothing comes out",
        )

    def rows(self, inspection: Inspection) -> Sequence[Port]:
        """Return inputs, then outputs, of every signature."""
        facts = inspection.computation.saved_model
        if facts is not None:
            return [
                Port(signature_title(facts, p), p.direction, p.position, p.spec, p, listed(facts, p)) for p in port_facts(facts)
            ]
        signatures = inspection.computation.signatures
        ports = [port for signature in signatures for port in _ports(signature)]
        if len(signatures) < 2:
            return ports
        return [replace(port, title=f"{port.signature} · {port.spec.name}") for port in ports]

    def summary(self, inspection: Inspection) -> str:
        """Return how many inputs and outputs there are."""
        directions = [port.direction for port in self.rows(inspection)]
        counted = f"{plural(directions.count('in'), 'input')} · {plural(directions.count('out'), 'output')}"
        facts, signatures = inspection.computation.saved_model, len(inspection.computation.signatures)
        if facts is not None:
            signatures = sum(len(one.signatures) for one in facts.tag_sets)
        return f"{plural(signatures, 'signature')} · {counted}" if facts is not None or signatures > 1 else counted

    def other_cards(self) -> Sequence[Card]:
        """Return the cards about symbols, and about opsets and functions."""
        return (self._symbols, self._environment)

    def show(self, inspection: Inspection) -> None:
        """Show an inspection."""
        super().show(inspection)
        self._symbols.show(lambda width: _symbol_lines(inspection, width))
        self._environment.show(lambda width: _need_lines(inspection, width))

    def detail_lines(self, row: Port, width: int) -> Sequence[Content]:
        """Return name, type and one line for each dimension, and what a SavedModel says beside them."""
        lines = [*self._tensor_lines(row, width), *(port_lines(row.facts, width) if row.facts else ())]
        if self.inspection is not None:
            computation = self.inspection.computation
            lines += tflite_facts.port_lines(computation, row.signature, row.direction, row.spec.name, width)
        return lines

    def _tensor_lines(self, row: Port, width: int) -> Sequence[Content]:
        assert self.inspection is not None
        lines = wrapped(row.spec.name or "(no name)", width, "$ink bold", most=3)
        lines.append(plain(f"{'input' if row.direction == 'in' else 'output'} {row.position + 1}, {row.spec.dtype}", "$violet"))
        if row.spec.shape is None:
            return [*lines, *wrapped("The file does not say how many dimensions it has.", width, "$medium")]
        if not row.spec.shape:
            return [*lines, Content.styled("a scalar", "$soft")]
        for position, (dim, name) in enumerate(zip(row.spec.shape, named_shape(row.spec), strict=True)):
            lines += labeled(f"dim {position}", self._dim(dim, name), width, 8, most=2)
        return lines

    def _dim(self, dim: Dim, name: Dim) -> Content:
        """Explain a dimension; name is what formulas call it where the file gives it none."""
        if is_missing(dim):
            said = f"  any length; formulas call it {name}" if name in self._values() else "  any length"
            return Content.assemble(("?", "$medium bold"), plain(said, "$soft"))
        if isinstance(dim, int):
            return Content.assemble((f"{dim:,}", "$ink bold"), ("  fixed", "$soft"))
        value = self._values().get(dim or "")
        taken = "  any length" if value is None else f"  any length, counted as {value:,}"
        return Content.assemble(plain(dim or "", "$accent-text bold"), (taken, "$soft"))

    def _values(self) -> Mapping[str, int]:
        return self.inspection.cost.bindings if self.inspection is not None else {}

    def _bytes(self, port: Port) -> str:
        elements = 1
        for dim in named_shape(port.spec) if port.spec.shape is not None else (None,):
            length = self._values().get(dim) if isinstance(dim, str) else dim
            if length is None:
                return "?"
            elements *= length
        size = packed_bytes(port.spec.dtype, elements)
        return "?" if size is None else bytes_text(size)

    def action_show_users(self) -> None:
        """Select the nodes that take an input or make an output."""
        row = self.table.row
        if row is None or self.inspection is None:
            return
        computation = self.inspection.computation
        graph, tensor = tflite_facts.tensor_of(computation, row.signature, row.direction, row.spec.name)
        nodes = tflite_facts.touching_nodes(computation, graph, tensor, row.direction)
        refs = touching(self.inspection, row.facts) if row.facts else tuple(nodes)
        if refs:
            self.post_message(HighlightNodes(refs, row.spec.name))
        else:
            self.notify("No node takes or makes this tensor", markup=False)

    def on_line_table_chosen(self, message: LineTable.Chosen) -> None:
        """Do by mouse what Enter does."""
        message.stop()
        self.action_show_users()


def _ports(signature: Signature) -> Iterator[Port]:
    for direction, specs in (("in", signature.inputs), ("out", signature.outputs)):
        for position, spec in enumerate(specs):
            yield Port(signature.name, direction, position, spec)


def _symbol_lines(inspection: Inspection, width: int) -> list[Content]:
    """Return every symbol of the signatures, the value it is counted as, and where it occurs."""
    places: dict[str, list[str]] = {}
    for signature in inspection.computation.signatures:
        for port in _ports(signature):
            for position, dim in enumerate(port.spec.shape or ()):
                if isinstance(dim, str) and not is_missing(dim):
                    places.setdefault(dim, []).append(f"{port.spec.name} dim {position}")
    if not places:
        return wrapped("No dimension has a name.", width, "$soft")
    lines: list[Content] = []
    for symbol, found in places.items():
        value = inspection.cost.bindings.get(symbol)
        lines.append(
            Content.assemble(plain(symbol, "$accent-text bold"), plain(f" = {value}" if value is not None else "", "$ink"))
        )
        more = f" and {len(found) - _MOST_PLACES:,} more" if len(found) > _MOST_PLACES else ""
        lines += labeled("", plain(", ".join(found[:_MOST_PLACES]) + more, "$soft"), width, 2)
    return lines


def _need_lines(inspection: Inspection, width: int) -> list[Content]:
    """Return operator sets, functions and what the author wrote."""
    computation = inspection.computation
    lines: list[Content] = []
    for domain, version in computation.opsets.items():
        lines += labeled("opset", f"{domain} {version}", width)
    for function in computation.functions[:_MOST_FUNCTIONS]:
        nodes = plural(len(function.body.nodes), "node")
        lines += labeled("function", f"{function.domain}{'::' if function.domain else ''}{function.name}  {nodes}", width)
    more = len(computation.functions) - _MOST_FUNCTIONS
    if more > 0:
        lines += labeled("", plain(f"and {plural(more, 'more function')}", "$soft"), width)
    if computation.doc:
        lines += labeled("doc", " ".join(computation.doc.split()), width, most=12)
    return lines
