"""Searching, going to a node by what is typed, and stepping through nodes that belong together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from inspector.records.graph import NodeRef
from inspector.tui.widgets.graph.folding import Folding
from inspector.tui.widgets.graph.pane_frame import PaneFrame
from inspector.tui.widgets.graph.search import Matches
from inspector.tui.widgets.graph.search_bar import SearchBar


class SearchingPane(PaneFrame):
    """A graph tab that finds nodes."""

    def __init__(self) -> None:
        super().__init__()
        self._wanted: Callable[[], None] | None = None
        """What was asked for before there was anything to show it on."""
        self._origin: tuple[NodeRef | None, Folding] | None = None
        """Where the cursor was and what was folded when the search began."""

    def go_to(self, ref: NodeRef) -> None:
        """Put the cursor on a node, opening whatever hides it."""
        if not self.is_mounted:
            self._wanted = lambda: self.go_to(ref)
            return
        if self.state is None:
            return
        if self.state.go_to(ref):
            self._rows_changed(jumped=True)
        else:
            self._tell("That node is drawn nowhere")

    def highlight(self, refs: Sequence[NodeRef], title: str) -> None:
        """Select the first of several nodes; n and N lead to the others."""
        if not self.is_mounted:
            self._wanted = lambda: self.highlight(refs, title)
            return
        if not refs or self.state is None:
            return
        self._set_matches(Matches(tuple(refs), title))
        self.bar.open("matches", title)
        self._step(1)
        self.view.focus()

    def action_search(self) -> None:
        """Type what to search for."""
        if self.state is not None:
            self._origin = (self.state.ref, self.state.folding.copy())
            self.bar.open("search")

    def action_go_to_node(self) -> None:
        """Type which node to go to."""
        if self.state is not None:
            self._origin = None
            self.bar.open("go to")

    def on_search_bar_changed(self, message: SearchBar.Changed) -> None:
        """Find what has been typed so far."""
        message.stop()
        if self._finder is None:
            return
        if message.text.strip():
            self._finder.search(message.text, lambda query, refs: self._take(lambda: self._found(query, refs)))
        else:
            self._finder.cancel_search()
            self._set_matches(None)
            self.bar.say("")

    def _found(self, query: str, refs: list[NodeRef]) -> None:
        """Show the first match from where the search began; folds opened for an earlier text close again."""
        if self.state is None or self._finder is None or not self.bar.is_open:
            return
        self._set_matches(Matches(refs, query))
        assert self.matches is not None
        start, folding = self._origin or (self.state.ref, self.state.folding)
        self.state.restore(folding)
        ref = self.matches.step_from(start, self._finder.index)
        if ref is not None:
            self.state.go_to(ref, remember=False)
        self._rows_changed(jumped=True)
        self.bar.say(self.matches.count_text)

    def on_search_bar_submitted(self, message: SearchBar.Submitted) -> None:
        """Keep the matches for n and N, or go to the node that was named."""
        message.stop()
        self.view.focus()
        if message.purpose == "go to":
            self.bar.close()
            if self._finder is not None:
                self._finder.resolve(message.text, lambda text, ref: self._take(lambda: self._resolved(text, ref)))
        elif self.matches is None:
            self.bar.close()
        else:
            self._say_where()

    def _resolved(self, text: str, ref: NodeRef | None) -> None:
        if ref is not None:
            self.go_to(ref)
        elif text.strip():
            self._tell(f"No node is called or numbered {text.strip()}")

    def action_next_match(self) -> None:
        """Go to the next match."""
        self._step(1)

    def action_previous_match(self) -> None:
        """Go to the previous match."""
        self._step(-1)

    def _step(self, by: int) -> None:
        if self.state is None or not self.matches:
            self._tell("Search first: /")
            return
        ref = self.matches.step(by)
        if ref is not None:
            self.go_to(ref)
            self._say_where()

    def _say_where(self) -> None:
        if self.matches is not None:
            self.bar.say(f"{self.matches.count_text}  n next  N previous  esc close")

    def _set_matches(self, matches: Matches | None) -> None:
        self.matches = matches
        self.view.matches = matches
        self.view.forget_strips()
        self._redraw_minimap()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave Escape to the screen while there is nothing here to close."""
        if action == "close_search":
            return self.bar.is_open
        return super().check_action(action, parameters)

    def action_close_search(self) -> None:
        """Close the search bar and forget its matches."""
        if self._finder is not None:
            self._finder.cancel_search()
        self.bar.close()
        self._set_matches(None)
        self.view.focus()
        self._rows_changed()
