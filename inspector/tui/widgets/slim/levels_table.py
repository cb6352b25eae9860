"""The levels as a table: check boxes, what each would do, does, or came to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.message import Message

from inspector.records.slimming import SlimStep
from inspector.report.figures import bytes_text, plural, whole_text
from inspector.report.slim_sentences import PURPOSES
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.optimize.figures import interval_text, ratio_text
from inspector.tui.widgets.slim.figures import (
    VERDICT_ROLES,
    added_text,
    answers_text,
    main_start,
    pulled_ratio,
    size_ratio,
    start_figure,
    start_role,
    verdict_text,
)
from inspector.tui.widgets.slim.level_rows import LevelRow, seconds_of
from inspector.tui.widgets.table_columns import Cell, Column

_MARK_CELLS = 3
_STATES = {"waiting": "· waiting", "stopped": "■ stopped", "failed": "✗ failed", "planned": "not run", "original": ""}


class LevelsTable(LineTable[LevelRow]):
    """Rows to switch on and off; a click on the mark does."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(keys, "leave_to_pane", "Switch", show=False) for keys in ("space", "k", "s")
    ]

    class Toggled(Message):
        """A level is to be switched on or off."""

        def __init__(self, row: LevelRow) -> None:
            super().__init__()
            self.row = row

    def __init__(self) -> None:
        self._first: tuple[Column[LevelRow], ...] = (
            Column("mark", "", _mark_cell, _MARK_CELLS),
            Column("level", "level", lambda row: Cell(row.level or "original", "" if row.level else "soft"), 8),
            Column("verdict", "verdict", _verdict_cell, 14),
            Column("size", "size", _size_cell, 9, "right"),
        )
        self._figures: tuple[Column[LevelRow], ...] = (
            Column("ratio", "", _ratio_of(size_ratio), 6, "right", rank=2),
            Column("pulled", "pulled", _pulled_cell, 9, "right", rank=4),
            Column("pulled-ratio", "", _ratio_of(pulled_ratio), 6, "right", rank=5),
            Column("files", "files", _files_cell, 7, "right", rank=6),
            Column("answers", "answers", _answers_cell, 9, "right", rank=3),
            Column("start", "start", _start_cell, 7, "right", rank=1),
            Column("interval", "95 %", _interval_cell, 9, rank=7),
        )
        self._planned: Column[LevelRow] = Column("why", "what it would do", _why_cell, cut="end", least=20)
        super().__init__(
            (*self._first, self._planned),
            key=lambda row: row.level,
            search_text=lambda row: row.level or "original",
            nothing="",
        )

    def show_figures(self, wanted: bool) -> None:
        """Show or hide the columns that only a run fills."""
        columns = (
            (*self._first, *self._figures, replace(self._planned, title="why")) if wanted else (*self._first, self._planned)
        )
        if columns != self._columns:
            self._columns = columns
            self._placement = (-1, ())
            self.refresh()

    def action_leave_to_pane(self) -> None:
        """Leave it to the pane, at once: a message might come after the next key, which may be Enter."""
        raise SkipAction

    def on_click(self, event: Click) -> None:
        """Switch by mouse; LineTable has put the cursor on the row when this message is handled."""
        if event.y > 0 and event.x < _MARK_CELLS + 2:
            self.call_later(self._toggle)

    def _toggle(self) -> None:
        if self.row is not None:
            self.post_message(self.Toggled(self.row))


def _mark_cell(row: LevelRow) -> Cell:
    if row.level is None:
        return Cell("")
    if not row.on:
        return Cell("[ ]", "soft")
    return Cell("[x]", "soft" if row.lacks and row.state == "planned" else "accent")


def _verdict_cell(row: LevelRow) -> Cell:
    if row.step is not None:
        return Cell(verdict_text(row.step.verdict), VERDICT_ROLES[row.step.verdict])
    if row.state == "running":
        seconds = f" {seconds_of(row):.0f} s" if row.begun else ""
        return Cell(f"▶ running{seconds}", "accent")
    return Cell(_STATES.get(row.state, ""), "high" if row.state == "failed" else "soft")


def _size_cell(row: LevelRow) -> Cell:
    if row.step is not None:
        return Cell(bytes_text(row.step.after.size_bytes) if row.step.after is not None else "–")
    if row.state == "original" and row.before is not None:
        return Cell(bytes_text(row.before.size_bytes))
    if row.would_go is None or row.before is None:
        return Cell("")
    return Cell(f"≈{bytes_text(max(0, row.before.size_bytes - row.would_go.goes_bytes))}", "soft")


def _ratio_of(ratio: Callable[[SlimStep], float | None]) -> Callable[[LevelRow], Cell]:
    def cell(row: LevelRow) -> Cell:
        found = ratio(row.step) if row.step is not None else None
        return Cell("" if found is None else ratio_text(found), "good" if found is not None and found < 1 else "")

    return cell


def _pulled_cell(row: LevelRow) -> Cell:
    image = row.before if row.level is None else row.step.after if row.step is not None else None
    return Cell(bytes_text(image.compressed_bytes) if image is not None and image.compressed_bytes is not None else "")


def _files_cell(row: LevelRow) -> Cell:
    image = row.before if row.level is None else row.step.after if row.step is not None else None
    return Cell(whole_text(image.files) if image is not None else "", "soft")


def _answers_cell(row: LevelRow) -> Cell:
    if row.step is None:
        known = row.progress.answers if row.progress is not None else 0
        return Cell(f"{known:,} so far" if known and known < 1000 else "", "accent")
    role = "good" if row.step.verdict == "proven" else "high" if row.step.verdict == "rejected" else "soft"
    text = answers_text(row.step.proof)
    return Cell(text, role if text != "–" else "soft")


def _start_cell(row: LevelRow) -> Cell:
    start = main_start(row.step.proof) if row.step is not None else None
    return Cell("") if start is None else Cell(start_figure(start), start_role(start))


def _interval_cell(row: LevelRow) -> Cell:
    start = main_start(row.step.proof) if row.step is not None else None
    return Cell("" if start is None else interval_text(start), "soft")


def _why_cell(row: LevelRow) -> Cell:
    if row.step is not None:
        return Cell(row.step.output or row.step.reason or added_text(row.step.proof) or PURPOSES[row.step.level], "soft")
    if row.level is None:
        return Cell("as it is", "soft")
    if row.state == "running":
        return Cell(row.doing or "starting", "accent")
    if row.state == "stopped":
        return Cell("by you; what was found until then is below", "soft")
    if row.state == "failed":
        return Cell(row.problem, "soft")
    if row.lacks:
        return Cell("", parts=((row.lacks, "medium"), ("  " + PURPOSES[row.level], "soft")))
    if row.would_go is not None and (row.would_go.goes_bytes or row.would_go.goes_files):
        goes = f"{bytes_text(row.would_go.goes_bytes)} in {plural(row.would_go.goes_files, 'file')} would go"
        return Cell("", parts=((goes, ""), (f": {PURPOSES[row.level]}", "soft")))
    return Cell("", parts=(("nothing would go", "soft"),)) if row.would_go is not None else Cell(PURPOSES[row.level], "soft")
