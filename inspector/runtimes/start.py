"""One start of a runtime in a fresh process, phase by phase: what every runtime's start shares."""

from __future__ import annotations

import marshal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.isolation.cpu_quota import QuotaRefused, why_no_grant
from inspector.isolation.limits import Limits
from inspector.isolation.process import safe_path
from inspector.isolation.program import LINES, ProgramRun, run_program
from inspector.records.benchmark import ColdStart
from inspector.records.event import Progress, Steps
from inspector.records.measurement import CacheState
from inspector.runtimes.start_cache import CachedFiles
from inspector.runtimes.start_stamps import Heard, cold_start_of, hear

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken

_PROBE: Final = str(Path(__file__).with_name("start_probe.py"))
_BOOTSTRAP: Final = (
    "import time; now, cpu = time.monotonic_ns(), time.process_time_ns(); import sys; path = sys.argv.pop(1); "
    "probe = {'__name__': 'start_probe', '__file__': path}; "
    "exec(compile(open(path, encoding='utf-8').read(), path, 'exec'), probe); probe['main'](now, cpu)"
)
"""Takes the time at which the interpreter is up before anything of the probe is read or compiled."""
_KEPT: Final = 64


@dataclass(frozen=True, slots=True)
class StartSettings:
    """How a start is made: bounds of the process, of its warm-up, and which interpreter it is.

    memory_bytes bounds what the process can write to (None: unbounded), wall_seconds the whole start. interpreter "" is this
    one; import_path comes before all else that it imports from. files are those of the artifact, where they are known (empty:
    they are found out).
    """

    memory_bytes: int | None = None
    wall_seconds: float | None = 120.0
    warm_up_runs: int = 50
    warm_up_seconds: float = 2.0
    interpreter: str = ""
    import_path: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuntimeStart:
    """What a start of one runtime has of its own.

    program is the path of a file with the functions that start_probe names, request what they are given (plain values), phases
    the names of its phases of importing, opening, the first run and a later run, artifact_files what the phase "read" reads.
    explain makes one clean line of the class and the message of an exception in that process.
    """

    program: str
    phases: tuple[str, str, str, str]
    request: Mapping[str, object]
    artifact_files: tuple[str, ...]
    title: str
    explain: Callable[[str, str], str]
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def all_phases(self) -> tuple[str, ...]:
        """The names of all phases, in order."""
        importing, *others = self.phases
        return ("spawn", "interpreter", importing, "read", *others)


def start_runtime(
    start: RuntimeStart, cache: CacheState | None, cpus: float | None, settings: StartSettings, cancel: CancelToken | None
) -> Steps[ColdStart]:
    """Start the runtime once in a fresh process and return its phases, up to the first run at steady speed.

    Phases: spawn (from before the process is made to its program having taken over), interpreter (to the first statement of
    that program), importing, read (the artifact's files, external data included, from storage into the page cache without
    copying them, so that reading is told apart from what the runtime makes of it), opening, the first run, and the warm-up:
    runs until one is as fast as those that follow (see start_probe). What the process does for our sake between phases,
    reading the input among it, is in none of them and not in wall_ms, which an outside clock takes.

    cache "cold" takes the files of the artifact and of the runtime out of the page cache before, "warm" brings them in; which
    files those are is learned from a first, uncounted start. None leaves the cache alone. cpus grants so much processor time.
    A start that fails is a ColdStart that says why. Raises ChildFailed where it was cancelled.
    """
    if cpus is not None and (reason := why_no_grant(cpus)):
        return ColdStart(0.0, failure=reason)
    watched: CachedFiles | None = None
    if cache is not None:
        files, failed = yield from _used_files(start, settings, cancel)
        if failed is not None:
            return failed
        watched = CachedFiles(cache, start.artifact_files, files)
    try:
        run, heard = yield from _run(start, settings, cancel, cpus=cpus, watched=watched)
    except QuotaRefused as error:
        return ColdStart(0.0, failure=error.message)
    return cold_start_of(run, heard, start.all_phases, start.explain, watched)


def _run(
    start: RuntimeStart,
    settings: StartSettings,
    cancel: CancelToken | None,
    *,
    cpus: float | None = None,
    watched: CachedFiles | None = None,
    learn: bool = False,
) -> Steps[tuple[ProgramRun, Heard]]:
    """Run the probe once; return what it did and what it said."""
    argv = [settings.interpreter or sys.executable, *_options(), "-c", _BOOTSTRAP, _PROBE, LINES]
    program = run_program(
        argv,
        Limits(settings.memory_bytes, settings.wall_seconds),
        cancel,
        title=start.title,
        environment=start.environment,
        cpus=cpus,
        given=_request(start, settings, learn),
        prepare=None if watched is None else watched.prepare,
    )
    seen = 0
    while True:
        try:
            line = next(program)
        except StopIteration as end:
            run: ProgramRun = end.value
            return run, hear(run.lines, start.all_phases)
        if line.text.startswith("phase ") and seen < len(start.all_phases) - 1:
            seen += 1
            yield Progress(seen, len(start.all_phases), start.all_phases[seen])


def _request(start: RuntimeStart, settings: StartSettings, learn: bool) -> bytes:
    """Return the probe's request; a start that is to learn which files there are runs twice and no more."""
    request = {
        **start.request,
        "program": start.program,
        "phases": list(start.phases),
        "import_path": list(settings.import_path),
        "more_path": safe_path(),
        "reads": list(start.artifact_files),
        "runs": 1 if learn else settings.warm_up_runs,
        "seconds": settings.warm_up_seconds,
        "report_files": learn,
    }
    return marshal.dumps(request)


def _options() -> list[str]:
    """Return the options that keep the interpreter from importing what lies in the current folder or the environment says."""
    return ["-I", "-B"] if sys.dont_write_bytecode else ["-I"]


_learned: dict[tuple[object, ...], tuple[str, ...]] = {}
_lock = threading.Lock()


def _used_files(
    start: RuntimeStart, settings: StartSettings, cancel: CancelToken | None
) -> Steps[tuple[tuple[str, ...], ColdStart | None]]:
    """Return the files that a start uses, from an earlier one of the same or one made for it; a ColdStart where it failed."""
    stamps = tuple((path, _stamp(path)) for path in start.artifact_files)
    key = (start.program, marshal.dumps(dict(start.request)), stamps, settings.interpreter, settings.import_path)
    with _lock:
        known = _learned.get(key)
    if known is not None:
        return known, None
    run, heard = yield from _run(start, settings, cancel, learn=True)
    found = cold_start_of(run, heard, start.all_phases, start.explain, None)
    if found.failure:
        return (), found
    with _lock:
        while len(_learned) >= _KEPT:
            del _learned[next(iter(_learned))]
        _learned[key] = heard.files
    return heard.files, None


def _stamp(path: str) -> tuple[int, int]:
    """Return what changes when a file does; zeros where it is not there."""
    try:
        status = Path(path).stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size
