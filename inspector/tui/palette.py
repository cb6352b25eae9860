"""The command palette: every action of the registry, found by label, description, place or key."""

from __future__ import annotations

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from inspector.tui.actions import HEADINGS, REGISTRY, Action, Where
from inspector.tui.app import ModelpackApp


class ActionProvider(Provider):
    """Actions that make sense on the screen below: all of the workbench's, or those of another screen."""

    async def discover(self) -> Hits:
        """Yield every action."""
        for action in self._actions():
            yield DiscoveryHit(_display(action), partial(self._perform, action), _text(action), _help(action))

    async def search(self, query: str) -> Hits:
        """Yield the actions that match what was typed."""
        matcher = self.matcher(query)
        for action in self._actions():
            score = matcher.match(_text(action))
            if score > 0:
                yield Hit(score, _display(action), partial(self._perform, action), _text(action), _help(action))

    def _actions(self) -> tuple[Action, ...]:
        places: tuple[Where, ...] = getattr(self.screen, "all_places", ("everywhere",))
        return tuple(action for action in REGISTRY if action.where in places and action.id != "command_palette")

    async def _perform(self, action: Action) -> None:
        app = self.app
        assert isinstance(app, ModelpackApp)
        await app.perform(action)


def _text(action: Action) -> str:
    """Return what is searched: place, label, description and key."""
    return f"{HEADINGS[action.where]} {action.label}: {action.description} ({action.shown})"


def _help(action: Action) -> str:
    return f"{'':5}  {action.description}"


def _display(action: Action) -> Content:
    place = "" if action.where in ("everywhere", "workbench") else HEADINGS[action.where]
    return Content.assemble(
        (f"{action.shown:>5}  ", "$accent-text bold"), (action.label, "$ink bold"), (f"  {place}" if place else "", "$soft")
    )
