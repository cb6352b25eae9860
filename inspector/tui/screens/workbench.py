"""The workbench: what is open, its tabs, running work and keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from inspector.errors import InspectorError
from inspector.records.event import Finished, Partial, Warned
from inspector.tui.actions import REGISTRY, SCREEN_PLACES, Where, bindings
from inspector.tui.background import Background
from inspector.tui.jobs import Job
from inspector.tui.messages import (
    Cancelled,
    Failed,
    GoToNode,
    HighlightNodes,
    JobEvent,
    OpenInside,
    ShowFiles,
    ShowTab,
    ShowWeight,
)
from inspector.tui.plain_text import plain
from inspector.tui.tabs import LISTS, PANES, Kind, Pane, Tabs, artifact_shown, kind_of, likely_kind
from inspector.tui.widgets.artifact_bar import ArtifactBar
from inspector.tui.widgets.job_bar import JobBar
from inspector.tui.widgets.key_bar import KeyBar
from inspector.tui.widgets.tab_strip import Tab, TabStrip

if TYPE_CHECKING:
    from inspector.records.inspection import Inspection
    from inspector.records.opened import Opened
    from inspector.tui.app import ModelpackApp


_SEVERITY_STYLES = {"high": "$high bold", "medium": "$medium bold", "low": "$low", "info": "$soft"}


class WorkbenchScreen(Screen[None]):
    """One open artifact; empty until open() is called."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(*SCREEN_PLACES)
    AUTO_FOCUS = ""

    def __init__(self, path: str, kind: Kind | None = None, *, inside: bool = False) -> None:
        """kind is what the artifact is taken for until it is known; inside: it came out of the image on the screen below."""
        super().__init__()
        self.path = path
        self.inspection: Opened | None = None
        self.kind: Kind = kind or likely_kind(path)
        self.inside = inside
        self.tab: Where = self._first_tab
        self._panes: dict[Where, Widget] = {}
        self.background = Background(self.modelpack.jobs, self)
        self._bringing: Job | None = None

    @property
    def _tabs_here(self) -> Tabs:
        return PANES[self.kind]

    @property
    def _first_tab(self) -> Where:
        return next(iter(self._tabs_here))

    @property
    def _screen_places(self) -> tuple[Where, ...]:
        """Which of the screen's own actions hold for what is open, closest first."""
        inside: tuple[Where, ...] = ("inside",) if self.inside else ()
        return (*inside, self.kind, "workbench")

    @property
    def places(self) -> tuple[Where, ...]:
        """Where the user is, closest first."""
        lists: tuple[Where, ...] = ("list",) if self.tab in LISTS else ()
        return (self.tab, *lists, *self._screen_places, "everywhere")

    @property
    def all_places(self) -> tuple[Where, ...]:
        """Every place that can be reached from here without opening anything else."""
        return ("everywhere", *reversed(self._screen_places), *self._tabs_here, "list")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave keys to others that mean nothing for what is open."""
        if action == "show_tab":
            return parameters[-1] == self.kind
        owners = {one.where for one in REGISTRY if one.id == action and one.where in SCREEN_PLACES}
        return not owners or bool(owners & set(self._screen_places))

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
        yield JobBar(lambda: self.jobs_here)
        yield KeyBar(*self.places)

    def open(self, inspection: Opened) -> None:
        """Show an artifact in place of what was open, whose work is stopped; another artifact starts from its overview."""
        self.background.stop()
        path = artifact_shown(inspection).path
        self.kind = kind_of(inspection)
        if self.tab not in self._tabs_here or (self.inspection is not None and self.path != path):
            self.tab = self._first_tab
        self.inspection = inspection
        self.path = path
        self.call_after_refresh(self._fill)

    def find_out_more(self) -> None:
        """Begin the work beside the screen that a fresh inspection leaves to do."""
        if self.inspection is not None:
            if self._model is not None:
                self.background.complete(self._model)
            self.call_after_refresh(self._go_on)

    @property
    def _model(self) -> Inspection | None:
        """What is open, where that is a model."""
        from inspector.records.inspection import Inspection

        return self.inspection if isinstance(self.inspection, Inspection) else None

    async def _fill(self) -> None:
        self._panes = {}
        await self.query_one("#panes", Container).remove_children()
        self._refresh_bars()
        await self._show_tab(self.tab)

    def update(self, inspection: Opened) -> None:
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
        tabs = [Tab(tab, str(number), title) for number, (tab, (title, _)) in enumerate(self._tabs_here.items(), 1)]
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
        make_pane = self._tabs_here[tab][1]()
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

            tables = list(self._panes[self.tab].query(LineTable)) if self.tab in self._panes else []
            return next((table for table in tables if table.has_focus), tables[-1] if tables else None)
        await self._show_tab(place)
        return self._panes.get(place)

    async def action_show_tab(self, tab: Where, kind: Kind) -> None:  # noqa: ARG002 -- check_action() compares it
        """Show a tab of this kind of artifact."""
        await self._show_tab(tab)

    async def action_next_tab(self) -> None:
        """Show the tab to the right."""
        await self._step(1)

    async def action_previous_tab(self) -> None:
        """Show the tab to the left."""
        await self._step(-1)

    async def _step(self, by: int) -> None:
        tabs = list(self._tabs_here)
        await self._show_tab(tabs[(tabs.index(self.tab) + by) % len(tabs)])

    def action_reload(self) -> None:
        """Read the artifact again."""
        self.modelpack.open_artifact(self.path)

    def action_set_batch(self) -> None:
        """Ask for other values of symbolic dimensions."""
        from inspector.tui.screens.bindings import BindingsScreen

        if self._model is not None:
            self.app.push_screen(BindingsScreen(self._model), self._bind)

    def _bind(self, chosen: tuple[int, Mapping[str, int]] | None) -> None:
        from inspector.workflows.dimensions import check_settings

        if chosen is None or self._model is None:
            return
        try:
            check_settings(self._model.computation, chosen[1])
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

    def action_verify_digests(self) -> None:
        """Compare the digests of all layers with what they hold."""
        if self.inspection is not None:
            self.background.verify_digests()
            self._go_on()

    @property
    def jobs_here(self) -> tuple[Job, ...]:
        """Running work that this screen shows and stops: its own, and on the lowest workbench the application's."""
        return tuple(job for job in self.modelpack.jobs.running if self._is_ours(job))

    def _is_ours(self, job: Job) -> bool:
        owner = job.owner
        if isinstance(owner, Widget):
            return owner is self or (owner.is_attached and owner.screen is self)
        return not self.inside

    def action_cancel_job(self) -> None:
        """Stop the oldest running job; where none runs, the key means something else."""
        running = self.jobs_here
        if not running:
            raise SkipAction
        self.modelpack.jobs.cancel(running[0])
        self.modelpack.say(f"Stopped {running[0].title}")

    def action_leave(self) -> None:
        """Go back to the image."""
        self.background.stop()
        for job in self.jobs_here:
            self.modelpack.jobs.cancel(job)
        self.app.pop_screen()

    def on_unmount(self) -> None:
        """Give back the memory that a model out of an image was copied into."""
        if self.inside and self._model is not None:
            from inspector.workflows.image_contents import close_inside

            close_inside(self._model)

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

    async def on_show_files(self, message: ShowFiles) -> None:
        """Show a place in the file tree of an image."""
        await self._show_tab("files")
        cast("Any", self._panes["files"]).go_to(message)

    def on_open_inside(self, message: OpenInside) -> None:
        """Open a model of the image in a workbench on top of this one."""
        from inspector.tui.inside import opening_workflow

        message.stop()
        if self.inspection is None:
            return
        if self._bringing is not None:
            self.modelpack.jobs.cancel(self._bringing)
        title, workflow = opening_workflow(self.inspection, message.model, self.modelpack.batch)
        self._bringing = self.modelpack.jobs.start(title, workflow, self)

    def _take_inside(self, event: object) -> None:
        """Show the model once it is read, or say why it is not."""
        if isinstance(event, Finished):
            screen = WorkbenchScreen(artifact_shown(event.result).inside, kind_of(event.result), inside=True)
            self.app.push_screen(screen)
            screen.open(event.result)
            screen.find_out_more()
        elif isinstance(event, Failed):
            self.modelpack.explain(event.error, "Not opened")
        if isinstance(event, Finished | Failed | Cancelled):
            self._bringing = None

    async def on_key_bar_pressed(self, message: KeyBar.Pressed) -> None:
        """A key of the footer was clicked."""
        await self.modelpack.perform(message.action)

    def on_job_event(self, message: JobEvent) -> None:
        """Take in what background work on the open artifact has found."""
        if message.job is self._bringing:
            message.stop()
            self._take_inside(message.event)
        elif self.background.is_running(message.job):
            message.stop()
            self._take(message)

    def _take(self, message: JobEvent) -> None:
        event = message.event
        if isinstance(event, Warned):
            self.modelpack.say(f"{event.message}\n{event.hint}".rstrip(), message.job.title)
        elif isinstance(event, Finished | Partial):
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
    wanted = getattr(pane, "first_focus", None)
    target = wanted or pane if wanted or pane.focusable else next(_focusable(pane), None)
    if target is not None:
        target.focus(scroll_visible=False)


def _focusable(pane: Widget) -> Iterator[Widget]:
    yield from (child for child in pane.query("*") if child.focusable and child.display)
