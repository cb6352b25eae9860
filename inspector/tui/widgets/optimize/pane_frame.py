"""What the optimize tab is made of, and how its parts follow the session."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget

from inspector.records.artifact import Format
from inspector.records.inspection import Inspection
from inspector.records.optimization import OptimizationRequest, OptimizerName
from inspector.tui.messages import JobEvent
from inspector.tui.plain_text import plain, shorten
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.optimize.becoming import steps_title
from inspector.tui.widgets.optimize.change_text import making_lines, progress_lines, proof_lines, verdict_lines
from inspector.tui.widgets.optimize.preflight_text import first_steps, preflight_lines
from inspector.tui.widgets.optimize.runner import StepRunner
from inspector.tui.widgets.optimize.step_log import StepRow
from inspector.tui.widgets.optimize.tables import PlannedStep, StepsTable, planned, results_table
from inspector.tui.widgets.text_block import TextBlock

if TYPE_CHECKING:
    from inspector.tui.app import ModelpackApp

_TICK_SECONDS = 0.25
_TWO, _THREE = 100, 160
"""From this many columns on, details stand in so many columns."""
_SHORT = 26
"""With fewer rows than these, steps and details share the room in turns."""
_BAR_CELLS = 24
_STEPS_FRAME = 3
"""Rows around the list of steps: the border, and the titles of its columns."""


class OptimizeFrame(Widget):
    """Steps over results over details of whichever has the cursor."""

    DEFAULT_CSS = """
    OptimizeFrame { width: 100%; height: 100%; layout: vertical; }
    OptimizeFrame .box, OptimizeFrame #step-details {
        width: 100%; border: round $line; border-title-color: $accent-text; border-title-style: bold;
        border-subtitle-color: $soft;
    }
    OptimizeFrame .box:focus-within, OptimizeFrame #step-details:focus { border: round $accent-text; }
    OptimizeFrame #results-box TextBlock { padding: 0 1; }
    OptimizeFrame #step-details { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
    OptimizeFrame #detail-columns { height: auto; layout: vertical; }
    OptimizeFrame #detail-more { height: auto; layout: vertical; }
    OptimizeFrame #detail-columns TextBlock { padding: 0 1 0 0; }
    OptimizeFrame.-two #detail-columns { layout: horizontal; }
    OptimizeFrame.-two #detail-columns > * { width: 1fr; }
    OptimizeFrame.-three #detail-columns > #detail-more { layout: horizontal; width: 2fr; }
    OptimizeFrame.-three #detail-more TextBlock { width: 1fr; }
    OptimizeFrame.-plan #detail-more { display: none; }
    """

    def __init__(self) -> None:
        super().__init__(id="optimize")
        self.inspection: Inspection | None = None
        self.request = OptimizationRequest()
        self.picks: tuple[OptimizerName, ...] = ()
        self.steps = StepsTable()
        self.results: LineTable[StepRow] = results_table()
        self.details = VerticalScroll(id="step-details")
        self.runner = StepRunner(self._modelpack.jobs, self)
        self._guide = TextBlock()
        self._cards = [TextBlock(), TextBlock(), TextBlock()]
        self._timer: Timer | None = None
        self._laid_out = False
        """Whether there are widgets to fill: is_mounted is not yet true in on_mount()."""

    def compose(self) -> Iterator[Widget]:
        """Lay out the three boxes."""
        steps = Vertical(self.steps, id="steps-box", classes="box")
        steps.border_title = Content("steps")
        results = Vertical(self._guide, self.results, id="results-box", classes="box")
        results.border_title = Content("results")
        yield steps
        yield results
        with self.details, Container(id="detail-columns"):
            yield self._cards[0]
            with Container(id="detail-more"):
                yield from self._cards[1:]

    @property
    def first_focus(self) -> Widget:
        """The steps take the keys first."""
        return self.results if self.results.has_focus else self.steps

    @property
    def _modelpack(self) -> ModelpackApp:
        return cast("ModelpackApp", self.app)

    def show(self, inspection: Inspection) -> None:
        """Show a model; a fuller inspection of it counts as long as nothing was run."""
        first = self.inspection is None
        self.inspection = inspection
        if first:
            path = inspection.computation.artifact.path
            self.request = self._modelpack.requests.get(path) or OptimizationRequest(lengths=dict(inspection.settings))
        if self._laid_out and self.runner.log.empty and not self.runner.busy:
            self.runner.begin(inspection, self.request, self.runner.data_note)
            self.refresh_all()

    def keep_request(self, request: OptimizationRequest) -> None:
        """Remember what the user named, also for when the artifact is read again."""
        assert self.inspection is not None
        self.request = request
        self._modelpack.requests[self.inspection.computation.artifact.path] = request

    def on_mount(self) -> None:
        """Find out what steps would do: not before, since what a job says to a widget without a parent is lost."""
        self._laid_out = True
        self._timer = self.set_interval(_TICK_SECONDS, self._tick)
        if self.inspection is not None:
            self.runner.begin(self.inspection, self.request)
        self.refresh_all()

    def on_unmount(self) -> None:
        """Stop what runs, and remove what was made."""
        self.runner.close()

    def on_resize(self) -> None:
        """Put details in as many columns as there is room for."""
        self.set_class(self.size.width >= _TWO, "-two")
        self.set_class(self.size.width >= _THREE, "-three")
        self._guide.show(partial(first_steps, self._first_format, self.size.height < _SHORT))
        self._place_results()

    def run_steps(self, names: Sequence[OptimizerName], kept: Sequence[str] = ()) -> None:
        """Run steps, and follow them."""
        self.runner.run(names, kept)
        self.picks = ()
        self.refresh_all()
        self._follow()
        self.results.focus()

    def _follow(self) -> None:
        self.results.cursor = len(self.runner.log.rows) - 1

    def on_job_event(self, message: JobEvent) -> None:
        """Take in what a step or a look ahead says."""
        following = self.results.row is not None and self.results.row.state == "running"
        if self.runner.take(message):
            message.stop()
            self.refresh_all()
            if following:
                self._follow()

    def _tick(self) -> None:
        if self.runner.log.running is not None:
            self.results.refresh()
            self.describe()

    def refresh_all(self) -> None:
        """Draw everything as it is now."""
        if not self._laid_out:
            return
        self.refresh_steps()
        rows = self.runner.log.rows
        if not rows and self.results.has_focus:
            self.steps.focus()
        self.results.set_rows(rows)
        self._guide.show(partial(first_steps, self._first_format, self.size.height < _SHORT))
        self._guide.display, self.results.display = not rows, bool(rows)
        self._place_results()
        self._say_what_next()
        self.describe()

    def _say_what_next(self) -> None:
        """Say under the results what can be done with them."""
        pieces = [("^s", " saves the model   ")] if self.runner.log.accepted else []
        pieces += [("w", " writes a report   "), ("8", " measures")] if self.runner.log.count else []
        shown = pieces if not self.runner.busy else []
        self.query_one("#results-box").border_subtitle = Content.assemble(
            *(part for key, does in shown for part in ((key, "$accent-text bold"), does))
        )

    def refresh_steps(self) -> None:
        """Draw the steps that can be picked, and what they are judged by."""
        runner, box = self.runner, self.query_one("#steps-box")
        self.picks = tuple(name for name in self.picks if name in runner.steps)
        self.steps.set_rows(planned(runner.steps, runner.format, self.picks, runner.preflights, runner.problems))
        box.border_title = steps_title(self._first_format, runner.format)
        box.border_subtitle = self._grounds_text()

    @property
    def _first_format(self) -> Format:
        """What was opened."""
        return self.inspection.computation.artifact.format if self.inspection is not None else "onnx"

    def _grounds_text(self) -> Content:
        from inspector.workflows.optimization.data_facts import named_data
        from inspector.workflows.optimization.grounds import EVALUATION_INPUTS

        request = self.request
        room = max(20, (self.size.width - 30) // 2)
        inputs = f"{EVALUATION_INPUTS} seeded, synthetic"
        data, note = named_data(request), self.runner.data_note
        if data is not None:
            inputs = shorten(data.name, room) + (f": {shorten(note, room)}" if note else "")
        contract = "its own" if request.contract is None else shorten(request.contract.name or "yours", room)
        allowed = f"  allowed: {', '.join(sorted(request.settings.allow))}" if request.settings.allow else ""
        return Content.assemble(
            ("i", "$accent-text bold"),
            " inputs: ",
            plain(inputs),
            "  ",
            ("c", "$accent-text bold"),
            " contract: ",
            plain(contract),
            plain(allowed),
        )

    def _place_results(self) -> None:
        """Give the results as many lines as they have, but never more than half of what is left.

        Where there are few lines, the steps fold away while the results have the focus.
        """
        if not self._laid_out:
            return
        rows = len(self.runner.log.rows)
        folded = bool(rows) and self.size.height < _SHORT and not self.steps.has_focus
        steps = 2 if folded else len(self.runner.steps) + _STEPS_FRAME
        self.query_one("#steps-box").styles.height = steps
        most = max(3, (self.size.height - steps) // 2 - 3)
        self.query_one("#results-box").styles.height = min(rows, most) + 3 if rows else "auto"
        self.results.refresh(layout=True)

    def chosen(self, good: Callable[[StepRow], bool]) -> StepRow | None:
        """Return the row under the cursor where it is good for something, otherwise the last one that is."""
        row = self.results.row
        if row is not None and good(row):
            return row
        return next((one for one in reversed(self.runner.log.rows) if good(one)), None)

    def describe(self) -> None:
        """Show details of the row that has the cursor: of a result where results have the focus, otherwise of a step."""
        if not self._laid_out:
            return
        row = self.results.row
        about_result = row is not None and row.state != "original" and not self.steps.has_focus
        self.set_class(not about_result or row is None or row.change is None, "-plan")
        if about_result and row is not None:
            self._describe_result(row)
        else:
            self._describe_step(self.steps.row)

    def _describe_step(self, step: PlannedStep | None) -> None:
        self.details.border_title = Content("what it would do")
        self.details.border_subtitle = Content("J K scroll")
        self._cards[0].show(partial(preflight_lines, step) if step is not None else (lambda _: ()))

    def _describe_result(self, row: StepRow) -> None:
        self.details.border_title = Content(f"step: {row.optimizer}")
        self.details.border_subtitle = Content("J K scroll")
        if row.change is not None:
            self._cards[0].show(partial(verdict_lines, row))
            for card, build in zip(self._cards[1:], (proof_lines, making_lines), strict=True):
                card.show(partial(build, row.change))
        else:
            self._cards[0].show(lambda width: progress_lines(row, self._bar(row, width), width))

    def _bar(self, row: StepRow, width: int) -> list[Content]:
        progress = self.runner.progress if row.state == "running" else None
        if progress is None:
            return []
        if progress.total <= 0:
            return [plain(shorten(progress.note, width), "$soft")]
        share = min(1.0, progress.done / progress.total)
        filled = round(share * _BAR_CELLS)
        note = shorten(progress.note, max(4, width - _BAR_CELLS - 8))
        bar = ("━" * filled, "$accent-text"), ("━" * (_BAR_CELLS - filled), "$line")
        return [Content.assemble(*bar, f" {share:4.0%}  ", plain(note, "$soft"))]

    def ask(self, title: str, question: str, then: Callable[[bool | None], None]) -> None:
        """Ask before something is lost."""
        from inspector.tui.screens.question import QuestionScreen

        self.app.push_screen(QuestionScreen(title, question), then)

    def on_line_table_highlighted(self, message: LineTable.Highlighted) -> None:
        """The cursor moved."""
        message.stop()
        self.describe()

    def on_line_table_rearranged(self, message: LineTable.Rearranged) -> None:
        """Nobody else needs to know."""
        message.stop()

    def on_descendant_focus(self) -> None:
        """Details follow the focus."""
        self._place_results()
        self.describe()

    async def on_line_table_chosen(self, message: LineTable.Chosen) -> None:
        """A double click: pick a step, or look at the graphs of a result."""
        message.stop()
        await self.run_action("graphs" if self.results.has_focus else "pick")
