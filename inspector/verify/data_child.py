"""Reading a user's samples as a child process does it: one sample in memory at a time."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from inspector.errors import OperationFailed, UsageError
from inspector.formats.clean_text import one_line
from inspector.records.tensor import TensorSpec
from inspector.runtimes.onnx_runtime.feeds import read_arrays, sample_path, write_feed
from inspector.runtimes.onnx_runtime.sessions import RuntimeRefused, make_session, run_session, session_inputs
from inspector.verify.data import DataAnswer, DataRequest
from inspector.verify.data_archive_child import Archive, StoredArray
from inspector.verify.data_fit_child import Fit, cast_note, fit
from inspector.verify.data_split import SampleSplit, split_notes, split_samples

_SPARE: Final = 0.9
"""Share of the free disk that samples may take."""

_USES: Final = ("calibration", "evaluation", "confirmation", "labelled")

Report = Callable[[int, int, str], None]
Run = Callable[[dict[str, NDArray[Any]]], object]
"""Gives the outputs for a feed by raw input name; raises RuntimeRefused."""


def read_in_child(request: DataRequest, report: Report) -> DataAnswer:
    """Check the file against the model and lay its samples out by use. Raises UsageError, OperationFailed."""
    with Archive(request.path, request.label) as archive:
        session = make_session(request.model, request.threads, optimization="none")
        specs = _with_shapes(request, session_inputs(session))
        return lay_out(archive, request, specs, lambda feed: run_session(session, feed), report)


def lay_out(archive: Archive, request: DataRequest, specs: Sequence[TensorSpec], run: Run, report: Report) -> DataAnswer:
    """Check an open file against the inputs of a model and lay its samples out by use; run is held to take the first one.

    Raises UsageError, OperationFailed.
    """
    fits = _fitted(archive, specs)
    count = _count(fits, request.label)
    labels = _labels(archive, request, fits, count)
    lengths = _lengths(fits, request.label)
    split = split_samples(count, request.seed)
    layout = _Layout(archive, request, fits, labels, split)
    layout.write(count, report)
    names = tuple(spec.name for spec in specs)
    _prove(run, names, layout.folder("evaluation"), request.label)
    notes = (*_notes(archive, fits, labels, count), *split_notes(split, count, labels is not None))
    counts = {use: len(getattr(split, use)) for use in _USES}
    return DataAnswer(names, count, counts, labels is not None, lengths, notes)


def _with_shapes(request: DataRequest, specs: tuple[TensorSpec, ...]) -> tuple[TensorSpec, ...]:
    """Return what the session takes, with the shapes the file gives: to the runtime, unknown rank looks like a scalar."""
    if len(specs) != len(request.rules):
        return specs
    return tuple(
        replace(spec, shape=None) if rule.shape is None else spec for spec, rule in zip(specs, request.rules, strict=True)
    )


def _fitted(archive: Archive, specs: Sequence[TensorSpec]) -> tuple[Fit, ...]:
    found = []
    for spec in specs:
        if spec.name not in archive.names:
            held = ", ".join(one_line(name) for name in archive.names[:12])
            raise UsageError(
                f'{archive.label} has no array "{one_line(spec.name)}", which the model takes; it holds {held}',
                "name each array as the input it is for",
            )
        found.append(fit(archive.describe(spec.name), spec, archive.label))
    return tuple(found)


def _count(fits: Sequence[Fit], label: str) -> int:
    """Return how many samples there are; raises UsageError where arrays do not agree."""
    several = [one for one in fits if one.samples is not None]
    for one in several[1:]:
        if one.samples != several[0].samples:
            raise UsageError(
                f'array "{one_line(one.stored.name)}" of {label} has {one.samples:,} samples where '
                f'"{one_line(several[0].stored.name)}" has {several[0].samples:,}',
                "the first axis of each array counts the samples",
            )
    return (several[0].samples or 1) if several else 1


def _labels(archive: Archive, request: DataRequest, fits: Sequence[Fit], count: int) -> StoredArray | None:
    """Return the array of labels, None where there is none. Raises UsageError where it does not fit the samples."""
    if request.labels not in archive.names or request.labels in {one.spec.name for one in fits}:
        if request.labels_required:
            raise UsageError(
                f'{archive.label} has no array "{one_line(request.labels)}" of labels',
                "the contract names it: conformance.labels",
            )
        return None
    stored = archive.describe(request.labels)
    shown = f'array "{one_line(request.labels)}" of {archive.label}'
    if stored.dtype.kind not in "biuf":
        raise UsageError(f"{shown} holds {one_line(stored.dtype)}: labels are numbers", "give the index of each class")
    if not stored.shape or stored.shape[0] != count * _rows_per_label(fits):
        raise UsageError(
            f"{shown} has the shape {' x '.join(map(str, stored.shape)) or '()'}, expected one label for each of "
            f"{count * _rows_per_label(fits):,} samples",
            "give as many labels as samples, in their order",
        )
    return stored


def _rows_per_label(fits: Sequence[Fit]) -> int:
    return max((one.per_sample for one in fits if one.samples is not None), default=1)


def _lengths(fits: Sequence[Fit], label: str) -> dict[str, int]:
    """Return the length of every symbolic dimension; raises UsageError where two arrays disagree on one."""
    found: dict[str, tuple[int, str]] = {}
    for one in fits:
        for dim, length in _named_lengths(one):
            known = found.setdefault(dim, (length, one.stored.name))
            if known[0] != length:
                raise UsageError(
                    f'array "{one_line(one.stored.name)}" of {label} has {length:,} for "{one_line(dim)}" where '
                    f'"{one_line(known[1])}" has {known[0]:,}',
                    "make the arrays agree",
                )
    return {dim: length for dim, (length, _) in found.items()}


def _named_lengths(one: Fit) -> Iterator[tuple[str, int]]:
    """Yield the symbols of one sample's shape, without the one that counts samples."""
    model, shape = one.spec.shape or (), one.stored.shape
    if one.stacked:
        shape = shape[1:]
    elif len(shape) == len(model) - 1:
        model = model[1:]
    elif one.samples is not None:
        shape, model = shape[1:], model[1:]
    for dim, length in zip(model, shape, strict=False):
        if isinstance(dim, str) and dim.isidentifier():
            yield dim, length


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where samples go: each is written once, and linked into the folder of every further use."""

    archive: Archive
    request: DataRequest
    fits: tuple[Fit, ...]
    labels: StoredArray | None
    split: SampleSplit

    def folder(self, use: str) -> str:
        return str(Path(self.request.folder, use))

    def write(self, count: int, report: Report) -> None:
        """Read every sample in turn and lay out those that have a use. Raises UsageError, OperationFailed."""
        uses = self._uses()
        for use in _USES:
            Path(self.folder(use)).mkdir(parents=True, exist_ok=True)
        self._check_space(len(uses), count)
        streams = [self._stream(one, count) for one in self.fits]
        for index in range(count):
            report(index, count, "samples")
            pieces = [next(stream) for stream in streams]
            if index in uses:
                first, *others = uses[index]
                write_feed(*first, [one.sample(piece) for one, piece in zip(self.fits, pieces, strict=True)])
                for other in others:
                    _link(sample_path(*first), sample_path(*other))
        if self.labels is not None:
            self._write_labels(self.labels)

    def _uses(self) -> dict[int, list[tuple[str, int]]]:
        """Return, by sample, the folders it goes into and its index there."""
        found: dict[int, list[tuple[str, int]]] = {}
        for use in _USES if self.labels is not None else _USES[:3]:
            for place, index in enumerate(getattr(self.split, use)):
                found.setdefault(index, []).append((self.folder(use), place))
        return found

    def _stream(self, one: Fit, count: int) -> Iterator[NDArray[Any]]:
        bound = self.request.memory_bytes // 4
        if one.samples is None:
            whole = self.archive.whole(one.stored, bound)
            yield from (whole for _ in range(count))
        else:
            row = math.prod(one.stored.shape[1:]) * one.stored.dtype.itemsize * one.per_sample
            if row > bound:
                raise UsageError(
                    f'one sample of array "{one_line(one.stored.name)}" of {self.archive.label} takes {row:,} bytes'
                )
            yield from self.archive.rows(one.stored, one.per_sample, bound)

    def _check_space(self, used: int, count: int) -> None:
        """Raise OperationFailed where the folder's disk cannot hold the samples."""
        whole = sum(math.prod(one.stored.shape) * one.stored.dtype.itemsize for one in self.fits)
        needed = whole // count * used
        free = shutil.disk_usage(self.request.folder).free
        if needed > _SPARE * free:
            raise OperationFailed(
                f"the samples of {self.archive.label} take {needed:,} bytes, and the work folder has {free:,} left",
                "give fewer samples, or set TMPDIR",
            )

    def _write_labels(self, stored: StoredArray) -> None:
        """Write the labels of labelled samples, aligned with them."""
        rows, wanted = _rows_per_label(self.fits), set(self.split.labelled)
        tail = stored.shape[1:] if rows == 1 else (rows, *stored.shape[1:])
        target = Path(self.request.folder, "labels.npy")
        made = np.lib.format.open_memmap(
            target, mode="w+", dtype=stored.dtype.newbyteorder("="), shape=(len(self.split.labelled), *tail)
        )
        place = 0
        for index, piece in enumerate(self.archive.rows(stored, rows, self.request.memory_bytes // 4)):
            if index in wanted:
                made[place] = piece[0] if rows == 1 else piece
                place += 1
        made.flush()


def _link(source: Path, target: Path) -> None:
    """Give a sample another name; a copy where the file system knows no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _prove(run: Run, names: tuple[str, ...], folder: str, label: str) -> None:
    """Run the model on the first sample; raises UsageError where it refuses it."""
    if not names:
        return
    try:
        run(dict(zip(names, read_arrays(folder, 0), strict=True)))
    except RuntimeRefused as error:
        raise UsageError(
            f"the model refuses the samples of {label}: {error.message}", "check their shapes and values"
        ) from None


def _notes(archive: Archive, fits: Sequence[Fit], labels: StoredArray | None, count: int) -> tuple[str, ...]:
    found = [note for one in fits if (note := cast_note(one.stored, one.spec))]
    found += [f"{one_line(one.stored.name)}: the same for every sample" for one in fits if one.samples is None and count > 1]
    used = {one.spec.name for one in fits} | ({labels.name} if labels is not None else set())
    unused = [one_line(name) for name in archive.names if name not in used]
    if unused:
        found.append(f"not used: {', '.join(unused[:8])}{' …' if len(unused) > 8 else ''}")
    return tuple(found)
