"""Whole reviews that between them have every section of the HTML page."""

from __future__ import annotations

from dataclasses import replace

from inspector.records.artifact import Artifact
from inspector.records.difference import ArtifactComparison, ComparedArea, Difference
from inspector.records.finding import Finding
from inspector.records.graph_outline import GraphOutline, OutlineRow
from inspector.records.publishing import PublishedVersion
from inspector.records.review import Check, IgnoredFinding, Review
from tests.golden.bench_reviews import hostile_measured_review, measured_image_review, measured_review
from tests.golden.converted_reviews import converted_review
from tests.golden.image_reviews import artifact_review, engine_review, hostile_image_review, image_review
from tests.golden.optimization_reviews import hostile_optimization_review, optimized_review
from tests.golden.reviews import HOSTILE, hostile_review, ordinary_review
from tests.golden.saved_model_reviews import hostile_saved_model_review, served_review
from tests.golden.slim_reviews import hostile_slim_review, slimmed_review, unproven_review

CHECKS = (
    Check("size_bytes > 300MB", "passed", "25.9 MB", "modelpack.toml", "the budget of the fleet"),
    Check("latency.p99 > 1.05x", "unknown", "", "--fail-if", "needs 662 samples, has 80"),
    Check("findings.high > 0", "failed", "3 of severity high", "modelpack.toml"),
)

OUTLINE = GraphOutline(
    (
        OutlineRow("input", "data", shape="float32[batch,3,224,224]"),
        OutlineRow("node", "Conv", "stem/conv", "float32[batch,64,112,112]", 1, 1, 9_472, 37_888, 236_027_904, 99, 0.5, (0,)),
        OutlineRow("repeat", "layer1.1 … layer1.2", "", "", 20, 2, 140_000, 560_000, 900_000_000, 1, 1.25, (1,)),
        OutlineRow("node", "Gemm", "fc", "float32[batch,1000]", 1, 1, 2_049_000, 8_196_000, 4_096_000, 4_000, 0.25, (2,)),
        OutlineRow("output", "logits", sources=(3,)),
    ),
    left_out=7,
)  # fmt: skip

COMPARISON = ArtifactComparison(
    "onnx",
    Artifact("models/resnet50-old.onnx", "onnx", 412_000),
    False,
    (
        ComparedArea("signatures", True, equal=4),
        ComparedArea("structure", False, 118, added=3, changed=1),
        ComparedArea("weights", True, unknown="a file of weights is missing"),
    ),
    (Difference("structure", "changed", "node /conv1", "strides 1,1", "strides 2,2", "attribute strides", "main graph"),),
    summary="1 node changed, 3 nodes added; signatures are the same",
)


def full_review() -> Review:
    """Return a model with everything a model can have: changes, measurements, checks, a comparison, a graph, warnings."""
    measured, optimized = measured_review(), optimized_review()
    ignored = IgnoredFinding(
        Finding("old-opset", "medium", "opset 9 is old", "model"), "the server is pinned", "modelpack.toml"
    )
    return replace(
        measured,
        changes=optimized.changes,
        contract=optimized.contract,
        checks=CHECKS,
        verdict="fail",
        ignored=(ignored,),
        outline=OUTLINE,
        comparison=COMPARISON,
        baseline="reviews/last.json",
        published=PublishedVersion("/srv/models/resnet", 4, 7, 502_000, 8, 3, ("input x became y",), ("no space is left",)),
    )


REVIEWS = {
    "full": full_review,
    "ordinary": ordinary_review,
    "measured": measured_review,
    "optimized": optimized_review,
    "converted": converted_review,
    "served": served_review,
    "image": image_review,
    "measured image": measured_image_review,
    "engine": engine_review,
    "OCI artifact": artifact_review,
    "slimmed": slimmed_review,
    "unproven": unproven_review,
}


def hostile_full_review() -> Review:
    """Return a review whose every added text tries to become markup."""
    text = " ".join(HOSTILE)
    difference = Difference("files", "changed", text, text, text, text, text)
    area = ComparedArea("files", False, changed=2**70, unknown=text, note=text)
    comparison = ArtifactComparison("image", Artifact(text, "image", 1), False, (area,), (difference,), summary=text)
    rows = tuple(OutlineRow("node", one, one, one, flops=2**70, sources=(0,) if at else ()) for at, one in enumerate(HOSTILE))
    return replace(
        hostile_review(),
        outline=GraphOutline(rows, 2**70, 2**70, 2**70),
        comparison=comparison,
        baseline=text,
        published=PublishedVersion(text, 1, 1, 1, differences=HOSTILE, notes=HOSTILE),
        ignored=tuple(IgnoredFinding(Finding(one, "low", one, one, one), one, one) for one in HOSTILE),
        checks=tuple(Check(one, "unknown", one, one, one) for one in HOSTILE),
    )


HOSTILE_REVIEWS = {
    "full": hostile_full_review,
    "model": hostile_review,
    "measured": hostile_measured_review,
    "optimization": hostile_optimization_review,
    "SavedModel": hostile_saved_model_review,
    "image": hostile_image_review,
    "slimming": hostile_slim_review,
}
