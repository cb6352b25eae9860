"""Which graphs' repeated blocks tell something of the computation."""

from __future__ import annotations

from collections.abc import Mapping

from inspector.records.inspection import GraphView, Inspection


def telling_views(inspection: Inspection) -> Mapping[str, GraphView]:
    """Return the views of all graphs, or, for a SavedModel, of those that loading or a request runs: not the saver's."""
    facts = inspection.computation.saved_model
    if facts is None:
        return inspection.views
    functions = {function.path: function for one in facts.tag_sets for function in one.functions}
    return {
        path: view
        for path, view in inspection.views.items()
        if path == inspection.computation.graph.path
        or (path in functions and functions[path].used_by[:1] in (("load",), ("signature",)))
    }
