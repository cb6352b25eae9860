"""The facts of a SavedModel as short phrases, shared by screens and reports so that all say the same."""

from __future__ import annotations

from collections.abc import Iterable

from inspector.records.saved_model import (
    AssetFacts,
    CheckpointFacts,
    KerasLayer,
    ServedVersion,
    SignatureFacts,
    SignatureTensor,
    TableFacts,
    VariableRole,
    WarmUp,
)
from inspector.records.saved_model_review import LoadStep, SavedModelReview, TagSetReview, TrainingBaggage, VariableShare
from inspector.report.figures import bytes_text, count_text, plural, shape_text, share_text

MOST_OPERATORS = 8
MOST_DIFFERENCES = 6

_USES = {
    "load": "run at load",
    "signature": "run for a request",
    "saver": "save and restore",
    "object": "only Python can call",
    "nothing": "nothing reaches",
}

ROLE_NAMES: dict[VariableRole, str] = {
    "parameter": "parameters",
    "state": "state",
    "optimizer": "optimizer",
    "training": "other training",
}


def version_fact(tensorflow_version: str) -> str:
    """Return the version of TensorFlow that saved it, "TF 2.21.0"; empty if that is not recorded."""
    return f"TF {tensorflow_version}" if tensorflow_version else ""


def tags_text(tags: Iterable[str]) -> str:
    """Return the tags of a tag set: "serve, gpu"."""
    return ", ".join(tags) or "(no tags)"


def tag_set_sentence(one: TagSetReview) -> str:
    """Return what a tag set is: whether it is shown, style, version, nodes, functions."""
    attributes = "default attributes stripped" if one.stripped_default_attrs else "default attributes kept"
    parts = [
        "shown" if one.is_main else "",
        version_fact(one.tensorflow_version),
        "TF1-style graph" if one.style == "tf1" else "",
        plural(one.node_count, "node"),
        plural(one.function_count, "function") if one.function_count else "",
        plural(one.object_count, "object") if one.object_count else "",
        attributes,
        f"readers from GraphDef version {one.min_consumer} on" if one.min_consumer else "",
    ]
    return " · ".join(part for part in parts if part)


def functions_sentence(one: TagSetReview) -> str:
    """Return how many functions there are for each thing that reaches them: "2 for a request, 98 for Python only"."""
    return ", ".join(f"{count:,} {_USES.get(use, use)}" for use, count in one.function_uses.items())


def signature_sentence(signature: SignatureFacts) -> str:
    """Return the method of a signature and the function it runs."""
    runs = f"runs {signature.function}" if signature.function else ""
    return " · ".join(part for part in (signature.method, runs) if part)


def tensor_fact(tensor: SignatureTensor) -> str:
    """Return element type and shape, and how it is encoded where it is not dense: "float32[?,10]"."""
    encoding = "" if tensor.encoding == "dense" else f" {tensor.encoding.replace('_', ' ')}"
    return f"{tensor.dtype}{shape_text(tensor.shape)}{encoding}"


def argument_fact(tensor: SignatureTensor) -> str:
    """Return where a value sits in the Python call, and what it is if the request leaves it out."""
    default = "" if tensor.default is None else f"default {tensor.default}"
    return "  ".join(part for part in (tensor.structured, default) if part)


def load_sentence(step: LoadStep) -> str:
    """Return what a step at load runs: "12 nodes: VarHandleOp ×4, HashTableV2, …"."""
    names = [name if count == 1 else f"{name} ×{count:,}" for name, count in list(step.operators.items())[:MOST_OPERATORS]]
    more = [f"{plural(len(step.operators) - MOST_OPERATORS, 'more operator')}"] if len(step.operators) > MOST_OPERATORS else []
    return f"{plural(step.node_count, 'node')}: {', '.join([*names, *more])}"


def share_sentence(share: VariableShare) -> str:
    """Return how many variables a role has and their bytes."""
    return f"{plural(share.count, 'variable')}, {bytes_text(share.bytes)}"


