"""The operators tab: how often each operator is used, what it costs, and where its uses are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from inspector.records.cost import OperatorCount
from inspector.records.graph import Attribute, Node, NodeRef
from inspector.records.inspection import Inspection
from inspector.report.figures import plural, whole_text
from inspector.tui.actions import bindings
from inspector.tui.messages import HighlightNodes
from inspector.tui.plain_text import plain
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.list_pane import ListPane
from inspector.tui.widgets.operator_columns import of_all, operator_columns
from inspector.tui.widgets.text_rows import heading, labeled

_MOST_VARIANTS = 8
_MOST_NODES = 12
_VARIANT_KINDS = ("int", "ints", "float", "string")


class OperatorsPane(ListPane[OperatorCount, Inspection]):
    """One row an operator; Enter selects its nodes in the graph."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("operators")
    DETAIL_TITLE = "operator"

    def __init__(self) -> None:
        super().__init__("operators")
        self._uses: dict[tuple[str, str], list[tuple[NodeRef, Node]]] = {}

    def make_table(self) -> LineTable[OperatorCount]:
        """Return the table, without rows."""
        return LineTable(
            operator_columns(self._share, self._flops),
            key=lambda use: (use.domain, use.name),
            search_text=lambda use: f"{use.domain} {use.name}",
            nothing="This graph has no nodes",
        )

    def rows(self, inspection: Inspection) -> Sequence[OperatorCount]:
        """Return the operators, most used first."""
        return inspection.operators

    def summary(self, inspection: Inspection) -> str:
        """Return how many operators and nodes there are."""
        nodes = sum(use.count for use in inspection.operators)
        return f"{plural(len(inspection.operators), 'operator')} · {plural(nodes, 'node')}"

    def show(self, inspection: Inspection) -> None:
        """Show an inspection."""
        self._uses = {}
        super().show(inspection)

    def detail_lines(self, row: OperatorCount, width: int) -> Sequence[Content]:
        """Return shares, the variants of attributes, and the first nodes."""
        assert self.inspection is not None
        uses = self._nodes_of(row)
        lines = [plain(row.name, "$ink bold"), plain(row.domain, "$soft"), Content()]
        lines += labeled("nodes", whole_text(row.count), width)
        lines += labeled("params", of_all(row.parameters, self.inspection.cost.parameters), width)
        flops = "unknown" if row.flops is None else of_all(row.flops, self.inspection.cost.flops)
        lines += labeled("FLOPs", flops, width)
        lines += _variants([node for _, node in uses], width)
        lines += [Content(), heading("nodes")]
        for ref, node in uses[:_MOST_NODES]:
            where = f"  in {ref.graph}" if ref.graph else ""
            lines += labeled(f"{node.index:>6}", plain(f"{_node_name(node)}{where}"), width, 8, most=1)
        more = len(uses) - _MOST_NODES
        return [*lines, Content.styled(f"        and {more:,} more: ↵ walks all", "$soft")] if more > 0 else lines

    def action_show_nodes(self) -> None:
        """Select the nodes of the operator in the graph."""
        row = self.table.row
        if row is not None:
            refs = [ref for ref, _ in self._nodes_of(row)]
            self.post_message(HighlightNodes(refs, row.name))

    def on_line_table_chosen(self, message: LineTable.Chosen) -> None:
        """Do by mouse what Enter does."""
        message.stop()
        self.action_show_nodes()

    def _nodes_of(self, use: OperatorCount) -> list[tuple[NodeRef, Node]]:
        if not self._uses and self.inspection is not None:
            for graph in self.inspection.computation.graphs():
                for node in graph.nodes:
                    self._uses.setdefault((node.domain, node.operator), []).append((NodeRef(graph.path, node.index), node))
        return self._uses.get((use.domain, use.name), [])

    def _share(self, use: OperatorCount) -> float:
        most = max((other.count for other in self.inspection.operators), default=1) if self.inspection else 1
        return use.count / most

    def _flops(self) -> int:
        return self.inspection.cost.flops if self.inspection else 0


def _node_name(node: Node) -> str:
    """Return the node's name, or what it makes where it has none."""
    return node.name or next((f"→ {name}" for name in node.outputs if name), "(no name)")


def _variants(nodes: Sequence[Node], width: int) -> list[Content]:
    """Return the combinations of plain attributes these nodes use, most frequent first."""
    counts = Counter(", ".join(_attribute(a) for a in node.attributes if a.kind in _VARIANT_KINDS) for node in nodes)
    if not counts or (len(counts) == 1 and "" in counts):
        return []
    lines = [Content(), heading("used as")]
    for text, number in counts.most_common(_MOST_VARIANTS):
        lines += labeled(f"{number:>5,}×", plain(text or "no attributes"), width, 8, most=2)
    more = len(counts) - _MOST_VARIANTS
    return [*lines, Content.styled(f"        and {plural(more, 'other way')}", "$soft")] if more > 0 else lines


def _attribute(attribute: Attribute) -> str:
    value = attribute.value
    text = "×".join(str(item) for item in value[:8]) if isinstance(value, tuple) else str(value)
    return f"{attribute.name} {text}"
