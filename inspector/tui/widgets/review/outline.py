"""The graph of a review: its outline row by row, with what each row costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

from textual.binding import BindingType
from textual.content import Content

from inspector.records.graph_outline import OutlineKind, OutlineRow
from inspector.records.review import Review
from inspector.report.bench_sentences import ms_text
from inspector.report.figures import bytes_text, count_text, flops_text, plural, share_text, whole_text
from inspector.tui.actions import bindings
from inspector.tui.plain_text import plain, shorten
from inspector.tui.widgets.review.list_pane import ListKind, ReviewListPane
from inspector.tui.widgets.table_columns import Cell, Column
from inspector.tui.widgets.text_rows import heading, labeled, wrapped

_MARKS: Final[dict[OutlineKind, tuple[str, str]]] = {
    "input": ("◇", "accent"),
    "output": ("◆", "accent"),
    "node": ("●", "soft"),
    "repeat": ("▸", "violet"),
    "block": ("▸", "violet"),
    "scope": ("▸", "violet"),
}
_MOST_SOURCES = 12
Heat = tuple[str, Callable[[OutlineRow], float | None]]
_HEATS: Final[tuple[Heat, ...]] = (
    ("FLOPs", lambda row: row.flops),
    ("params", lambda row: row.parameters),
    ("time", lambda row: row.milliseconds),
    ("activations", lambda row: row.activation_bytes),
)


@dataclass(frozen=True, slots=True)
class Step:
    """A row of the outline and its number."""

    number: int
    row: OutlineRow = field(compare=False)


class OutlinePane(ReviewListPane[Step]):
    """The outline as a list; h draws bars for another figure."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("review_graph")

    def __init__(self) -> None:
        self._heat = 0
        super().__init__(
            ListKind(
                id="graph",
                rows=_rows,
                columns=lambda rows: _columns(rows, _HEATS[self._heat]),
                key=lambda step: step.number,
                search_text=lambda step: f"{step.row.title} {step.row.name} {step.row.shape}",
                details=_details,
                summary=lambda review, rows: _summary(review, rows, _HEATS[self._heat][0]),
                title="row",
                nothing="Nothing of the graph is in this review",
            )
        )

    def show(self, inspection: Review) -> None:
        """Show a review, with bars for a figure that it has; the cursor begins on the heaviest row."""
        first = self.inspection is None
        if not _most(_rows(inspection), _HEATS[self._heat]):
            self._heat = next((at for at, heat in enumerate(_HEATS) if _most(_rows(inspection), heat)), 0)
        super().show(inspection)
        if first and self.table.view.shown:
            self.table.go_to(max(self.table.view.shown, key=lambda step: _HEATS[self._heat][1](step.row) or 0.0))
            self.describe()

    def action_heat(self) -> None:
        """Draw bars for the next figure that any row has."""
        if self.inspection is None:
            return
        order = [(self._heat + by) % len(_HEATS) for by in range(1, len(_HEATS) + 1)]
        self._heat = next((at for at in order if _most(_rows(self.inspection), _HEATS[at])), self._heat)
        super().show(self.inspection)


def _rows(review: Review) -> list[Step]:
    return [Step(at, row) for at, row in enumerate(review.outline.rows)] if review.outline is not None else []


def _most(rows: Sequence[Step], heat: Heat) -> float:
    return max((heat[1](step.row) or 0.0 for step in rows), default=0.0)


def _summary(review: Review, rows: Sequence[Step], heat: str) -> str:
    nodes = sum(step.row.node_count for step in rows)
    left_out = review.outline.left_out if review.outline is not None else 0
    parts = [plural(len(rows), "row"), plural(nodes, "node"), f"bars: {heat}"]
    return " · ".join([*parts, *([f"{left_out:,} nodes left out"] if left_out else [])])


