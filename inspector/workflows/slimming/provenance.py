"""What a slimmed image says of itself: where it comes from, what made it, and what it promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspector.records.slimming import SLIM_LABELS

if TYPE_CHECKING:
    from inspector.formats.image.writing import ConfigChanges
    from inspector.records.contract import Contract
    from inspector.records.image_inspection import ImageInspection
    from inspector.records.slimming import SlimLevel


def changes_of(source: ImageInspection, level: SlimLevel, contract: Contract | None) -> ConfigChanges:
    """Return the labels that are added to the image's own."""
    from inspector import __version__
    from inspector.formats.contract_file.embedding import to_json
    from inspector.formats.image.writing import ConfigChanges

    labels = {
        SLIM_LABELS["level"]: level,
        SLIM_LABELS["source"]: source.image.config.digest,
        SLIM_LABELS["tool"]: __version__,
    }
    if contract is not None:
        labels[SLIM_LABELS["contract"]] = to_json(contract)
    return ConfigChanges(labels, f"modelpack-tui {__version__}")
