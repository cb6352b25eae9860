"""The application: settings, themes, jobs and screens; what is shown lives in the screens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App
from textual.binding import BindingType
from textual.command import Provider
from textual.dom import DOMNode
from textual.screen import Screen

from inspector.errors import InspectorError
from inspector.isolation.limits import CancelToken
from inspector.records.event import Event, Finished, Partial
from inspector.tui.actions import SCREEN_PLACES, Action, bindings
from inspector.tui.jobs import Job, Jobs
from inspector.tui.messages import Cancelled, Failed, JobEvent, OpenArtifact
from inspector.tui.plain_text import clean
from inspector.tui.recent import RecentList
from inspector.tui.themes import DARK, LIGHT, THEMES

if TYPE_CHECKING:
    from inspector.records.benchmark import BenchPlan
    from inspector.records.opened import Opened, Target
    from inspector.records.optimization import OptimizationRequest
    from inspector.records.review import Review
    from inspector.records.slimming import SlimRequest
    from inspector.tui.comparing import Side
    from inspector.tui.engine_list import EngineList
    from inspector.tui.screens.workbench import WorkbenchScreen
    from inspector.tui.widgets.review.opened import OpenedReview
    from inspector.workflows.opening import Opening

_CHILD_GRACE_SECONDS = 0.5
_STYLES = Path(__file__).parent / "styles"
_FRAME = "frame.tcss"
_OTHER_STYLES = ("panes.tcss", "dialogs.tcss", "compare.tcss", "review.tcss")


def run_app(
    opening: Opening | None,
    batch: int = 1,
    settings: Mapping[str, int] | None = None,
    request: OptimizationRequest | None = None,
    bench: BenchPlan | None = None,
    slim: SlimRequest | None = None,
    compare_with: Target | None = None,
    review: Review | None = None,
    path: Path | None = None,
) -> int:
    """Show the artifact that is being opened (None: let the user choose) in the terminal and return when the user quits.

    request is what the command line says of optimizing that artifact: data, contract, permissions; bench what it says of
    measuring it, slim of slimming it. A review that was read from path is shown in place of an artifact. compare_with, an
    artifact or the file of a review, is shown beside either once that is read.
    Raises the InspectorError that kept the artifact given here from being read, and any defect of our own, so that the
    command line can report both its way; otherwise returns 0.
    """
    app = ModelpackApp(opening.target if opening else None, batch, settings or {}, opening, request, bench, slim)
    app.begin_with(review, path, compare_with)
    app.run()
    app.jobs.cancel_all()
    app.jobs.wait_for_children(_CHILD_GRACE_SECONDS)
    problem = app.fatal or app.jobs.bug
    if problem is not None:
        raise problem
    return 0


def _palette() -> type[Provider]:
    from inspector.tui.palette import ActionProvider

    return ActionProvider


class ModelpackApp(App[None]):
    """Owns what outlives a screen: jobs, the recent list, batch and symbol settings."""

    TITLE = "modelpack-tui"
    COMMANDS: ClassVar[Any] = {_palette}
    BINDINGS: ClassVar[list[BindingType]] = bindings("everywhere")
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 -- Textual declares it, mutable, on the base class
        (0, "-narrow"),
        (100, "-medium"),
        (160, "-wide"),
    ]
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        target: Target | None,
        batch: int = 1,
        settings: Mapping[str, int] | None = None,
        begun: Opening | None = None,
        request: OptimizationRequest | None = None,
        bench: BenchPlan | None = None,
        slim: SlimRequest | None = None,
    ) -> None:
        super().__init__(css_path=[_STYLES / _FRAME] if target else [_STYLES / name for name in (_FRAME, *_OTHER_STYLES)])
        self.target = target
        self._begun = begun
        self._following: Opening | None = None
        self.batch = batch
        self.settings: Mapping[str, int] = settings or {}
        self.requests: dict[str, OptimizationRequest] = {str(target): request} if target and request else {}
        """What is known of how to optimize an artifact, by its path: it outlives reading the artifact again."""
        self.bench_plans: dict[str, BenchPlan] = {str(target): bench} if target and bench else {}
        """What is known of how to measure an artifact, by its path."""
        self.slim_requests: dict[str, SlimRequest] = {str(target): slim} if target and slim else {}
        """What is known of how to slim an image, by its path."""
        self.platform = begun.platform if begun is not None else None
        self.jobs = Jobs()
        self.recent = RecentList.in_state_folder()
        self._engine_list: EngineList | None = None
        self.fatal: Exception | None = None
        """What ended the application early."""
        self._opening: Job | None = None
        self._shown_in_part = False
        self._unread = target is not None
        self._first_review: OpenedReview | None = None
        self._compare_with: Target | None = None
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = DARK
        self.animation_level = "none"

    def begin_with(self, review: Review | None, path: Path | None, compare_with: Target | None) -> None:
        """Before it runs: show a review that was read from a path, and compare with something as soon as that can be."""
        self._compare_with = compare_with
        if review is not None:
            from inspector.tui.reviewing import opened_review

            self._first_review = opened_review(review, str(path or "review.json"))

    @property
    def engine_list(self) -> EngineList:
        """The images on engines, made when first wanted."""
        if self._engine_list is None:
            from inspector.tui.engine_list import EngineList

            self._engine_list = EngineList()
        return self._engine_list

    @property
    def busy(self) -> bool:
        """Whether anything is being read or found out, or is about to be."""
        pending = any(workbench.background.pending for workbench in self._workbenches())
        shown = any(getattr(screen, "busy", False) for screen in self.screen_stack)
        return bool(self.jobs.running) or self._unread or self._opening is not None or pending or shown

    def get_default_screen(self) -> Screen[Any]:
        """Return the workbench, the screen of a review, or the opening screen where nothing was named."""
        if self._first_review is not None:
            from inspector.tui.screens.review import ReviewScreen

            return ReviewScreen(self._first_review)
        if self.target is None:
            from inspector.tui.screens.opening import OpeningScreen

            return OpeningScreen()
        from inspector.tui.screens.workbench import WorkbenchScreen

        return WorkbenchScreen(str(self.target), None if isinstance(self.target, Path) else "image")

    def on_mount(self) -> None:
        """Read the artifact once the first frame is on the screen, which needs the styles of the frame only."""
        if self.target is not None:
            self.call_after_refresh(self._begin, self.target)
        elif self._first_review is not None:
            self.recent.put(self._first_review.path, "review", self._first_review.size_bytes)
            self.call_after_refresh(self._compare_at_once, self._first_review.review)

    def _compare_at_once(self, side: Side) -> None:
        """Compare what was opened first with what the command line names beside it."""
        wanted, self._compare_with = self._compare_with, None
        if wanted is not None:
            self.open_comparison(side, wanted)

    def _begin(self, target: Target) -> None:
        self.open_target(target)
        self.stylesheet.read_all([_STYLES / name for name in _OTHER_STYLES])
        self.refresh_css(animate=False)

    def open_artifact(self, text: str) -> None:
        """Read what the user names, as open_target() does, or say why it names nothing."""
        from inspector.workflows.targets import target_of

        try:
            self.open_target(target_of(text))
        except InspectorError as error:
            self.explain(error, "Not opened")

    def open_target(self, target: Target) -> None:
        """Read another artifact beside what is shown; it takes the place of that only once it is read."""
        if self._opening is not None:
            self.jobs.cancel(self._opening)
            self._stop_following()
        self._shown_in_part = self._unread = False
        begun, self._begun = self._begun, None
        self._following = begun
        batch = self.batch
        same = target == self.target
        settings = self.settings if same else {}
        platform = self.platform if same else None

        def workflow(token: CancelToken) -> Iterator[Event[Opened | OpenedReview]]:
            if begun is not None:
                return begun.events()
            from inspector.tui.reviewing import is_saved_review, reading_review

            if isinstance(target, Path) and is_saved_review(target):
                return reading_review(target)
            from inspector.workflows.inspect import inspect

            return inspect(target, batch, settings, platform, token)

        self._opening = self.jobs.start(f"reading {target.name or target}", workflow, self)

    def on_open_artifact(self, message: OpenArtifact) -> None:
        """Open what a screen or widget asks for."""
        self.open_artifact(message.path)

    def on_job_event(self, message: JobEvent) -> None:
        """Show the artifact that was read, or why none was."""
        if message.job is not self._opening:
            return
        event = message.event
        if isinstance(event, Partial):
            self._show(event.result)
            self._shown_in_part = True
        elif isinstance(event, Finished):
            self._opening = None
            self._take(event.result)
        elif isinstance(event, Cancelled):
            self._opening = None
            self._stop_following()
            self._leave_empty_workbench()
        elif isinstance(event, Failed):
            self._opening = None
            self._explain(event.error)

    def _take(self, opened: Opened | OpenedReview) -> None:
        """Show what was read."""
        from inspector.tui.widgets.review.opened import OpenedReview

        if isinstance(opened, OpenedReview):
            self.recent.put(opened.path, "review", opened.size_bytes)
            self.call_later(self.show_review, opened)
        else:
            from inspector.tui.recent import remembered

            self.recent.add(remembered(opened))
            self.show_inspection(opened)
            self._compare_at_once(opened)

    async def show_review(self, opened: OpenedReview) -> None:
        """Show a review over what is open, in place of another one."""
        from inspector.tui.stacking import put_on_screen

        await put_on_screen(self, opened)

    def _stop_following(self) -> None:
        """Stop work that began before there was a screen: its thread knows nothing of jobs."""
        if self._following is not None:
            self._following.cancel()
            self._following = None

    def _workbenches(self) -> Iterator[WorkbenchScreen]:
        """Give the workbenches, lowest first: the first holds what was opened, those above models out of it."""
        from inspector.tui.screens.workbench import WorkbenchScreen

        yield from (screen for screen in self.screen_stack if isinstance(screen, WorkbenchScreen))

    def _workbench(self) -> WorkbenchScreen | None:
        return next(self._workbenches(), None)

    def show_inspection(self, inspection: Opened) -> None:
        """Show an artifact in the workbench, and go on finding out what it leaves open."""
        self._show(inspection).find_out_more()

    def _show(self, inspection: Opened) -> WorkbenchScreen:
        """Show an artifact, or what more has become known of one that is shown in part."""
        if self._shown_in_part:
            workbench = self._workbench()
            assert workbench is not None
            workbench.update(inspection)
        else:
            workbench = self._workbench_for(inspection)
            workbench.open(inspection)
        return workbench

    def _workbench_for(self, inspection: Opened) -> WorkbenchScreen:
        """Return the lowest workbench, on top of the opening screen and without models out of another image above it."""
        from inspector.tui.screens.workbench import WorkbenchScreen
        from inspector.tui.stacking import clear_above
        from inspector.tui.tabs import artifact_shown, kind_of

        workbench = self._workbench()
        if workbench is None:
            workbench = WorkbenchScreen(artifact_shown(inspection).path, kind_of(inspection))
            self.push_screen(workbench)
            return workbench
        clear_above(self, workbench)
        return workbench

    def _leave_empty_workbench(self) -> None:
        """Let the user choose another artifact where reading the first was stopped."""
        workbench = self._workbench()
        if workbench is not None and workbench.inspection is None:
            from inspector.tui.screens.opening import OpeningScreen

            self.push_screen(OpeningScreen())

    def _explain(self, error: Exception) -> None:
        """Say why an artifact was not read: a notice where something else is open, the end where nothing is."""
        workbench = self._workbench()
        if workbench is not None and workbench.inspection is None:
            self.fatal = error
            self.exit()
        else:
            self.explain(error, "Not opened")

    def explain(self, error: Exception, title: str) -> None:
        """Show an error as a notice: its message and hint, or that it is a defect of this program."""
        if isinstance(error, InspectorError):
            text = f"{error.message}\n{error.hint}" if error.hint else error.message
        else:
            text = f"This is a defect of modelpack-tui: {type(error).__name__}. It is reported when you quit."
        self.say(text, title, error=True)

    def say(self, text: str, title: str = "", *, error: bool = False) -> None:
        """Show a notice; text may come from an artifact."""
        lines = "\n".join(clean(line) for line in text.split("\n"))
        self.notify(
            lines, title=clean(title), severity="error" if error else "information", timeout=8 if error else 4, markup=False
        )

    def open_comparison(self, before: Side, after: Side, names: tuple[str, str] = ("", "")) -> None:
        """Show two sides side by side, over what is on the screen; those that are only named are read first."""
        from inspector.tui.screens.compare import CompareScreen

        self.push_screen(CompareScreen(before, after, names))

    async def perform(self, action: Action) -> None:
        """Carry out an action of the registry wherever its owner is, showing its tab first."""
        screen = self.screen
        owner: DOMNode = self if action.where == "everywhere" else screen
        owner_of = getattr(screen, "owner_of", None)
        if owner_of is not None and action.where not in ("everywhere", *SCREEN_PLACES):
            found = await owner_of(action.where)
            if found is None:
                self.say("There is no list on this tab", action.label)
                return
            owner = found
        await self.run_action(action.id, owner)

    def action_toggle_theme(self) -> None:
        """Switch between dark and light."""
        self.theme = LIGHT if self.theme == DARK else DARK

    def action_help(self) -> None:
        """Show the keys of this screen, or go back from them."""
        from inspector.tui.screens.help import HelpScreen

        if isinstance(self.screen, HelpScreen):
            self.pop_screen()
        else:
            self.push_screen(HelpScreen(*getattr(self.screen, "places", ())))

    def action_open_file(self) -> None:
        """Ask for another artifact."""
        from inspector.tui.screens.open_file import OpenFileScreen

        if not isinstance(self.screen, OpenFileScreen):
            self.push_screen(OpenFileScreen(self.recent, self.engine_list), self._open_chosen)

    def _open_chosen(self, path: str | None) -> None:
        if path is not None:
            self.open_artifact(path)

    async def action_quit(self) -> None:
        """Stop all work and leave."""
        self.jobs.cancel_all()
        self._stop_following()
        self.exit()

    def action_help_quit(self) -> None:
        """Say how to leave, for those who press Ctrl+C."""
        self.say("Press q to quit", "Still here")

    def _handle_exception(self, error: Exception) -> None:
        """Leave without printing: the command line writes the traceback where it cannot hurt the terminal."""
        self.fatal = self.fatal or error
        super()._handle_exception(error)
        self._exit_renderables.clear()
