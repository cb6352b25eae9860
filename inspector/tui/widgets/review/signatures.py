"""Inputs and outputs of every signature of a review."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from textual.content import Content

from inspector.records.review import Review
from inspector.records.tensor import TensorSpec
from inspector.report.figures import plural, shape_text
from inspector.tui.plain_text import plain
from inspector.tui.widgets.review.list_pane import ListKind
from inspector.tui.widgets.table_columns import Cell, Column
from inspector.tui.widgets.text_rows import labeled, wrapped


@dataclass(frozen=True, slots=True)
class PortRow:
    """One input or output of one signature; at tells it from all others."""

    at: int
    signature: str
    direction: str
    position: int
    spec: TensorSpec


def signatures_kind() -> ListKind[PortRow]:
    """Return the list of inputs and outputs."""
    return ListKind(
        id="signatures",
        rows=lambda review: list(rows_of(review)),
        columns=_columns,
        key=lambda row: row.at,
        search_text=lambda row: (
            f"{row.signature} {row.direction} {row.spec.name} {row.spec.dtype} {shape_text(row.spec.shape)}"
        ),
        details=_details,
        summary=lambda review, rows: (
            f"{plural(len(review.signatures), 'signature')} · {plural(_count(rows, 'in'), 'input')}"
            f" · {plural(_count(rows, 'out'), 'output')}"
        ),
        title="tensor",
        nothing="Nothing goes in and nothing comes out",
    )


def rows_of(review: Review) -> Iterator[PortRow]:
    """Yield inputs, then outputs, of every signature."""
    at = 0
    for signature in review.signatures:
        for direction, specs in (("in", signature.inputs), ("out", signature.outputs)):
            for position, spec in enumerate(specs):
                yield PortRow(at, signature.name, direction, position, spec)
                at += 1


def _count(rows: Sequence[PortRow], direction: str) -> int:
    return sum(row.direction == direction for row in rows)


def _columns(_: Sequence[PortRow]) -> Sequence[Column[PortRow]]:
    return (
        Column("direction", "", lambda row: Cell(row.direction, "soft"), 4),
        Column("name", "name", lambda row: Cell(row.spec.name), order=lambda row: row.spec.name),
        Column("dtype", "dtype", lambda row: Cell(row.spec.dtype, "violet"), 9, order=lambda row: row.spec.dtype),
        Column("shape", "shape", lambda row: Cell(shape_text(row.spec.shape)), 26),
        Column("signature", "signature", lambda row: Cell(row.signature, "soft"), 18, order=lambda row: row.signature, rank=1),
    )


def _details(_: Review, row: PortRow, width: int) -> list[Content]:
    lines = wrapped(row.spec.name or "(no name)", width, "$ink bold", most=3)
    lines.append(plain(f"{'input' if row.direction == 'in' else 'output'} {row.position + 1}, {row.spec.dtype}", "$violet"))
    lines += labeled("of", row.signature, width, 8) if row.signature else []
    if row.spec.shape is None:
        return [*lines, *wrapped("The artifact does not say how many dimensions it has.", width, "$medium")]
    for position, dim in enumerate(row.spec.shape):
        told = f"{dim:,}  fixed" if isinstance(dim, int) else f"{dim or '?'}  any length"
        lines += labeled(f"dim {position}", told, width, 8, most=2)
    return lines if row.spec.shape else [*lines, Content.styled("a scalar", "$soft")]
