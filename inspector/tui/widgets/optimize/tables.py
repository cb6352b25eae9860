"""The two tables of the optimize tab: steps to pick with what they would do, and what each step that ran came to."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.message import Message

from inspector.records.artifact import Format
from inspector.records.measurement import MeasurementKind
from inspector.records.optimization import OptimizerName, Preflight
from inspector.report.figures import plural
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.optimize.becoming import purpose
from inspector.tui.widgets.optimize.figures import (
    VERDICT_ROLES,
    comparison_of,
    interval_text,
    nodes_text,
    parity_text,
    ratio_text,
    size_ratio,
    sizes_text,
    verdict_text,
)
from inspector.tui.widgets.optimize.step_log import StepRow
from inspector.tui.widgets.table_columns import Cell, Column

_MARK_CELLS: Final = 3
_REASON_CELLS = 14
"""Cells that a reason gets at least; the details say it in full."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step that can be picked: its place in the order of those picked (0: not picked), and what it would do."""

    name: OptimizerName
    place: int
    preflight: Preflight | None
    problem: str = ""
    """Why nothing is known of what it would do."""
    format: Format = "onnx"
    """Of what it would be applied to."""

    @property
    def purpose(self) -> str:
        """What it is for, in a few words."""
        return purpose(self.name, self.format)


