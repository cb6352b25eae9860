"""The program that starts a runtime the way a server does and takes the time of each phase; it is run as it is, stand-alone.

It imports nothing of this package and as little as it can of anything else, since what it imports is part of what it measures.
What a runtime has of its own is a second file with the functions load_runtime(request) -> runtime, open_artifact(runtime,
request) -> artifact, read_feed(runtime, artifact, request) -> feed and run(artifact, feed), which returns once the outputs are
there. The request comes as marshalled dict of plain values on standard input:

    program        path of the runtime's file
    phases         the names of its four phases: of importing, of opening, of the first run, of a later run
    import_path    what is put first on the import path, and `more_path`, what is put last
    reads          the files of the phase "read"
    runs, seconds  bounds of the warm-up
    report_files   whether to name the files that the process has used, at the end

What it says are lines on the descriptor that its first argument numbers, times in ns of CLOCK_MONOTONIC:

    phase NAME STARTED ENDED CPU_NS RSS_BYTES MINOR_FAULTS MAJOR_FAULTS READ_BYTES   (- for what is not known)
    file HEX                                                                          a path
    failure HEX HEX                                                                   the class of an exception and its message
    done STEADY

What it does for itself between phases (taking these figures, reading a feed: a server gets that from outside) is part of none.
"""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    _Used = tuple[int | None, int | None, int | None, int | None]

WINDOW = 4
"""Runs whose median is held against that of as many before them."""
TOLERANCE = 0.1
"""Share by which times may differ and still count as the same."""


def is_steady(times: Sequence[float]) -> bool:
    """Whether the last runs are no longer faster than those before them: their medians, of four each, lie within 10 %.

    After A. Georges, D. Buytaert, L. Eeckhout, Statistically rigorous Java performance evaluation, OOPSLA 2007, 3.1, who stop
    once times within a window vary little; medians stand for their coefficient of variation, which one interrupted run on a
    shared machine keeps from ever getting small.
    """
    if len(times) < 2 * WINDOW:
        return False
    last, before = _median(times[-WINDOW:]), _median(times[-2 * WINDOW : -WINDOW])
    return abs(before - last) <= TOLERANCE * last


def first_steady(times: Sequence[float]) -> int:
    """Return the place of the first run that is as fast as those at the end: at most 10 % above the median of the last
    four, and so is the median of it and the two after it, so that one lucky run does not count.
    """
    bound = (1 + TOLERANCE) * _median(times[-WINDOW:])
    for place, taken in enumerate(times):
        if taken <= bound and _median(times[place : place + 3]) <= bound:
            return place
    return len(times) - 1


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


