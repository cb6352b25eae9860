"""What the kernel tells of opened files, and what it might tell, taken apart."""

from __future__ import annotations

import errno
import os
import shutil
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.runtimes.container import fanotify_reader
from inspector.runtimes.container.fanotify import OPEN, OPEN_EXEC, OVERFLOW, Fanotify, FileEvent, can_watch, parse
from inspector.runtimes.container.fanotify_reader import FanotifyReader

_SHARED_MEMORY = "/dev/shm"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser may watch file systems")


def _event(mask: int = OPEN, descriptor: int = -1, pid: int = 7, length: int = 24, version: int = 3) -> bytes:
    return struct.pack("=IBBHQii", length, version, 0, 24, mask, descriptor, pid)


def test_events_are_told_apart() -> None:
    assert parse(_event(OPEN, 5, 8) + _event(OPEN | OPEN_EXEC, 6, 9)) == [FileEvent(OPEN, 5, 8), FileEvent(0x1020, 6, 9)]


def test_what_an_event_brings_besides_is_passed_over() -> None:
    assert parse(_event(OPEN, 5, 8, length=32) + bytes(8) + _event(OPEN, 6, 9)) == [
        FileEvent(OPEN, 5, 8),
        FileEvent(OPEN, 6, 9),
    ]


@pytest.mark.parametrize(
    "nonsense",
    [b"\0", _event()[:23], _event(length=0), _event(length=23), _event(length=48), _event(length=1 << 31), _event(version=2)],
    ids=["one byte", "cut short", "no length", "short", "beyond the end", "huge", "another version"],
)
def test_nonsense_is_one_lost_event_and_ends_it(nonsense: bytes) -> None:
    found = parse(_event(OPEN, 5) + nonsense)
    assert found[0] == FileEvent(OPEN, 5, 7)
    assert [event.is_lost for event in found[1:]] == [True]


@given(st.binary(max_size=200))
def test_any_bytes_are_events_of_some_kind(data: bytes) -> None:
    assert len(parse(data)) <= len(data) // 24 + 1


@pytest.mark.parametrize(
    ("event", "is_lost"),
    [
        (FileEvent(OPEN, 5, 1), False),
        (FileEvent(OVERFLOW, -1, 0), True),
        (FileEvent(OPEN, -errno.EMFILE, 1), True),
        (FileEvent(OPEN, -errno.ENXIO, 1), False),
    ],
    ids=["opened", "queue ran over", "no descriptor left", "socket"],
)
def test_only_what_nobody_can_name_is_lost(event: FileEvent, is_lost: bool) -> None:
    assert event.is_lost is is_lost


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(dir=_SHARED_MEMORY))
    yield path
    shutil.rmtree(path)


def _descriptors() -> set[str]:
    return {f"{link.name} {link.readlink()}" for link in Path("/proc/self/fd").iterdir() if link.exists()}


def _told(fanotify: Fanotify, folder: Path) -> dict[str, int]:
    """Return what was opened in a folder, by name."""
    found: dict[str, int] = {}
    while True:
        with fanotify.events() as events:
            if not events:
                return found
            for event in events:
                path = event.path()
                if path is not None and path.startswith(os.fsencode(folder)):
                    name = os.fsdecode(path)[len(str(folder)) + 1 :]
                    found[name] = found.get(name, 0) | event.mask | (event.is_folder() and 1)


@as_root
def test_opening_executing_and_listing_are_told_apart_and_stat_is_not_told(folder: Path) -> None:
    program = folder / "program"
    shutil.copy(shutil.which("true") or "", program)
    for name in ("read", "only looked at"):
        (folder / name).touch()
    fanotify = Fanotify()
    try:
        fanotify.watch(str(folder))
        (folder / "read").read_bytes()
        (folder / "only looked at").stat()
        list(folder.iterdir())
        subprocess.run([program], check=True)
        found = _told(fanotify, folder)
    finally:
        fanotify.close()
    assert {name: (bool(mask & OPEN_EXEC), bool(mask & 1)) for name, mask in found.items()} == {
        "read": (False, False),
        "program": (True, False),
        "": (False, True),
    }


@as_root
def test_a_fifo_does_not_hold_anybody_up(folder: Path) -> None:
    os.mkfifo(folder / "fifo")
    fanotify = Fanotify()
    try:
        fanotify.watch(str(folder))
        os.close(os.open(folder / "fifo", os.O_RDWR))
        (folder / "afterwards").touch()
        assert _told(fanotify, folder).keys() - {"fifo"} == {"afterwards"}  # newer kernels tell nothing of FIFOs
    finally:
        fanotify.close()


@as_root
def test_a_queue_that_runs_over_says_so(folder: Path) -> None:
    most = int(Path("/proc/sys/fs/fanotify/max_queued_events").read_text())
    (folder / "subject").touch()
    many = min(most + 100, 40_000)
    names = [folder / str(index) for index in range(many)]
    fanotify = Fanotify(unlimited=False)
    try:
        fanotify.watch(str(folder))
        for name in names:
            os.close(os.open(name, os.O_CREAT | os.O_WRONLY))
        found = []
        while True:
            with fanotify.events() as events:
                found += [event.is_lost for event in events]
                if not events:
                    break
    finally:
        fanotify.close()
    assert found.count(True) == (1 if many > most else 0)
    assert len(found) <= most + 1


@as_root
def test_the_reader_takes_in_all_that_happened_and_leaves_nothing_open(folder: Path) -> None:
    before = _descriptors()
    seen: list[bytes | None] = []
    fanotify = Fanotify()
    fanotify.watch(str(folder))
    reader = FanotifyReader(fanotify, lambda event: seen.append(event.path()), lambda count: None)
    for index in range(2000):
        (folder / f"file {index}").touch()
    assert reader.catch_up()
    assert {b"%b/file %d" % (os.fsencode(folder), index) for index in range(2000)} <= set(seen)
    reader.close()
    reader.close()
    assert not reader.problem
    assert _descriptors() == before
    assert not any(thread.name == "fanotify" for thread in threading.enumerate())


@as_root
def test_the_reader_gives_up_on_who_opens_files_faster_than_it_reads(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanotify_reader, "_MOST_WAITING", 100)
    monkeypatch.setattr(fanotify_reader, "_LOOK_SECONDS", 0.0)
    lost: list[int] = []
    fanotify = Fanotify()
    fanotify.watch(str(folder))
    reader = FanotifyReader(fanotify, lambda event: time.sleep(0.01), lost.append)
    for index in range(400):
        (folder / str(index)).touch()
    assert not reader.catch_up()
    assert "more files than can be taken note of" in reader.problem
    assert lost[0] > 100
    reader.close()
    assert fanotify.descriptor == -1


@as_root
def test_a_reader_that_stumbles_says_so_and_lets_go(folder: Path) -> None:
    def stumble(event: FileEvent) -> None:
        raise RuntimeError("no more")

    fanotify = Fanotify()
    fanotify.watch(str(folder))
    reader = FanotifyReader(fanotify, stumble, lambda count: None)
    (folder / "file").touch()
    assert not reader.catch_up()
    assert "broke off: RuntimeError: no more" in reader.problem
    reader.close()
    assert fanotify.descriptor == -1


@as_root
def test_somebody_else_may_not_watch() -> None:
    assert can_watch() is None
    os.seteuid(65534)
    try:
        error = can_watch()
    finally:
        os.seteuid(0)
    assert error is not None
    assert error.errno == errno.EPERM
