"""The weights tab: every stored tensor; values are read only when somebody asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import BindingType
from textual.content import Content
from textual.timer import Timer

from inspector.errors import InspectorError
from inspector.isolation.limits import CancelToken
from inspector.records.equal_weights import EqualWeights
from inspector.records.event import Event, Finished
from inspector.records.graph import NodeRef
from inspector.records.inspection import Inspection
from inspector.records.tensor import Weight
from inspector.records.weight_details import WeightDetails
from inspector.report.figures import bytes_text, count_text, plural, shape_text
from inspector.tui.actions import bindings
from inspector.tui.jobs import Job
from inspector.tui.messages import Cancelled, Failed, HighlightNodes, JobEvent
from inspector.tui.plain_text import plain
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.list_pane import ListPane
from inspector.tui.widgets.saved_model_facts import weight_fact_lines
from inspector.tui.widgets.table_columns import Cell, Column
from inspector.tui.widgets.text_rows import labeled, wrapped
from inspector.tui.widgets.tflite_facts import quantization_text
from inspector.tui.widgets.weight_text import described_lines, equal_lines, storage_text, use_lines, value_lines

if TYPE_CHECKING:
    from inspector.tui.app import ModelpackApp

_REST_SECONDS = 0.4
_READ_UNASKED_BYTES = 32 << 20
_KEPT_DETAILS = 256


class WeightsPane(ListPane[int, Inspection]):
    """One row a weight, by its index in the computation; the largest first."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("weights")
    DETAIL_TITLE = "weight"

    def __init__(self) -> None:
        self._weights: Sequence[Weight] = ()
        self._sizes: Sequence[int] = ()
        self._largest = 1
        self._uses: Mapping[int, tuple[NodeRef, ...]] | None = None
        self._groups: dict[Weight, EqualWeights] = {}
        self._details: dict[int, WeightDetails] = {}
        self._problems: dict[int, str] = {}
        self._reading: tuple[int, Job] | None = None
        self._indexing: Job | None = None
        self._rest: Timer | None = None
        super().__init__("weights")

    def make_table(self) -> LineTable[int]:
        """Return the table, without rows, sorted by size."""
        size: Column[int] = Column(
            "bytes",
            "bytes",
            lambda index: Cell(bytes_text(self._sizes[index])),
            9,
            "right",
            order=lambda index: self._sizes[index],
            largest_first=True,
        )
        columns: tuple[Column[int], ...] = (
            Column(
                "name", "name", lambda index: Cell(self._weights[index].name), order=lambda index: self._weights[index].name
            ),
            Column(
                "dtype", "dtype", lambda i: Cell(self._weights[i].dtype, "violet"), 9, order=lambda i: self._weights[i].dtype
            ),
            Column("shape", "shape", lambda i: Cell(shape_text(self._weights[i].shape)), 18, rank=2),
            size,
            Column("bar", "", lambda index: Cell("", "bar", self._sizes[index] / self._largest), 10, rank=3),
            Column("params", "params", lambda i: Cell(count_text(self._weights[i].element_count), "soft"), 8, "right", rank=5),
            Column("uses", "uses", lambda index: Cell(self._use_count(index), "soft"), 5, "right", rank=4),
            Column("carrier", "held by", lambda i: Cell(self._weights[i].carrier.replace("_", " "), "soft"), 12, rank=6),
            Column("storage", "stored in", lambda i: Cell(storage_text(self._weights[i]), "soft"), 26, rank=7),
        )
        table = LineTable(
            columns,
            key=lambda index: index,
            search_text=lambda index: f"{self._weights[index].name} {self._weights[index].dtype}",
            nothing="No values are stored in this artifact",
        )
        table.view.sort, table.view.reverse = size, True
        return table

    def show(self, inspection: Inspection) -> None:
        """Show an inspection; what was read of the same weights is kept."""
        if self._weights is not inspection.computation.weights:
            self._weights = inspection.computation.weights
            self._sizes = [weight.byte_count for weight in self._weights]
            self._largest = max(self._sizes, default=1) or 1
        self._groups = {weight: group for group in inspection.equal_weights for weight in group.weights}
        super().show(inspection)

    def on_mount(self) -> None:
        """Find out who uses what."""
        self._indexing = self._app.jobs.start("finding uses of weights", self._find_uses, self)

    def rows(self, inspection: Inspection) -> Sequence[int]:
        """Return the indexes of all weights."""
        return range(len(inspection.computation.weights))

    def summary(self, inspection: Inspection) -> str:
        """Return how many serving needs and how large they are; then what training needs, and how many there are in all."""
        parts = [plural(len(inspection.weights), "weight")]
        if inspection.weights:
            parts.append(bytes_text(inspection.cost.weight_bytes))
        if inspection.serving is not None and inspection.serving.training.variable_count:
            parts.append(f"only training needs {bytes_text(inspection.serving.training.bytes)}")
        if len(self._weights) != len(inspection.weights):
            parts.append(f"{len(self._weights):,} listed")
        return " · ".join(parts)

    def detail_lines(self, row: int, width: int) -> Sequence[Content]:
        """Return what is known of a weight, and what to press to know more."""
        assert self.inspection is not None
        weight = self._weights[row]
        lines = [*described_lines(weight, width), *weight_fact_lines(self.inspection, weight, width)]
        quantized = quantization_text(self.inspection.computation, weight.graph, weight.name)
        lines += labeled("quantized", quantized, width) if quantized else []
        lines += use_lines(self.inspection, self._uses.get(row, ()) if self._uses is not None else None, width)
        lines += equal_lines(self._groups.get(weight), weight, self.inspection.weights_compared, width)
        details = self._details.get(row)
        if details is not None:
            return [*lines, *value_lines(details, width)]
        return [*lines, Content(), *self._unread_lines(row, width)]

    def _unread_lines(self, row: int, width: int) -> Sequence[Content]:
        if row in self._problems:
            return wrapped(self._problems[row], width, "$high")
        if self._reading is not None and self._reading[0] == row:
            return [Content.styled("reading values …", "$soft")]
        size = bytes_text(self._sizes[row])
        return [Content.assemble(("↵", "$accent-text bold"), plain(f" reads {size}: statistics, histogram, digest", "$soft"))]

    def go_to(self, graph: str, name: str) -> None:
        """Put the cursor on the weight that a graph holds under a name; in any graph where that one holds none."""
        found = [index for index, weight in enumerate(self._weights) if weight.name == name]
        exact = [index for index in found if self._weights[index].graph == graph]
        for index in (*exact, *found)[:1]:
            self.table.set_filter("")
            self.table.go_to(index)

    def on_line_table_highlighted(self, message: LineTable.Highlighted) -> None:
        """Show the weight, and read it once the cursor has rested."""
        super().on_line_table_highlighted(message)
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(_REST_SECONDS, self._read_unasked)

    def _read_unasked(self) -> None:
        row = self.table.row
        if row is not None and self.display and self._sizes[row] <= _READ_UNASKED_BYTES:
            self._read(row)

    def _read(self, row: int) -> None:
        if row in self._details or row in self._problems or self.inspection is None:
            return
        if self._reading is not None:
            if self._reading[0] == row:
                return
            self._app.jobs.cancel(self._reading[1])
        inspection, weight = self.inspection, self._weights[row]

        def workflow(token: CancelToken) -> Iterator[Event[WeightDetails]]:
            from inspector.workflows.weights import read_weight

            return read_weight(inspection, weight, cancel=token)

        self._reading = (row, self._app.jobs.start(f"reading {weight.name}", workflow, self))
        self.describe()

    def on_job_event(self, message: JobEvent) -> None:
        """Take in what was read."""
        event = message.event
        if message.job is self._indexing and isinstance(event, Finished):
            self._uses = event.result
            self.table.refresh()
        elif self._reading is not None and message.job is self._reading[1]:
            self._take(self._reading[0], event)
        else:
            return
        message.stop()
        self.describe()

    def _take(self, row: int, event: object) -> None:
        if isinstance(event, Finished):
            if len(self._details) >= _KEPT_DETAILS:
                self._details.pop(next(iter(self._details)))
            self._details[row] = event.result
        elif isinstance(event, Failed):
            self._problems[row] = str(event.error) if isinstance(event.error, InspectorError) else "Not read"
            if not isinstance(event.error, InspectorError):
                self._app.explain(event.error, "reading values")
        if isinstance(event, Finished | Failed | Cancelled):
            self._reading = None

    def action_read_or_follow(self) -> None:
        """Read the values; where they are read, show the consumer."""
        row = self.table.row
        if row is None:
            return
        if row in self._details:
            self.action_show_consumer()
        else:
            self._problems.pop(row, None)
            self._read(row)

    def action_show_consumer(self) -> None:
        """Show the nodes that take the weight, the first of them first."""
        row = self.table.row
        refs = self._uses.get(row, ()) if row is not None and self._uses is not None else ()
        if row is not None and refs:
            self.post_message(HighlightNodes(refs, self._weights[row].name))
        elif row is not None:
            self._app.say("No node takes this weight")

    def on_line_table_chosen(self, message: LineTable.Chosen) -> None:
        """Do by mouse what Enter does."""
        message.stop()
        self.action_read_or_follow()

    def _use_count(self, index: int) -> str:
        return "…" if self._uses is None else f"{len(self._uses.get(index, ())):,}"

    def _find_uses(self, _: CancelToken) -> Iterator[Event[Mapping[int, tuple[NodeRef, ...]]]]:
        from inspector.analysis.weight_uses import weight_uses

        assert self.inspection is not None
        yield Finished(weight_uses(self.inspection.computation))

    @property
    def _app(self) -> ModelpackApp:
        return cast("ModelpackApp", self.app)
