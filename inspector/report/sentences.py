"""The facts of a review as short phrases, shared by the text and the Markdown report so that both say the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from inspector.records.artifact import Artifact, ExternalFile, Format
from inspector.records.contract import CONTRACT_KEY
from inspector.records.finding import SEVERITIES
from inspector.records.review import Flops, GraphSummary, Review
from inspector.records.saved_model import TENSORFLOW
from inspector.records.tflite import TFLITE
from inspector.report.figures import bindings_text, bytes_text, count_text, flops_text, plural, share_text
from inspector.report.image_sentences import image_facts
from inspector.report.saved_model_sentences import version_fact

FORMAT_NAMES: dict[Format, str] = {
    "onnx": "ONNX",
    "saved_model": "SavedModel",
    "tflite": "TFLite",
    "image": "container image",
}

PLAIN_DOMAINS: Final = ("", "ai.onnx", TENSORFLOW, TFLITE)
"""Domains of operators that are not said: each is what its format usually has."""

LINK_NAMES = {
    "symlink": "a symbolic link",
    "hard_link": "one of several hard links",
    "hub_cache": "a link into a Hugging Face cache",
}

MOST_UNCOVERED = 8
MOST_ASSUMED = 8


def file_name(path: str) -> str:
    """Return the last component of a path as the user gave it."""
    return path.rstrip("/").rpartition("/")[2] or path


def artifact_name(artifact: Artifact) -> str:
    """Return what the artifact is called: the last component of its path, or of a model in an image both names."""
    return artifact.inside or file_name(artifact.path)


def metadata_items(artifact: Artifact) -> list[tuple[str, str]]:
    """Return what the artifact carries by key; of a contract, which is long, only that it is there."""
    return [
        (key, "embedded; --write-contract shows it" if key == CONTRACT_KEY else value)
        for key, value in artifact.metadata.items()
    ]


def format_facts(review: Review) -> list[str]:
    """Return what the artifact is in a few words each: format, opset, size, nodes, parameters; of an image its own facts."""
    if review.image:
        return image_facts(review.image)
    facts = [FORMAT_NAMES[review.artifact.format]]
    graph = review.graph
    if graph and "ai.onnx" in graph.opsets:
        facts.append(f"opset {graph.opsets['ai.onnx']}")
    if review.saved_model and review.saved_model.tensorflow_version:
        facts.append(version_fact(review.saved_model.tensorflow_version))
    facts.append(total_size_text(review))
    if graph:
        facts += [plural(graph.node_count, "node"), f"{count_text(graph.parameter_count)} params"]
    return facts


def total_size_text(review: Review) -> str:
    """Return bytes on disk, external data named apart: "1.2 MB + 3.0 GB external"."""
    size = bytes_text(review.artifact.size_bytes)
    known = [file.size_bytes for file in review.external_files if file.size_bytes is not None]
    return f"{size} + {bytes_text(sum(known))} external" if review.external_files else size


def origin_sentence(graph: GraphSummary) -> str:
    """Return producer and IR version, empty where the artifact says neither."""
    version = f"IR version {graph.ir_version}" if graph.ir_version is not None else ""
    return " · ".join(part for part in (graph.producer, version) if part)


def opsets_sentence(graph: GraphSummary) -> str:
    """Return every opset import: "ai.onnx 17, com.microsoft 1"."""
    return ", ".join(f"{domain} {version}" for domain, version in graph.opsets.items())


def nodes_sentence(graph: GraphSummary) -> str:
    """Return node counts of the main graph and of what is nested in it, functions, operators and lanes."""
    parts = [plural(graph.node_count, "node")]
    if graph.nested_node_count:
        parts.append(f"{graph.nested_node_count:,} more in subgraphs, functions or training graphs")
    parts.append(plural(len(graph.operators), "operator"))
    if graph.function_count:
        parts.append(plural(graph.function_count, "local function"))
    if graph.lanes:
        parts.append(plural(graph.lanes, "lane"))
    return " · ".join(parts)


def weights_sentence(graph: GraphSummary) -> str:
    """Return parameters, number and bytes of the weights that inference uses."""
    if not graph.weight_count:
        return "none"
    weights = plural(graph.weight_count, "weight")
    return f"{count_text(graph.parameter_count)} parameters in {weights}, {bytes_text(graph.weight_bytes)}"


def flops_sentence(flops: Flops) -> str:
    """Return FLOPs, where they were evaluated, and the share of nodes they cover."""
    at = f" at {bindings_text(flops.at)}" if flops.at else ""
    counted = f"{flops_text(flops.multiply_accumulates)} multiply-accumulates counted as two"
    two = counted if flops.multiply_accumulates else "a multiply-accumulate is two"
    return f"{flops_text(flops.value)}{at} ({two}), covers {share_text(flops.covered)} of computing nodes"


def assumption_sentences(flops: Flops) -> list[str]:
    """Return what the FLOPs take for granted: lengths nobody gave, and what the analysis noted."""
    named = ", ".join(flops.assumed[:MOST_ASSUMED])
    rest = f" and {len(flops.assumed) - MOST_ASSUMED} more" if len(flops.assumed) > MOST_ASSUMED else ""
    lengths = [f"length unknown and taken as 1: {named}{rest} (give it with --dim NAME=N)"] if flops.assumed else []
    return [*lengths, *flops.notes]


def uncovered_sentence(flops: Flops) -> str:
    """Return the operators whose FLOPs are unknown, most frequent first; empty where there are none."""
    if not flops.uncovered:
        return ""
    ranked = sorted(flops.uncovered.items(), key=lambda item: -item[1])
    named = ", ".join(f"{operator} ×{count:,}" for operator, count in ranked[:MOST_UNCOVERED])
    rest = f" and {plural(len(ranked) - MOST_UNCOVERED, 'more operator')}" if len(ranked) > MOST_UNCOVERED else ""
    return f"{named}{rest}"


def activation_sentence(graph: GraphSummary) -> str:
    """Return the activation peak and where it is."""
    if graph.activation_peak_bytes is None:
        return "peak unknown: too few shapes are known"
    place = f", at {graph.activation_peak_place}" if graph.activation_peak_place else ""
    known = graph.activation_covered
    covered = f", covers {share_text(known)} of activations" if known is not None and known < 1 else ""
    return f"peak {bytes_text(graph.activation_peak_bytes)}{place}{covered}"


def external_sentence(file: ExternalFile) -> str:
    """Return how an external file is used and what is wrong with it, in one line."""
    return " · ".join([external_use(file), *external_troubles(file)])


def external_use(file: ExternalFile) -> str:
    """Return what an external file is used for: "161 tensors in 102.2 MB"."""
    return f"{plural(file.tensor_count, 'tensor')} in {bytes_text(file.used_bytes)}"


def external_troubles(file: ExternalFile) -> list[str]:
    """Return what is wrong or unusual with an external file, the worst first."""
    overlap, gap = (sum(stretch.length for stretch in stretches) for stretches in (file.overlaps, file.gaps))
    troubles = [
        file.problem,
        "" if file.contained or file.problem else "outside the folder",
        f"{bytes_text(file.missing_bytes)} missing" if file.missing_bytes else "",
        LINK_NAMES[file.link] if file.link != "none" else "",
        f"{plural(len(file.overlaps), 'overlap')} of {bytes_text(overlap)}" if file.overlaps else "",
        f"{plural(len(file.gaps), 'gap')} of {bytes_text(gap)}" if file.gaps else "",
    ]
    return [trouble for trouble in troubles if trouble]


def severity_counts(review: Review) -> str:
    """Return how many findings there are of each severity: "1 high, 2 low"; empty where there are none."""
    counts = {severity: sum(finding.severity == severity for finding in review.findings) for severity in SEVERITIES}
    return ", ".join(f"{count:,} {severity}" for severity, count in counts.items() if count)


def environment_sentence(review: Review) -> str:
    """Return tool and machine in one line."""
    environment = review.environment
    machine = [environment.cpu, plural(environment.cores, "core"), f"{bytes_text(environment.memory_bytes)} memory"]
    parts = [
        f"{review.tool.name} {review.tool.version}",
        ", ".join(machine),
        environment.platform,
        _versions(environment.versions),
    ]
    return " · ".join(part for part in parts if part)


def _versions(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())
