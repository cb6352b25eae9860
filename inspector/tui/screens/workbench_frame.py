"""The workbench's frame: the bars, the tabs of what is open, and the pane of each, made when it is first wanted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from inspector.tui.actions import REGISTRY, SCREEN_PLACES, Where, bindings
from inspector.tui.background import Background
from inspector.tui.jobs import Job
from inspector.tui.messages import ShowTab
from inspector.tui.plain_text import plain
from inspector.tui.tabs import LISTS, MODELS, PANES, SHORT_TITLES, Kind, Pane, Tabs, artifact_shown, kind_of, likely_kind
from inspector.tui.widgets.artifact_bar import ArtifactBar
from inspector.tui.widgets.job_bar import JobBar
from inspector.tui.widgets.key_bar import KeyBar
from inspector.tui.widgets.tab_strip import Tab, TabStrip

if TYPE_CHECKING:
    from inspector.analysis.measured_time import MeasuredTime
    from inspector.records.inspection import Inspection
    from inspector.records.opened import Opened
    from inspector.tui.app import ModelpackApp


_SEVERITY_STYLES = {"high": "$high bold", "medium": "$medium bold", "low": "$low", "info": "$soft"}


class WorkbenchFrame(Screen[None]):
    """One open artifact in tabs; empty until open() is called."""

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
        self.measured_time: MeasuredTime | None = None
        """What each node takes, once that was measured."""
        self.background = Background(self.modelpack.jobs, self)

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
        model: tuple[Where, ...] = ("model",) if self.kind in MODELS else ()
        return (*inside, self.kind, *model, "workbench")

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

    @property
    def jobs_here(self) -> tuple[Job, ...]:
        """Running work that this screen shows and stops: its own, and on the lowest workbench the application's."""
        return tuple(job for job in self.modelpack.jobs.running if self._is_ours(job))

    def _is_ours(self, job: Job) -> bool:
        owner = job.owner
        if isinstance(owner, Widget):
            return owner is self or (owner.is_attached and owner.screen is self)
        return not self.inside

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
        self.measured_time = None
        self.call_after_refresh(self._fill)

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
        tabs = [
            Tab(tab, str(number), title, short=SHORT_TITLES.get(tab, ""))
            for number, (tab, (title, _)) in enumerate(self._tabs_here.items(), 1)
        ]
        findings = self.inspection.findings if self.inspection else ()
        if not findings:
            return tabs
        count, style = str(len(findings)), _SEVERITY_STYLES[findings[0].severity]
        return [replace(tab, badge=count, badge_style=style) if tab.id == "findings" else tab for tab in tabs]

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
            if self.measured_time is not None and hasattr(pane, "show_times"):
                cast("Any", pane).show_times(self.measured_time)
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

    async def on_show_tab(self, message: ShowTab) -> None:
        """A tab was clicked, or a widget points to it."""
        await self._show_tab(cast("Where", message.tab))


def _focus(pane: Widget) -> None:
    wanted = getattr(pane, "first_focus", None)
    target = wanted or pane if wanted or pane.focusable else next(_focusable(pane), None)
    if target is not None:
        target.focus(scroll_visible=False)


def _focusable(pane: Widget) -> Iterator[Widget]:
    yield from (child for child in pane.query("*") if child.focusable and child.display)
