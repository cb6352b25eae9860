"""What lies over what: which screens give way when another artifact, or a review, is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inspector.tui.app import ModelpackApp
    from inspector.tui.screens.workbench import WorkbenchScreen
    from inspector.tui.widgets.review.opened import OpenedReview

_OF_ANOTHER = {"opening", "preview", "workbench", "review_screen", "compare_screen"}
"""Places of screens that show an artifact, or lead to one: over a workbench they are about what it showed before."""


def clear_above(app: ModelpackApp, workbench: WorkbenchScreen) -> None:
    """Take away all that lies over a workbench, if any of it is about an artifact; dialogs alone stay."""
    from inspector.tui.screens.workbench import WorkbenchScreen

    above = app.screen_stack[app.screen_stack.index(workbench) + 1 :]
    if not any(_OF_ANOTHER & set(getattr(screen, "places", ())) for screen in above):
        return
    for screen in reversed(above):
        if isinstance(screen, WorkbenchScreen):
            screen.background.stop()
        app.pop_screen()


async def put_on_screen(app: ModelpackApp, opened: OpenedReview) -> None:
    """Show a review over what is open; one that is on the screen already, above every workbench, gives way to it."""
    from inspector.tui.screens.review import ReviewScreen
    from inspector.tui.screens.workbench import WorkbenchScreen

    stack = app.screen_stack
    bottom = max((at for at, one in enumerate(stack) if isinstance(one, WorkbenchScreen)), default=-1)
    shown = next((at for at, one in enumerate(stack) if at > bottom and isinstance(one, ReviewScreen)), None)
    if shown is None:
        await app.push_screen(ReviewScreen(opened))
        return
    while len(app.screen_stack) > shown + 1:
        await app.pop_screen()
    screen = app.screen
    assert isinstance(screen, ReviewScreen)
    await screen.open(opened)
