"""Whether a contract makes sense: what it says must not contradict itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from typing import Final

from inspector.records.contract import (
    ArtifactLimits,
    ConformanceTerms,
    Contract,
    PreprocessingStep,
    RuntimeRequirements,
    TensorPromise,
    Tolerances,
)
from inspector.records.dtype import BITS

_LONGEST_DIMENSION: Final = 2**63 - 1
_OTHER_DTYPES: Final = re.compile(
    r"undefined|string|resource|variant|q?u?int(8|16|32)|float8e4m3b11fnuz|dtype \d+"
    r"|(sparse_tensor|sequence|optional|map|opaque)\(.*\)"
)
"""Element types of no fixed width, or of other kinds, as the readers of each format name them."""
_SHA256_LENGTH: Final = 64


def contradictions(contract: Contract) -> Iterator[tuple[str, str]]:
    """Yield what makes no sense, with the path of the value first ("conformance.margin: 2 is not ..."), and a hint."""
    yield from _tensors("inputs", contract.inputs)
    yield from _tensors("outputs", contract.outputs)
    yield from _preprocessing(contract.preprocessing, {promise.name for promise in contract.inputs})
    yield from _provenance(contract.provenance.source_sha256)
    yield from _runtime(contract.runtime)
    if contract.conformance:
        yield from _conformance(contract.conformance, [promise.name for promise in contract.outputs])
    yield from _tolerances(contract.tolerances)
    yield from _limits(contract.limits)


def _tensors(kind: str, promises: tuple[TensorPromise, ...]) -> Iterator[tuple[str, str]]:
    for name, count in Counter(promise.name for promise in promises).items():
        if count > 1:
            yield f"{kind}: {name or 'a tensor without a name'} is promised {count} times", "each name stands once"
    for index, promise in enumerate(promises):
        yield from _tensor(f"{kind}[{index}]", promise)


def _tensor(path: str, promise: TensorPromise) -> Iterator[tuple[str, str]]:
    if not _is_dtype(promise.dtype):
        yield f"{path}.dtype: there is no element type {promise.dtype or '(empty)'}", "such as float32, int64 or string"
    for index, dim in enumerate(promise.shape or ()):
        if isinstance(dim, int) and not 0 <= dim <= _LONGEST_DIMENSION:
            yield f"{path}.shape[{index}]: {dim} is no length", "a number from 0, a name, or null"
        if dim == "":
            yield f"{path}.shape[{index}]: a symbol needs a name", "a number from 0, a name, or null"
    bounds = promise.range
    if bounds and bounds.low is not None and bounds.high is not None and bounds.low > bounds.high:
        yield f"{path}.range: low {bounds.low:g} is above high {bounds.high:g}", "swap them"


def _is_dtype(dtype: str) -> bool:
    return dtype in BITS or _OTHER_DTYPES.fullmatch(dtype) is not None


def _preprocessing(steps: tuple[PreprocessingStep, ...], inputs: set[str]) -> Iterator[tuple[str, str]]:
    for index, step in enumerate(steps):
        if not step.operation:
            yield f"preprocessing[{index}].operation: is empty", "such as resize, normalize or tokenize"
        if step.input and step.input not in inputs:
            yield f"preprocessing[{index}].input: no input {step.input} is promised", "leave it empty for all inputs"


def _provenance(digest: str) -> Iterator[tuple[str, str]]:
    if digest and (len(digest) != _SHA256_LENGTH or not set(digest) <= set("0123456789abcdefABCDEF")):
        yield "provenance.source_sha256: is no sha256", "64 hexadecimal digits, as sha256sum prints them"


def _runtime(runtime: RuntimeRequirements) -> Iterator[tuple[str, str]]:
    for domain, version in runtime.opsets.items():
        if version < 1:
            yield f"runtime.opsets.{domain}: {version} is no version of an operator set", "versions begin at 1"
    if runtime.ir_version is not None and runtime.ir_version < 1:
        yield f"runtime.ir_version: {runtime.ir_version} is no version", "versions begin at 1"
    parts = runtime.minimum_version.split(".")
    if runtime.minimum_version and not parts[0].isdecimal():
        yield f"runtime.minimum_version: {runtime.minimum_version} is no version", "such as 1.22"


def _conformance(terms: ConformanceTerms, outputs: list[str]) -> Iterator[tuple[str, str]]:
    if not terms.labels:
        yield f"conformance.labels: {terms.metric} needs labels", "name the array that holds them"
    if not 0 < terms.margin < 1:
        yield f"conformance.margin: {terms.margin:g} is not between 0 and 1", "0.005 is half a percent"
    if not 0.5 < terms.confidence < 1:
        yield f"conformance.confidence: {terms.confidence:g} is not between 0.5 and 1", "such as 0.95"
    if terms.k < 1:
        yield f"conformance.k: {terms.k} is below 1", "such as 5"
    if terms.minimum_samples < 0:
        yield f"conformance.minimum_samples: {terms.minimum_samples} is below 0", "0 sets no minimum"
    if terms.output and outputs and terms.output not in outputs:
        yield f"conformance.output: no output {terms.output} is promised", "leave it empty for the first one"


def _tolerances(tolerances: Tolerances) -> Iterator[tuple[str, str]]:
    ranges = {"max_absolute": (0.0, None), "min_cosine": (-1.0, 1.0), "min_top1_agreement": (0.0, 1.0)}
    for name, (low, high) in ranges.items():
        value = getattr(tolerances, name)
        if value is not None and (value < low or (high is not None and value > high)):
            bounds = f"not between {low:g} and {high:g}" if high is not None else f"below {low:g}"
            yield f"tolerances.{name}: {value:g} is {bounds}", "leave it out for each optimizer's own default"


def _limits(limits: ArtifactLimits) -> Iterator[tuple[str, str]]:
    for field in fields(limits):
        value = getattr(limits, field.name)
        if value is not None and value <= 0:
            yield f"limits.{field.name}: {value:g} is not above 0", "leave it out where there is no bound"