def checkpoint_sentence(checkpoint: CheckpointFacts | None, variable_count: int) -> str:
    """Return how many variables there are and in how many files their values lie."""
    if checkpoint is None:
        return plural(variable_count, "variable") + (" · no checkpoint" if variable_count else "")
    order = "" if checkpoint.is_little_endian else "big-endian"
    parts = [
        plural(variable_count, "variable"),
        f"{plural(checkpoint.entry_count, 'entry', 'entries')} of {bytes_text(checkpoint.byte_count)}",
        f"in {plural(checkpoint.shard_count, 'shard')}",
        order,
    ]
    return " · ".join(part for part in parts if part)


def training_sentence(training: TrainingBaggage, held: int) -> str:
    """Return what only training uses, empty where there is nothing; held: bytes of the whole checkpoint."""
    parts = []
    if training.variable_count:
        share = f", {share_text(training.bytes / held)} of the checkpoint" if held else ""
        slots = f", {training.optimizer_count:,} of an optimizer" if training.optimizer_count else ""
        parts.append(f"{plural(training.variable_count, 'variable')}{slots}: {bytes_text(training.bytes)}{share}")
    if training.function_count:
        parts.append(f"{plural(training.function_count, 'function')} with {plural(training.node_count, 'node')}")
    return " · ".join(parts)


def asset_sentence(asset: AssetFacts) -> str:
    """Return what is wrong with an asset, or the tensor that names it."""
    if asset.problem or not asset.contained:
        return asset.problem or "outside the folder"
    if not asset.declared:
        return "no tag set names it"
    return f"as {asset.tensor}" if asset.tensor else ""


def table_sentence(table: TableFacts) -> str:
    """Return what a table maps and what fills it."""
    entries = plural(table.entries, "entry", "entries") if table.entries is not None else ""
    filled = f"filled from {table.source}" if table.source else table.initializer_operator
    return " · ".join(part for part in (f"{table.key_dtype} → {table.value_dtype}", filled, entries) if part)


def warm_up_sentence(warm_up: WarmUp | None) -> str:
    """Return how many requests a server can replay before it takes traffic, or that there are none."""
    if warm_up is None:
        return "no requests for a server to replay"
    if warm_up.problem:
        return f"{warm_up.path} is not well formed: {warm_up.problem}"
    kinds = ", ".join(f"{kind} ×{count:,}" for kind, count in warm_up.kinds.items())
    return f"{plural(warm_up.request_count, 'request')}{f' ({kinds})' if kinds else ''}, {bytes_text(warm_up.size_bytes)}"


def layer_fact(layer: KerasLayer) -> str:
    """Return kind and parameters of what Keras recorded."""
    frozen = "frozen" if layer.trainable is False and layer.parameters else ""
    parameters = f"{count_text(layer.parameters)} params" if layer.parameters else ""
    return " · ".join(part for part in (parameters, frozen) if part)


def version_sentence(version: ServedVersion) -> str:
    """Return whether a server picks a version, its size, and how many signatures it has."""
    if version.problem:
        return version.problem
    parts = [
        "a server picks this one" if version.is_served else "",
        version_fact(version.tensorflow_version),
        bytes_text(version.size_bytes),
        plural(len(version.signatures), "signature"),
    ]
    return " · ".join(part for part in parts if part)


def difference_lines(version: ServedVersion) -> list[str]:
    """Return how the signatures of a version differ from those of the served one."""
    if version.is_served or version.problem:
        return []
    shown = list(version.differences[:MOST_DIFFERENCES])
    more = len(version.differences) - len(shown)
    if not shown:
        return ["the same signatures as the served version"]
    return [*shown, *([f"and {plural(more, 'more difference')}"] if more > 0 else [])]


def definition_sentence(review: SavedModelReview) -> str:
    """Return the definition file, its fingerprint's UUID and what Keras wrote it."""
    uuid = review.fingerprint.get("uuid", "")
    keras = f"Keras {review.keras_version}" if review.keras_version else ""
    parts = [review.definition, keras, f"fingerprint {uuid}" if uuid else ""]
    return " · ".join(part for part in parts if part)