class StepsTable(LineTable[PlannedStep]):
    """Steps to pick; a click on the mark picks."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "pick", "Pick the step", show=False)]
    """A list takes Space for a page down."""

    class Picked(Message):
        """A step is to be picked, or dropped."""

        def __init__(self, step: PlannedStep) -> None:
            super().__init__()
            self.step = step

    def __init__(self) -> None:
        columns: tuple[Column[PlannedStep], ...] = (
            Column("mark", "", _mark_cell, _MARK_CELLS),
            Column("step", "step", lambda step: Cell(step.name), 12),
            Column("plan", "what it would do, and why", _plan_cell, cut="end"),
        )
        super().__init__(columns, key=lambda step: step.name, search_text=lambda step: step.name, nothing="")

    def action_pick(self) -> None:
        """Leave it to the pane, at once: a message might come after the next key, which may be Enter."""
        raise SkipAction

    def _pick_row(self) -> None:
        if self.row is not None:
            self.post_message(self.Picked(self.row))

    def on_click(self, event: Click) -> None:
        """Pick by mouse; LineTable has put the cursor on the row when this message is handled."""
        if event.y > 0 and event.x < _MARK_CELLS + 2:
            self.call_later(self._pick_row)


def _mark_cell(step: PlannedStep) -> Cell:
    if step.place:
        return Cell(f"[{step.place}]", "accent")
    can = step.preflight is None or step.preflight.runnable
    return Cell("[ ]" if can else " · ", "soft")


def _plan_cell(step: PlannedStep) -> Cell:
    preflight = step.preflight
    if preflight is None:
        return Cell(step.problem or "looking at the model …", "soft")
    if not preflight.runnable:
        lead = "nothing to do: " if preflight.nothing_to_do else "cannot run: "
        reason = preflight.reason.removeprefix(lead)
        return Cell("", parts=((lead, "soft" if preflight.nothing_to_do else "medium"), (reason, "soft")))
    notes = "; ".join(preflight.notes)
    pieces = [(preflight.choice or step.purpose, "")]
    pieces += [(f"  {notes}", "soft")] if notes else []
    return Cell("", parts=tuple(pieces))


def results_table() -> LineTable[StepRow]:
    """Return an empty table of what steps came to; columns give way by what can be read in the details, too."""
    columns: tuple[Column[StepRow], ...] = (
        Column("step", "step", _step_cell, 12),
        Column("verdict", "verdict", _verdict_cell, 20),
        Column("size", "size", _size_cell, 20, "right", rank=6),
        Column("ratio", "ratio", _ratio_cell, 6, "right"),
        Column("bar", "", _bar_cell, 8, rank=9),
        Column("nodes", "nodes", _nodes_cell, 13, "right", rank=7),
        Column(
            "parity", "parity", lambda row: Cell(parity_text(row.change.parity if row.change else None)), 9, "right", rank=4
        ),
        Column("load", "load", _ratio_of("session_creation"), 6, "right", rank=5),
        Column("latency", "latency", _ratio_of("latency"), 7, "right", rank=3),
        Column("interval", "interval", _interval_cell, 9, rank=8),
        Column("reason", "why", _reason_cell, cut="end", least=_REASON_CELLS),
    )
    return LineTable(columns, key=lambda row: row.number, search_text=lambda row: row.optimizer or "", nothing="")


def _step_cell(row: StepRow) -> Cell:
    return Cell(row.optimizer or "original", "" if row.optimizer else "soft")


def _verdict_cell(row: StepRow) -> Cell:
    if row.change is not None:
        return Cell(verdict_text(row.change.verdict), VERDICT_ROLES[row.change.verdict])
    if row.state == "running":
        return Cell(f"▶ running {time.monotonic() - row.begun:.0f} s" if row.begun else "▶ running", "accent")
    return Cell({"stopped": "■ stopped", "failed": "✗ failed"}.get(row.state, ""), "high" if row.state == "failed" else "soft")


def _size_cell(row: StepRow) -> Cell:
    if row.change is not None:
        return Cell(sizes_text(row.change.before, row.change.after))
    return Cell(sizes_text(row.facts, None) if row.facts else "")


def _ratio_cell(row: StepRow) -> Cell:
    ratio = size_ratio(row.change) if row.change else None
    return Cell("" if ratio is None else ratio_text(ratio), "good" if ratio is not None and ratio < 1 else "")


def _bar_cell(row: StepRow) -> Cell:
    ratio = size_ratio(row.change) if row.change else None
    if ratio is None:
        return Cell("", "bar", 1.0 if row.state == "original" else 0.0)
    return Cell("", "bar", min(1.0, ratio))


def _nodes_cell(row: StepRow) -> Cell:
    if row.change is not None:
        return Cell(nodes_text(row.change.before, row.change.after))
    return Cell(nodes_text(row.facts, None) if row.facts else "")


def _ratio_of(kind: MeasurementKind) -> Callable[[StepRow], Cell]:
    roles = {"faster": "good", "slower": "medium"}

    def cell(row: StepRow) -> Cell:
        comparison = comparison_of(row.change, kind)
        return Cell("") if comparison is None else Cell(ratio_text(comparison.ratio), roles.get(comparison.verdict, "soft"))

    return cell


def _interval_cell(row: StepRow) -> Cell:
    comparison = comparison_of(row.change, "latency")
    return Cell("" if comparison is None else interval_text(comparison), "soft")


def _reason_cell(row: StepRow) -> Cell:
    if row.change is not None:
        return Cell(row.change.reason or row.change.choice, "soft")
    if row.state == "running":
        return Cell((row.progress.doing if row.progress else row.doing) or "starting", "soft")
    if row.state == "stopped":
        tried = len(row.progress.attempts) if row.progress else 0
        return Cell(f"by you, after {plural(tried, 'candidate')}" if tried else "by you, before the first candidate", "soft")
    return Cell(row.problem or "what every step is judged against", "soft")


def planned(
    names: Sequence[OptimizerName],
    format_: Format,
    picks: Sequence[OptimizerName],
    preflights: Mapping[OptimizerName, Preflight],
    problems: Mapping[OptimizerName, str],
) -> list[PlannedStep]:
    """Return every step there is for a format with its place in the order of those picked, and what is known of it."""
    places = {name: place for place, name in enumerate(picks, 1)}
    return [PlannedStep(name, places.get(name, 0), preflights.get(name), problems.get(name, ""), format_) for name in names]
