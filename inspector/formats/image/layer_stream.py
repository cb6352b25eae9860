"""Indexing a layer that comes as a stream of bytes: from a decompressor, or from an engine."""

from __future__ import annotations

from typing import Protocol

from inspector.formats.clean_text import TextCleaner
from inspector.formats.image.layer_answer import Allowance, RawLayer
from inspector.formats.image.layer_collector import LayerCollector, Report
from inspector.formats.image.layer_records import IndexedLayer, to_records
from inspector.formats.image.tar_header import LayerProblem
from inspector.formats.image.tar_sources import StreamSource


class ByteSource(Protocol):
    """Bytes that come once: read(n) gives at most n of them, none only at the end; raises LayerProblem where they break off."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes."""


class LayerIndexer:
    """Reads one uncompressed layer from a source to its end, holding none of it but what is wanted."""

    def __init__(self, source: ByteSource, allowance: Allowance | None = None) -> None:
        self._source = StreamSource(source.read)
        self._allowance = allowance or Allowance()

    def index(self, cleaner: TextCleaner, place: str, report: Report | None = None) -> IndexedLayer:
        """Return entries (the sha256 of every content in them), contents, heads, bytes and sha256 of the whole stream.

        place names the layer in findings; report is called with the bytes read and may raise to stop. A layer that breaks
        off keeps what was read and has a problem.
        """
        return to_records(index_raw(self._source, self._allowance, report or _ignore), cleaner, place)


def index_raw(source: StreamSource, allowance: Allowance, report: Report) -> RawLayer:
    """Return what LayerIndexer gives before its text is cleaned."""
    collector = LayerCollector(allowance)
    problem = collector.collect_stream(source, report)
    if not problem:
        try:
            source.drain(report)
        except LayerProblem as stopped:
            problem = str(stopped)
    report(source.position)
    return collector.result(problem, source.position, "" if problem else source.sha256())


def _ignore(_: int) -> None:
    return
