"""Findings about weights: how they are packed, and whether they are there more than once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from inspector.analysis.findings.wording import agreeing, amount, size
from inspector.analysis.image.findings.evidence import ImageEvidence
from inspector.analysis.image.findings.wording import about, at_paths, in_layers
from inspector.analysis.image.weights_twice import is_weights
from inspector.records.finding import Finding
from inspector.records.image import Layer

_INCOMPRESSIBLE: Final = 0.9
_MOSTLY: Final = 0.5
_NOTABLE_BYTES: Final = 100_000_000
_LEAST_BYTES: Final = 10_000


def findings(evidence: ImageEvidence) -> Iterator[Finding]:
    """Yield gzip layers of weights, and weights that are there twice."""
    yield from _packing(evidence.image.layers)
    yield from _twice(evidence)


def _packing(layers: Sequence[Layer]) -> Iterator[Finding]:
    packed = {layer.index: weights for layer in layers if (weights := _packed_weights(layer))}
    if not packed:
        return
    held = sum(byte_count for weights in packed.values() for byte_count, _ in weights)
    unpacked = sum(layer.size_bytes or 0 for layer in layers if layer.index in packed)
    stored = sum(layer.compressed_bytes or 0 for layer in layers if layer.index in packed)
    message = (
        f"{in_layers(packed)} {agreeing(len(packed), 'holds', 'hold')} {size(held)} of weights and "
        f"{agreeing(len(packed), 'keeps', 'keep')} {100 * stored / unpacked:.0f} % of {agreeing(len(packed), 'its', 'their')} "
        "size under gzip, which every pull unpacks"
    )
    paths = [path for _, path in sorted((one for weights in packed.values() for one in weights), reverse=True)]
    yield at_paths("gzip-on-weights", message, list(dict.fromkeys(paths)), "medium" if held >= _NOTABLE_BYTES else "low")


def _packed_weights(layer: Layer) -> list[tuple[int, str]]:
    """Return bytes and paths of the weights in a gzip layer that is mostly weights and hardly shrinks; otherwise nothing."""
    if layer.compression != "gzip" or not layer.size_bytes or layer.compressed_bytes is None:
        return []
    if layer.compressed_bytes < _INCOMPRESSIBLE * layer.size_bytes:
        return []
    files = [entry for entry in layer.entries or () if entry.kind == "file" and entry.size and not entry.whiteout]
    weights = [(entry.size, entry.path) for entry in files if is_weights(entry.path)]
    held = sum(byte_count for byte_count, _ in weights)
    return weights if held >= max(_LEAST_BYTES, _MOSTLY * layer.size_bytes) else []


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
