"""Writes what a level chose and puts it to the proof; what fails gets the likeliest group back, as long as there is time."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from inspector.errors import OperationFailed
from inspector.isolation.failure import ChildFailed
from inspector.isolation.plain_line import plain_line
from inspector.records.contract import Tolerances
from inspector.records.event import Partial, Started, Steps
from inspector.records.serving import Served
from inspector.records.slimming import SlimAttempt, SlimProgress, SlimProof

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.slimming import SlimRequest
    from inspector.records.written_image import WrittenImage
    from inspector.workflows.slimming.choices import Choice
    from inspector.workflows.slimming.grounds import Grounds

MOST_ATTEMPTS: Final = 8
_SHOWN: Final = 2000
_MOST_RUNS: Final = 3
"""Of the original: where two agree by luck, such as on milliseconds, a third one tells."""


@dataclass(frozen=True, slots=True)
class Proven:
    """What became of a choice: the choice as it was at last, the image written of it, and the proof."""

    choice: Choice
    written: WrittenImage
    proof: SlimProof


Progressed = Callable[[SlimProgress], SlimProgress]


@dataclass(slots=True)
class Proving:
    """Writes and proves choices of one session, in folders of their own."""

    grounds: Grounds
    request: SlimRequest
    folder: Path
    cancel: CancelToken
    shown: Progressed
    _runs: int = 0
    _attempts: list[SlimAttempt] = field(default_factory=list)
    _answers: int = 0
    """Compared so far."""

    def of(self, choice: Choice) -> Steps[Proven]:
        """Return what a choice came to; the likeliest group is added back at least once, however long writing took.

        Raises OperationFailed where it cannot be written or there is no room, ChildFailed when cancelled.
        """
        from inspector.formats.image.writing import discard

        deadline = time.monotonic() + self.request.budget_seconds
        self._attempts = []
        added: tuple[str, ...] = ()
        tried: set[str] = set()
        while True:
            begun = time.monotonic()
            yield from self._tell(choice, f"{choice.level}: writing")
            written = yield from self._written(choice)
            proof, served = yield from self._proof(choice, written)
            if proof.status == "not run" or (proof.status == "passed" and not self._attempts):
                return Proven(choice, written, proof)
            self._note(added, written, proof, time.monotonic() - begun)
            self._answers += proof.answers
            may_go_on = time.monotonic() < deadline or not tried
            more = self._to_add_back(choice, proof, served, tried) if may_go_on else None
            if more is None or choice.grown is None:
                return Proven(choice, written, self._last(choice, proof, served))
            name, paths = more
            tried.add(name)
            added, choice = (name,), choice.grown(frozenset(paths))
            discard(written)

    def _last(self, choice: Choice, proof: SlimProof, served: Served) -> SlimProof:
        """Return a proof with all that led to it."""
        missing = self._missing(choice, proof, served) if proof.status == "failed" else ()
        return replace(proof, attempts=tuple(self._attempts), missing=missing)

    def _written(self, choice: Choice) -> Steps[WrittenImage]:
        from inspector.analysis.image.slim.selection import select
        from inspector.formats.image.writing import write_image
        from inspector.workflows.slimming.provenance import changes_of

        source = self.grounds.source
        selection = select(source, choice.kept, choice.added, choice.linked)
        changes = changes_of(source, choice.level, self.request.contract)
        compression = self.request.compression
        return (yield from write_image(source.image, selection, changes, compression, self.folder, self.cancel))

    def _proof(self, choice: Choice, written: WrittenImage) -> Steps[tuple[SlimProof, Served]]:
        grounds = self.grounds
        told_of = tuple(exercise.told for exercise in self.request.exercises)
        if grounds.problem or grounds.loadable is None:
            return SlimProof("not run", grounds.problem or "no engine", exercises=told_of), Served()
        if grounds.failure:
            reason = f"nothing can be proven, since the original itself fails: {grounds.failure}"
            return SlimProof("failed", reason, exercises=told_of), Served(failure=reason)
        yield from self._tell(choice, f"{choice.level}: serving")
        served = yield from self._serve(written)
        proof = self._judged(written, served, told_of)
        if proof.differences and not served.failure and len(grounds.originals) < _MOST_RUNS and grounds.server is not None:
            yield from self._tell(choice, f"{choice.level}: asking the original once more")
            grounds.originals = (*grounds.originals, (yield from grounds.server.run(self.cancel)))
            proof = self._judged(written, served, told_of)
        return proof, served

    def _serve(self, written: WrittenImage) -> Steps[Served]:
        """Run the slimmed image; one that cannot even be run has served nothing."""
        from inspector.formats.image.written import loadable_of
        from inspector.runtimes.container.serving import serving

        self._runs += 1
        folder = self.folder / f"sent-{self._runs}"
        folder.mkdir(mode=0o700)
        try:
            loadable = yield from loadable_of(written, "the slimmed image", folder, self.cancel)
            engine = self.grounds.loadable.engine if self.grounds.loadable is not None else ""
            with serving(loadable, self.request, self.grounds.limits, engine, requests=self.grounds.requests) as server:
                return (yield from server.run(self.cancel))
        except ChildFailed:
            raise
        except OperationFailed as error:
            return Served(failure=error.message)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _judged(self, written: WrittenImage, served: Served, told_of: tuple[str, ...]) -> SlimProof:
        from inspector.verify.image_config import config_changes
        from inspector.verify.serving_comparison import compare_serving

        assert self.grounds.loadable is not None, "there is an engine"
        contract = self.request.contract
        tolerances = contract.tolerances if contract is not None else Tolerances()
        found = compare_serving(self.grounds.originals, served, tolerances)
        changed = config_changes(self.grounds.loadable.config, written.config)
        reason = found.reason or (f"its configuration is another: {changed[0]}" if changed else "")
        return SlimProof(
            "passed" if found.equal and not changed else "failed",
            reason,
            found.compared,
            told_of,
            found.differences,
            found.new_messages,
            found.volatile,
            found.largest_error,
            changed,
            notes=tuple(dict.fromkeys((*served.notes, *(note for one in self.grounds.originals for note in one.notes)))),
        )

    def _to_add_back(
        self, choice: Choice, proof: SlimProof, served: Served, tried: set[str]
    ) -> tuple[str, Sequence[str]] | None:
        """Return the likeliest group that was not added back yet, by name with its paths; None where there is none."""
        from inspector.analysis.image.slim.adding_back import candidates

        is_mendable = proof.status == "failed" and not proof.config_changes and not self.grounds.failure
        if choice.kept is None or not is_mendable or len(self._attempts) >= MOST_ATTEMPTS:
            return None
        found = candidates(self.grounds.source, frozenset(choice.kept), _messages_of(proof, served))
        return next(((one.name, one.paths) for one in found if one.name not in tried), None)

    def _missing(self, choice: Choice, proof: SlimProof, served: Served) -> tuple[str, ...]:
        """Return the dropped files that a failure names."""
        from inspector.analysis.image.slim.adding_back import named_missing

        if choice.kept is None:
            return ()
        return named_missing(self.grounds.source, frozenset(choice.kept), _messages_of(proof, served))

    def _note(self, added: tuple[str, ...], written: WrittenImage, proof: SlimProof, seconds: float) -> None:
        size = written.bytes
        outcome: Literal["passed", "failed"] = "passed" if proof.status == "passed" else "failed"
        attempt = SlimAttempt(added, outcome, proof.reason, size.size_bytes, size.compressed_bytes, seconds)
        self._attempts.append(attempt)

    def _tell(self, choice: Choice, doing: str) -> Steps[None]:
        yield Started(doing)
        yield Partial(
            self.shown(
                SlimProgress(
                    choice.level,
                    doing,
                    groups=choice.groups,
                    kept=choice.shares,
                    attempts=tuple(self._attempts),
                    answers=self._answers,
                )
            )
        )


def _messages_of(proof: SlimProof, served: Served) -> tuple[str, ...]:
    """Return all that tells what a slimmed image lacks: what it printed, why it failed, what it answered instead."""
    streams = (served.stderr, served.stdout, *(answer.errors for answer in served.answers))
    printed = [line for stream in streams for line in stream.decode("utf-8", "replace").splitlines()]
    answered = [answer.body[:_SHOWN].decode("utf-8", "replace") for answer in served.answers]
    failures = [served.failure, proof.reason, *(answer.failure for answer in served.answers)]
    said = (*failures, *proof.new_messages, *printed, *answered, *(one.after for one in proof.differences))
    return tuple(dict.fromkeys(plain_line(text, _SHOWN) for text in said if text))
