"""Indexing a layer that lies uncompressed in a file: from header to header, past nearly all of what is between them."""

from __future__ import annotations

import os

from inspector.formats.clean_text import one_line
from inspector.formats.image.layer_answer import Allowance, RawLayer, Stretch
from inspector.formats.image.layer_collector import LayerCollector, Report
from inspector.formats.image.tar_sources import FileStretch


def walk_plain(descriptor: int, stretch: Stretch, allowance: Allowance, report: Report) -> RawLayer:
    """Index a plain layer of an open file; report is called now and then with the position in the layer.

    What report raises stops it, and a LayerProblem among that becomes the layer's problem, as whatever cannot be read does.
    """
    collector = LayerCollector(allowance)
    size = 0
    try:
        size = max(0, min(stretch.length, os.fstat(descriptor).st_size - stretch.offset))
        problem = collector.collect_file(FileStretch(descriptor, stretch.offset, stretch.length), report)
    except OSError as error:
        problem = one_line(error)
    if not problem and size < stretch.length:
        problem = f"cut short: the file ends {stretch.length - size:,} bytes too early"
    return collector.result(problem, size)