class _Clock:
    """Takes the time of phases and tells of them."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._stat = self._io = -1

    def interpreter_is_up(self, now: int, cpu: int) -> None:
        """Tell of the phase that ends where this program begins; the parent knows when it started."""
        self._stat = _opened("/proc/self/stat")
        self._io = _opened("/proc/self/io")
        self._tell("interpreter", 0, now, cpu, (0, 0, 0, 0))

    def timed(self, name: str, work: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
        """Do the work as a phase; return what it gives, and its ns."""
        used = self._used()
        cpu = time.process_time_ns()
        start = time.monotonic_ns()
        result = work(*arguments)
        end = time.monotonic_ns()
        self._tell(name, start, end, time.process_time_ns() - cpu, used)
        return result, end - start

    def say(self, kind: str, text: str = "") -> None:
        """Write a line of another kind."""
        os.write(self._descriptor, f"{kind} {text}\n".encode())

    def _tell(self, name: str, start: int, end: int, cpu: int, before: _Used) -> None:
        rss, *used = self._used()
        spent = [None if now is None else now - (then or 0) for now, then in zip(used, before[1:], strict=True)]
        figures = ["-" if figure is None else str(figure) for figure in (start, end, cpu, rss, *spent)]
        self.say("phase", " ".join([name.replace(" ", "_"), *figures]))

    def _used(self) -> _Used:
        """Return resident bytes, minor and major faults, bytes read from storage; see proc(5), /proc/PID/stat and io."""
        rss = minor = major = read = None
        if self._stat >= 0:
            fields = os.pread(self._stat, 4096, 0).rpartition(b")")[2].split()
            rss, minor, major = int(fields[21]) * os.sysconf("SC_PAGESIZE"), int(fields[7]), int(fields[9])
        if self._io >= 0:
            io = os.pread(self._io, 4096, 0)
            read = int(io[io.index(b"\nread_bytes:") + 12 :].split(None, 1)[0])
        return rss, minor, major, read


def _opened(path: str) -> int:
    try:
        return os.open(path, os.O_RDONLY)
    except OSError:
        return -1


def main(now: int, cpu: int) -> None:
    """Go through all phases; does not return."""
    clock = _Clock(int(sys.argv[1]))
    clock.interpreter_is_up(now, cpu)
    try:
        steady = _phases(clock)
    except BaseException as error:
        said = [text[:2000].encode("utf-8", "replace").hex() for text in (type(error).__name__, _said(error))]
        clock.say("failure", " ".join(said))
        os._exit(1)
    clock.say("done", str(int(steady)))
    os._exit(0)  # without the tidying up that native libraries can crash in


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return ""


def _phases(clock: _Clock) -> bool:
    """Tell of every phase after the interpreter's; return whether run times became steady."""
    import marshal

    with os.fdopen(0, "rb", closefd=False) as file:
        request = marshal.loads(file.read())  # noqa: S302 - what our own parent wrote
    sys.path[:] = request["import_path"] + sys.path + [one for one in request["more_path"] if one not in sys.path]
    runtime_file: dict[str, Any] = {"__name__": "start_of_a_runtime"}
    with open(request["program"], encoding="utf-8") as source:  # noqa: PTH123
        exec(compile(source.read(), request["program"], "exec"), runtime_file)  # noqa: S102
    importing, opening, first, later = request["phases"]
    runtime, _ = clock.timed(importing, runtime_file["load_runtime"], request)
    clock.timed("read", _read_into_page_cache, request["reads"])
    artifact, _ = clock.timed(opening, runtime_file["open_artifact"], runtime, request)
    feed = runtime_file["read_feed"](runtime, artifact, request)
    clock.timed(first, runtime_file["run"], artifact, feed)
    steady = _warm_up(clock, later, request, lambda: runtime_file["run"](artifact, feed))
    if request["report_files"]:
        _tell_files(clock)
    return steady


def _warm_up(clock: _Clock, name: str, request: dict[str, Any], run: Callable[[], None]) -> bool:
    """Run until run times are steady or a bound is reached; return whether they are."""
    deadline = time.monotonic() + request["seconds"]
    times: list[float] = []
    while len(times) < request["runs"] and (not times or time.monotonic() < deadline):
        times.append(clock.timed(name, run)[1])
        if is_steady(times):
            return True
    return False


def _read_into_page_cache(paths: Sequence[str]) -> None:
    """Bring files from storage into the page cache; where the platform can, without copying them into this process."""
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        for path in paths:
            source = os.open(path, os.O_RDONLY)
            try:
                _drain(source, sink)
            finally:
                os.close(source)
    finally:
        os.close(sink)


def _drain(source: int, sink: int) -> None:
    """Read a file to its end: sendfile(2) to the null device hands pages over; plain reads where that is refused."""
    offset = 0
    try:
        while sent := os.sendfile(sink, source, offset, 1 << 30):
            offset += sent
    except OSError:
        os.lseek(source, offset, os.SEEK_SET)
        while os.read(source, 1 << 20):
            pass


def _tell_files(clock: _Clock) -> None:
    """Name the files this process has used: those it has mapped, and those of the modules it has imported."""
    paths = {__file__}
    try:
        with open("/proc/self/maps", "rb") as maps:  # noqa: PTH123
            for line in maps:
                fields = line.rstrip(b"\n").split(None, 5)
                if len(fields) == 6 and fields[5].startswith(b"/") and not fields[5].endswith(b" (deleted)"):
                    paths.add(os.fsdecode(fields[5]))
    except OSError:
        pass
    for module in list(sys.modules.values()):
        known = getattr(module, "__dict__", {})
        spec = known.get("__spec__")
        for path in (getattr(spec, "cached", None), known.get("__file__")):
            if isinstance(path, str) and os.path.isabs(path) and os.path.exists(path):  # noqa: PTH110, PTH117
                paths.add(path)
                break
    for path in sorted(paths):
        clock.say("file", os.fsencode(path).hex())
