"""Digest the artifact and its external files, which reads every byte: only on request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from inspector.records.event import Event, Finished, Started
from inspector.records.inspection import Inspection


def digest(inspection: Inspection) -> Iterator[Event[Inspection]]:
    """Return the inspection with the sha256 of the artifact and of every external file that may be opened."""
    from inspector.formats.onnx.digests import with_digests

    yield Started("computing digests")
    yield Finished(replace(inspection, computation=with_digests(inspection.computation)))
