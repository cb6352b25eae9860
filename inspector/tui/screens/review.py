"""A saved review in tabs, as the workbench shows an artifact; nothing of the artifact itself is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.events import Key
from textual.screen import Screen
from textual.widget import Widget

from inspector.errors import InspectorError
from inspector.records.event import Finished
from inspector.tui.actions import Where, bindings
from inspector.tui.jobs import Job
from inspector.tui.messages import Cancelled, Failed, JobEvent, ShowTab
from inspector.tui.reviewing import reading_review
from inspector.tui.widgets.job_bar import JobBar
from inspector.tui.widgets.key_bar import KeyBar
from inspector.tui.widgets.review.bars import ReviewBar, ReviewTabStrip
from inspector.tui.widgets.review.opened import OpenedReview
from inspector.tui.widgets.review.tabs import ReviewTab, strip_tabs, tabs_of

if TYPE_CHECKING:
    from inspector.tui.app import ModelpackApp

_PLACES: dict[str, Where] = {"graph": "review_graph", "comparison": "compare"}
"""Tabs with actions of their own."""
_TEXTS = ("summary", "saved-model", "image", "contract", "method")
"""Tabs without a list."""


class ReviewScreen(Screen[None]):
    """One saved review; read only."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("review_screen", "review_over")
    AUTO_FOCUS = ""

    def __init__(self, opened: OpenedReview) -> None:
        super().__init__()
        self.opened = opened
        self.tab = "summary"
        self._panes: dict[str, Widget] = {}
        self._reading: Job | None = None

    def compose(self) -> ComposeResult:
        """Lay out the bars around the tab."""
        yield ReviewBar(self.opened)
        yield ReviewTabStrip(strip_tabs(self.opened.review), self.tab)
        yield Container(id="panes")
        yield JobBar(lambda: self._modelpack.jobs.running)
        yield KeyBar(*self._key_places)

    async def on_mount(self) -> None:
        """Show the first tab."""
        await self.show_tab(self.tab)

    @property
    def places(self) -> tuple[Where, ...]:
        """Where the user is, closest first."""
        own: tuple[Where, ...] = (_PLACES[self.tab],) if self.tab in _PLACES else ()
        lists: tuple[Where, ...] = () if self.tab in _TEXTS else ("list",)
        over: tuple[Where, ...] = ("review_over",) if self._is_over else ()
        return (*own, *lists, "review_screen", *over, "everywhere")

    @property
    def _key_places(self) -> tuple[Where, ...]:
        """Places whose keys the footer shows: a comparison has so many that those of lists would push help out."""
        return tuple(place for place in self.places if place != "list" or "compare" not in self.places)

    @property
    def all_places(self) -> tuple[Where, ...]:
        """Every place that can be reached from here without opening anything else."""
        own = [place for tab, place in _PLACES.items() if any(one.id == tab for one in self._tabs)]
        over: tuple[Where, ...] = ("review_over",) if self._is_over else ()
        return ("everywhere", "review_screen", *over, *own, "list")

    @property
    def busy(self) -> bool:
        """Whether the review is being read again."""
        return self._reading is not None

    @property
    def _is_over(self) -> bool:
        """Whether there is something to go back to."""
        return self.app.screen_stack[0] is not self

    @property
    def _tabs(self) -> list[ReviewTab]:
        return tabs_of(self.opened.review)

    @property
    def _modelpack(self) -> ModelpackApp:
        return cast("ModelpackApp", self.app)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 -- the base class's
        """Leave Escape to others where there is nothing to go back to."""
        return action != "leave" or self._is_over

    async def open(self, opened: OpenedReview) -> None:
        """Show a review in place of this one: the same one read again, or another."""
        self.opened = opened
        self._panes = {}
        await self.query_one("#panes", Container).remove_children()
        self.query_one(ReviewBar).show(opened)
        self.query_one(ReviewTabStrip).show(strip_tabs(opened.review))
        await self.show_tab(self.tab if any(one.id == self.tab for one in self._tabs) else "summary")

    async def show_tab(self, wanted: str) -> None:
        """Show a tab, making its pane the first time."""
        tab = next((one for one in self._tabs if one.id == wanted), None)
        if tab is None:
            return
        self.tab = tab.id
        self.query_one(ReviewTabStrip).active = tab.id
        self.query_one(KeyBar).show(*self._key_places)
        if tab.id not in self._panes:
            self._panes[tab.id] = pane = tab.make(self.opened.path)
            cast("Any", pane).show(self.opened.review)
            await self.query_one("#panes", Container).mount(pane)
        for name, pane in self._panes.items():
            pane.display = name == tab.id
        _focus(self._panes[tab.id])

    async def on_show_tab(self, message: ShowTab) -> None:
        """A tab was clicked, or a card points to it."""
        message.stop()
        await self.show_tab(message.tab)

    async def on_key(self, event: Key) -> None:
        """Show a tab by its number."""
        if event.character is not None and event.character in "234567890":
            event.stop()
            await self._show_number("1234567890".index(event.character))

    async def _show_number(self, at: int) -> None:
        if at < len(self._tabs):
            await self.show_tab(self._tabs[at].id)

    async def action_numbered_tab(self) -> None:
        """Show the first tab; other numbers come as keys."""
        await self._show_number(0)

    async def action_next_tab(self) -> None:
        """Show the tab to the right."""
        await self._step(1)

    async def action_previous_tab(self) -> None:
        """Show the tab to the left."""
        await self._step(-1)

    async def _step(self, by: int) -> None:
        names = [one.id for one in self._tabs]
        await self.show_tab(names[(names.index(self.tab) + by) % len(names)])

    def action_details_down(self) -> None:
        """Scroll the details down."""
        self._scroll(1)

    def action_details_up(self) -> None:
        """Scroll the details up."""
        self._scroll(-1)

    def _scroll(self, by: int) -> None:
        """Scroll what scrolls beside or under a list, or the text that the tab is, by about a page."""
        pane = self._panes[self.tab]
        boxes = [pane] if isinstance(pane, VerticalScroll) else list(pane.query(VerticalScroll))
        for box in boxes[:1]:
            box.scroll_relative(y=by * max(1, box.size.height - 2), animate=False)

    def action_leave(self) -> None:
        """Go back to what is below."""
        if not self._is_over:
            raise SkipAction
        if self._reading is not None:
            self._modelpack.jobs.cancel(self._reading)
        self.app.pop_screen()

    def action_cancel_job(self) -> None:
        """A click on the job bar."""
        self._modelpack.jobs.cancel_all()

    def action_reload(self) -> None:
        """Read the review again."""
        from pathlib import Path

        path = Path(self.opened.path)
        if self._reading is None:
            self._reading = self._modelpack.jobs.start(f"reading {path.name}", lambda _: reading_review(path), self)

    async def on_job_event(self, message: JobEvent) -> None:
        """Show what was read, or why nothing was; what is shown stays then."""
        if message.job is not self._reading:
            return
        message.stop()
        event = message.event
        if isinstance(event, Finished | Failed | Cancelled):
            self._reading = None
        if isinstance(event, Finished):
            await self.open(event.result)
        elif isinstance(event, Failed):
            self._modelpack.explain(event.error, "Not read again")

    def action_compare_with_other(self) -> None:
        """Ask what to compare with, and compare."""
        from inspector.tui.screens.compare_choice import CompareChoiceScreen

        dialog = CompareChoiceScreen(self._modelpack.recent, self._modelpack.engine_list, self.opened.path)
        self.app.push_screen(dialog, self._compare)

    def _compare(self, chosen: str | None) -> None:
        from inspector.workflows.targets import target_of

        if chosen is None:
            return
        try:
            self._modelpack.open_comparison(self.opened.review, target_of(chosen))
        except InspectorError as error:
            self._modelpack.explain(error, "Not compared")

    async def owner_of(self, place: Where) -> Widget | None:
        """Return the widget that carries out the actions of a place, showing its tab; None if there is none here."""
        if place in ("review_screen", "review_over"):
            return self
        wanted = next((tab for tab, where in _PLACES.items() if where == place), None)
        if wanted is not None:
            await self.show_tab(wanted)
            return self._panes.get(wanted)
        from inspector.tui.widgets.line_table import LineTable

        tables = [table for table in self._panes[self.tab].query(LineTable) if table.display]
        return next((table for table in tables if table.has_focus), tables[-1] if tables else None)

    async def on_key_bar_pressed(self, message: KeyBar.Pressed) -> None:
        """A key of the footer was clicked."""
        await self._modelpack.perform(message.action)


def _focus(pane: Widget) -> None:
    """Give the keys to what a tab says takes them, to the tab itself, or to the first thing in it that can."""
    wanted = getattr(pane, "first_focus", None) or (pane if pane.focusable else None)
    target = wanted or next((child for child in pane.query("*") if child.focusable and child.display), None)
    if target is not None:
        target.focus(scroll_visible=False)
