"""Layers, packages and waste of an image in a review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from inspector.records.image_contents import Package
from inspector.records.image_review import LayerReview
from inspector.records.review import Review
from inspector.report.figures import bytes_text, plural, whole_text
from inspector.report.image_sentences import (
    CAUSES,
    instruction_text,
    layer_notes,
    leftovers_sentence,
    packages_sentence,
    waste_sentence,
    wasted_sentence,
)
from inspector.tui.plain_text import plain
from inspector.tui.widgets.review.list_pane import ListKind
from inspector.tui.widgets.table_columns import Cell, Column
from inspector.tui.widgets.text_rows import labeled, wrapped


@dataclass(frozen=True, slots=True)
class LayerRow:
    """A layer and its index."""

    number: int
    layer: LayerReview


@dataclass(frozen=True, slots=True)
class WasteRow:
    """Bytes that could go: a cause of waste, a kind of leftover, a single file; what it rests on, and paths."""

    at: int
    kind: str
    what: str
    bytes: int
    files: int
    note: str = ""
    paths: tuple[str, ...] = ()


def layers_kind() -> ListKind[LayerRow]:
    """Return the list of layers, base first."""
    return ListKind(
        id="layers",
        rows=lambda review: [LayerRow(at, one) for at, one in enumerate(review.image.layers)] if review.image else [],
        columns=_layer_columns,
        key=lambda row: row.number,
        search_text=lambda row: f"{row.layer.created_by} {row.layer.digest}",
        details=_layer_details,
        summary=lambda review, rows: (
            f"{plural(review.image.layer_count or len(rows), 'layer')}, base first" if review.image else ""
        ),
        title="layer",
    )


def packages_kind() -> ListKind[Package]:
    """Return the list of packages, largest first."""
    return ListKind(
        id="packages",
        rows=lambda review: review.image.packages if review.image else (),
        columns=_package_columns,
        key=lambda one: (one.kind, one.place, one.name),
        search_text=lambda one: f"{one.kind} {one.name} {one.version}",
        details=_package_details,
        summary=lambda review, _: packages_sentence(review.image) if review.image else "",
        title="package",
        nothing="No package was found",
    )


def waste_kind() -> ListKind[WasteRow]:
    """Return the list of what could go: waste by cause, leftovers by kind, the largest wasted files."""
    return ListKind(
        id="waste",
        rows=waste_rows,
        columns=_waste_columns,
        key=lambda row: row.at,
        search_text=lambda row: f"{row.kind} {row.what} {row.note}",
        details=_waste_details,
        summary=lambda review, _: f"{bytes_text(review.image.reclaimable_bytes)} reclaimable" if review.image else "",
        title="what could go",
        nothing="All that is shipped is in the final file system, and nothing in it is known to be left over",
    )


def waste_rows(review: Review) -> list[WasteRow]:
    """Return the rows of the list of waste; overlapping kinds of leftovers stand apart from what is proven."""
    image = review.image
    if image is None:
        return []
    told: list[tuple[str, str, int, int, str, tuple[str, ...]]] = []
    told += [("waste", CAUSES[one.cause], one.bytes, one.files, waste_sentence(image), ()) for one in image.waste if one.files]
    told += [("leftover", one.kind, one.bytes, one.files, one.note, one.paths) for one in image.leftovers.by_kind]
    told += [("file", one.path, one.bytes, 1, wasted_sentence(one), ()) for one in image.wasted_files]
    return [WasteRow(at, *one) for at, one in enumerate(told)]


def _layer_columns(rows: Sequence[LayerRow]) -> Sequence[Column[LayerRow]]:
    most = max((row.layer.shipped_bytes for row in rows), default=1) or 1
    return (
        Column("number", "#", lambda row: Cell(str(row.number), "soft"), 3, "right", order=lambda row: row.number),
        Column("instruction", "instruction", lambda row: Cell(instruction_text(row.layer.created_by)), cut="end"),
        Column("bar", "", lambda row: Cell("", "bar", row.layer.shipped_bytes / most), 10, rank=3),
        _bytes("stored", "stored", lambda row: row.layer.compressed_bytes, rank=2),
        _bytes("shipped", "files", lambda row: row.layer.shipped_bytes),
        _bytes("reclaim", "reclaim", lambda row: row.layer.reclaimable_bytes or None, rank=1, role="medium"),
    )


def _bytes(id: str, title: str, size, rank: int = 0, role: str = "soft"):  # type: ignore[no-untyped-def]
    return Column(
        id,
        title,
        lambda row: Cell("" if size(row) is None else bytes_text(size(row)), role),
        9,
        "right",
        order=lambda row: size(row) or 0,
        largest_first=True,
        rank=rank,
    )


def _layer_details(_: Review, row: LayerRow, width: int) -> list[Content]:
    layer = row.layer
    lines = [
        *wrapped(instruction_text(layer.created_by) or "no instruction is recorded", width, "$ink bold", most=8),
        Content(),
    ]
    lines += [line for note in layer_notes(layer) for line in wrapped(note, width, "$high", most=3)]
    known = (
        ("digest", layer.digest),
        ("type", layer.media_type),
        ("stored", bytes_text(layer.compressed_bytes) if layer.compressed_bytes is not None else "unknown"),
        ("unpacked", bytes_text(layer.size_bytes) if layer.size_bytes is not None else "unknown"),
        ("files", bytes_text(layer.shipped_bytes)),
        ("in the end", bytes_text(layer.final_bytes)),
        ("reclaim", bytes_text(layer.reclaimable_bytes)),
        ("made waste", bytes_text(layer.caused_bytes)),
        ("digest is", layer.verification),
    )
    for label, text in known:
        lines += labeled(label, text, width, 12, most=3) if text else []
    return lines


def _package_columns(rows: Sequence[Package]) -> Sequence[Column[Package]]:
    most = max((one.bytes for one in rows), default=1) or 1
    return (
        Column("kind", "kind", lambda one: Cell(one.kind, "soft"), 7, order=lambda one: one.kind, rank=3),
        Column("name", "name", lambda one: Cell(one.name), order=lambda one: one.name.casefold()),
        Column("version", "version", lambda one: Cell(one.version, "soft"), 18, rank=1),
        _bytes("bytes", "bytes", lambda one: one.bytes, role=""),
        Column("bar", "", lambda one: Cell("", "bar", one.bytes / most), 10, rank=4),
        Column(
            "files",
            "files",
            lambda one: Cell(whole_text(one.files), "soft"),
            7,
            "right",
            order=lambda one: one.files,
            largest_first=True,
            rank=2,
        ),
    )


def _package_details(_: Review, one: Package, width: int) -> list[Content]:
    lines = [*wrapped(one.name, width, "$ink bold", most=2), plain(f"{one.kind} {one.version}", "$violet")]
    lines += [*wrapped(one.summary, width, "$soft", most=3)] if one.summary else []
    known = (
        ("bytes", f"{bytes_text(one.bytes)} in {plural(one.files, 'file')}"),
        ("declared", bytes_text(one.declared_bytes) if one.declared_bytes is not None else ""),
        ("missing", plural(one.missing_files, "file") if one.missing_files else ""),
        ("changed", plural(one.changed_files, "file") if one.changed_files else ""),
        ("layer", str(one.layer) if one.layer is not None else ""),
        ("described", one.place),
    )
    return [*lines, Content(), *(line for label, text in known if text for line in labeled(label, text, width, 11))]


def _waste_columns(rows: Sequence[WasteRow]) -> Sequence[Column[WasteRow]]:
    most = max((row.bytes for row in rows), default=1) or 1
    roles = {"waste": "medium", "leftover": "low", "file": "soft"}
    return (
        Column("kind", "kind", lambda row: Cell(row.kind, roles[row.kind]), 8, order=lambda row: row.at),
        Column("what", "what", lambda row: Cell(row.what), order=lambda row: row.what),
        _bytes("bytes", "bytes", lambda row: row.bytes, role=""),
        Column("bar", "", lambda row: Cell("", "bar", row.bytes / most), 10, rank=2),
        Column("files", "files", lambda row: Cell(whole_text(row.files), "soft"), 7, "right", rank=1),
    )


def _waste_details(review: Review, row: WasteRow, width: int) -> list[Content]:
    lines = [*wrapped(row.what, width, "$ink bold", most=4)]
    lines.append(plain(f"{bytes_text(row.bytes)} in {plural(row.files, 'file')}", "$violet"))
    lines += [Content(), *wrapped(row.note, width, "$soft", most=6)] if row.note else []
    lines += [line for path in row.paths for line in wrapped(path, width, most=2)]
    if row.kind == "leftover" and review.image is not None:
        lines += [Content(), *wrapped(f"All leftovers: {leftovers_sentence(review.image)}; kinds overlap.", width, "$soft")]
    return lines
