"""The findings tab: what a reader should know, how bad it is, and where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.content import Content

from inspector.records.finding import SEVERITIES, Finding
from inspector.records.inspection import Inspection
from inspector.report.figures import plural
from inspector.tui.actions import bindings
from inspector.tui.messages import GoToNode, HighlightNodes, ShowFiles, ShowWeight
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.list_pane import ListPane
from inspector.tui.widgets.overview_facts import severity_note
from inspector.tui.widgets.table_columns import Cell, Column
from inspector.tui.widgets.text_rows import SEVERITY_GLYPHS, finding_mark, labeled, wrapped

if TYPE_CHECKING:
    from inspector.records.opened import Opened


class FindingsPane(ListPane[Finding, "Opened"]):
    """One row a finding, most severe first; Enter goes to the node, weight or file."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("findings")
    DETAIL_TITLE = "finding"

    def __init__(self) -> None:
        super().__init__("findings")

    def make_table(self) -> LineTable[Finding]:
        """Return the table, without rows."""
        columns: tuple[Column[Finding], ...] = (
            Column("severity", "severity", _severity_cell, 9, order=lambda finding: SEVERITIES.index(finding.severity)),
            Column("message", "what", lambda finding: Cell(finding.message), order=lambda finding: finding.message, cut="end"),
            Column(
                "place", "where", lambda finding: Cell(finding.place, "soft"), 22, order=lambda finding: finding.place, rank=1
            ),
            Column("rule", "rule", lambda finding: Cell(finding.rule, "soft"), 22, order=lambda finding: finding.rule, rank=2),
        )
        return LineTable(
            columns,
            key=lambda finding: (finding.rule, finding.place, finding.message),
            search_text=lambda finding: f"{finding.severity} {finding.rule} {finding.message} {finding.place}",
            nothing="Nothing to report",
        )

    def rows(self, inspection: Opened) -> Sequence[Finding]:
        """Return the findings, most severe first."""
        return inspection.findings

    def summary(self, inspection: Opened) -> str:
        """Return how many there are of each severity."""
        note = severity_note(inspection)
        return plural(len(inspection.findings), "finding") + (f" · {note}" if note else "")

    def detail_lines(self, row: Finding, width: int) -> Sequence[Content]:
        """Return message, hint and place in full."""
        lines = [finding_mark(row.severity), *wrapped(row.message, width, "$ink bold"), Content()]
        if row.hint:
            lines += [*labeled("do", row.hint, width, 7, most=6)]
        if row.place:
            lines += labeled("where", row.place, width, 7, most=4)
        if len(row.nodes) > 1:
            lines += labeled("nodes", f"{len(row.nodes):,}", width, 7)
        lines += labeled("rule", row.rule, width, 7)
        if row.node is not None or row.tensor or self._path(row):
            lines += [Content(), Content.assemble(("↵", "$accent-text bold"), (" goes there", "$soft"))]
        return lines

    def action_show_place(self) -> None:
        """Go to the node, the weight or the file."""
        row = self.table.row
        if row is None:
            return
        if len(row.nodes) > 1:
            self.post_message(HighlightNodes(row.nodes, row.rule))
        elif row.node is not None:
            self.post_message(GoToNode(row.node))
        elif row.tensor:
            self.post_message(ShowWeight("", row.tensor))
        elif path := self._path(row):
            self.post_message(ShowFiles(path))

    def _path(self, finding: Finding) -> str:
        """Return the path of the image's file system that a finding is about, empty where it is about none."""
        if self.inspection is None or isinstance(self.inspection, Inspection) or self.inspection.file_system is None:
            return ""
        entries = self.inspection.file_system.entries
        place = finding.place
        tried = (place, place.partition(" ")[2], place.partition(":")[0], place.partition(" (")[0])
        return next((path for path in (text.strip().strip("/") for text in tried) if path in entries), "")

    def on_line_table_chosen(self, message: LineTable.Chosen) -> None:
        """Do by mouse what Enter does."""
        message.stop()
        self.action_show_place()


def _severity_cell(finding: Finding) -> Cell:
    return Cell(f"{SEVERITY_GLYPHS[finding.severity]} {finding.severity}", finding.severity)
