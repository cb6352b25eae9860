"""Findings about bytes that are shipped for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from inspector.analysis.findings.wording import size
from inspector.analysis.image.findings.evidence import ImageEvidence
from inspector.analysis.image.findings.wording import about, in_layers
from inspector.records.finding import Finding

_NOTABLE_SHARE: Final = 0.05
_LEAST_SHARE: Final = 0.01
_CAUSES: Final = {"overwritten": "overwritten", "deleted": "deleted later", "copied_up": "copied to change owner, mode or time"}


def findings(evidence: ImageEvidence) -> Iterator[Finding]:
    """Yield one finding where at least a hundredth of what is shipped is not in the final file system."""
    waste = evidence.waste
    if not waste.shipped_bytes or waste.reclaimable_bytes < _LEAST_SHARE * waste.shipped_bytes:
        return
    causes = sorted(waste.by_cause, key=lambda cause: -cause.bytes)
    split = ", ".join(f"{size(cause.bytes)} {_CAUSES[cause.cause]}" for cause in causes if cause.bytes)
    share = waste.reclaimable_bytes / waste.shipped_bytes
    message = (
        f"{size(waste.reclaimable_bytes)} of {size(waste.shipped_bytes)} shipped are not in the final file system: {split}"
    )
    worst = max(waste.by_layer, key=lambda layer: layer.caused_bytes, default=None)
    place = f"{in_layers([worst.layer])}, which causes {size(worst.caused_bytes)}" if worst is not None else ""
    yield about("reclaimable-bytes", message, None if share >= _NOTABLE_SHARE else "low", place)
