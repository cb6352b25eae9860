"""What the workbench says of a SavedModel beside its graph: versions, tag sets, loading, variables, files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content

from inspector.records.graph import NodeRef
from inspector.records.inspection import Inspection
from inspector.records.saved_model import MetaGraphFacts, SavedModelFacts, ServedVersion, VariableFacts
from inspector.records.tensor import Weight
from inspector.report import saved_model_sentences as sentences
from inspector.report.figures import bytes_text, plural
from inspector.tui.plain_text import plain
from inspector.tui.widgets.text_rows import labeled, wrapped

MOST_VERSIONS = 4
MOST_TAG_SETS = 3
MOST_ENTRIES = 4
MOST_FILES = 3
MOST_DIFFERENCES = 3


def saved_model_lines(inspection: Inspection, width: int) -> list[Content]:
    """Return the lines of the overview about a SavedModel, none for another artifact."""
    facts = inspection.computation.saved_model
    if facts is None:
        return []
    return [
        *_version_lines(facts, width),
        *_tag_set_lines(facts, width),
        *_load_lines(inspection, facts.main, width),
        *_variable_lines(facts, width),
        *_resource_lines(facts, width),
    ]


def _version_lines(facts: SavedModelFacts, width: int) -> list[Content]:
    rows: list[Content] = []
    for version in facts.versions[:MOST_VERSIONS]:
        style = "$high" if version.problem else ("$good" if version.is_served else "$ink")
        said = Content.assemble(plain(version.folder, "$ink bold"), "  ", plain(sentences.version_sentence(version), style))
        rows += labeled("" if rows else "versions", said, width)
        rows += _difference_lines(version, width)
    more = len(facts.versions) - MOST_VERSIONS
    return [*rows, *labeled("", plain(f"and {plural(more, 'more version')}", "$soft"), width)] if more > 0 else rows


def _difference_lines(version: ServedVersion, width: int) -> Iterator[Content]:
    lines = sentences.difference_lines(version)
    for line in lines[:MOST_DIFFERENCES]:
        yield from labeled("", plain(f"  {line}", "$soft"), width, most=2)
    if len(lines) > MOST_DIFFERENCES:
        yield from labeled("", plain("  and more: see the report", "$soft"), width)


def _tag_set_lines(facts: SavedModelFacts, width: int) -> list[Content]:
    rows: list[Content] = []
    for one in sorted(facts.tag_sets, key=lambda one: not one.is_main)[:MOST_TAG_SETS]:
        parts = [
            plural(len(one.signatures), "signature"),
            plural(one.node_count, "node"),
            plural(len(one.functions), "function"),
            "TF1-style" if one.style == "tf1" else "",
            "defaults stripped" if one.stripped_default_attrs else "",
        ]
        said = "  " + " · ".join(part for part in parts if part)
        rows += labeled(
            "" if rows else "tag sets", Content.assemble(plain(one.title, "$ink bold"), plain(said, "$soft")), width
        )
    more = len(facts.tag_sets) - MOST_TAG_SETS
    return [*rows, *labeled("", plain(f"and {plural(more, 'more tag set')}", "$soft"), width)] if more > 0 else rows


def _load_lines(inspection: Inspection, main: MetaGraphFacts, width: int) -> list[Content]:
    """Return what runs at load, an entry that fetches the same nodes as one before it left out."""
    graphs = {graph.path: graph for graph in inspection.computation.graphs()} if main.entries else {}
    rows: list[Content] = []
    seen: set[tuple[NodeRef, ...]] = set()
    for entry in main.entries:
        if entry.kind != "load" or (entry.nodes and entry.nodes in seen):
            continue
        seen.add(entry.nodes)
        nodes = [graphs[ref.graph].nodes[ref.index] for ref in entry.nodes[:1] if ref.graph in graphs]
        called = [call.graph.removeprefix("function:") for node in nodes for call in node.calls]
        said = " → ".join([*(node.operator for node in nodes), *called[:1]])
        if len(rows) < MOST_ENTRIES:
            rows += labeled("" if rows else "at load", f"{entry.name}: {said}" if said else entry.name, width, most=2)
    return rows or labeled("at load", plain("nothing runs", "$soft"), width)


def _variable_lines(facts: SavedModelFacts, width: int) -> list[Content]:
    return labeled("variables", sentences.checkpoint_sentence(facts.checkpoint, len(facts.variables)), width)


def training_lines(inspection: Inspection, width: int) -> list[Content]:
    """Return what the report says of what only training needs, nothing where there is no such thing."""
    facts = inspection.computation.saved_model
    if facts is None or inspection.serving is None:
        return []
    held = facts.checkpoint.byte_count if facts.checkpoint else 0
    said = sentences.training_sentence(inspection.serving.training, held)
    return wrapped(f"only training needs {said}", width, "$medium", most=3) if said else []


def _resource_lines(facts: SavedModelFacts, width: int) -> list[Content]:
    rows: list[Content] = []
    for asset in facts.main.assets[:MOST_FILES]:
        style = "$high" if asset.problem or not asset.contained else "$ink"
        said = " ".join((asset.path or asset.filename, bytes_text(asset.size_bytes), sentences.asset_sentence(asset)))
        rows += labeled("" if rows else "assets", plain(said, style), width, most=2)
    for position, table in enumerate(facts.main.tables[:MOST_FILES]):
        said = f"{table.name}  {sentences.table_sentence(table)}"
        rows += labeled("" if position else "tables", said, width, most=2)
    style = "$high" if facts.warm_up is not None and facts.warm_up.problem else "$soft" if facts.warm_up is None else "$ink"
    rows += labeled("warm-up", plain(sentences.warm_up_sentence(facts.warm_up), style), width)
    return rows


def weight_fact_lines(inspection: Inspection, weight: Weight, width: int) -> Sequence[Content]:
    """Return what a SavedModel says of the variable that a weight holds: key, role, shard, slot; nothing for another weight."""
    facts = inspection.computation.saved_model
    if facts is None or weight.carrier != "variable":
        return ()
    found = next((one for one in facts.variables if one.weight == weight.name), None)
    return () if found is None else _described(found, width)


def _described(variable: VariableFacts, width: int) -> list[Content]:
    trainable = ", trainable" if variable.trainable else ""
    rows = labeled("role", f"{sentences.ROLE_NAMES[variable.role]}{trainable}", width)
    if variable.slot_of:
        rows += labeled("slot", f"{variable.slot or 'slot'} of {variable.slot_of}", width)
    if variable.key and variable.key != variable.name:
        rows += labeled("key", variable.key, width)
    shard = f"{variable.shard}" if variable.shard >= 0 else f"{plural(len(variable.slices), 'slice')} over several"
    return rows + labeled("shard", shard, width)
