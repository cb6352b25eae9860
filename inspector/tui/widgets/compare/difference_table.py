"""The differences of one area as a table, whose columns are those that the area has figures for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from inspector.records.difference import Area, Difference
from inspector.report.figures import bytes_text, count_text
from inspector.tui.widgets.compare.signs import ROLES, SIGNS
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.optimize.figures import ratio_text
from inspector.tui.widgets.table_columns import Cell, Column

Columns = tuple[Column[Difference], ...]

_SIDED: tuple[Area, ...] = ("layers", "files")
"""Areas whose differences have bytes on both sides."""
_RATED: tuple[Area, ...] = ("cost", "measurements", "operators")
"""Areas whose differences are figures."""


class DifferenceTable(LineTable[Difference]):
    """One row a difference, the weightiest first."""

    def __init__(self) -> None:
        super().__init__(
            columns_of("artifact"),
            key=lambda one: (one.area, one.way, one.what, one.place, one.before, one.after),
            search_text=lambda one: f"{one.way} {one.what} {one.before} {one.after} {one.detail} {one.place}",
            nothing="",
        )

    def show(self, area: Area, differences: Sequence[Difference], nothing: str) -> None:
        """Show the differences of an area, or say why there are none."""
        self.set_columns(columns_of(area))
        self.say_when_empty(nothing)
        self.view.filter = ""
        self.set_rows(differences)
        self.cursor = 0


def columns_of(area: Area) -> Columns:
    """Return the columns for an area."""
    sign: Column[Difference] = Column("way", "", lambda one: Cell(SIGNS[one.way], ROLES[one.way]), 1, order=lambda one: one.way)
    what: Column[Difference] = Column("what", "what", lambda one: Cell(one.what, ROLES[one.way]), order=lambda one: one.what)
    if area == "weights":
        return (sign, what, *_weight_columns())
    if area in _SIDED:
        return (sign, what, *_byte_columns(), _detail(rank=1))
    width = 12 if area in _RATED else 0
    ratio = (_ratio_column(),) if area in _RATED else ()
    return (sign, what, _side("before", width), _side("after", width), *ratio, _detail(rank=3))


def _side(side: str, width: int) -> Column[Difference]:
    def text(one: Difference) -> str:
        return one.before if side == "before" else one.after

    def cell(one: Difference) -> Cell:
        return Cell(text(one), "soft" if side == "before" else "")

    align: Literal["left", "right"] = "right" if width else "left"
    return Column(side, side, cell, width, align, order=text, least=12)


def _detail(rank: int) -> Column[Difference]:
    def text(one: Difference) -> str:
        return ", ".join(part for part in (one.detail, f"in {one.place}" if one.place else "") if part)

    return Column("detail", "how", lambda one: Cell(text(one), "soft"), order=text, rank=rank, cut="end", least=20)


def _figure(one: Difference, name: str) -> float:
    """Return a figure to sort by, below all others where there is none."""
    return one.figures.get(name, float("-inf"))


def _weight_columns() -> Columns:
    def cell(name: str, form: str) -> Column[Difference]:
        titles = {"SQNR dB": "SQNR dB", "largest error": "max error"}
        return Column(
            name,
            titles[name],
            lambda one: Cell(format(one.figures[name], form) if name in one.figures else ""),
            9,
            "right",
            order=lambda one: _figure(one, name),
            largest_first=name == "largest error",
        )

    changed: Column[Difference] = Column(
        "changed",
        "elements",
        _changed_cell,
        13,
        "right",
        order=lambda one: _figure(one, "changed elements"),
        largest_first=True,
        rank=2,
    )
    kind: Column[Difference] = Column("type", "type", _type_cell, 24, rank=3, cut="end")
    return cell("SQNR dB", ".1f"), cell("largest error", ".2g"), changed, kind


def _changed_cell(one: Difference) -> Cell:
    if "changed elements" not in one.figures:
        return Cell("")
    changed, whole = int(one.figures["changed elements"]), one.figures.get("elements")
    of = f"/{count_text(int(whole))}" if whole is not None else ""
    return Cell(f"{count_text(changed)}{of}", "soft")


def _type_cell(one: Difference) -> Cell:
    if one.way == "renamed":
        return Cell(f"was {one.before}", "soft")
    both = one.before and one.after and one.before != one.after
    return Cell(f"{one.before} → {one.after}" if both else one.after or one.before, "violet")


def _byte_columns() -> Columns:
    def side(name: str) -> Column[Difference]:
        figure = f"bytes {name}"
        return Column(
            name,
            name,
            lambda one: Cell(bytes_text(int(one.figures[figure])) if figure in one.figures else "", "soft"),
            9,
            "right",
            order=lambda one: _figure(one, figure),
            largest_first=True,
        )

    gain: Column[Difference] = Column(
        "gain", "+/−", _gain_cell, 10, "right", order=lambda one: abs(_gain(one)), largest_first=True, rank=2
    )
    return side("before"), side("after"), gain


def _gain(one: Difference) -> float:
    return one.figures.get("bytes after", 0.0) - one.figures.get("bytes before", 0.0)


def _gain_cell(one: Difference) -> Cell:
    gain = int(_gain(one))
    if not gain:
        return Cell("=" if one.figures else "", "soft")
    return Cell(f"{'+' if gain > 0 else '−'}{bytes_text(abs(gain))}", "medium" if gain > 0 else "good")


def _ratio_column() -> Column[Difference]:
    return Column("ratio", "ratio", _ratio_cell, 8, "right", order=lambda one: _ratio(one) or 0.0, largest_first=True)


def _ratio(one: Difference) -> float | None:
    """Return the figure after over the one before."""
    sides = [
        next((figure for name, figure in one.figures.items() if name.endswith(side)), None) for side in ("before", "after")
    ]
    before, after = sides
    return after / before if before and after is not None else None


def _ratio_cell(one: Difference) -> Cell:
    ratio = _ratio(one)
    return Cell(ratio_text(ratio) if ratio is not None else "", "soft")
