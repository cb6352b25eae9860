"""What a start probe says, checked line by line, and the ColdStart it amounts to."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from inspector.isolation.plain_line import plain_line
from inspector.records.benchmark import ColdStart, PhaseSample
from inspector.runtimes.start_probe import first_steady

if TYPE_CHECKING:
    from inspector.isolation.program import ProgramRun
    from inspector.isolation.program_process import ProgramLine
    from inspector.runtimes.start_cache import CachedFiles

_FIGURE: Final = r"(-?\d{1,19}|-)"
_PHASE: Final = re.compile(rf"phase (\S{{1,40}}) (\d{{1,19}}) (\d{{1,19}}) (\d{{1,19}}) {' '.join([_FIGURE] * 4)}")
_OTHER: Final = re.compile(r"(file|failure|done) ([0-9a-f ]*)")
_SENSELESS: Final = "its process sent stamps that make no sense"
_CLOCK_SKEW_NS: Final = 1_000_000
"""By how much the clocks of two processors may disagree, as those of virtual machines do."""
_LONGEST_QUOTE: Final = 160
_UNREADY: Final = "its process ended before it was ready"
_BETWEEN: Final = "reading the input, between phases, is not counted"
_WAITED: Final = "the process waited in its group before it was measured: spawn is its exec alone"
_UNSTEADY: Final = "run times were not steady within the bounds of the warm-up"
_WANT_OF_MEMORY: Final = re.compile("MemoryError|bad_alloc|bad_array_new_length|failed to allocate memory", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Stamp:
    """One phase as the probe told it, times in ns of CLOCK_MONOTONIC; at_ns is when the line arrived.

    started_ns is 0 for the interpreter's, which the probe cannot know; None: the platform does not say.
    """

    name: str
    started_ns: int
    ended_ns: int
    cpu_ns: int
    rss_bytes: int | None
    minor_faults: int | None
    major_faults: int | None
    read_bytes: int | None
    at_ns: int


@dataclass(frozen=True, slots=True)
class Heard:
    """All that a probe said, up to the first line that makes no sense.

    failure is the class and the message of the exception it ended with; steady None: it did not get to its end.
    """

    stamps: tuple[Stamp, ...] = ()
    files: tuple[str, ...] = ()
    failure: tuple[str, str] | None = None
    steady: bool | None = None
    senseless: str | None = None
    """The line that makes no sense."""


def hear(lines: Sequence[ProgramLine], phases: Sequence[str]) -> Heard:
    """Return what the lines of a probe say; phases are the names of all, the last of which may come any number of times."""
    stamps: list[Stamp] = []
    files: list[str] = []
    failure: tuple[str, str] | None = None
    steady: bool | None = None
    expected = [*phases[1:], phases[-1]]
    for line in lines:
        stamp = _stamp_of(line)
        if stamp is not None:
            if stamp.name != expected[min(len(stamps), len(phases) - 2)] or not _follows(stamp, stamps):
                return Heard(tuple(stamps), tuple(files), failure, steady, senseless=line.text)
            stamps.append(stamp)
            continue
        said = _OTHER.fullmatch(line.text)
        try:
            if said is None:
                raise ValueError(line.text)
            if said[1] == "file":
                files.append(os.fsdecode(bytes.fromhex(said[2])))
            elif said[1] == "failure":
                name, message = (bytes.fromhex(part).decode("utf-8", "replace") for part in said[2].split(" "))
                failure = name, message
            else:
                steady = said[2] == "1"
        except ValueError:
            return Heard(tuple(stamps), tuple(files), failure, steady, senseless=line.text)
    return Heard(tuple(stamps), tuple(files), failure, steady)


def _stamp_of(line: ProgramLine) -> Stamp | None:
    """Return the phase that a line tells of, None if it is another one."""
    found = _PHASE.fullmatch(line.text)
    if found is None:
        return None
    rss, minor, major, read = (None if text == "-" else int(text) for text in found.groups()[4:])
    times = (int(found[2]), int(found[3]), int(found[4]))
    return Stamp(found[1].replace("_", " "), *times, rss, minor, major, read, line.at_ns)


def _follows(stamp: Stamp, before: Sequence[Stamp]) -> bool:
    """Whether a phase lies after those before it, and before its line arrived."""
    earliest = before[-1].ended_ns if before else 0
    return (earliest <= stamp.started_ns or not before) and stamp.started_ns <= stamp.ended_ns <= stamp.at_ns + _CLOCK_SKEW_NS


def cold_start_of(
    run: ProgramRun, heard: Heard, phases: Sequence[str], explain: Callable[[str, str], str], watched: CachedFiles | None
) -> ColdStart:
    """Return the start that a run of the probe amounts to; phases are the names of all, and explain is as in RuntimeStart.

    wall_ms goes from before the spawn to the arrival of the last stamp that counts, by the clock of this process, less what
    lay between phases; where the start failed, to its end.
    """
    failure = _failure(run, heard, explain, len(phases) - 1)
    counted, warm_up = _counted(heard.stamps, len(phases), complete=not failure)
    samples = _samples(run, counted, phases, warm_up)
    between = sum(after.started_ns - before.ended_ns for before, after in pairwise(counted))
    end = run.end_ns if failure else counted[-1].at_ns
    notes = [*run.notes]
    if run.notes:
        notes.append(_WAITED)
    if len(counted) >= len(phases) - 2:
        notes.append(_BETWEEN)
    if heard.steady is False:
        notes.append(_UNSTEADY)
    return ColdStart(
        max(0, end - run.spawn_ns - between) / 1e6,
        samples,
        None if watched is None else watched.resident_share,
        "" if watched is None else watched.note_after(samples),
        failure,
        tuple(notes),
    )


def _failure(run: ProgramRun, heard: Heard, explain: Callable[[str, str], str], fewest: int) -> str:
    """Return in one clean line why a start gave nothing, "" where it did; fewest stamps make one."""
    if heard.senseless is not None and (run.failure is None or run.failure.kind != "timed_out"):
        return f"{_SENSELESS}: {plain_line(heard.senseless, _LONGEST_QUOTE)}"
    if heard.failure is not None:
        name, message = heard.failure
        if _WANT_OF_MEMORY.search(f"{name} {message}"):
            return "it needed more memory than it may have"
        return plain_line(explain(name, message)) or plain_line(name)
    if run.failure is not None:
        return plain_line(str(run.failure))
    if heard.steady is None:
        return _UNREADY
    return _SENSELESS if len(heard.stamps) < fewest else ""


def _counted(stamps: Sequence[Stamp], phase_count: int, *, complete: bool) -> tuple[Sequence[Stamp], int]:
    """Return the stamps up to the first steady run, and how many of them are the warm-up's (none of one that was cut off)."""
    single = phase_count - 2
    later = stamps[single:]
    if not complete or not later:
        return stamps[:single], 0
    runs = first_steady([stamp.ended_ns - stamp.started_ns for stamp in later]) + 1
    return stamps[: single + runs], runs


