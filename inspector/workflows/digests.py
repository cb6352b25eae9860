"""Digest the artifact and its external files, which reads every byte: only on request."""

from __future__ import annotations

from collections.abc import Iterator

from inspector.records.artifact import Computation
from inspector.records.event import Event, Started


def digest(computation: Computation) -> Iterator[Event[Computation]]:
    """Return the computation with the sha256 of the artifact and of every external file that may be opened.

    Raises OperationFailed if the artifact cannot be read any more.
    """
    from inspector.formats.onnx.digests import digest as digest_files

    yield Started("computing digests")
    yield from digest_files(computation)