def _columns(rows: Sequence[Step], heat: Heat) -> Sequence[Column[Step]]:
    most = _most(rows, heat)
    times = any(step.row.milliseconds is not None for step in rows)

    def bar(step: Step) -> Cell:
        figure = heat[1](step.row)
        return Cell("", "bar", figure / most if figure and most else 0.0)

    time = (
        Column("time", "time", _time_cell, 9, "right", order=lambda step: step.row.milliseconds or 0.0, largest_first=True),
    )
    return (
        Column("mark", "", lambda step: Cell(*_MARKS[step.row.kind]), 1),
        Column("what", "graph", _what_cell, order=lambda step: step.number, cut="end"),
        Column("shape", "first output", lambda step: Cell(step.row.shape, "soft"), 28, rank=2),
        Column("bar", "", bar, 12),
        _figure("params", lambda step: step.row.parameters, count_text, rank=1),
        _figure("FLOPs", lambda step: step.row.flops, flops_text),
        *(time if times else ()),
    )


def _figure(title: str, of: Callable[[Step], int | None], text: Callable[[int], str], rank: int = 0) -> Column[Step]:
    return Column(
        title,
        title,
        lambda step: Cell(text(of(step) or 0) if of(step) else "", "soft"),
        9,
        "right",
        order=lambda step: of(step) or 0,
        largest_first=True,
        rank=rank,
    )


def _time_cell(step: Step) -> Cell:
    return Cell("" if step.row.milliseconds is None else ms_text(step.row.milliseconds), "soft")


def _what_cell(step: Step) -> Cell:
    row = step.row
    held = f"  {plural(row.node_count, 'node')}" if row.kind in ("repeat", "block", "scope") else ""
    style = "violet" if held else "accent" if row.kind in ("input", "output") else ""
    return Cell("", parts=((row.title, style), (held, "soft"), (f"  {row.name}" if row.name else "", "soft")))


def _details(review: Review, step: Step, width: int) -> list[Content]:
    row = step.row
    lines = [*wrapped(row.title, width, "$ink bold", most=3)]
    lines += wrapped(row.name, width, "$soft", most=3) if row.name else []
    lines += wrapped(row.shape, width, "$violet", most=2) if row.shape else []
    graph = review.graph
    parameters, flops = (graph.parameter_count, graph.flops.value) if graph is not None else (0, 0)
    known = (
        ("nodes", whole_text(row.node_count) if row.kind not in ("input", "output") else ""),
        ("repeats", f"×{row.repeats}" if row.repeats > 1 else ""),
        ("params", _share(count_text(row.parameters), row.parameters, parameters) if row.parameters else ""),
        ("weights", bytes_text(row.weight_bytes) if row.weight_bytes else ""),
        ("FLOPs", _share(flops_text(row.flops), row.flops, flops) if row.flops else ""),
        ("output", bytes_text(row.activation_bytes) if row.activation_bytes else ""),
        ("time", ms_text(row.milliseconds) if row.milliseconds is not None else ""),
    )
    lines += [Content(), *(line for label, text in known if text for line in labeled(label, text, width, 9))]
    return [*lines, *_source_lines(review, row, width)]


def _share(text: str, part: int, whole: int) -> str:
    return f"{text}, {share_text(part / whole)} of all" if whole else text


def _source_lines(review: Review, row: OutlineRow, width: int) -> list[Content]:
    """Return the rows that it takes tensors from; a review of a stranger may name rows that are not there."""
    rows = review.outline.rows if review.outline is not None else ()
    sources = [at for at in row.sources if 0 <= at < len(rows)]
    if not sources:
        return []
    lines = [Content(), heading("takes from")]
    for at in sources[:_MOST_SOURCES]:
        one = rows[at]
        lines.append(plain(shorten(f"{_MARKS[one.kind][0]} {one.title}  {one.name}", width)))
    more = len(sources) - _MOST_SOURCES
    return [*lines, plain(f"and {more:,} more", "$soft")] if more > 0 else lines
