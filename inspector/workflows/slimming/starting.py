"""Cold and warm starts of the original beside those of a slimmed image, as --bench measures them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from inspector.isolation.private_folder import PrivateFolder
from inspector.records.benchmark import BenchPlan, BenchResult, ImageStart
from inspector.records.event import Steps

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.measurement import Comparison
    from inspector.records.slimming import SlimRequest
    from inspector.records.written_image import WrittenImage
    from inspector.workflows.slimming.grounds import Grounds

SLIMMED: Final = "the slimmed image"
_SECONDS: Final = 600.0
"""How long one start may take at least, sending the image to the engine included."""


def compare_starts(
    grounds: Grounds, written: WrittenImage, request: SlimRequest, plan: BenchPlan | None, folder: Path, cancel: CancelToken
) -> Steps[BenchResult]:
    """Return the starts of the original and of the image that was written, side by side; plan None: in the request's time.

    Raises OperationFailed where nothing can be measured, ChildFailed when cancelled.
    """
    from inspector.formats.image.written import loadable_of
    from inspector.records.event import result_of
    from inspector.workflows.benchmark.images import Images
    from inspector.workflows.benchmark.run import measured

    assert grounds.loadable is not None, "there is an engine"
    own = PrivateFolder(folder)
    try:
        after = yield from loadable_of(written, SLIMMED, own.path, cancel)
        after = replace(after, engine=grounds.loadable.engine)
        names = (grounds.source.image.artifact.path, SLIMMED)
        wanted = plan_of(request, plan)
        images = Images((grounds.loadable, after), names, wanted, own)
        found: Any = yield from result_of(measured(images, wanted, "image", cancel))
        return found  # type: ignore[no-any-return]
    finally:
        own.close()


def plan_of(request: SlimRequest, plan: BenchPlan | None) -> BenchPlan:
    """Return what to measure: starts alone, until the image is ready as it is when it is exercised.

    Warm ones come first: they take little, and cold ones all that is left.
    """
    start = replace(request.start, ready=request.start.ready or first_answer(request))
    if plan is not None:
        caches = tuple(sorted(plan.caches, reverse=True))
        return replace(plan, kinds=("cold_start",), caches=caches, image=_ready_as(plan.image, start))
    return BenchPlan(
        ("cold_start",),
        caches=("warm", "cold"),
        budget_seconds=request.budget_seconds,
        sample_seconds=max(request.sample_seconds, _SECONDS),
        memory_bytes=request.memory_bytes,
        seed=request.seed,
        image=start,
    )


def _ready_as(image: ImageStart, start: ImageStart) -> ImageStart:
    return replace(image, ready=image.ready or start.ready, command=image.command or start.command)


def first_answer(request: SlimRequest) -> str:
    """Return the URL of the first request that gets something, as --ready takes it; empty where there is none."""
    from inspector.runtimes.container.exercises import requests_of

    files = (exercise for exercise in request.exercises if exercise.kind == "http")
    asked = (one for exercise in files for one in requests_of(exercise) if one.method == "GET")
    return next((f"http://localhost:{one.url.port}{one.url.target}" for one in asked), "")


def slower(comparisons: tuple[Comparison, ...]) -> Comparison | None:
    """Return the whole start that was shown to take longer, if one was."""
    return next((one for one in comparisons if not one.phase and one.verdict == "slower"), None)
