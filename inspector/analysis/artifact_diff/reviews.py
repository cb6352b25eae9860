"""What tells two reviews apart, from nothing but what stands in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from inspector.analysis.artifact_diff import image_parts, promises
from inspector.analysis.artifact_diff.assembly import assembled
from inspector.analysis.artifact_diff.findings import findings
from inspector.analysis.artifact_diff.tally import Tally
from inspector.records.benchmark import Benchmark
from inspector.records.difference import ArtifactComparison
from inspector.records.image_review import ImageReview
from inspector.records.review import GraphSummary, Review

APART = "measured at different times, not interleaved"
"""What has to be said of every ratio of figures that were not measured side by side."""


def compare_reviews(before: Review, after: Review) -> ArtifactComparison:
    """Return what differs between two reviews: the second is the changed one."""
    return assembled("review", after.artifact, _areas(before, after), after.signatures)


def _areas(before: Review, after: Review) -> Iterator[Tally | None]:
    yield _artifact(before, after)
    yield promises.contract(before.contract, after.contract)
    if before.signatures or after.signatures:
        yield promises.signatures(before.signatures, after.signatures, single=False)
    if before.graph is not None and after.graph is not None:
        yield from _graphs(before.graph, after.graph)
    if before.image is not None and after.image is not None:
        yield from _images(before.image, after.image)
    yield findings(before.findings, after.findings)
    if before.changes or after.changes:
        yield _changes(before, after)
    if before.benchmarks and after.benchmarks:
        yield _measurements(before, after)
    if before.checks or after.checks:
        yield _checks(before, after)


def _artifact(before: Review, after: Review) -> Tally:
    tally = promises.metadata(before.artifact, after.artifact)
    tally.compare("size_bytes", f"{before.artifact.size_bytes:,}", f"{after.artifact.size_bytes:,}", weight=1)
    if before.artifact.sha256 and after.artifact.sha256:
        tally.compare("sha256", before.artifact.sha256, after.artifact.sha256)
    tally.compare("verdict", before.verdict, after.verdict, weight=2)
    return tally


def _graphs(before: GraphSummary, after: GraphSummary) -> Iterator[Tally]:
    yield promises.opsets(before.opsets, after.opsets)
    ours = {(use.domain, use.name): use.count for use in before.operators}
    yield promises.operators(ours, {(use.domain, use.name): use.count for use in after.operators})
    ours_figures, theirs_figures = _graph_figures(before), _graph_figures(after)
    none = {f"bytes of {share.dtype}": 0 for share in (*before.weights_by_dtype, *after.weights_by_dtype)}
    yield promises.cost({**none, **ours_figures}, {**none, **theirs_figures})


def _graph_figures(graph: GraphSummary) -> dict[str, int | None]:
    return {
        "nodes": graph.node_count,
        "nested nodes": graph.nested_node_count,
        "weights": graph.weight_count,
        "parameters": graph.parameter_count,
        "weight bytes": graph.weight_bytes,
        "FLOPs": graph.flops.value if graph.flops.covered else None,
        "peak activation bytes": graph.activation_peak_bytes,
        **{f"bytes of {share.dtype}": share.bytes for share in graph.weights_by_dtype},
    }


def _images(before: ImageReview, after: ImageReview) -> Iterator[Tally]:
    yield promises.cost(image_figures(before), image_figures(after))
    yield image_parts.layers(*(tuple(_layers(one)) for one in (before, after)))
    yield image_parts.packages(before.packages, after.packages)
    yield image_parts.configuration(before.config, after.config, lambda _, value: value)


def image_figures(image: ImageReview) -> dict[str, int | None]:
    """Return what an image comes to, by name."""
    return {
        "files": image.file_count,
        "shipped bytes": image.shipped_bytes,
        "final bytes": image.final_bytes,
        "reclaimable bytes": image.reclaimable_bytes,
        "leftover bytes": image.leftovers.union_bytes,
        "compressed bytes": image.compressed_bytes,
    }


def _layers(image: ImageReview) -> Iterator[image_parts.LayerFacts]:
    for layer in image.layers:
        yield image_parts.LayerFacts(layer.digest or layer.diff_id, layer.compressed_bytes, layer.created_by)


def _changes(before: Review, after: Review) -> Tally:
    tally = Tally("changes")
    tally.compare_maps(_change_texts(before), _change_texts(after))
    return tally


def _change_texts(review: Review) -> dict[str, str]:
    texts: dict[str, str] = {}
    for change in review.changes:
        size = f", {change.after.size_bytes:,} bytes" if change.after is not None else ""
        texts.setdefault(change.optimizer, f"{change.status}, {change.verdict}{size}")
    return texts


def _measurements(before: Review, after: Review) -> Tally:
    tally = Tally("measurements", note=APART)
    ours, theirs = _runs(before), _runs(after)
    for name in [*ours, *(name for name in theirs if name not in ours)]:
        left, right = ours.get(name), theirs.get(name)
        if left is None or right is None:
            tally.add("added" if left is None else "removed", name, _run_text(left), _run_text(right))
        elif left.median_ms == right.median_ms:
            tally.equal += 1
        else:
            tally.add("changed", name, _run_text(left), _run_text(right), _ratio(left, right), figures=_medians(left, right))
    return tally


def _runs(review: Review) -> Mapping[str, Benchmark]:
    runs: dict[str, Benchmark] = {}
    for run in review.benchmarks:
        if run.samples:
            state = run.conditions
            parts = [run.kind.replace("_", " "), run.subject, run.device, f"batch {state.batch}", f"{state.threads} threads"]
            parts += [state.cache or "", f"{state.cpus} cpus" if state.cpus else "", f"load {state.load}" if state.load else ""]
            runs.setdefault(", ".join(part for part in parts if part), run)
    return runs


def _run_text(run: Benchmark | None) -> str:
    return "" if run is None else f"{run.median_ms:.4g} ms"


def _ratio(before: Benchmark, after: Benchmark) -> str:
    ratio = f"{after.median_ms / before.median_ms:.3g}x, " if before.median_ms > 0 else ""
    return f"{ratio}{APART}"


def _medians(before: Benchmark, after: Benchmark) -> dict[str, float]:
    return {"median ms before": before.median_ms, "median ms after": after.median_ms}


def _checks(before: Review, after: Review) -> Tally:
    tally = Tally("checks")
    ours = {check.rule: check.status for check in before.checks}
    tally.compare_maps(ours, {check.rule: check.status for check in after.checks})
    return tally
