"""Findings about weights: how they are packed, and whether they are there more than once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from inspector.analysis.findings.wording import amount, size
from inspector.analysis.image.findings.evidence import ImageEvidence
from inspector.analysis.image.findings.wording import about, at_paths, in_layer
from inspector.analysis.image.weights_twice import is_weights
from inspector.records.finding import Finding
from inspector.records.image import Layer

_INCOMPRESSIBLE: Final = 0.9
_MOSTLY: Final = 0.5
_NOTABLE_BYTES: Final = 100_000_000
_LEAST_BYTES: Final = 10_000


def findings(evidence: ImageEvidence) -> Iterator[Finding]:
    """Yield gzip layers of weights, and weights that are there twice."""
    for layer in evidence.image.layers:
        yield from _packing(layer)
    yield from _twice(evidence)


def _packing(layer: Layer) -> Iterator[Finding]:
    if layer.compression != "gzip" or not layer.size_bytes or layer.compressed_bytes is None:
        return
    weights = sorted(
        ((entry.size, entry.path) for entry in layer.entries or () if entry.kind == "file" and is_weights(entry.path)),
        reverse=True,
    )
    held = sum(byte_count for byte_count, _ in weights)
    ratio = layer.compressed_bytes / layer.size_bytes
    if held < max(_LEAST_BYTES, _MOSTLY * layer.size_bytes) or ratio < _INCOMPRESSIBLE:
        return
    message = (
        f"{in_layer(layer.index)} holds {size(held)} of weights and keeps {ratio:.0%} of its size under gzip, "
        "which every pull unpacks byte by byte"
    )
    yield at_paths("gzip-on-weights", message, [path for _, path in weights], "medium" if held >= _NOTABLE_BYTES else "low")


def _twice(evidence: ImageEvidence) -> Iterator[Finding]:
    copies = evidence.leftover("same content twice")
    variants = evidence.leftover("weights twice")
    sizes = evidence.final.entries
    equal = [path for path in copies.paths if is_weights(path)] if copies else []
    if equal:
        held = sum(sizes[path].size for path in equal)
        message = f"{amount(len(equal), 'file')} of weights ({size(held)}) {'equals' if len(equal) == 1 else 'equal'} another"
        yield at_paths("duplicate-weights", message, equal, None if held >= _NOTABLE_BYTES else "low")
    if variants:
        message = f"{amount(variants.files, 'file')} of weights ({size(variants.bytes)}): {variants.note}"
        yield at_paths("duplicate-weights", message, variants.paths, None if variants.bytes >= _NOTABLE_BYTES else "low")
    cuda = evidence.leftover("CUDA without use")
    if cuda:
        message = f"{size(cuda.bytes)} of CUDA in {amount(cuda.files, 'file')}, although {cuda.note}"
        yield about("unused-cuda", message, place="", hint="")
