"""The compare screen: two artifacts, or two reviews, side by side, over the screen they were compared from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from inspector.records.event import Finished, Warned
from inspector.tui.actions import Where, bindings
from inspector.tui.comparing import Side, comparing_workflow, name_of
from inspector.tui.jobs import Job
from inspector.tui.messages import Cancelled, Failed, JobEvent
from inspector.tui.plain_text import plain, shorten
from inspector.tui.widgets.job_bar import JobBar
from inspector.tui.widgets.key_bar import KeyBar
from inspector.tui.widgets.lines import Lines

if TYPE_CHECKING:
    from inspector.tui.app import ModelpackApp
    from inspector.tui.widgets.compare.pane import ComparePane
    from inspector.tui.widgets.compare.shown import Names, Shown

_PRODUCT = " modelpack-tui "


class NamesBar(Lines):
    """One line: product, and what is compared with what."""

    def __init__(self, names: Names) -> None:
        super().__init__(id="compare-names")
        self._names = names

    def show(self, names: Names) -> None:
        """Show other names."""
        self._names = names
        self.refresh(layout=True)

    def build(self, width: int) -> Sequence[Content]:
        """Return the one line; both names give way alike."""
        product = Content.styled(_PRODUCT, "$accent-text bold") if width >= 60 else Content(" ")
        room = max(10, (width - product.cell_length - 16) // 2)
        names = [plain(shorten(name, room), "$ink bold") for name in self._names]
        return [Content.assemble(product, ("− ", "$high bold"), names[0], ("   + ", "$good bold"), names[1])]


class CompareScreen(Screen[None]):
    """Compares when it is shown; Escape stops that, and goes back."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("compare_screen")
    AUTO_FOCUS = ""
    places: tuple[Where, ...] = ("compare", "list", "compare_screen", "everywhere")
    all_places = places

    def __init__(self, before: Side, after: Side, names: Names) -> None:
        """names are what both are called; an empty one is taken from what is read."""
        super().__init__()
        self._sides = (before, after)
        self._names = names
        self._job: Job | None = None
        self._pane: ComparePane | None = None

    def compose(self) -> ComposeResult:
        """Lay out the bars, with a line in place of the comparison until there is one."""
        yield NamesBar(self._known_names)
        with Container(id="panes"):
            yield Static("comparing …", id="reading", markup=False)
        yield JobBar(lambda: [self._job] if self._job is not None else [])
        yield KeyBar(*(place for place in self.places if place != "list"))

    @property
    def _known_names(self) -> Names:
        """What to call the sides before both are read."""
        return self._names[0] or name_of(self._sides[0]), self._names[1] or name_of(self._sides[1])

    def on_mount(self) -> None:
        """Begin to compare."""
        workflow = comparing_workflow(*self._sides, self._names)
        self._job = self._modelpack.jobs.start(f"comparing with {self._known_names[1]}", workflow, self)

    async def on_job_event(self, message: JobEvent) -> None:
        """Show what came of it, or say why nothing did."""
        if message.job is not self._job:
            return
        message.stop()
        event = message.event
        if isinstance(event, Warned):
            self._modelpack.say(f"{event.message}\n{event.hint}".rstrip(), "compare")
        if isinstance(event, Finished):
            await self._show(event.result)
        if isinstance(event, Finished | Failed | Cancelled):
            self._job = None
        if isinstance(event, Failed):
            self._modelpack.explain(event.error, "Not compared")
        if isinstance(event, Failed | Cancelled):
            self.action_leave()

    async def _show(self, shown: Shown) -> None:
        from inspector.tui.widgets.compare.pane import ComparePane

        self.query_one(NamesBar).show(shown.names)
        pane = ComparePane()
        panes = self.query_one("#panes", Container)
        await panes.remove_children()
        await panes.mount(pane)
        pane.show_comparison(shown)
        self._pane = pane
        pane.first_focus.focus()

    @property
    def busy(self) -> bool:
        """Whether it is still being compared."""
        return self._job is not None or self._pane is None

    async def owner_of(self, place: Where) -> Widget | None:
        """Return the widget that carries out the actions of a place."""
        if place == "compare_screen":
            return self
        if self._pane is None:
            return None
        if place == "compare":
            return self._pane
        return self._pane.areas if self._pane.areas.has_focus else self._pane.table

    def action_leave(self) -> None:
        """Go back, without waiting for what is not compared yet."""
        if self._job is not None:
            self._modelpack.jobs.cancel(self._job)
        if self.is_current:
            self.app.pop_screen()

    def action_cancel_job(self) -> None:
        """A click on the job bar."""
        self.action_leave()

    async def on_key_bar_pressed(self, message: KeyBar.Pressed) -> None:
        """A key of the footer was clicked."""
        await self._modelpack.perform(message.action)

    @property
    def _modelpack(self) -> ModelpackApp:
        return cast("ModelpackApp", self.app)
