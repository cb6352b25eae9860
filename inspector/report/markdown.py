"""A review as Markdown that reads well in a pull request and survives hostile names; the verdict is its last line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from inspector.records.artifact import ExternalFile
from inspector.records.finding import SEVERITIES, Finding
from inspector.records.graph import Signature
from inspector.records.review import GraphSummary, Review
from inspector.report import sentences
from inspector.report.figures import bytes_text, count_text, plural, shape_text, share_text, tensor_text, whole_text
from inspector.report.markdown_bench import bench_lines
from inspector.report.markdown_comparison import comparison_lines
from inspector.report.markdown_image import image_fact_rows, image_lines
from inspector.report.markdown_optimization import change_lines, contract_lines, published_lines
from inspector.report.markdown_saved_model import saved_model_lines
from inspector.report.markdown_slim import slim_lines
from inspector.report.markdown_text import code, prose, table

MOST_ROWS = 20
MOST_FINDINGS = 100

Lines = Iterable[str]


def to_markdown(review: Review) -> str:
    """Return the review as GitHub-flavored Markdown ending in the line "verdict: pass" or "verdict: fail"."""
    lines = [
        f"# {code(sentences.artifact_name(review.artifact))}",
        "",
        prose(" · ".join(sentences.format_facts(review))),
        *_warnings(review),
        *_facts(review),
        *comparison_lines(review),
        *change_lines([change for change in review.changes if change.optimizer != "slim"]),
        *published_lines(review.published),
        *slim_lines(review.slimming),
        *bench_lines(review),
        *_findings(review),
        *(image_lines(review.image) if review.image else ()),
        *_signatures(review),
        *(_graph(review.graph) if review.graph else ()),
        *_external_files(review.external_files),
        *contract_lines(review.contract),
        *_checks(review),
        "",
        f"_{prose(sentences.environment_sentence(review))}_",
        "",
        f"verdict: {review.verdict}",
    ]
    return "\n".join(lines) + "\n"


def _section(title: str) -> list[str]:
    return ["", f"## {title}", ""]


def _rest(left_out: int, noun: str, nouns: str = "") -> Lines:
    return ["", f"… and {plural(left_out, f'more {noun}', f'more {nouns}' if nouns else '')}."] if left_out > 0 else []


def _warnings(review: Review) -> Lines:
    return ["", *(f"> **Warning:** {prose(warning)}\n>" for warning in review.warnings)] if review.warnings else []


def _facts(review: Review) -> Lines:
    artifact = review.artifact
    rows = [("path", code(artifact.inside or artifact.path)), ("sha256", code(artifact.sha256 or ""))]
    if review.image:
        rows += image_fact_rows(review.image)
    if review.graph:
        rows += _graph_facts(review.graph)
    shown = sentences.metadata_items(artifact)[:MOST_ROWS]
    rows += [(f"metadata {code(key)}", code(value)) for key, value in shown]
    yield from ["", *table(("what", "value"), [row for row in rows if row[1]])]
    yield from _rest(len(artifact.metadata) - len(shown), "metadata entry", "metadata entries")


def _graph_facts(graph: GraphSummary) -> list[tuple[str, str]]:
    return [
        ("made by", prose(sentences.origin_sentence(graph))),
        ("opsets", prose(sentences.opsets_sentence(graph))),
        ("nodes", prose(sentences.nodes_sentence(graph))),
        ("weights", prose(sentences.weights_sentence(graph))),
        ("FLOPs", prose(sentences.flops_sentence(graph.flops))),
        ("FLOPs formula", code(graph.flops.formula)),
        ("FLOPs not counted", prose(sentences.uncovered_sentence(graph.flops))),
        ("FLOPs assume", "; ".join(map(prose, sentences.assumption_sentences(graph.flops)))),
        ("activations", prose(sentences.activation_sentence(graph))),
    ]


def _findings(review: Review) -> Lines:
    yield from _section("Findings")
    if not review.findings:
        yield "None."
        return
    ordered = sorted(review.findings, key=lambda finding: SEVERITIES.index(finding.severity))
    rows = [(f.severity, code(f.rule), _advice(f), code(f.place)) for f in ordered[:MOST_FINDINGS]]
    yield from [f"{sentences.severity_counts(review)}.", ""]
    yield from table(("severity", "rule", "finding", "place"), rows)
    yield from _rest(len(ordered) - MOST_FINDINGS, "finding")


def _advice(finding: Finding) -> str:
    return " — ".join(prose(part) for part in (finding.message, finding.hint) if part)


def _signatures(review: Review) -> Lines:
    if review.saved_model:
        yield from saved_model_lines(review.saved_model)
        return
    for signature in review.signatures:
        yield from _signature(signature, len(review.signatures) > 1)


def _signature(signature: Signature, named: bool) -> Lines:
    yield from _section(f"Signature {code(signature.name)}" if named else "Signature")
    specs = [("input", spec) for spec in signature.inputs] + [("output", spec) for spec in signature.outputs]
    rows = [(kind, code(spec.name), code(tensor_text(spec))) for kind, spec in specs[: 2 * MOST_ROWS]]
    yield from table(("", "name", "tensor"), rows)
    yield from _rest(len(specs) - 2 * MOST_ROWS, "tensor")


def _graph(graph: GraphSummary) -> Lines:
    yield from _operators(graph)
    yield from _dtypes(graph)
    yield from _largest_weights(graph)
    yield from _repeats(graph)


def _operators(graph: GraphSummary) -> Lines:
    if not graph.operators:
        return
    rows = []
    for use in graph.operators[:MOST_ROWS]:
        share = share_text(use.flops / graph.flops.value) if use.flops and graph.flops.value else ""
        flops = "unknown" if use.flops is None else count_text(use.flops)
        name = use.name if use.domain in sentences.PLAIN_DOMAINS else f"{use.domain}.{use.name}"
        rows.append((code(name), whole_text(use.count), count_text(use.parameters), flops, share))
    yield from _section("Operators")
    yield from table(("operator", "nodes", "params", "FLOPs", "of FLOPs"), rows, right=(1, 2, 3, 4))
    yield from _rest(len(graph.operators) - MOST_ROWS, "operator")


def _dtypes(graph: GraphSummary) -> Lines:
    if not graph.weights_by_dtype:
        return
    rows = [(code(share.dtype), count_text(share.parameters), bytes_text(share.bytes)) for share in graph.weights_by_dtype]
    yield from _section("Weights")
    yield from table(("dtype", "params", "bytes"), rows, right=(1, 2))


def _largest_weights(graph: GraphSummary) -> Lines:
    if not graph.largest_weights:
        return
    rows = []
    for weight in graph.largest_weights[:MOST_ROWS]:
        share = weight.bytes / graph.weight_bytes if graph.weight_bytes else 0.0
        tensor = f"{weight.dtype}{shape_text(weight.shape)}"
        rows.append((code(weight.name), code(tensor), bytes_text(weight.bytes), share_text(share), code(weight.place)))
    yield ""
    yield from table(("largest weights", "tensor", "bytes", "of weights", "place"), rows, right=(2, 3))


def _repeats(graph: GraphSummary) -> Lines:
    if not graph.repeats:
        return
    rows = [
        (code(repeat.title), f"×{repeat.count:,}", whole_text(repeat.node_count), "; ".join(map(prose, repeat.exceptions)))
        for repeat in graph.repeats[:MOST_ROWS]
    ]
    yield from _section("Repeated blocks")
    yield from table(("block", "times", "nodes in all", "exceptions"), rows, right=(1, 2))
    yield from _rest(len(graph.repeats) - MOST_ROWS, "repeated block")


def _external_files(files: Sequence[ExternalFile]) -> Lines:
    if not files:
        return
    rows = [
        (
            code(file.location),
            bytes_text(file.size_bytes),
            prose(sentences.external_sentence(file)),
            code(file.sha256 or ""),
        )
        for file in files[:MOST_ROWS]
    ]
    yield from _section("External data")
    yield from table(("file", "bytes", "use", "sha256"), rows, right=(1,))
    yield from _rest(len(files) - MOST_ROWS, "file")


def _checks(review: Review) -> Lines:
    if not review.checks:
        return
    yield from _section("Checks")
    yield from table(("status", "rule", "observed"), [(c.status, code(c.rule), prose(c.observed)) for c in review.checks])
