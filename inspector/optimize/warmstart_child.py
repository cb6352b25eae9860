"""Saving a model one way as a child process does it: the runtime optimizes it, its face is put back, and it is laid out."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import onnxruntime

from inspector.analysis.binding import LAYOUT_DOMAINS, PRIVATE_DOMAINS, to_text
from inspector.formats.onnx.read import read
from inspector.formats.onnx.save_child import LARGEST_FILE, SaveRequest, save_in_child
from inspector.optimize.simplification.finish_child import finish
from inspector.optimize.simplification.requests import Finished, FinishRequest
from inspector.optimize.warmstart_requests import SavedWay, SaveWayRequest
from inspector.records.artifact import Computation
from inspector.records.contract import BOUND_KEY, Binding
from inspector.runtimes.onnx_runtime.write_optimized import write_optimized

Report = Callable[[int, int, str], None]


def make(request: SaveWayRequest, report: Report) -> SavedWay:
    """Save the model one way and return what that gave. Raises OperationFailed."""
    source, folder = Path(request.source), Path(request.folder)
    finished = _optimized(request, folder, report)
    optimized = Path(finished.path) if finished else source
    domains = tuple(sorted(_domains(read(optimized)) - _domains(read(source)))) if finished else ()
    bound_to = _bound_to(request, domains)
    digest = hashlib.sha256(optimized.read_bytes()).hexdigest() if finished else ""
    target = folder / "model.onnx"
    largest = 0 if request.way.external else LARGEST_FILE
    properties = {BOUND_KEY: bound_to} if bound_to else {}
    save_in_child(SaveRequest(os.fsencode(optimized), os.fsencode(target), properties, largest_file=largest), report)
    if finished:
        _remove(optimized)
    made = read(target)
    return SavedWay(
        str(target),
        made.total_bytes,
        sum(len(graph.nodes) for graph in made.graphs()),
        digest,
        made.total_bytes - made.artifact.size_bytes,
        domains,
        bound_to,
        finished.repairs if finished else (),
        finished.lost_inputs if finished else (),
    )


def _optimized(request: SaveWayRequest, folder: Path, report: Report) -> Finished | None:
    """Return the model as the runtime rewrites it, with the signature and the metadata of the source; None: not wanted."""
    if request.way.level is None:
        return None
    raw = folder / "raw" / "model.onnx"
    raw.parent.mkdir()
    name = "raw.data" if request.way.external else ""
    write_optimized(request.source, str(raw), external_name=name, level=request.way.level)
    return finish(FinishRequest(request.source, str(raw), str(raw.with_name("whole.onnx"))), report)


def _domains(computation: Computation) -> set[str]:
    """Return the domains of operators that the file itself does not define."""
    defined = {(function.domain, function.name) for function in computation.functions}
    nodes = (node for graph in computation.graphs() for node in graph.nodes)
    return {node.domain or "ai.onnx" for node in nodes if (node.domain, node.operator) not in defined}


def _bound_to(request: SaveWayRequest, domains: tuple[str, ...]) -> str:
    """Return what a result is bound to. Whatever level "all" gives may have been chosen for this processor."""
    private = PRIVATE_DOMAINS.intersection(domains)
    laid_out = request.way.level == "all" or bool(private.intersection(LAYOUT_DOMAINS))
    if not private and request.way.level != "all":
        return ""
    return to_text(Binding(f"onnxruntime {onnxruntime.__version__}", request.processor if laid_out else ()))


def _remove(model: Path) -> None:
    """Remove the intermediate files, which are as large as the model."""
    for path in model.parent.iterdir():
        path.unlink()
    model.parent.rmdir()
