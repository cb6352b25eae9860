"""The workbench: what is open, its tabs, running work and keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from inspector.errors import InspectorError
from inspector.records.event import Finished, Warned
from inspector.tui.actions import Where, bindings
from inspector.tui.background import Background
from inspector.tui.messages import Cancelled, Failed, GoToNode, HighlightNodes, JobEvent, ShowTab, ShowWeight
from inspector.tui.plain_text import plain
from inspector.tui.tabs import LISTS, PANES, Pane
from inspector.tui.widgets.artifact_bar import ArtifactBar
from inspector.tui.widgets.job_bar import JobBar
from inspector.tui.widgets.key_bar import KeyBar
from inspector.tui.widgets.tab_strip import Tab, TabStrip

if TYPE_CHECKING:
    from inspector.records.inspection import Inspection
    from inspector.tui.app import ModelpackApp


_SEVERITY_STYLES = {"high": "$high bold", "medium": "$medium bold", "low": "$low", "info": "$soft"}


class WorkbenchScreen(Screen[None]):
    """One open artifact; empty until open() is called."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("workbench")
    AUTO_FOCUS = ""
    all_places: tuple[Where, ...] = ("everywhere", "workbench", *PANES, "list")

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.inspection: Inspection | None = None
        self.tab: Where = "overview"
        self._panes: dict[Where, Widget] = {}
        self.background = Background(self.modelpack.jobs, self)

    @property
    def places(self) -> tuple[Where, ...]:
        """Where the user is, closest first."""
        lists: tuple[Where, ...] = ("list",) if self.tab in LISTS else ()
        return (self.tab, *lists, "workbench", "everywhere")

    @property
    def modelpack(self) -> ModelpackApp:
        """The application, by its own type."""
        return cast("ModelpackApp", self.app)

    def compose(self) -> ComposeResult:
        """Lay out the bars, with a line in place of the panes until there is something to show."""
        header = ArtifactBar()
        header.show_path(self.path)
        yield header
        yield TabStrip(self._tabs(), self.tab)
        with Container(id="panes"):
            yield Static(plain("reading …"), id="reading", markup=False)
        yield JobBar(self.modelpack.jobs)
        yield KeyBar(*self.places)

    def open(self, inspection: Inspection) -> None:
        """Show an artifact in place of what was open, whose work is stopped; another artifact starts from its overview."""
        self.background.stop()
        if self.inspection is not None and self.path != inspection.computation.artifact.path:
            self.tab = "overview"
        self.inspection = inspection
        self.path = inspection.computation.artifact.path
        self.call_after_refresh(self._fill)

    def find_out_more(self) -> None:
        """Begin the work beside the screen that a fresh inspection leaves to do."""
        if self.inspection is not None:
            self.background.complete(self.inspection)
            self.call_after_refresh(self._go_on)

    async def _fill(self) -> None:
        self._panes = {}
        await self.query_one("#panes", Container).remove_children()
        self._refresh_bars()
        await self._show_tab(self.tab)

    def update(self, inspection: Inspection) -> None:
        """Show what has become known of the same artifact, everything staying where it is."""
        self.inspection = inspection
        self._refresh_bars()
        for pane in self._panes.values():
            cast("Pane", pane).show(inspection)

    def _refresh_bars(self) -> None:
        if self.inspection is not None:
            self.query_one(ArtifactBar).show(self.inspection)
        self.query_one(TabStrip).show(self._tabs())

    def _tabs(self) -> list[Tab]:
        tabs = [Tab(tab, str(number), title) for number, (tab, (title, _)) in enumerate(PANES.items(), 1)]
        findings = self.inspection.findings if self.inspection else ()
        if findings:
            last = tabs.pop()
            tabs.append(Tab(last.id, last.key, last.title, str(len(findings)), _SEVERITY_STYLES[findings[0].severity]))
        return tabs

    async def _show_tab(self, tab: Where) -> None:
        """Show a tab, making its pane the first time; before there is anything to show, remember which is wanted."""
        self.tab = tab
        self.query_one(TabStrip).active = tab
        self.query_one(KeyBar).show(*self.places)
        # Importing gives way to other threads at every file: done while the artifact is read, nobody waits for it.
        make_pane = PANES[tab][1]()
        if self.inspection is None:
            return
        if tab not in self._panes:
            self._panes[tab] = pane = make_pane()
            cast("Pane", pane).show(self.inspection)
            await self.query_one("#panes", Container).mount(pane)
        for name, pane in self._panes.items():
            pane.display = name == tab
        _focus(self._panes[tab])

    async def owner_of(self, place: Where) -> Widget | None:
        """Return the widget that carries out the actions of a place, showing its tab; None if there is no such widget here."""
        if place == "list":
            from inspector.tui.widgets.line_table import LineTable

            found = self._panes[self.tab].query(LineTable) if self.tab in self._panes else ()
            return next(iter(found), None)
        await self._show_tab(place)
        return self._panes.get(place)

    async def action_show_tab(self, tab: Where) -> None:
        """Show a tab."""
        await self._show_tab(tab)

    async def action_next_tab(self) -> None:
        """Show the tab to the right."""
        await self._step(1)

    async def action_previous_tab(self) -> None:
        """Show the tab to the left."""
        await self._step(-1)

    async def _step(self, by: int) -> None:
        tabs = list(PANES)
        await self._show_tab(tabs[(tabs.index(self.tab) + by) % len(tabs)])

    def action_reload(self) -> None:
        """Read the artifact again."""
        self.modelpack.open_artifact(self.path)

    def action_set_batch(self) -> None:
        """Ask for other values of symbolic dimensions."""
        from inspector.tui.screens.bindings import BindingsScreen

        if self.inspection is not None:
            self.app.push_screen(BindingsScreen(self.inspection), self._bind)

    def _bind(self, chosen: tuple[int, Mapping[str, int]] | None) -> None:
        from inspector.workflows.dimensions import check_settings

        if chosen is None or self.inspection is None:
            return
        try:
            check_settings(self.inspection.computation, chosen[1])
        except InspectorError as error:
            self.modelpack.explain(error, "Not evaluated")
            return
        batch, settings = self.modelpack.batch, self.modelpack.settings = chosen

        self.background.evaluate(batch, settings)
        self._go_on()

    def action_read_everything(self) -> None:
        """Compute digests and confirm equal weights."""
        if self.inspection is not None:
            self.background.read_everything()
            self._go_on()

    def action_cancel_job(self) -> None:
        """Stop the oldest running job."""
        running = self.modelpack.jobs.running
        if running:
            self.modelpack.jobs.cancel(running[0])
            self.modelpack.say(f"Stopped {running[0].title}")

    async def on_show_tab(self, message: ShowTab) -> None:
        """A tab was clicked, or a widget points to it."""
        await self._show_tab(cast("Where", message.tab))

    async def on_go_to_node(self, message: GoToNode) -> None:
        """Show one node in the graph."""
        await self._show_tab("graph")
        cast("Any", self._panes["graph"]).go_to(message.ref)

    async def on_highlight_nodes(self, message: HighlightNodes) -> None:
        """Show several nodes in the graph."""
        await self._show_tab("graph")
        cast("Any", self._panes["graph"]).highlight(message.refs, message.title)

    async def on_show_weight(self, message: ShowWeight) -> None:
        """Show one weight."""
        await self._show_tab("weights")
        cast("Any", self._panes["weights"]).go_to(message.graph, message.name)

    async def on_key_bar_pressed(self, message: KeyBar.Pressed) -> None:
        """A key of the footer was clicked."""
        await self.modelpack.perform(message.action)

    def on_job_event(self, message: JobEvent) -> None:
        """Take in what background work on the open artifact has found."""
        if not self.background.is_running(message.job):
            return
        message.stop()
        event = message.event
        if isinstance(event, Warned):
            self.modelpack.say(f"{event.message}\n{event.hint}".rstrip(), message.job.title)
        elif isinstance(event, Finished):
            self.update(event.result)
        elif isinstance(event, Failed):
            self.modelpack.explain(event.error, message.job.title)
        if isinstance(event, Finished | Failed | Cancelled):
            self.background.end()
            self._go_on()

    def _go_on(self) -> None:
        if self.inspection is not None:
            self.background.go_on(self.inspection)


def _focus(pane: Widget) -> None:
    target = pane if pane.focusable else next((child for child in pane.query("*") if child.focusable and child.display), None)
    if target is not None:
        target.focus(scroll_visible=False)
