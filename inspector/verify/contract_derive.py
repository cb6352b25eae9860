"""Derives the contract of an artifact: what it promises as it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from inspector.analysis.binding import binding_in
from inspector.records.artifact import Computation
from inspector.records.contract import Contract, Provenance, RuntimeRequirements, TensorPromise
from inspector.records.graph import Signature
from inspector.records.tensor import TensorSpec
from inspector.runtimes.onnx_runtime_support import oldest_release

ONNX_RUNTIME: Final = "onnxruntime"
TENSORFLOW: Final = "tensorflow"
LITERT: Final = "litert"
_STANDARD: Final = "ai.onnx"


def derive(
    computation: Computation, source_sha256: str = "", embedded: Contract | None = None, tools: Mapping[str, str] | None = None
) -> Contract:
    """Return what an artifact promises: its signature, operator sets, the runtime it takes, and where it comes from.

    embedded is the contract it carries: what a file cannot say (ranges, descriptions, preprocessing, conformance, limits,
    where it comes from) is taken over from it. tools is the version of everything that will have a hand in what is made of it.
    """
    base = embedded or Contract(name=_stem(computation.artifact.path))
    signature = computation.signatures[0] if computation.signatures else Signature("", (), ())
    return replace(
        base,
        inputs=_promises(map(_with_symbols, signature.inputs), base.inputs),
        outputs=_promises(signature.outputs, base.outputs),
        runtime=_runtime(computation, base.runtime),
        provenance=_provenance(computation, base.provenance, source_sha256, tools or {}),
    )


def used_opsets(computation: Computation) -> dict[str, int]:
    """Return the version of every operator set in use, by domain.

    Converters import domains that no node uses, and functions of the file itself ask nothing of a runtime; ai.onnx counts
    always, since runtimes refuse versions they do not know.
    """
    functions = {(function.domain, function.name) for function in computation.functions}
    used = {
        node.domain for graph in computation.graphs() for node in graph.nodes if (node.domain, node.operator) not in functions
    }
    found: dict[str, int] = {}
    for opsets in (computation.opsets, *(function.opsets for function in computation.functions)):
        for domain, version in opsets.items():
            if domain in used or domain == _STANDARD:
                found[domain] = max(version, found.get(domain, 0))
    return found


def runtime_of(computation: Computation) -> str:
    """Return the name of what runs artifacts of this format."""
    return {"onnx": ONNX_RUNTIME, "tflite": LITERT}.get(computation.artifact.format, TENSORFLOW)


def version_numbers(text: str) -> tuple[int, ...]:
    """Return the major and minor number of a version ("1.22.0"), none where it is none."""
    return tuple(int(part) for part in text.split(".") if part.isdecimal())[:2]


def _with_symbols(spec: TensorSpec) -> TensorSpec:
    """Name the lengths that an input leaves open: it takes any, and that is a promise."""
    if spec.shape is None or None not in spec.shape:
        return spec
    shape = tuple(f"{spec.name}_dim_{index}" if dim is None else dim for index, dim in enumerate(spec.shape))
    return replace(spec, shape=shape)


def _promises(specs: Iterable[TensorSpec], known: tuple[TensorPromise, ...]) -> tuple[TensorPromise, ...]:
    by_name = {promise.name: promise for promise in known}
    return tuple(_promise(spec, by_name.get(spec.name)) for spec in specs)


def _promise(spec: TensorSpec, known: TensorPromise | None) -> TensorPromise:
    promise = known or TensorPromise(spec.name, spec.dtype)
    return replace(promise, dtype=spec.dtype, shape=spec.shape)


def _runtime(computation: Computation, base: RuntimeRequirements) -> RuntimeRequirements:
    if computation.artifact.format != "onnx":
        name = runtime_of(computation)
        return replace(base, name=name, minimum_version="", opsets={}, ir_version=None, bound=None)
    opsets = used_opsets(computation)
    needed = oldest_release(opsets, computation.ir_version)
    bound = binding_in(computation.artifact.metadata)
    return replace(
        base, name=ONNX_RUNTIME, minimum_version=needed, opsets=opsets, ir_version=computation.ir_version, bound=bound
    )


def _provenance(computation: Computation, base: Provenance, sha256: str, tools: Mapping[str, str]) -> Provenance:
    version = str(computation.version) if computation.version else ""
    return replace(
        base,
        source=base.source or _name(computation.artifact.path),
        source_sha256=base.source_sha256 or sha256,
        producer=base.producer or _producer(computation),
        version=base.version or version,
        tools={**base.tools, **tools},
    )


def _producer(computation: Computation) -> str:
    facts = computation.saved_model
    version = facts.main.tensorflow_version if facts is not None else ""
    return computation.producer or (f"TensorFlow {version}" if version else "")


def _name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def _stem(path: str) -> str:
    return re.sub(r"\.(onnx|tflite)$", "", _name(path))
