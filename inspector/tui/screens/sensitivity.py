"""What quantizing does at each node, and which nodes are to stay in fp32 when the step is run again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Click
from textual.message import Message
from textual.screen import ModalScreen
from textual.widget import Widget

from inspector.records.optimization import Change, NodeSensitivity
from inspector.report.figures import plural
from inspector.tui.actions import Where, modal_bindings
from inspector.tui.plain_text import plain
from inspector.tui.widgets.filtered_table import FilteredTable
from inspector.tui.widgets.key_bar import KeyBar
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.table_columns import Cell, Column
from inspector.tui.widgets.text_block import TextBlock
from inspector.tui.widgets.text_rows import wrapped

if TYPE_CHECKING:
    from inspector.tui.app import ModelpackApp

CLEAN_DB: Final = 60.0
"""SQNR from which on the bar is empty: what is lost there is not seen in any output."""
_MARK_CELLS = 3
_UNKNOWN = 1e9
_WHAT_IT_IS = (
    "SQNR in dB of what each node puts out, quantized beside exact: the lower, the more is lost. Local: from exact inputs,"
    " what this node alone loses. With all before it: what arrives there. Kept nodes stay in fp32 when the step runs again."
)


class NodeTable(LineTable[NodeSensitivity]):
    """Nodes with a mark for those that stay in fp32; Space, or a click on the mark, turns it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "keep", "Keep in fp32", show=False)]
    """A list takes Space for a page down."""

    class Turned(Message):
        """The mark of a node is to be turned."""

        def __init__(self, node: NodeSensitivity) -> None:
            super().__init__()
            self.turned = node

    def __init__(self, kept: set[int], positions: dict[int, int]) -> None:
        self._kept = kept
        self._positions = positions
        columns: tuple[Column[NodeSensitivity], ...] = (
            Column("kept", "fp32", self._mark_cell, 4, order=lambda node: not self.keeps(node)),
            Column("operator", "operator", lambda node: Cell(node.operator), 16, order=lambda node: node.operator, rank=2),
            Column("name", "node", lambda node: Cell(_name(node), "" if node.name else "soft"), order=_name),
            Column("loss", "lost here", lambda node: Cell("", "rest", _loss(node.local_sqnr_db)), 10, rank=3),
            Column("local", "local dB", lambda node: _db_cell(node.local_sqnr_db), 9, "right", order=_local),
            Column("all", "with all before", lambda node: _db_cell(node.accumulated_sqnr_db), 15, "right", order=_all, rank=1),
        )
        super().__init__(
            columns, key=self.place, search_text=lambda node: f"{node.operator} {node.name}", nothing="No node was measured"
        )

    def place(self, node: NodeSensitivity) -> int:
        """Return the number of a node in the list as it was measured."""
        return self._positions[id(node)]

    def keeps(self, node: NodeSensitivity) -> bool:
        """Return whether a node is to stay in fp32."""
        return self.place(node) in self._kept

    def _mark_cell(self, node: NodeSensitivity) -> Cell:
        return Cell("[x]", "accent") if self.keeps(node) else Cell("[ ]", "soft")

    def action_keep(self) -> None:
        """Leave it to the screen, at once: a message might come after the next key, which may be Enter."""
        raise SkipAction

    def _turn_row(self) -> None:
        if self.row is not None:
            self.post_message(self.Turned(self.row))

    def on_click(self, event: Click) -> None:
        """Turn it by mouse; LineTable has put the cursor there when this message is handled."""
        if event.y > 0 and event.x < _MARK_CELLS + 3:
            self.call_later(self._turn_row)


