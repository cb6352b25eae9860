"""Findings about operator domains, operator-set versions and the file-format version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from inspector.analysis.binding import LAYOUT_DOMAINS
from inspector.analysis.findings.evidence import STANDARD_DOMAIN, Evidence
from inspector.analysis.findings.wording import Place, agreeing, amount, at_nodes, listed, overall, short
from inspector.records.finding import Finding

STANDARD_DOMAINS: Final = frozenset(
    ("ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview", "ai.onnx.preview.training")
)
"""Domains that ONNX itself defines (onnx/defs/schema.h, DomainToVersionRange)."""

RUNTIME_DOMAINS: Final[Mapping[str, str]] = {
    "com.microsoft": "ONNX Runtime",
    "com.microsoft.experimental": "ONNX Runtime",
    "com.microsoft.dml": "ONNX Runtime with DirectML",
    "org.pytorch.aten": "ONNX Runtime built for training",
}
"""Domains that a runtime registers by itself (onnxruntime/core/graph/constants.h), and which; those of a processor's
layout are found in bound.py."""

EXTENSION_DOMAINS: Final[Mapping[str, str]] = {
    "ai.onnx.contrib": "the onnxruntime-extensions package",
    "com.microsoft.extensions": "the onnxruntime-extensions package",
    "trt.plugins": "TensorRT plugins",
}
"""Domains that a well-known add-on registers, and which."""

OLDEST_PROMISED_OPSET: Final = 7
"""The oldest ai.onnx operator set that every ONNX Runtime release promises to load (its compatibility page)."""


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Yield unknown, undeclared and runtime-specific domains, and versions the runtime does not load."""
    by_domain = _undefined_uses(evidence)
    for domain, uses in sorted(by_domain.items()):
        yield from _domain(domain, uses)
    yield from _undeclared(evidence, by_domain)
    yield from _versions(evidence)


def _undefined_uses(evidence: Evidence) -> dict[str, dict[str, Sequence[Place]]]:
    """Return uses by domain and operator, without operators that functions in the file define."""
    defined = {(function.domain or STANDARD_DOMAIN, function.name) for function in evidence.computation.functions}
    uses: dict[str, dict[str, Sequence[Place]]] = {}
    for (domain, name), places in evidence.uses.items():
        if (domain, name) not in defined:
            uses.setdefault(domain, {})[name] = places
    return uses


def _domain(domain: str, uses: Mapping[str, Sequence[Place]]) -> Iterator[Finding]:
    if domain in STANDARD_DOMAINS or domain in LAYOUT_DOMAINS:
        return
    places = [place for found in uses.values() for place in found]
    who = f"{amount(len(places), 'node')} {agreeing(len(places), 'uses', 'use')} {listed(uses, len(uses))} of {short(domain)}"
    if domain in RUNTIME_DOMAINS:
        yield at_nodes("runtime-specific-domain", f"{who}, which only {RUNTIME_DOMAINS[domain]} implements", places)
    elif domain in EXTENSION_DOMAINS:
        message = f"{who}, which needs {EXTENSION_DOMAINS[domain]} beside the runtime"
        yield at_nodes("unknown-domain", message, places, "medium", f"ship {EXTENSION_DOMAINS[domain]} with the model")
    else:
        message = f"{who}, a domain that no runtime registers by itself and no function in the file defines"
        yield at_nodes("unknown-domain", message, places)


def _undeclared(evidence: Evidence, by_domain: Mapping[str, Mapping[str, Sequence[Place]]]) -> Iterator[Finding]:
    computation = evidence.computation
    declared = {domain or STANDARD_DOMAIN for domain in computation.opsets}
    local = {f.body.path: {domain or STANDARD_DOMAIN for domain in f.opsets} for f in computation.functions}
    for domain, uses in sorted(by_domain.items()):
        if domain in declared.intersection(*local.values()):
            continue
        places = [
            place
            for found in uses.values()
            for place in found
            if domain not in local.get(place[0].path.partition("/")[0], declared)
        ]
        if places and not all(place[0].path.startswith("function:") for place in places):
            who = f"{amount(len(places), 'node')} {agreeing(len(places), 'uses', 'use')} {short(domain)}"
            message = f"{who}, which the file imports no operator set for"
            yield at_nodes("undeclared-domain", message, places)


def _versions(evidence: Evidence) -> Iterator[Finding]:
    computation, runtime = evidence.computation, evidence.runtime
    opsets = {domain or STANDARD_DOMAIN: version for domain, version in computation.opsets.items()}
    for domain, newest in sorted(runtime.opsets.items()):
        if opsets.get(domain, 0) > newest:
            message = f"the model needs {domain} opset {opsets[domain]}; {runtime.name} {runtime.version} loads up to {newest}"
            yield overall("opset-newer-than-runtime", message, place=f"opset {domain}")
    ir_version = computation.ir_version
    if ir_version is not None and runtime.ir_version is not None and ir_version > runtime.ir_version:
        message = f"the file has IR version {ir_version}; {runtime.name} {runtime.version} loads up to {runtime.ir_version}"
        yield overall("ir-newer-than-runtime", message, place="IR version")
    standard = opsets.get(STANDARD_DOMAIN, OLDEST_PROMISED_OPSET)
    if standard < OLDEST_PROMISED_OPSET and any(domain == STANDARD_DOMAIN for domain, _ in evidence.uses):
        message = f"the model uses ai.onnx opset {standard}; runtimes promise to load {OLDEST_PROMISED_OPSET} and newer"
        yield overall("old-opset", message, place=f"opset {STANDARD_DOMAIN}")