def _samples(run: ProgramRun, stamps: Sequence[Stamp], phases: Sequence[str], warm_up: int) -> tuple[PhaseSample, ...]:
    """Return the phases of a start from its stamps, the last warm_up of which are one phase."""
    if not run.exec_ns:
        return ()
    exec_ns = run.exec_ns
    if stamps:  # we may have been kept waiting before we could look at the clock again
        exec_ns = max(run.spawn_ns, min(exec_ns, stamps[0].ended_ns))
    samples = [PhaseSample("spawn", (exec_ns - run.spawn_ns) / 1e6)]
    used = run.used_before
    for stamp in stamps[: len(stamps) - warm_up]:
        first = len(samples) == 1
        samples.append(
            PhaseSample(
                stamp.name,
                (max(exec_ns, stamp.ended_ns) - (exec_ns if first else stamp.started_ns)) / 1e6,
                (stamp.cpu_ns - (used.cpu_ns if first else 0)) / 1e6,
                stamp.rss_bytes,
                _less(stamp.minor_faults, used.minor_faults if first else 0),
                _less(stamp.major_faults, used.major_faults if first else 0),
                _less(stamp.read_bytes, used.read_bytes if first else 0),
            )
        )
    if warm_up:
        samples.append(_merged(phases[-1], stamps[-warm_up:]))
    return tuple(samples)


def _less(count: int | None, before: int) -> int | None:
    return None if count is None else max(0, count - before)


def _merged(name: str, runs: Sequence[Stamp]) -> PhaseSample:
    """Return several runs as one phase."""
    return PhaseSample(
        name,
        sum(run.ended_ns - run.started_ns for run in runs) / 1e6,
        sum(run.cpu_ns for run in runs) / 1e6,
        runs[-1].rss_bytes,
        _total([run.minor_faults for run in runs]),
        _total([run.major_faults for run in runs]),
        _total([run.read_bytes for run in runs]),
    )


def _total(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
