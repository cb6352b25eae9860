"""Work on every node at once: scales of the heat columns, edges, the search index. Beside the screen where there are many."""

from __future__ import annotations

import threading
from collections.abc import Callable

from inspector.records.graph import NodeRef
from inspector.tui.widgets.graph.search import SearchIndex, build, find, resolve
from inspector.tui.widgets.graph.state import GraphState

FEW_NODES = 3_000
"""Up to this many nodes everything is done on the spot: it takes less time than a frame or two."""


class Finder:
    """Prepares one state and finds nodes in it; answers come through callbacks, from another thread in large graphs."""

    def __init__(self, state: GraphState) -> None:
        self.state = state
        self.index = SearchIndex()
        self.stopped = False
        self._indexed = False
        self._lock = threading.Lock()
        self._query = 0
        self.is_small = sum(len(graph.nodes) for graph in state.document.graphs.values()) <= FEW_NODES

    def stop(self) -> None:
        """Give up what is under way: the state is not shown any more."""
        self.stopped = True

    def prepare(self, more_is_known: Callable[[], object]) -> None:
        """Work out edges, then heat, calling back after each; then the search index of a large graph."""

        def work() -> None:
            for prepare in (self.state.edges.prepare, self.state.heat.prepare):
                prepare()
                if self.stopped:
                    return
                more_is_known()
            if not self.is_small:
                self._ensure_index()

        self._run(work)

    def search(self, query: str, found: Callable[[str, list[NodeRef]], object]) -> None:
        """Find nodes and call back with the query and them, unless a later query has come in between."""
        self._query += 1
        number = self._query

        def work() -> None:
            self._ensure_index()
            refs: list[NodeRef] = []
            for step in find(self.index, query):
                if self.stopped or number != self._query:
                    return
                refs += [self.index.refs[at] for at in step]
            found(query, refs)

        self._run(work)

    def cancel_search(self) -> None:
        """Forget the query under way."""
        self._query += 1

    def resolve(self, text: str, found: Callable[[str, NodeRef | None], object]) -> None:
        """Find the node that "go to" means and call back with the text and it."""

        def work() -> None:
            self._ensure_index()
            found(text, resolve(self.state.document, self.index, text))

        self._run(work)

    def _run(self, work: Callable[[], None]) -> None:
        if self.is_small:
            work()
        else:
            threading.Thread(target=work, name="graph-finder", daemon=True).start()

    def _ensure_index(self) -> None:
        with self._lock:
            if self._indexed:
                return
            for _ in build(self.state.document, self.index):
                if self.stopped:
                    return
            self._indexed = True
