"""Rows that cards and detail panels are made of: a label and its value, a bar with figures, wrapped text."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content

from inspector.records.finding import Severity
from inspector.records.tensor import TensorSpec
from inspector.report.figures import bar_text, shape_text
from inspector.tui.plain_text import fit, plain, shorten

SEVERITY_GLYPHS: dict[Severity, str] = {"high": "▲", "medium": "◆", "low": "●", "info": "·"}
SEVERITY_STYLES: dict[Severity, str] = {"high": "$high bold", "medium": "$medium bold", "low": "$low", "info": "$soft"}


def wrapped(text: str | Content, width: int, style: str = "", most: int = 0) -> list[Content]:
    """Return the text in lines of at most width cells, at most most lines (0: all), an ellipsis where cut."""
    width = max(1, width)
    enough = width * (most + 1) if most else len(text)
    content = plain(text[:enough], style) if isinstance(text, str) else text[:enough]
    lines = content.wrap(width)
    if most and len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1].truncate(max(1, width - 1)) + Content.styled("…", style)]
    return lines


def labeled(label: str, value: str | Content, width: int, label_cells: int = 10, most: int = 3) -> list[Content]:
    """Return a soft label and its value beside it, wrapped under itself."""
    lines = wrapped(value, width - label_cells, most=most) or [Content()]
    blank = " " * label_cells
    first = Content.assemble((fit(label, label_cells), "$soft"), lines[0])
    return [first, *(Content.assemble(blank, line) for line in lines[1:])]


def heading(text: str) -> Content:
    """Return a small heading within a card."""
    return Content.styled(text, "$soft bold")


def bar_row(label: str, share: float, figures: Sequence[str], width: int, label_cells: int, style: str = "$bar") -> Content:
    """Return a label, a bar for a share of 1, and right-aligned figures of nine cells each."""
    room = max(4, width - label_cells - 2 - 9 * len(figures))
    return Content.assemble(
        plain(fit(shorten(label, label_cells), label_cells)),
        " ",
        (fit(bar_text(share, room), room), style),
        " ",
        *((f"{figure:>9}", "$ink" if index == 0 else "$soft") for index, figure in enumerate(figures)),
    )


def tensor_row(spec: TensorSpec, width: int, name_cells: int) -> Content:
    """Return a tensor as name, element type and shape in columns."""
    name = fit(shorten(spec.name, name_cells), name_cells)
    room = max(0, width - name_cells - 12)
    return Content.assemble(
        plain(name, "$ink bold"), "  ", plain(fit(spec.dtype, 9), "$violet"), " ", plain(shorten(shape_text(spec.shape), room))
    )


def name_cells(names: Sequence[str], most: int) -> int:
    """Return the cells the longest of these names takes, at most most."""
    return min(most, max((cell_len(name) for name in names), default=0))


def finding_mark(severity: Severity) -> Content:
    """Return the glyph and word of a severity: told apart without color."""
    return Content.styled(f"{SEVERITY_GLYPHS[severity]} {severity:<6}", SEVERITY_STYLES[severity])
