"""The blobs tab of an OCI artifact: what it is made of; those that are models open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from inspector.records.image import Blob
from inspector.records.image_contents import InsideArtifact
from inspector.records.image_inspection import ImageInspection
from inspector.report.figures import bytes_text, plural
from inspector.tui.actions import bindings
from inspector.tui.messages import OpenInside
from inspector.tui.plain_text import plain
from inspector.tui.widgets.image.file_table import FORMATS
from inspector.tui.widgets.image.image_text import short_digest
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.list_pane import ListPane
from inspector.tui.widgets.table_columns import Cell, Column
from inspector.tui.widgets.text_rows import labeled


class BlobsPane(ListPane[Blob, ImageInspection]):
    """One row a blob, in the manifest's order."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("blobs")
    DETAIL_TITLE = "blob"

    def __init__(self) -> None:
        self._largest = 1
        self._models: dict[str, InsideArtifact] = {}
        super().__init__("blobs")

    def make_table(self) -> LineTable[Blob]:
        """Return the table, without rows."""
        columns: tuple[Column[Blob], ...] = (
            Column("role", "role", lambda blob: Cell(blob.role or "—", "violet"), 8, order=lambda blob: blob.role),
            Column("title", "title", self._title_cell, order=lambda blob: blob.title),
            Column(
                "bytes",
                "bytes",
                lambda blob: Cell(bytes_text(blob.size_bytes)),
                9,
                "right",
                order=lambda blob: blob.size_bytes,
                largest_first=True,
            ),
            Column("bar", "", lambda blob: Cell("", "bar", blob.size_bytes / self._largest), 10, rank=2),
            Column("type", "media type", lambda blob: Cell(blob.media_type, "soft"), 40, rank=3),
            Column("digest", "digest", lambda blob: Cell(short_digest(blob.digest), "soft"), 12, rank=4),
        )
        return LineTable(
            columns,
            key=lambda blob: (blob.digest, blob.title),
            search_text=lambda blob: f"{blob.role} {blob.title} {blob.media_type} {blob.digest}",
            nothing="This artifact has no blobs",
        )

    def rows(self, inspection: ImageInspection) -> Sequence[Blob]:
        """Return the blobs."""
        blobs = inspection.image.blobs
        self._largest = max((blob.size_bytes for blob in blobs), default=1) or 1
        self._models = {model.digest: model for model in inspection.models if model.digest}
        return blobs

    def summary(self, inspection: ImageInspection) -> str:
        """Return how many there are and how large."""
        blobs = inspection.image.blobs
        return f"{plural(len(blobs), 'blob')} · {bytes_text(sum(blob.size_bytes for blob in blobs))}"

    def detail_lines(self, row: Blob, width: int) -> Sequence[Content]:
        """Return all that the manifest says of the blob."""
        lines = [plain(row.title or "no title", "$ink bold"), Content()]
        lines += labeled("role", row.role or "not told by its media type", width)
        lines += labeled("bytes", bytes_text(row.size_bytes), width)
        lines += labeled("type", row.media_type, width)
        lines += labeled("digest", plain(row.digest, "$soft"), width)
        if row.place is None:
            lines += labeled("content", plain("is not in this archive", "$medium"), width)
        model = self._models.get(row.digest)
        if model is not None:
            lines += [Content(), Content.assemble(("↵", "$accent-text bold"), (f" opens the {FORMATS[model.format]}", "$soft"))]
        return lines

    def action_open_blob(self) -> None:
        """Open the blob where it is a model."""
        row = self.table.row
        model = self._models.get(row.digest) if row is not None else None
        if model is not None:
            self.post_message(OpenInside(model))
        elif row is not None:
            self.app.notify("Only blobs that hold an ONNX model open", markup=False)

    def on_line_table_chosen(self, message: LineTable.Chosen) -> None:
        """Do by mouse what Enter does."""
        message.stop()
        self.action_open_blob()

    def _title_cell(self, blob: Blob) -> Cell:
        title = blob.title or blob.digest
        if blob.digest not in self._models:
            return Cell(title)
        return Cell("", parts=((title, ""), (f"  ◆ {FORMATS[self._models[blob.digest].format]} ↵", "violet")))
