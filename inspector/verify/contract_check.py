"""Holds an artifact against a contract: one check a promise, and "unknown" for what a look at the file cannot tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from inspector.records.artifact import Computation
from inspector.records.contract import Contract, TensorPromise, Tolerances, ValueRange
from inspector.records.graph import Signature
from inspector.records.optimization import Change
from inspector.records.parity import ConformanceResult
from inspector.records.review import Check
from inspector.records.tensor import TensorSpec
from inspector.runtimes.onnx_runtime_support import OLDEST_MEASURED, oldest_release
from inspector.verify.contract_derive import ONNX_RUNTIME, runtime_of, used_opsets, version_numbers
from inspector.verify.contract_shapes import Side, fit, shape_words

_NOT_LABELLED: Final = "no changed artifact was compared on labelled data"
_NEEDS_BENCHMARK: Final = "not measured: it takes a benchmark"


def check_contract(
    contract: Contract, computation: Computation, total_bytes: int, change: Change | None = None
) -> tuple[Check, ...]:
    """Return a check for every promise of the contract; total_bytes is the artifact's size with its external data.

    change is the accepted change that made the artifact, which proves what a look at one file cannot.
    """
    signature = computation.signatures[0] if computation.signatures else Signature("", (), ())
    return (
        *_signature("input", contract.inputs, signature.inputs),
        *_signature("output", contract.outputs, signature.outputs),
        *_runtime(contract, computation),
        *_limits(contract, total_bytes),
        *_compared(contract, change),
    )


def _check(rule: str, holds: bool, observed: str) -> Check:
    return Check(rule, "passed" if holds else "failed", observed)


def _signature(side: Side, promises: tuple[TensorPromise, ...], specs: tuple[TensorSpec, ...]) -> Iterator[Check]:
    if not promises:
        return
    names, found = [promise.name for promise in promises], [spec.name for spec in specs]
    yield _check(f"{side}s, in order: {', '.join(names)}", names == found, ", ".join(found) or "none")
    actual = {spec.name: spec for spec in specs}
    for promise in promises:
        if promise.name in actual:
            yield from _tensor(side, promise, actual[promise.name])


def _tensor(side: Side, promise: TensorPromise, spec: TensorSpec) -> Iterator[Check]:
    place = f"{side} {promise.name}"
    yield _check(f"{place}: element type {promise.dtype}", promise.dtype == spec.dtype, spec.dtype)
    if promise.shape is not None:
        found = fit(promise.shape, spec.shape, side)
        rule, observed = f"{place}: shape {shape_words(promise.shape)}", shape_words(spec.shape)
        if found == "unknown":
            yield Check(rule, "unknown", f"{observed}: the file does not say more")
        else:
            yield _check(rule, found == "fits", observed)
    if promise.range is not None:
        yield Check(f"{place}: values {_range_words(promise.range)}", "unknown", "not observed: no value was looked at")


def _range_words(bounds: ValueRange) -> str:
    if bounds.low is not None and bounds.high is not None:
        return f"from {bounds.low:g} to {bounds.high:g}"
    if bounds.low is not None:
        return f"from {bounds.low:g}"
    return "without bounds" if bounds.high is None else f"up to {bounds.high:g}"


def _runtime(contract: Contract, computation: Computation) -> Iterator[Check]:
    promised = contract.runtime
    is_onnx = computation.artifact.format == "onnx"
    actual = runtime_of(computation)
    yield _check(f"runtime: {promised.name}", promised.name == actual, f"{actual} runs this format")
    if not is_onnx:
        return
    opsets = used_opsets(computation)
    yield from _opsets(contract, opsets)
    if promised.ir_version is not None:
        found = computation.ir_version
        rule = f"file format: IR version {promised.ir_version} at most"
        if found is None:
            yield Check(rule, "unknown", "the file does not say")
        else:
            yield _check(rule, found <= promised.ir_version, f"IR version {found}")
    if promised.minimum_version and promised.name == ONNX_RUNTIME:
        yield _release(promised.minimum_version, oldest_release(opsets, computation.ir_version))


def _opsets(contract: Contract, opsets: dict[str, int]) -> Iterator[Check]:
    promised = contract.runtime.opsets
    for domain, version in promised.items():
        found = opsets.get(domain)
        observed = "not used" if found is None else f"{domain} {found}"
        yield _check(f"operator set {domain} {version} at most", found is None or found <= version, observed)
    others = [f"{domain} {version}" for domain, version in opsets.items() if domain not in promised]
    if promised:
        yield _check("no other operator set", not others, ", ".join(others) or "none")


def _release(promised: str, needed: str) -> Check:
    rule = f"loads in ONNX Runtime {promised} and later"
    if not needed:
        return Check(rule, "unknown", "no release that was measured loads these operator sets and this IR version")
    if version_numbers(needed) <= version_numbers(promised):
        return Check(rule, "passed", f"{needed} loads them")
    if needed == OLDEST_MEASURED:
        return Check(rule, "unknown", f"{needed} loads them; releases before it were not measured")
    return Check(rule, "failed", f"the oldest release that loads them is {needed}")


def _limits(contract: Contract, total_bytes: int) -> Iterator[Check]:
    limits = contract.limits
    if limits.size_bytes is not None:
        rule = f"size: {limits.size_bytes:,} bytes at most"
        yield _check(rule, total_bytes <= limits.size_bytes, f"{total_bytes:,} bytes")
    if limits.latency_ms is not None:
        yield Check(f"latency: {limits.latency_ms:g} ms at most", "unknown", _NEEDS_BENCHMARK)
    if limits.cold_start_ms is not None:
        yield Check(f"cold start: {limits.cold_start_ms:g} ms at most", "unknown", _NEEDS_BENCHMARK)


def _compared(contract: Contract, change: Change | None) -> Iterator[Check]:
    """Yield what only a change of the artifact, and data, can show."""
    terms = contract.conformance
    if terms is not None:
        rule = f"conformance: {terms.metric} loses less than {terms.margin:.3g} at {terms.confidence * 100:g} % confidence"
        result = change.conformance if change is not None else None
        yield Check(rule, "unknown", _NOT_LABELLED) if result is None else _conformance(rule, result)
    if contract.tolerances != Tolerances():
        rule = "tolerances: outputs as close to the original's as promised"
        if change is None or change.parity is None:
            yield Check(rule, "unknown", "no changed artifact was compared")
        else:
            yield _check(rule, all(one.passed for one in change.gates), f"compared on {change.parity.inputs} inputs")


def _conformance(rule: str, result: ConformanceResult) -> Check:
    figures = (
        f"{result.before:.4g} became {result.after:.4g} on {result.samples:,} samples, a loss of at most {result.loss_high:.3g}"
    )
    if result.status == "underpowered":
        needed = f": about {result.samples_needed:,} are needed" if result.samples_needed else ""
        return Check(rule, "unknown", f"{figures}; too few samples{needed}")
    return _check(rule, result.status == "passed", figures)
