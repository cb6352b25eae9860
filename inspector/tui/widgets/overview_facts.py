"""The overview's cards about facts: findings, structure, the file, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from inspector.records.artifact import Computation
from inspector.records.finding import SEVERITIES
from inspector.records.inspection import Inspection
from inspector.report.figures import bytes_text, plural
from inspector.report.sentences import FORMAT_NAMES, LINK_NAMES, external_troubles, external_use
from inspector.tui.plain_text import plain
from inspector.tui.widgets import tflite_facts
from inspector.tui.widgets.text_rows import finding_mark, labeled, wrapped
from inspector.workflows.telling_views import telling_views

if TYPE_CHECKING:
    from inspector.records.opened import Opened

_MOST_METADATA = 6
_MOST_FILES = 3
_MARK_CELLS = 9


def finding_lines(inspection: Opened, width: int, most_rows: int = 5, key: str = "6") -> list[Content]:
    """Return the most severe findings, one or two lines each."""
    findings = inspection.findings
    if not findings:
        return [Content.assemble(("✓ ", "$good bold"), ("nothing to report", "$soft"))]
    rows: list[Content] = []
    for finding in findings[:most_rows]:
        lines = wrapped(finding.message, width - _MARK_CELLS, most=2)
        rows.append(Content.assemble(finding_mark(finding.severity), " ", lines[0] if lines else ""))
        rows += [Content.assemble(" " * _MARK_CELLS, line) for line in lines[1:]]
    more = len(findings) - most_rows
    return [*rows, Content.styled(f"and {more:,} more: press {key}", "$soft")] if more > 0 else rows


def severity_note(inspection: Opened) -> str:
    """Return how many findings there are of each severity."""
    counts = {severity: sum(finding.severity == severity for finding in inspection.findings) for severity in SEVERITIES}
    return " · ".join(f"{count:,} {severity}" for severity, count in counts.items() if count)


def structure_lines(inspection: Inspection, width: int) -> list[Content]:
    """Return repeated blocks, subgraphs, functions and lanes."""
    computation = inspection.computation
    graphs = list(computation.graphs())
    nested = len(graphs) - 1 - len(computation.functions) - len(computation.training)
    rows = _repeat_lines(inspection, width)
    if nested > 0:
        inner = sum(len(graph.nodes) for graph in graphs) - len(computation.graph.nodes)
        rows += labeled("subgraphs", f"{nested:,} with {plural(inner, 'node')}", width)
    if computation.functions:
        named = ", ".join(function.name for function in computation.functions[:4])
        rows += labeled("functions", f"{len(computation.functions):,}: {named}", width)
    if computation.training:
        rows += labeled("training", plural(len(computation.training), "graph"), width)
    view = inspection.views.get(computation.graph.path)
    if view is not None:
        layout = view.layout
        folded = sum(map(len, layout.absorbed.values()))
        text = f"{plural(len(layout.nodes), 'row')} in {plural(layout.width, 'lane')}"
        rows += labeled("drawn as", text + (f", {folded:,} constants and shape nodes folded" if folded else ""), width)
    return rows


def _repeat_lines(inspection: Inspection, width: int) -> list[Content]:
    folds = [fold for view in telling_views(inspection).values() for fold in view.folds if fold.kind == "repeat"]
    if not folds:
        return labeled("repeats", plain("no repeated blocks", "$soft"), width)
    rows: list[Content] = []
    for fold in sorted(folds, key=lambda fold: -fold.node_count)[:4]:
        exceptions = f", {plural(len(fold.exceptions), 'exception')}" if fold.exceptions else ""
        text = f"  {fold.title}, {plural(fold.node_count, 'node')}{exceptions}"
        rows += labeled("repeats", Content.assemble((f"×{fold.count}", "$good bold"), plain(text)), width)
    return rows


def file_lines(inspection: Inspection, width: int) -> list[Content]:
    """Return where the artifact is, what made it, what it needs and what it carries."""
    computation = inspection.computation
    artifact = computation.artifact
    rows = labeled("path", artifact.inside or artifact.path, width)
    if artifact.link != "none":
        rows += labeled("link", LINK_NAMES[artifact.link], width)
    rows += labeled("format", f"{FORMAT_NAMES[artifact.format]}{_version(computation)}", width)
    opsets = ", ".join(f"{domain} {version}" for domain, version in computation.opsets.items())
    if artifact.format == "onnx" or opsets:
        rows += labeled("opsets", opsets or "none declared", width)
    rows += tflite_facts.file_lines(computation, width)
    rows += labeled("producer", computation.producer or plain("not said", "$soft"), width)
    if computation.domain or computation.version:
        rows += labeled("version", f"{computation.domain} {computation.version or ''}".strip(), width)
    if computation.doc:
        rows += labeled("doc", " ".join(computation.doc.split()), width)
    rows += labeled("sha256", artifact.sha256 or plain("d reads every byte for it", "$soft"), width)
    return [*rows, *_external_lines(inspection, width), *_metadata_lines(inspection, width)]


def _version(computation: Computation) -> str:
    if computation.tflite is not None:
        return f", schema version {computation.tflite.schema_version}"
    return "" if computation.ir_version is None else f", IR version {computation.ir_version}"


def _external_lines(inspection: Inspection, width: int) -> list[Content]:
    files = inspection.computation.external_files
    rows: list[Content] = []
    for file in files[:_MOST_FILES]:
        style = "$high" if file.problem or not file.contained or file.missing_bytes else "$ink"
        said = " · ".join((external_use(file), *external_troubles(file)))
        text = f"{file.location}, {bytes_text(file.size_bytes)}: {said}"
        rows += labeled("external", plain(text, style), width)
        if file.sha256:
            rows += labeled("", plain(f"sha256 {file.sha256}", "$soft"), width)
    more = len(files) - _MOST_FILES
    return [*rows, *labeled("", plain(f"and {plural(more, 'more file')}", "$soft"), width)] if more > 0 else rows


def _metadata_lines(inspection: Inspection, width: int) -> list[Content]:
    metadata = list(inspection.computation.artifact.metadata.items())
    rows: list[Content] = []
    for key, value in metadata[:_MOST_METADATA]:
        rows += labeled("metadata", Content.assemble(plain(key, "$violet"), " ", plain(" ".join(value.split()))), width, most=2)
    more = len(metadata) - _MOST_METADATA
    return [*rows, *labeled("", plain(f"and {more:,} more", "$soft"), width)] if more > 0 else rows


def next_lines(inspection: Inspection, width: int) -> list[Content]:
    """Return what is worth pressing next."""
    steps: Sequence[tuple[str, str]] = (
        ("2", "walk the graph, node by node"),
        ("3", "jump to the nodes of an operator"),
        *((("5", "read weights: statistics, histogram, digest"),) if inspection.computation.weights else ()),
        *((("6", f"see {plural(len(inspection.findings), 'finding')}"),) if inspection.findings else ()),
        ("b", "evaluate FLOPs and memory at another batch size"),
        ("?", "see every key"),
    )
    rows: list[Content] = []
    for key, text in steps:
        rows += labeled(f" {key}", text, width, label_cells=4)
    return [row.stylize("$accent-text bold", 0, 3) for row in rows]
