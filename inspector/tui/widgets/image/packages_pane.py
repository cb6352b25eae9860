"""The packages tab: what is installed in the final file system, by size, and what no package owns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import BindingType
from textual.content import Content

from inspector.isolation.limits import CancelToken
from inspector.records.event import Event, Finished
from inspector.records.image_contents import Package, Packages
from inspector.records.image_inspection import ImageInspection
from inspector.report.figures import bytes_text, plural, share_text, whole_text
from inspector.tui.actions import bindings
from inspector.tui.jobs import Job
from inspector.tui.messages import Failed, JobEvent, ShowFiles
from inspector.tui.plain_text import plain, shorten
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.list_pane import ListPane
from inspector.tui.widgets.table_columns import Cell, Column
from inspector.tui.widgets.text_rows import heading, labeled, wrapped

if TYPE_CHECKING:
    from inspector.tui.app import ModelpackApp

_MOST_LARGEST = 12
_NOBODY = "files no package owns"


@dataclass(frozen=True, slots=True)
class PackageRow:
    """One package, or (package None) all files that none owns."""

    package: Package | None
    bytes: int
    files: int

    @property
    def name(self) -> str:
        """What the row is called."""
        return self.package.name if self.package is not None else _NOBODY


class PackagesPane(ListPane[PackageRow, ImageInspection]):
    """One row a package, the largest first, unowned files last; Enter shows its files in the tree."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("packages")
    DETAIL_TITLE = "package"

    def __init__(self) -> None:
        self._largest = 1
        self._finding: tuple[Package, Job] | None = None
        super().__init__("packages")

    def make_table(self) -> LineTable[PackageRow]:
        """Return the table, without rows."""
        columns: tuple[Column[PackageRow], ...] = (
            Column("kind", "kind", _kind_cell, 7, order=lambda row: row.package.kind if row.package else "~"),
            Column("name", "name", lambda row: Cell(row.name, "" if row.package else "soft"), order=_name_order),
            Column("version", "version", lambda row: Cell(row.package.version if row.package else "", "soft"), 16, rank=3),
            Column(
                "bytes",
                "bytes",
                lambda row: Cell(bytes_text(row.bytes)),
                9,
                "right",
                order=lambda row: row.bytes,
                largest_first=True,
            ),
            Column("bar", "", lambda row: Cell("", "bar", row.bytes / self._largest), 10, rank=4),
            Column(
                "files",
                "files",
                lambda row: Cell(whole_text(row.files), "soft"),
                7,
                "right",
                order=lambda row: row.files,
                largest_first=True,
                rank=2,
            ),
            Column("layer", "layer", _layer_cell, 5, "right", order=_layer_order, rank=5),
        )
        return LineTable(
            columns,
            key=lambda row: (row.package.kind, row.package.place, row.package.name) if row.package else None,
            search_text=lambda row: f"{row.package.kind} {row.name} {row.package.version}" if row.package else row.name,
            nothing="Packages are told once all layers are read",
        )

    def rows(self, inspection: ImageInspection) -> Sequence[PackageRow]:
        """Return the packages, largest first, and then what none owns."""
        packages = inspection.packages
        if packages is None:
            return ()
        rows = [PackageRow(package, package.bytes, package.files) for package in packages.packages]
        if packages.unowned_files:
            rows.append(PackageRow(None, packages.unowned_bytes, packages.unowned_files))
        self._largest = max((row.bytes for row in rows), default=1) or 1
        return rows

    def summary(self, inspection: ImageInspection) -> str:
        """Return how many there are, and how much of all files they own."""
        packages = inspection.packages
        if packages is None:
            return "packages"
        owned = sum(package.bytes for package in packages.packages)
        total = owned + packages.unowned_bytes
        share = f" · {share_text(owned / total)} of all bytes" if total else ""
        return f"{plural(len(packages.packages), 'package')} · {bytes_text(owned)}{share}"

    def detail_lines(self, row: PackageRow, width: int) -> Sequence[Content]:
        """Return what the package says of itself, and how that agrees with the files."""
        assert self.inspection is not None
        if row.package is None:
            return [*_unowned_lines(self.inspection.packages, width), Content(), _hint("shows the largest of them")]
        return [*_package_lines(row.package, width), Content(), _hint("shows its files in the tree")]

    def action_show_files(self) -> None:
        """Show the package's files in the tree."""
        row = self.table.row
        if row is None or self.inspection is None:
            return
        if row.package is not None:
            self._find_files(row.package)
        elif self.inspection.packages is not None:
            paths = [path for path, _ in self.inspection.packages.unowned_largest]
            self.post_message(ShowFiles(paths[0] if paths else "", paths, "largest that no package owns"))

    def _find_files(self, package: Package) -> None:
        inspection = self.inspection
        assert inspection is not None
        if self._finding is not None:
            self._app.jobs.cancel(self._finding[1])

        def workflow(_: CancelToken) -> Iterator[Event[tuple[str, ...]]]:
            from inspector.tui.widgets.image.package_paths import package_paths

            yield Finished(package_paths(inspection, package))

        self._finding = (package, self._app.jobs.start(f"finding files of {package.name}", workflow, self))

    def on_job_event(self, message: JobEvent) -> None:
        """Show the files that were found."""
        if self._finding is None or message.job is not self._finding[1]:
            return
        message.stop()
        package, event = self._finding[0], message.event
        self._finding = None
        if isinstance(event, Finished):
            self.post_message(ShowFiles(package.place, event.result, f"files of {package.name}"))
        elif isinstance(event, Failed):
            self._app.explain(event.error, "Package")

    @property
    def _app(self) -> ModelpackApp:
        return cast("ModelpackApp", self.app)

    def on_line_table_chosen(self, message: LineTable.Chosen) -> None:
        """Do by mouse what Enter does."""
        message.stop()
        self.action_show_files()


