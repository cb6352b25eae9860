"""Findings about external weight files that the reader has not told of already."""

from __future__ import annotations

from collections.abc import Iterator

from inspector.analysis.findings.evidence import Evidence
from inspector.analysis.findings.wording import overall, short, size
from inspector.records.artifact import ExternalFile
from inspector.records.finding import Finding


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Yield external files that are missing, too short, outside the folder, or partly unused."""
    told = " ".join(finding.place + " " + finding.message for finding in evidence.computation.findings)
    for file in evidence.computation.external_files:
        trouble = _trouble(file)
        if trouble and file.location not in told:
            yield overall(
                "external-data", f"external file {short(file.location)} {trouble}", place=f"file {short(file.location)}"
            )


def _trouble(file: ExternalFile) -> str:
    if not file.contained:
        return "lies outside the artifact's folder and was not opened"
    if file.size_bytes is None:
        return file.problem or "cannot be opened"
    if file.missing_bytes:
        return f"ends {size(file.missing_bytes)} before the weights in it do"
    return file.problem