class SensitivityScreen(ModalScreen[tuple[str, ...] | None]):
    """Gives the nodes to keep in fp32, as a request names them; None where the step is not to be run again."""

    BINDINGS: ClassVar[list[BindingType]] = modal_bindings("dialog", "sensitivity")
    places: tuple[Where, ...] = ("sensitivity", "dialog", "everywhere")
    all_places = places
    DEFAULT_CSS = """
    SensitivityScreen { background: $page; align: left top; }
    SensitivityScreen TextBlock { padding: 0 2; }
    SensitivityScreen .list-box { border: round $accent-text; }
    """

    def __init__(self, change: Change, kept: Sequence[str] = ()) -> None:
        super().__init__()
        self._change = change
        self._measured = change.sensitivity
        self._names = Counter(node.name for node in self._measured)
        wanted = set(kept)
        self._kept = {at for at, node in enumerate(self._measured) if node.kept_fp32 or self._request_name(node) in wanted}
        self._begun_with = frozenset(self._kept)
        self.table = NodeTable(self._kept, {id(node): at for at, node in enumerate(self._measured)})
        self._box = FilteredTable(self.table)

    def compose(self) -> Iterator[Widget]:
        """Lay out the list under what it means."""
        with Vertical():
            yield TextBlock(lambda width: wrapped(_WHAT_IT_IS, width, "$soft"))
            yield self._box
        yield KeyBar(*self.places)

    def on_mount(self) -> None:
        """Show the nodes, the worst first."""
        self.table.set_rows(sorted(self._measured, key=_local))
        self.table.focus()
        self._describe()

    def _describe(self) -> None:
        turned = len(self._kept ^ self._begun_with)
        told = f" · {plural(turned, 'mark')} turned: Enter runs it again" if turned else ""
        nodes = plural(len(self._measured), "node")
        self._box.border_title = plain(f"{self._change.optimizer} · {nodes} · {len(self._kept)} kept in fp32{told}")

    def on_line_table_rearranged(self, message: LineTable.Rearranged) -> None:
        """Nobody else needs to know."""
        message.stop()

    def on_node_table_turned(self, message: NodeTable.Turned) -> None:
        """Space, or a click on the mark."""
        message.stop()
        self._turn(message.turned)

    def action_keep(self) -> None:
        """Keep the node under the cursor in fp32, or quantize it again."""
        if self.table.row is not None:
            self._turn(self.table.row)

    def _turn(self, node: NodeSensitivity) -> None:
        self._kept ^= {self.table.place(node)}
        self.table.refresh()
        self._describe()

    def action_run_again(self) -> None:
        """Give the kept nodes back."""
        self.dismiss(tuple(self._request_name(node) for at, node in enumerate(self._measured) if at in self._kept))

    def _request_name(self, node: NodeSensitivity) -> str:
        """Return a node as settings name it: by number where its name is missing or another node's, too."""
        by_number = node.node >= 0 and (not node.name or self._names[node.name] > 1)
        return f"#{node.node}" if by_number else node.name

    def action_close(self) -> None:
        """Run nothing."""
        self.dismiss(None)

    async def on_key_bar_pressed(self, message: KeyBar.Pressed) -> None:
        """A key of the footer was clicked."""
        await cast("ModelpackApp", self.app).perform(message.action)


def _name(node: NodeSensitivity) -> str:
    return node.name or f"#{node.node}"


def _local(node: NodeSensitivity) -> float:
    return _UNKNOWN if node.local_sqnr_db is None else node.local_sqnr_db


def _all(node: NodeSensitivity) -> float:
    return _UNKNOWN if node.accumulated_sqnr_db is None else node.accumulated_sqnr_db


def _loss(sqnr_db: float | None) -> float:
    """Return how much of the bar is filled: all of it at 0 dB, where the error is as large as the value."""
    return 0.0 if sqnr_db is None else min(1.0, max(0.0, (CLEAN_DB - sqnr_db) / CLEAN_DB))


def _db_cell(sqnr_db: float | None) -> Cell:
    if sqnr_db is None:
        return Cell("–", "soft")
    return Cell(f"{sqnr_db:.1f}", "high" if sqnr_db < 10 else "medium" if sqnr_db < 20 else "")
