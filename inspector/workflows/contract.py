"""What an artifact promises, whether it keeps a contract, and what the contract of a changed one is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector import __version__
from inspector.errors import InspectorError, OperationFailed
from inspector.records.artifact import Computation
from inspector.records.contract import CONTRACT_KEY, Contract
from inspector.records.event import Event, Finished, Steps, Warned, result_of
from inspector.runtimes.installed import installed_version
from inspector.runtimes.tensorflow.availability import DISTRIBUTIONS

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.inspection import Inspection
    from inspector.records.optimization import Change
    from inspector.records.review import Check, Review

_ONNX_TOOLS: Final = ("onnx", "onnxruntime", "onnxruntime-gpu")
_RUNNING: Final = {"onnx": _ONNX_TOOLS, "tflite": ("ai-edge-litert",)}
"""What reads and runs a format; TensorFlow whatever is not here."""
_CONVERTERS: Final = ("onnxsim", "onnxconverter-common", "onnxslim", "tf2onnx")
_MOST_FILES: Final = 8
"""External files of the source whose digests a recipe names."""


def derive_contract(inspection: Inspection) -> Iterator[Event[Contract]]:
    """Read every byte for its digest and return what the artifact promises.

    A contract that it carries is taken over; one that is broken is warned of. Raises OperationFailed if the artifact cannot
    be read any more.
    """
    embedded = yield from _embedded_or_warning(inspection.computation)
    digested = yield from _digested(inspection.computation)
    yield Finished(_derived(digested, digested.artifact.sha256 or "", embedded))


def derive_from(computation: Computation, carried: bool = True) -> Contract:
    """Return what an artifact promises, without its digest; a contract it carries that is broken counts for none.

    carried: whether to take over what the contract it carries says, which of a candidate is said of the one it was made of.
    """
    try:
        embedded = _embedded(computation) if carried else None
    except InspectorError:
        embedded = None
    return _derived(computation, "", embedded)


def check(contract: Contract, computation: Computation, change: Change | None = None) -> tuple[Check, ...]:
    """Return one check for every promise of the contract, held against the artifact, which change made if one did."""
    from inspector.verify.contract_check import check_contract
    from inspector.workflows.optimization.facts import artifact_bytes

    return check_contract(contract, computation, artifact_bytes(computation), change)


def held_to(review: Review, contract: Contract, computation: Computation, change: Change | None = None) -> Review:
    """Return the review with the contract, its checks, and the verdict: "fail" where one of them failed."""
    return judged(replace(review, contract=contract, checks=(*review.checks, *check(contract, computation, change))))


def judged(review: Review) -> Review:
    """Return the review with the verdict that its checks give."""
    failed = any(one.status == "failed" for one in review.checks)
    return replace(review, verdict="fail" if failed else "pass")


def contract_after(
    original: Inspection, current: Inspection, contract: Contract | None, recipe: Sequence[str], cancel: CancelToken
) -> Steps[Contract]:
    """Return the contract of a changed artifact: the user's (None: the original's), its signature and needs as they are now.

    Its provenance names the original with its digest, what was done to it, and the tools that did.
    """
    computation = original.computation
    base = contract
    if base is None:
        base = yield from _embedded_or_warning(computation)
    digested = yield from _digested(computation, cancel)
    base = base or Contract(name=Path(computation.artifact.path).stem)
    source = replace(
        base.provenance,
        source=Path(computation.artifact.path).name,
        source_sha256=digested.artifact.sha256 or "",
        producer=base.provenance.producer or computation.producer,
        recipe=(*base.provenance.recipe, *_external_digests(digested), *recipe),
    )
    tools = dict(_tools(recipe, computation.artifact.format, current.computation.artifact.format))
    return _derived(current.computation, "", replace(base, provenance=source), tools)


def _derived(computation: Computation, sha256: str, embedded: Contract | None, tools: dict[str, str] | None = None) -> Contract:
    from inspector.verify.contract_derive import derive

    return derive(computation, sha256, embedded, tools)


def _embedded(computation: Computation) -> Contract | None:
    artifact = computation.artifact
    if artifact.format not in ("onnx", "tflite") or CONTRACT_KEY not in artifact.metadata:
        return None
    from inspector.formats.contract_file.embedding import embedded_contract, from_json

    if artifact.format == "tflite":
        return from_json(artifact.metadata[CONTRACT_KEY], f"{artifact.path}: embedded contract")
    return embedded_contract(Path(artifact.path))


def _embedded_or_warning(computation: Computation) -> Steps[Contract | None]:
    try:
        return _embedded(computation)
    except InspectorError as error:
        yield Warned(f"the contract that the artifact carries is left aside: {error.message}", error.hint)
        return None


def _digested(computation: Computation, cancel: CancelToken | None = None) -> Steps[Computation]:
    if computation.artifact.sha256:
        return computation
    from inspector.workflows.digests import digest

    return (yield from result_of(_until_cancelled(digest(computation), cancel)))


def _until_cancelled(events: Iterator[Event[Computation]], cancel: CancelToken | None) -> Iterator[Event[Computation]]:
    for event in events:
        if cancel is not None and cancel.cancelled:
            raise OperationFailed("cancelled")
        yield event


def _external_digests(computation: Computation) -> Iterator[str]:
    known = [file for file in computation.external_files if file.sha256]
    for file in known[:_MOST_FILES]:
        yield f"source data {file.location}: sha256 {file.sha256}"
    if len(known) > _MOST_FILES:
        yield f"source data: {len(known) - _MOST_FILES} more files"


def _tools(recipe: Sequence[str], *formats: str) -> Iterator[tuple[str, str]]:
    """Yield name and version of this program, of what reads and runs such models, and of every tool that the recipe names."""
    done = " ".join(recipe).lower().replace("_", "-")
    yield "modelpack-tui", __version__
    for name in dict.fromkeys(tool for kind in formats for tool in _RUNNING.get(kind, DISTRIBUTIONS)):
        if version := installed_version(name):
            yield name, version
    for name in _CONVERTERS:
        if name in done and (version := installed_version(name)):
            yield name, version
