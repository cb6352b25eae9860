"""The waste tab: bytes that are proven waste, by cause, instruction and file; leftovers by kind; what pulls move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from inspector.records.image_inspection import ImageInspection
from inspector.report.figures import bytes_text, whole_text
from inspector.tui.actions import bindings
from inspector.tui.messages import ShowFiles
from inspector.tui.plain_text import plain, shorten
from inspector.tui.widgets.image.waste_rows import SECTIONS, Section, WasteRow, waste_rows
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.list_pane import ListPane
from inspector.tui.widgets.table_columns import Cell, Column
from inspector.tui.widgets.text_rows import heading, labeled, wrapped

_MOST_PATHS = 12
_ROLES: dict[Section, str] = {
    "cause": "high",
    "instruction": "accent",
    "leftover": "medium",
    "pull": "violet",
    "file": "soft",
}


class WastePane(ListPane[WasteRow, ImageInspection]):
    """Causes first, then instructions, leftovers, pulls, and every wasted file; one section alone where asked for."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("waste")
    DETAIL_TITLE = "what it is"

    def __init__(self) -> None:
        self._rows: Sequence[WasteRow] = ()
        self._section: Section | None = None
        self._largest = 1
        super().__init__("waste")

    def make_table(self) -> LineTable[WasteRow]:
        """Return the table, without rows."""
        columns: tuple[Column[WasteRow], ...] = (
            Column("section", "what", _section_cell, 11, order=lambda row: SECTIONS.index(row.section)),
            Column("title", "", lambda row: Cell(row.title), order=lambda row: row.title, least=36),
            Column(
                "bytes",
                "bytes",
                lambda row: Cell(bytes_text(row.bytes)),
                9,
                "right",
                order=lambda row: row.bytes,
                largest_first=True,
            ),
            Column("bar", "", lambda row: Cell("", "bar", row.bytes / self._largest), 8, rank=4),
            Column("pulled", "pulled", _pulled_cell, 9, "right", rank=3),
            Column("files", "files", _files_cell, 7, "right", rank=2),
            Column("layer", "layer", _layer_cell, 5, "right", rank=1),
        )
        return LineTable(
            columns,
            key=lambda row: (row.section, row.title, row.layer, row.by_layer),
            search_text=lambda row: f"{row.section} {row.title}",
            nothing="",
        )

    def rows(self, inspection: ImageInspection) -> Sequence[WasteRow]:  # noqa: ARG002 -- made once, by show()
        """Return the rows of the section that is shown."""
        shown = [row for row in self._rows if self._section in (None, row.section)]
        self._largest = max((row.bytes for row in shown), default=1) or 1
        return shown

    def show(self, inspection: ImageInspection) -> None:
        """Show an inspection."""
        self._rows = waste_rows(inspection)
        known = inspection.waste is not None
        self.table.say_when_empty("No waste, and nothing left over" if known else "Waste is told once all layers are read")
        super().show(inspection)

    def summary(self, inspection: ImageInspection) -> str:
        """Return what the waste adds up to."""
        waste, leftovers = inspection.waste, inspection.leftovers
        if waste is None:
            return "waste"
        parts = [
            f"{bytes_text(waste.shipped_bytes)} shipped - {bytes_text(waste.final_bytes)} final"
            f" = {bytes_text(waste.reclaimable_bytes)} waste"
        ]
        if leftovers is not None:
            parts.append(f"{bytes_text(leftovers.union_bytes)} left over")
        return " · ".join(parts) + (f" · {_HEADINGS[self._section]} alone" if self._section else "")

    def detail_lines(self, row: WasteRow, width: int) -> Sequence[Content]:
        """Return the row in words: what it rests on, which layers, the largest paths."""
        assert self.inspection is not None
        lines = [plain(_HEADINGS[row.section], "$soft"), *wrapped(row.title, width, "$ink bold", most=12), Content()]
        lines += labeled("bytes", _exact(row.bytes), width)
        if row.pulled is not None:
            label = "needed" if row.section == "pull" else "pulled"
            lines += labeled(label, f"{bytes_text(row.pulled)}{'' if row.section == 'pull' else ', estimated'}", width)
        if row.files:
            lines += labeled("files", whole_text(row.files), width)
        for label, text in row.facts:
            lines += labeled(label, text, width, most=6)
        if row.paths:
            lines += [Content(), heading("largest" if len(row.paths) > 1 else "path")]
            lines += [plain(shorten(f"/{path}", width), "$soft") for path in row.paths[:_MOST_PATHS]]
            more = len(row.paths) - _MOST_PATHS
            lines += [plain(f"and {more:,} more", "$soft")] if more > 0 else []
        if row.target is not None:
            lines += [Content(), Content.assemble(("↵", "$accent-text bold"), (f" {row.hint}", "$soft"))]
        return lines

    def action_show_files(self) -> None:
        """Show what the row is about in the tree."""
        row = self.table.row
        if row is not None and row.target is not None:
            target = row.target
            self.post_message(ShowFiles(target.path, target.paths, target.title, target.layer, target.changes))

    def action_next_section(self) -> None:
        """Show the next section alone, or all of them after the last."""
        present = [section for section in SECTIONS if any(row.section == section for row in self._rows)]
        order: list[Section | None] = [None, *present]
        at = order.index(self._section) if self._section in order else 0
        self._section = order[(at + 1) % len(order)]
        if self.inspection is not None:
            self.table.set_rows(self.rows(self.inspection))
            self.table.cursor = 0
            self.describe()

    def on_line_table_chosen(self, message: LineTable.Chosen) -> None:
        """Do by mouse what Enter does."""
        message.stop()
        self.action_show_files()


_HEADINGS: dict[Section, str] = {
    "cause": "waste by cause",
    "instruction": "waste by the instruction that made it",
    "leftover": "leftovers in the final file system",
    "pull": "what moves on a pull",
    "file": "wasted files",
}


def _exact(size: int) -> str:
    return bytes_text(size) if size < 1000 else f"{bytes_text(size)} ({whole_text(size)})"


def _section_cell(row: WasteRow) -> Cell:
    return Cell(row.section, _ROLES[row.section])


def _pulled_cell(row: WasteRow) -> Cell:
    return Cell("" if row.pulled is None or row.section == "pull" else bytes_text(row.pulled), "soft")


def _files_cell(row: WasteRow) -> Cell:
    return Cell(whole_text(row.files) if row.files else "", "soft")


def _layer_cell(row: WasteRow) -> Cell:
    return Cell("" if row.layer is None else str(row.layer), "soft")
