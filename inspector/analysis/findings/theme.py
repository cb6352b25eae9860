"""A theme: rules about one matter, which share what they look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from inspector.analysis.findings.evidence import Evidence
from inspector.records.finding import Finding

Theme = Callable[[Evidence], Iterator[Finding]]
