"""Make a model ready for quantization: nodes named, opset raised where needed, constants folded, shapes inferred."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from inspector.errors import InspectorError
from inspector.isolation.limits import CancelToken
from inspector.optimize.attempts import reason_of
from inspector.optimize.quantization.children import run_in_child
from inspector.optimize.quantization.opset import NEEDED_OPSET, raise_opset
from inspector.optimize.quantization.prepared import FinishRequest, FoldRequest, Named, NameRequest, Prepared
from inspector.records.event import Steps
from inspector.records.optimization import Attempt, OptimizeSettings, Subject
from inspector.runtimes.installed import installed_version

_GROWTH: Final = 1.1
_SLACK_BYTES: Final = 64 << 10


@dataclass(frozen=True, slots=True)
class Preparation:
    """A prepared model, and what failed on the way to it."""

    prepared: Prepared
    attempts: tuple[Attempt, ...] = ()


def prepare(subject: Subject, folder: str, settings: OptimizeSettings, cancel: CancelToken) -> Steps[Preparation]:
    """Write a prepared copy of the subject into folder. Raises InspectorError where even the plainest way fails."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    request = NameRequest(os.fsencode(subject.path), folder, settings.keep_fp32)
    finished = yield from run_in_child("prepare_child:name_nodes", request, Named, settings, cancel, "naming its nodes")
    named = finished.result
    steps = [f"the bodies of {named.inlined} functions were put where they are called"] if named.inlined else []
    raised = yield from raise_opset(named, folder, settings, cancel)
    attempts = list(raised.attempts)
    if raised.path != named.path:
        steps.append(f"opset {named.opset} → {NEEDED_OPSET} (onnx {installed_version('onnx')} version converter)")
    ways = ("folded", "plain") if not named.external else ("plain",)
    prepared, failed = yield from _first_that_works(ways, raised.path, named, folder, settings, cancel)
    attempts += failed
    if named.modernized:
        steps.append("file format raised to 4, in which weights are no inputs")
    was_raised = raised.path != named.path or named.modernized
    prepared = replace(
        prepared,
        raised=was_raised,
        steps=(*steps, *prepared.steps),
        kept=named.kept,
        unknown=named.unknown,
        described=named.described,
    )
    return Preparation(prepared, tuple(attempts))


def _first_that_works(
    ways: Sequence[str], path: str, named: Named, folder: str, settings: OptimizeSettings, cancel: CancelToken
) -> Steps[tuple[Prepared, list[Attempt]]]:
    """Return the first way that gives a prepared model, and what became of those before; raises what the last one does."""
    failed: list[Attempt] = []
    for way in ways[:-1]:
        try:
            return (yield from _one_way(way, path, named, folder, settings, cancel)), failed
        except InspectorError as error:
            name = "constants folded by onnxruntime, before quantization"
            failed.append(Attempt(name, "failed", reason_of(error)))
    return (yield from _one_way(ways[-1], path, named, folder, settings, cancel)), failed


def _one_way(
    way: str, path: str, named: Named, folder: str, settings: OptimizeSettings, cancel: CancelToken
) -> Steps[Prepared]:
    """Prepare the model with or without the runtime's folding."""
    source = path
    steps: tuple[str, ...] = ()
    if way == "folded":
        source = str(Path(folder, "folded.onnx"))
        request = FoldRequest(path, source)
        yield from run_in_child("prepare_child:fold", request, int, settings, cancel, "folding constants")
        version = installed_version("onnxruntime")
        steps = (f"constants and normalizations folded (onnxruntime {version}, basic optimizations)",)
        if Path(source).stat().st_size > _GROWTH * Path(path).stat().st_size + _SLACK_BYTES:
            source, steps = path, ()
    target = str(Path(folder, "prepared.onnx"))
    finish = FinishRequest(source, target, named)
    finished = yield from run_in_child("prepare_child:finish", finish, Prepared, settings, cancel, "preparing it")
    return replace(finished.result, steps=(*steps, *finished.result.steps))
