"""A session of slimming one image: levels written and proven in a private folder, the best of them saved at will."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from inspector.errors import OperationFailed, UsageError
from inspector.isolation.failure import ChildFailed
from inspector.isolation.private_folder import PrivateFolder, temporary_folder
from inspector.records.benchmark import BenchPlan, BenchResult
from inspector.records.event import Event, Finished, Partial, Started, Steps, Warned
from inspector.records.slimming import SlimLevel, Slimming, SlimProgress, SlimRequest, SlimStep, SlimSurvey
from inspector.records.written_image import WrittenImage
from inspector.workflows.slimming.source import as_file, bytes_of, not_slimmable

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.image_inspection import ImageInspection
    from inspector.records.measurement import Comparison
    from inspector.records.slimming import SlimVerdict
    from inspector.records.written_image import ImageBytes
    from inspector.workflows.slimming.choices import Choice
    from inspector.workflows.slimming.grounds import Grounds
    from inspector.workflows.slimming.proving import Proven

_COPIES: Final = 2
"""How many times the image's bytes must be free where it is slimmed."""
_SCHEME: Final = "docker://"


class SlimSession:
    """Slims the image of an inspection; nothing is written outside its private folder, and the engine, before save().

    The input is only read. One level runs at a time. close() removes the folder and what is on the engine; so does the end of
    this process. request may be replaced between runs; plan is what to measure of starts (None: cold and warm ones, within the
    request's time). measured is what was measured of the last accepted level.
    """

    def __init__(self, inspection: ImageInspection, request: SlimRequest | None = None, plan: BenchPlan | None = None) -> None:
        """Take an image to slim; raises UsageError where it is none that can be."""
        if inspection.image.source != "engine" and inspection.image.complete and (why := not_slimmable(inspection)):
            raise UsageError(f"{inspection.image.artifact.path} cannot be slimmed: {why}", "open an image that runs")
        self.inspection = inspection
        self.request = request or SlimRequest()
        self.plan = plan
        self.measured: BenchResult | None = None
        self._folder: PrivateFolder | None = None
        self._source: ImageInspection | None = None
        self._grounds: Grounds | None = None
        self._laid_for: SlimRequest | None = None
        self._steps: list[SlimStep] = []
        self._written: dict[int, WrittenImage] = {}
        """Images that were accepted, by the index of their step."""

    @property
    def steps(self) -> tuple[SlimStep, ...]:
        """What the levels came to so far."""
        return tuple(self._steps)

    @property
    def result(self) -> Slimming:
        """All that is known of the last run."""
        original = self._steps[0].before if self._steps else self._original
        return Slimming(self.inspection.image.artifact.path, original, self.steps)

    @property
    def _original(self) -> ImageBytes:
        """What the original comes to; its pulled bytes are known exactly once it was packed."""
        packed = self._grounds.loadable if self._grounds is not None else None
        return bytes_of(self._source or self.inspection, packed.pulled_bytes if packed is not None else None)

    @property
    def _read_from_engine(self) -> tuple[str, ...]:
        """Names on an engine that must stay what they are."""
        image = self.inspection.image
        names = (image.artifact.path.removeprefix(_SCHEME), *image.references) if image.source == "engine" else ()
        return tuple(f"{_SCHEME}{name}" for name in names)

    def survey(self) -> SlimSurvey:
        """Return what flatten and clean would save, told from what was read."""
        from inspector.analysis.image.slim.clean import survey
        from inspector.workflows.slimming.choices import commands_of

        return survey(self.inspection, self.request.keep, self.request.drop, commands_of(self.request))

    def run(self, cancel: CancelToken) -> Iterator[Event[Any]]:
        """Apply every level of the request, each to the original: Partial events carry a SlimProgress, Finished the result.

        What a run before this one wrote is forgotten. Raises UsageError for patterns and exercises that make no sense,
        OperationFailed where the image cannot be slimmed or the private folder not be written, ChildFailed when cancelled.
        """
        self._forget()
        yield Started("getting ready to slim")
        yield from self._check_patterns()
        source = yield from self._read(cancel)
        grounds = yield from self._lay_grounds(source, cancel)
        for level in self.request.levels:
            begun = time.monotonic()
            yield Started(level)
            step, written = yield from self._level(level, grounds, cancel)
            if written is not None:
                self._written[len(self._steps)] = written
            self._steps.append(replace(step, seconds=time.monotonic() - begun))
            yield Partial(self._with_steps(SlimProgress(level, f"{level}: {step.verdict}")))
        yield from self._compare_starts(grounds, cancel)
        yield Finished(self.result)

    def save(self, target: str, cancel: CancelToken) -> Iterator[Event[Slimming]]:
        """Write the last accepted image to an archive, a layout folder or an engine, and read it back.

        Raises OperationFailed where no level was accepted or the system refuses; target is then as it was.
        """
        from inspector.formats.image.saving import check_image_target, save_image
        from inspector.workflows.files import files_of

        if not self._written:
            raise OperationFailed("nothing is written: no level was accepted", "see the reason of each level")
        check_image_target(target, [*files_of(self.inspection), *self._read_from_engine])
        last = max(self._written)
        yield Started(f"writing {target}")
        written = self._written[last]
        place = yield from save_image(written, target, cancel, names=tuple(map(slim_name, written.references)))
        self._steps[last] = replace(self._steps[last], output=place)
        yield Finished(replace(self.result, output=place))

    def close(self) -> None:
        """Remove what is on the engine, the private folder, and every image in it."""
        if self._grounds is not None:
            self._grounds.close()
            self._grounds = None
        if self._folder is not None:
            self._folder.close()
            self._folder = None
            self._source = None
        self._written = {}

    def _forget(self) -> None:
        from inspector.formats.image.writing import discard

        for written in self._written.values():
            discard(written)
        self._steps, self._written, self.measured = [], {}, None

    def _check_patterns(self) -> Steps[None]:
        from inspector.analysis.image.slim.patterns import Patterns

        for hint in Patterns.parse(self.inspection, self.request.keep, self.request.drop).unmatched():
            yield Warned(hint)

    def _read(self, cancel: CancelToken) -> Steps[ImageInspection]:
        if self._source is None:
            folder = self._new_folder("source")
            self._source = yield from as_file(self.inspection, folder, cancel)
        return self._source

    def _lay_grounds(self, source: ImageInspection, cancel: CancelToken) -> Steps[Grounds]:
        """Have the original do its exercises, unless it has done the same ones already."""
        from inspector.workflows.slimming.grounds import lay_grounds

        wanted = replace(self.request, keep=(), drop=(), compression="gzip", budget_seconds=0.0, compare_starts=False)
        if self._grounds is not None and self._laid_for == wanted:
            return self._grounds
        if self._grounds is not None:
            self._grounds.close()
        self._grounds = None
        self._grounds = yield from lay_grounds(source, self.request, self._new_folder("grounds"), cancel)
        self._laid_for = wanted
        if self._grounds.problem:
            yield Warned(f"nothing is proven: {self._grounds.problem}")
        return self._grounds

    def _level(self, level: SlimLevel, grounds: Grounds, cancel: CancelToken) -> Steps[tuple[SlimStep, WrittenImage | None]]:
        from inspector.workflows.slimming.proving import Proving

        reason = self._cannot_run(level, grounds)
        if reason:
            return SlimStep(level, "skipped", "cannot run", reason, self._original), None
        try:
            choice = yield from self._choice(level, grounds, cancel)
            if choice.nothing_to_do:
                return SlimStep(level, "skipped", "nothing to do", choice.nothing_to_do, self._original), None
            proving = Proving(grounds, self.request, self._work_folder, cancel, self._with_steps)
            proven = yield from proving.of(choice)
        except ChildFailed:
            raise
        except OperationFailed as error:
            return SlimStep(level, "rejected", "rejected", error.message, self._original), None
        return self._step(level, proven)

    def _cannot_run(self, level: SlimLevel, grounds: Grounds) -> str:
        """Return why a level cannot run; empty where it can."""
        if level != "trace":
            return ""
        if grounds.trace_problem:
            return grounds.trace_problem
        if grounds.failure:
            return f"the original itself fails: {grounds.failure}"
        if grounds.observation is None:
            return "it was not seen what the original opens"
        if grounds.observation.lost:
            return f"{grounds.observation.lost:,} files that were opened were missed: nothing can be left out"
        return ""

    def _choice(self, level: SlimLevel, grounds: Grounds, cancel: CancelToken) -> Steps[Choice]:
        from inspector.workflows.slimming import choices

        if level == "flatten":
            return choices.flatten(grounds.source)
        if level == "clean":
            return choices.clean(grounds.source, self.request)
        return (yield from choices.trace(grounds, self.request, cancel))

    def _step(self, level: SlimLevel, proven: Proven) -> tuple[SlimStep, WrittenImage | None]:
        """Return what became of a level, and the image to save where it was accepted."""
        import hashlib

        choice, written, proof = proven.choice, proven.written, proven.proof
        verdicts: dict[str, SlimVerdict] = {"passed": "proven", "not run": "not proven", "failed": "rejected"}
        step = SlimStep(
            level,
            "rejected" if proof.status == "failed" else "accepted",
            verdicts[proof.status],
            proof.reason,
            self._original,
            written.bytes,
            choice.risk,
            choice.groups,
            choice.shares,
            choice.unexercised,
            choice.bytecode,
            proof,
            f"sha256:{hashlib.sha256(written.manifest).hexdigest()}",
            tuple((layer.part, layer.digest, layer.compressed_bytes) for layer in written.layers),
            warnings=choice.warnings,
        )
        return step, written if step.status == "accepted" else None

    def _compare_starts(self, grounds: Grounds, cancel: CancelToken) -> Steps[None]:
        """Compare the starts of the last accepted level; one that starts slower is rejected, and the one before is next."""
        from inspector.workflows.slimming.starting import compare_starts, slower

        while self._written and not grounds.problem and (self.request.compare_starts or self.plan is not None):
            last = max(self._written)
            step = self._steps[last]
            yield Partial(self._with_steps(SlimProgress(step.level, f"{step.level}: starting it beside the original")))
            written = self._written[last]
            try:
                found = yield from compare_starts(grounds, written, self.request, self.plan, self._work_folder, cancel)
            except OperationFailed as error:
                if isinstance(error, ChildFailed) and error.kind == "cancelled":
                    raise
                yield Warned(f"starts were not compared: {error.message}")
                return
            self.measured = found
            worse = slower(found.comparisons)
            self._steps[last] = _with_starts(step, found.comparisons, worse)
            if worse is None:
                return
            del self._written[last]

    def _with_steps(self, progress: SlimProgress) -> SlimProgress:
        grounds = self._grounds
        seen = grounds.observation if grounds is not None else None
        return replace(progress, steps=self.steps, opened=len(seen.opened) if seen is not None else 0)

    def _new_folder(self, name: str) -> Path:
        """Return an empty folder within the private one, which is made where there is enough room."""
        if self._folder is None:
            shipped = sum(layer.size_bytes or 0 for layer in self.inspection.image.layers)
            self._folder = temporary_folder("slimming", _COPIES * shipped)
        folder = self._folder.path / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        return folder

    @property
    def _work_folder(self) -> Path:
        """Where images are written until they are saved."""
        assert self._folder is not None, "reading the image makes it"
        folder = self._folder.path / "work"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder


def slim_name(reference: str) -> str:
    """Return the name that a slimmed image goes by, so that loading it takes nobody's name away: "app:1" gives "app:1-slim"."""
    name, _, tag = reference.rpartition(":")
    return f"{reference}-slim" if name and "/" not in tag else f"{reference}:slim"


def _with_starts(step: SlimStep, starts: tuple[Comparison, ...], worse: Comparison | None) -> SlimStep:
    """Return a step with what was measured of its starts; one that starts slower is rejected."""
    assert step.proof is not None, "there is an engine"
    measured = replace(step, proof=replace(step.proof, starts=starts))
    if worse is None:
        return measured
    cache = worse.conditions.cache if worse.conditions is not None else ""
    reason = f"it starts slower: {worse.ratio:.2f}× ({worse.low:.2f} to {worse.high:.2f}), {cache}"
    return replace(measured, status="rejected", verdict="rejected", reason=reason)
