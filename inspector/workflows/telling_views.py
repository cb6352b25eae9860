"""Which graphs' repeated blocks tell something of the computation."""

from __future__ import annotations

from collections.abc import Mapping, Set

from inspector.records.artifact import Computation
from inspector.records.inspection import GraphView, Inspection


def telling_views(inspection: Inspection) -> Mapping[str, GraphView]:
    """Return the views of all graphs, or, for a SavedModel, of those that loading or a request runs: not the saver's."""
    paths = telling_paths(inspection.computation)
    return inspection.views if paths is None else {path: view for path, view in inspection.views.items() if path in paths}


def telling_paths(computation: Computation) -> Set[str] | None:
    """Return the paths of a SavedModel's graphs that loading or a request runs, None for another artifact: all tell."""
    facts = computation.saved_model
    if facts is None:
        return None
    functions = (function for one in facts.tag_sets for function in one.functions)
    run = {function.path for function in functions if function.used_by[:1] in (("load",), ("signature",))}
    return run | {computation.graph.path}
