"""The small list to choose an edge from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from inspector.records.graph import Graph, NodeRef
from inspector.tui.actions import modal_bindings
from inspector.tui.plain_text import clean
from inspector.tui.widgets.graph.inks import ink
from inspector.tui.widgets.graph.node_text import Part
from inspector.tui.widgets.graph.panel_text import Link
from inspector.tui.widgets.graph.rows import AbsorbedRow, NodeRow
from inspector.tui.widgets.graph.state import GraphState, ref_of

Direction = Literal["producers", "consumers", "both"]
MOST_CHOICES = 200


@dataclass(frozen=True, slots=True)
class Choice:
    """One edge: where it leads, and how it is written."""

    link: Link
    parts: tuple[Part, ...]


def choices(state: GraphState, direction: Direction) -> list[Choice]:
    """Return the edges of the row under the cursor: what makes its inputs, its weights, who takes its outputs."""
    row = state.row
    if not isinstance(row, NodeRow | AbsorbedRow):
        return []
    graph = row.section.graph
    ref = ref_of(row)
    if ref is not None:
        taken, given = graph.nodes[ref.index].inputs, graph.nodes[ref.index].outputs
    else:
        spec = row.section.spec_at(row.row)
        names: tuple[str, ...] = () if spec is None else (spec.name,)
        taken, given = ((), names) if row.section.is_input(row.row) else (names, ())
    found: list[Choice] = []
    if direction != "consumers":
        found += _towards_inputs(state, graph, taken, with_weights=direction == "both")
    if direction == "producers":
        found = _but_absorbed(state, found)
    else:
        found += [_to_node(state, "↓", name, to) for name in given if name for to in state.edges.consumers(graph, name)]
    return found[:MOST_CHOICES]


def _but_absorbed(state: GraphState, found: list[Choice]) -> list[Choice]:
    """Leave out constants and shape arithmetic, unless there is nothing else."""
    drawn = [
        choice
        for choice in found
        if isinstance(choice.link, NodeRef)
        and state.document.consumer_of_absorbed(choice.link.graph, choice.link.index) is None
    ]
    return drawn or found


def _towards_inputs(state: GraphState, graph: Graph, names: tuple[str, ...], with_weights: bool) -> list[Choice]:
    found: list[Choice] = []
    for name in dict.fromkeys(name for name in names if name):
        weight = state.edges.weight(graph, name)
        if weight is not None:
            if with_weights:
                found.append(Choice(weight, (("▪ ", "repeat"), (name, "name"), ("  weight", "soft"))))
            continue
        made = state.edges.source(graph, name)
        if made is not None and made.index >= 0:
            found.append(_to_node(state, "↑", name, made))
        elif made is not None:
            found.append(Choice(made, (("↑ ", "fold"), (name, "tensor"), ("  graph input", "soft"))))
    return found


def _to_node(state: GraphState, arrow: str, tensor: str, ref: NodeRef) -> Choice:
    node = state.document.node(ref)
    said = "" if node is None else f"{node.operator} #{node.index}"
    name = "" if node is None else node.name
    return Choice(ref, ((f"{arrow} ", "fold"), (said, "operator"), (f"  {name}", "name"), (f"  {tensor}", "soft")))


class FollowScreen(ModalScreen[Link | None]):
    """Lists edges; Enter or a click follows one, Escape closes."""

    DEFAULT_CSS = """
    FollowScreen { align: center middle; }
    FollowScreen > OptionList, FollowScreen > OptionList:focus {
        width: 76; max-width: 100%; height: auto; max-height: 80%; border: round $accent-text; background: $page; color: $ink;
        border-title-color: $accent-text; border-title-style: bold; border-subtitle-color: $soft; padding: 0 1;
        background-tint: $page 0%; scrollbar-size-vertical: 1;
    }
    FollowScreen OptionList > .option-list--option-highlighted { background: $cursor; color: $ink; text-style: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = modal_bindings("dialog")

    def __init__(self, found: list[Choice], title: str) -> None:
        super().__init__()
        self.found = found
        self.list_title = title

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        box = OptionList(*(Option(ink(choice.parts)) for choice in self.found), markup=False)
        box.border_title = Content(clean(self.list_title))
        box.border_subtitle = Content("↑ ↓ choose · ↵ go · esc stay")
        yield box

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Leave with the chosen edge."""
        event.stop()
        self.dismiss(self.found[event.option_index].link)

    def action_close(self) -> None:
        """Leave without one."""
        self.dismiss(None)
