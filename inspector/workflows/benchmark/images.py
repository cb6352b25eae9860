"""Images laid out to be measured: started again and again on the engine that DOCKER_HOST names; without one, modelled alone."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from inspector.errors import UnreadableArtifact
from inspector.records.benchmark import Benchmark, BenchPart
from inspector.records.event import Started, Steps
from inspector.records.image_inspection import ImageInspection
from inspector.workflows.benchmark.model_pair import SUBJECTS, folder_for_inputs

if TYPE_CHECKING:
    from inspector.bench.cold_start import Starter
    from inspector.isolation.limits import CancelToken
    from inspector.isolation.private_folder import PrivateFolder
    from inspector.records.benchmark import BenchPlan, StartupCandidate
    from inspector.records.loadable_image import LoadableImage
    from inspector.records.opened import Opened
    from inspector.workflows.benchmark.measurable import Pace
    from inspector.workflows.benchmark.schedule import Turn

DEVICE: Final = "engine"


def lay_out_images(before: Opened, after: Opened | None, plan: BenchPlan, cancel: CancelToken) -> Steps[Images]:
    """Return one image or two as an engine can be given them. Raises OperationFailed for one that none could start."""
    from inspector.formats.image.loadable import make_loadable

    images = [one for one in (before, after) if isinstance(one, ImageInspection)]
    loadable = []
    with folder_for_inputs() as folder:
        for place, one in enumerate(images):
            yield Started(f"laying out {one.image.artifact.path}")
            own = folder.path / f"{place}"
            own.mkdir(mode=0o700)
            loadable.append((yield from make_loadable(one.image, own, cancel)))
    return Images(tuple(loadable), tuple(one.image.artifact.path for one in images), plan, folder)


@dataclass(slots=True)
class Images:
    """One image or two, ready to be started."""

    images: tuple[LoadableImage, ...]
    artifacts: tuple[str, ...]
    plan: BenchPlan
    folder: PrivateFolder
    accelerators: tuple[str, ...] = ()
    _held: ExitStack = field(default_factory=ExitStack)
    _starters: tuple[Starter, ...] = ()

    @property
    def device(self) -> str:
        """Where it runs."""
        return DEVICE

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed."""
        rate = self.plan.image.bytes_per_second * 8 / 1e6
        packed = (note for image in self.images for note in image.notes)
        return (
            f"a pull is modelled at {rate:g} Mbit/s; unpacking and starting are measured",
            "cold: no layer is on the engine, all are pulled and unpacked; warm: all are there",
            *dict.fromkeys(packed),
        )

    def starts(self, turn: Turn, pace: Pace) -> Steps[BenchPart]:
        """Start each image in fresh containers, in random order; without an engine the pull alone is reported."""
        from inspector.bench.cold_start import cold_start

        try:
            starters = dict(zip(SUBJECTS, self._ready(), strict=False))
        except UnreadableArtifact as error:
            return BenchPart(self._modelled(turn, f"no engine: {error.message}"))
        named = dict(zip(SUBJECTS, self.artifacts, strict=False))
        return (yield from cold_start(starters, turn.conditions, DEVICE, named, pace.seconds, pace.seed, pace.cancel))

    def _ready(self) -> tuple[Starter, ...]:
        """Return what starts each image, made once. Raises UnreadableArtifact where there is no engine."""
        from inspector.isolation.limits import Limits
        from inspector.runtimes.container.start import image_starter

        if not self._starters:
            limits = Limits(self.plan.memory_bytes, self.plan.sample_seconds)
            made = [self._held.enter_context(image_starter(image, self.plan.image, limits)) for image in self.images]
            self._starters = tuple(made)
        return self._starters

    def _modelled(self, turn: Turn, reason: str) -> tuple[Benchmark, ...]:
        """Return what can be said without an engine: the pull, where it is part of the start."""
        from inspector.bench.image_start import modelled_only
        from inspector.bench.summary import RunOf, not_measured

        runs = []
        for subject, image, artifact in zip(SUBJECTS, self.images, self.artifacts, strict=False):
            of = RunOf(subject, artifact, DEVICE, turn.conditions)
            if turn.conditions.cache == "warm":
                runs.append(not_measured(of, "cold_start", reason))
            else:
                runs.append(modelled_only(of, image, self.plan.image.bytes_per_second, reason))
        return tuple(runs)

    def latencies(self, turn: Turn, pace: Pace) -> Steps[BenchPart]:
        """Return nothing: an image has no inputs of its own."""
        del turn, pace
        yield from ()
        return BenchPart()

    def advice(self, pace: Pace) -> Steps[tuple[StartupCandidate, ...]]:
        """Return nothing: how an image starts sooner is found by slimming it."""
        del pace
        yield from ()
        return ()

    def close(self) -> None:
        """Remove every copy on the engine, and the files that were made for it."""
        self._held.close()
        self.folder.close()
