"""A contract in short phrases, shared by the text and the Markdown report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Final

from inspector.records.contract import ConformanceTerms, Contract, PreprocessingStep, TensorPromise, ValueRange
from inspector.report.figures import bytes_text, shape_text, share_text

MOST_LINES: Final = 24
"""Entries of one kind that are shown."""

_TOLERANCES: Final = {
    "max_absolute": "largest error at most",
    "min_cosine": "cosine at least",
    "min_sqnr_db": "SQNR in dB at least",
    "min_top1_agreement": "share of same winners at least",
}


def contract_entries(contract: Contract) -> list[tuple[str, str]]:
    """Return label and value of everything a contract says, one line an entry; a label that repeats names the same kind."""
    provenance, runtime = contract.provenance, contract.runtime
    entries = [
        ("name", contract.name),
        *(("input", promise_text(promise)) for promise in contract.inputs[:MOST_LINES]),
        *(("output", promise_text(promise)) for promise in contract.outputs[:MOST_LINES]),
        *(("preprocessing", " ".join(part for part in _step(step) if part)) for step in contract.preprocessing[:MOST_LINES]),
        ("runtime", f"{runtime.name} {runtime.minimum_version}".strip() + f" on {', '.join(runtime.devices)}"),
        ("opsets", ", ".join(f"{domain} {version}" for domain, version in runtime.opsets.items())),
        ("file format", f"IR version {runtime.ir_version}" if runtime.ir_version is not None else ""),
        ("conformance", _conformance(contract.conformance)),
        ("tolerances", _tolerances(contract)),
        ("limits", ", ".join(_limits(contract))),
        ("source", " ".join(part for part in (provenance.source, provenance.source_sha256) if part)),
        ("made by", " ".join(part for part in (provenance.producer, provenance.version) if part)),
        *(("recipe", line) for line in provenance.recipe[:MOST_LINES]),
        ("tools", _versions(provenance.tools)),
    ]
    return [(label, value) for label, value in entries if value]


def promise_text(promise: TensorPromise) -> str:
    """Return a tensor as it is promised: "image float32[batch,3,224,224] from 0 to 1, RGB"."""
    values = _range(promise.range)
    described = f", {promise.description}" if promise.description else ""
    described += f"; {promise.original_name} in the original" if promise.original_name else ""
    return f"{promise.name} {promise.dtype}{shape_text(promise.shape)}{values}{described}"


def _range(bounds: ValueRange | None) -> str:
    if bounds is None or (bounds.low is None and bounds.high is None):
        return ""
    low = f" from {bounds.low:g}" if bounds.low is not None else ""
    return low + (f" to {bounds.high:g}" if bounds.high is not None else "")


def _step(step: PreprocessingStep) -> Iterator[str]:
    yield step.operation
    yield f"of {step.input}" if step.input else ""
    yield ", ".join(f"{key}={value}" for key, value in step.parameters.items())
    yield f"({step.description})" if step.description else ""


def _conformance(terms: ConformanceTerms | None) -> str:
    if terms is None:
        return ""
    metric = f"top-{terms.k} accuracy" if terms.metric == "top_k" else terms.metric
    output = f" of {terms.output}" if terms.output else ""
    least = f", {terms.minimum_samples:,} samples at least" if terms.minimum_samples else ""
    return f"{metric}{output} loses less than {terms.margin:g} at {share_text(terms.confidence)} confidence{least}"


def _tolerances(contract: Contract) -> str:
    known = [(field.name, getattr(contract.tolerances, field.name)) for field in fields(contract.tolerances)]
    return ", ".join(f"{_TOLERANCES[name]} {value:g}" for name, value in known if value is not None)


def _limits(contract: Contract) -> Iterator[str]:
    limits = contract.limits
    if limits.size_bytes is not None:
        yield f"{bytes_text(limits.size_bytes)} at most"
    if limits.latency_ms is not None:
        yield f"latency of {limits.latency_ms:g} ms at most"
    if limits.cold_start_ms is not None:
        yield f"cold start of {limits.cold_start_ms:g} ms at most"


def _versions(tools: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in tools.items())
