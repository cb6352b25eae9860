"""A comparison: its areas with what differs in each, the differences of one of them, and the row under the cursor in full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import ClassVar, Final

from textual.actions import SkipAction
from textual.binding import BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget

from inspector.records.difference import ArtifactComparison, ComparedArea, Difference
from inspector.tui.actions import bindings
from inspector.tui.plain_text import plain, shorten
from inspector.tui.widgets.compare.areas_table import areas_table
from inspector.tui.widgets.compare.detail_text import (
    area_lines,
    difference_lines,
    legend_lines,
    signature_lines,
    step_lines,
)
from inspector.tui.widgets.compare.difference_table import DifferenceTable
from inspector.tui.widgets.compare.shown import Shown
from inspector.tui.widgets.compare.signs import differing
from inspector.tui.widgets.compare.step_table import StepTable
from inspector.tui.widgets.filtered_table import FilteredTable
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.text_block import TextBlock
from inspector.tui.widgets.text_rows import wrapped

_FIRST: Final = ("structure", "files", "weights")
"""Areas that are shown first where they differ."""


def _interest(area: ComparedArea) -> tuple[bool, bool, bool]:
    """Return what the area to show first is the least of."""
    return area.same or not differing(area), area.area not in _FIRST, not differing(area)


def _summary(comparison: ArtifactComparison) -> Content:
    """Return all of it in one sentence, with a sign that tells it without color."""
    if not comparison.same:
        return Content.assemble(("≠ not the same", "$medium bold"), plain(f"  {comparison.summary}"))
    told = comparison.summary.removeprefix("the same").removeprefix(": ")
    said = told or "in everything that matters; how it is written and what inner tensors are called does not"
    return Content.assemble(("✓ the same", "$good bold"), plain(f"  {said}"))


class StepsBox(FilteredTable):
    """Says in its border what is left out, and the keys that few know."""

    def __init__(self, steps: StepTable) -> None:
        super().__init__(steps)
        self._steps = steps

    def shown_note(self) -> str:
        """Return how many rows a filter keeps, or which are shown."""
        if self._steps.view.filter:
            return super().shown_note()
        return "differences only · d shows all" if self._steps.only else "d only differences · ↵ unfolds"


class ComparePane(Widget):
    """Areas on the left; on the right the graphs in step, or a list, over details."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("compare")

    def __init__(self) -> None:
        super().__init__(id="compare")
        self.shown: Shown | None = None
        self.areas = areas_table()
        self.steps = StepTable()
        self.differences = DifferenceTable()
        self._area: ComparedArea | None = None
        self._summary = TextBlock(id="compare-summary")
        self._left = Vertical(self.areas, id="compare-areas", classes="list-box")
        self._steps_box = StepsBox(self.steps)
        self._list_box = FilteredTable(self.differences)
        self._text = TextBlock()
        self.details = VerticalScroll(self._text, id="compare-details", classes="list-box")

    def compose(self) -> Iterator[Widget]:
        """Lay out the summary over areas, list and details."""
        self._left.border_title = Content("areas")
        self.details.border_title = Content("details")
        yield self._summary
        yield Container(self._left, Vertical(self._steps_box, self._list_box, self.details), id="compare-sides")

    @property
    def first_focus(self) -> Widget:
        """What takes the keys first: the differences where there are some, otherwise the areas."""
        return self.table if self._area is not None and differing(self._area) else self.areas

    @property
    def table(self) -> LineTable[object]:
        """The table on the right."""
        return self.steps if self._steps_box.display else self.differences  # type: ignore[return-value]

    def show_comparison(self, shown: Shown) -> None:
        """Show a comparison, beginning with the first area that differs."""
        self.shown = shown
        self._area = None
        comparison = shown.comparison
        said = _summary(comparison)
        self._summary.show(lambda width: wrapped(said, width, most=3))
        if shown.graphs is not None:
            self.steps.show(shown)
        self.areas.set_rows(comparison.areas)
        if comparison.areas:
            self.areas.go_to(min(comparison.areas, key=_interest))
        self._show_area()

    def _show_area(self) -> None:
        """Show what differs in the area under the cursor."""
        area = self.areas.row
        if area is self._area or self.shown is None:
            return
        self._area = area
        in_step = area is not None and area.area == "structure" and self.shown.graphs is not None
        self._steps_box.display, self._list_box.display = in_step, not in_step
        if area is not None:
            found = self.shown.differences(area.area)
            nothing = f"Not compared: {area.unknown}" if area.unknown else "Nothing differs"
            self.differences.show(area.area, found, nothing)
            self._say_titles(area)
        if in_step:
            self.steps.action_first_row()
            if self.steps.row is not None and self.steps.steps is not None and self.steps.steps.way(self.steps.row) is None:
                self.steps.step(1)
        self.describe()

    def _say_titles(self, area: ComparedArea) -> None:
        assert self.shown is not None
        names = [shorten(name, 30) for name in self.shown.names]
        for box in (self._steps_box, self._list_box):
            box.border_title = plain(f"{area.area}: {names[0]} → {names[1]}")

    def describe(self) -> None:
        """Show the row under the cursor in full, and what is to be said of the area."""
        if self.shown is None or self._area is None:
            return
        self._text.show(partial(self._lines, self.shown, self._area, self.table.row))

    def _lines(self, shown: Shown, area: ComparedArea, row: object, width: int) -> Sequence[Content]:
        lines: list[Content] = []
        if self._steps_box.display and self.steps.steps is not None and self.steps.row is not None:
            lines += [*step_lines(self.steps.steps, self.steps.row, width), Content()]
        elif isinstance(row, Difference):
            lines += [*difference_lines(row, width), Content()]
        found = shown.differences(area.area)
        if area.area == "signatures":
            lines += [*signature_lines(shown.signatures, found, width), Content()]
        lines += area_lines(area, len(found), differing(area), width)
        return [*lines, *legend_lines(width)]

    def on_line_table_highlighted(self, message: LineTable.Highlighted) -> None:
        """A cursor moved: to another area, or to another difference."""
        message.stop()
        self._show_area()
        self.describe()

    def on_line_table_rearranged(self, message: LineTable.Rearranged) -> None:
        """Rows were filtered or sorted."""
        message.stop()
        self._show_area()
        self.describe()

    def on_line_table_chosen(self, message: LineTable.Chosen) -> None:
        """Do by mouse what Enter does."""
        message.stop()
        self.action_choose()

    def action_choose(self) -> None:
        """Go from an area to its differences; open or close a stretch."""
        if self.areas.has_focus:
            self.table.focus()
        elif self._steps_box.display:
            self.steps.toggle_fold()

    def action_other_side(self) -> None:
        """Move between areas and differences."""
        (self.table if self.areas.has_focus else self.areas).focus()

    def action_next_difference(self) -> None:
        """Go to the next difference, in the next area where this one has no more."""
        self._step(1)

    def action_previous_difference(self) -> None:
        """Go to the difference before, in the area before where this one has no more."""
        self._step(-1)

    def _step(self, by: int) -> None:
        if self.areas.has_focus and self._area is not None and differing(self._area):
            self.table.focus()
            return
        if self._steps_box.display:
            moved = self.steps.step(by)
        else:
            at = self.differences.cursor
            self.differences.cursor += by
            moved = self.differences.cursor != at
        if not moved:
            self._step_area(by)

    def _step_area(self, by: int) -> None:
        """Go to the next area that differs."""
        shown = self.areas.view.shown
        at = self.areas.cursor + by
        while 0 <= at < len(shown):
            if differing(shown[at]):
                self.areas.cursor = at
                self._show_area()
                if by < 0:
                    self.table.action_last_row()
                self.table.focus()
                return
            at += by
        self.notify("There is no further difference" if by > 0 else "There is no difference before", markup=False, timeout=2)

    def action_only_differences(self) -> None:
        """Leave out nodes that are equal, or show them again."""
        if not self._steps_box.display:
            raise SkipAction
        self.steps.toggle_only()

    def action_fold_all(self) -> None:
        """Open every stretch of equal nodes, or close all."""
        if not self._steps_box.display:
            raise SkipAction
        self.steps.toggle_all()

    def action_details_down(self) -> None:
        """Scroll the details down."""
        self.details.scroll_relative(y=max(1, self.details.size.height - 2), animate=False)

    def action_details_up(self) -> None:
        """Scroll the details up."""
        self.details.scroll_relative(y=-max(1, self.details.size.height - 2), animate=False)
