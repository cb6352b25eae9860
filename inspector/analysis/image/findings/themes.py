"""All themes of findings about images in one list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from inspector.analysis.image.findings.account import findings as of_account
from inspector.analysis.image.findings.architecture import findings as of_architecture
from inspector.analysis.image.findings.bytecode import findings as of_bytecode
from inspector.analysis.image.findings.evidence import ImageEvidence
from inspector.analysis.image.findings.rights import findings as of_rights
from inspector.analysis.image.findings.secrets import findings as of_secrets
from inspector.analysis.image.findings.shipping import findings as of_shipping
from inspector.analysis.image.findings.start import findings as of_start
from inspector.analysis.image.findings.weights import findings as of_weights
from inspector.records.file_system import FileSystem
from inspector.records.finding import SEVERITIES, Finding
from inspector.records.image import Image
from inspector.records.image_contents import InsideArtifact, Packages
from inspector.records.image_waste import Leftovers, Waste

Theme = Callable[[ImageEvidence], Iterator[Finding]]

_OF_CONTAINERS: Final[tuple[Theme, ...]] = (of_account, of_start)
_OF_FILES: Final[tuple[Theme, ...]] = (of_secrets, of_rights, of_architecture, of_bytecode, of_weights, of_shipping)


def find(
    image: Image,
    final: FileSystem,
    waste: Waste,
    leftovers: Leftovers,
    packages: Packages,
    models: Sequence[InsideArtifact],
) -> tuple[Finding, ...]:
    """Return all findings, the reader's included, most severe first, then by rule, then as they were found.

    One finding tells of all matches of one rule and cause. Of an artifact that is no image, and
    of an image for Windows, only files are looked at. Linear in entries of layers.
    """
    evidence = ImageEvidence(image, final, waste, leftovers, packages, tuple(models))
    runs_here = evidence.is_runnable and not evidence.is_windows
    themes = (*_OF_CONTAINERS, *_OF_FILES) if runs_here else _OF_FILES
    found = [*image.findings, *(finding for theme in themes for finding in theme(evidence))]
    rank = {severity: position for position, severity in enumerate(SEVERITIES)}
    return tuple(sorted(found, key=lambda finding: (rank[finding.severity], finding.rule)))
