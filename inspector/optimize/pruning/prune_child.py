"""Pruning a SavedModel as a child process does it: loaded, what serves written anew, files beside it copied."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from inspector.errors import OperationFailed
from inspector.formats.saved_model.slot_variables import write_without_slots
from inspector.optimize.pruning.extracted_graph_child import write_extracted
from inspector.optimize.pruning.graph_saver_child import unrestored
from inspector.optimize.pruning.kept_objects_child import write_objects
from inspector.optimize.pruning.refusals_child import refusing
from inspector.optimize.pruning.requests import Pruned, PruneRequest
from inspector.optimize.pruning.signature_repair_child import repair_signatures
from inspector.optimize.pruning.taken_nodes_child import served_nodes
from inspector.runtimes.tensorflow.loading_child import import_tensorflow

_EXTRA: str = "assets.extra"


def prune(request: PruneRequest, report: Callable[[int, int, str], None]) -> Pruned:
    """Write the pruned SavedModel. Raises OperationFailed with one line that says what was refused, MemoryError."""
    tf = import_tensorflow()
    cleared = 0
    report(0, 2, "reading it")
    original = meta_graph_of(request.source, request.tags)
    if request.way == "objects":
        source = request.source
        if request.clear_slots:
            cleared = write_without_slots(Path(source), Path(request.scratch))
            source = request.scratch
        report(1, 2, "keeping what the signatures capture")
        write_objects(tf, source, request)
        repair_signatures(request, original)
    else:
        report(1, 2, "cutting out the nodes that the signatures take")
        write_extracted(tf, request, original)
    served = {node.name for node in served_nodes(original, request.signatures)}
    target = Path(request.target)
    extra = Path(request.source) / _EXTRA
    if extra.is_dir():
        shutil.copytree(extra, target / _EXTRA)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    return Pruned(size, _entry_count(tf, target), str(tf.__version__), cleared, len(unrestored(original, served)))


def meta_graph_of(folder: str, tags: tuple[str, ...]) -> Any:
    """Return the MetaGraphDef with exactly those tags. Raises OperationFailed."""
    from tensorflow.python.saved_model.loader_impl import parse_saved_model

    with refusing("TensorFlow cannot read it"):
        for meta in parse_saved_model(folder).meta_graphs:
            if sorted(meta.meta_info_def.tags) == sorted(tags):
                return meta
    raise OperationFailed(f"it has no MetaGraph with the tags {', '.join(tags)}")


def _entry_count(tf: Any, folder: Path) -> int:
    """Return how many tensors the checkpoint holds, 0 where there is none."""
    prefix = folder / "variables" / "variables"
    return len(tf.train.list_variables(str(prefix))) if prefix.with_suffix(".index").exists() else 0