def _package_lines(package: Package, width: int) -> list[Content]:
    lines = [plain(f"{package.name} {package.version}", "$ink bold"), plain(f"{package.kind} package", "$soft")]
    lines += wrapped(package.summary, width, most=4) if package.summary else []
    lines += [Content(), *labeled("bytes", bytes_text(package.bytes), width)]
    if package.declared_bytes is not None and package.declared_bytes != package.bytes:
        lines += labeled("declared", f"{bytes_text(package.declared_bytes)} by its own records", width)
    lines += labeled("files", whole_text(package.files), width)
    if package.bytecode_bytes:
        lines += labeled("bytecode", f"{bytes_text(package.bytecode_bytes)} more that it does not list", width)
    if package.missing_files:
        lines += labeled("missing", plain(f"{plural(package.missing_files, 'file')} its records name", "$medium"), width)
    if package.changed_files:
        lines += labeled("changed", plain(f"{plural(package.changed_files, 'file')} of another size", "$medium"), width)
    if package.layer is not None:
        lines += labeled("layer", str(package.layer), width)
    return [*lines, *labeled("told by", plain(f"/{package.place}", "$soft"), width)]


def _unowned_lines(packages: Packages | None, width: int) -> list[Content]:
    if packages is None:
        return []
    lines = [plain(_NOBODY, "$ink bold"), Content()]
    lines += labeled("bytes", bytes_text(packages.unowned_bytes), width)
    lines += labeled("files", whole_text(packages.unowned_files), width)
    lines += [Content(), heading("largest")]
    for path, size in packages.unowned_largest[:_MOST_LARGEST]:
        lines.append(Content.assemble(f"{bytes_text(size):>9}  ", plain(shorten(f"/{path}", width - 11), "$soft")))
    return lines


def _hint(text: str) -> Content:
    return Content.assemble(("↵", "$accent-text bold"), (f" {text}", "$soft"))


def _kind_cell(row: PackageRow) -> Cell:
    return Cell(row.package.kind if row.package is not None else "—", "violet" if row.package is not None else "soft")


def _name_order(row: PackageRow) -> tuple[bool, str]:
    return (row.package is None, row.name.casefold())


def _layer_cell(row: PackageRow) -> Cell:
    layer = row.package.layer if row.package is not None else None
    return Cell("" if layer is None else str(layer), "soft")


def _layer_order(row: PackageRow) -> int:
    return -1 if row.package is None or row.package.layer is None else row.package.layer
