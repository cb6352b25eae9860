"""Paths as the kernel tells them become those of entries; there are never more of them than memory bears."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from inspector.formats.clean_text import TextCleaner
from inspector.runtimes.container import opened_paths
from inspector.runtimes.container.container_processes import ContainerProcesses, own_mounts
from inspector.runtimes.container.engine_sight import device, mounted_in_sight, mounts_named
from inspector.runtimes.container.fanotify import ON_FOLDER, OPEN, OPEN_EXEC
from inspector.runtimes.container.opened_paths import OpenedPaths


def test_what_was_done_with_a_path_adds_up() -> None:
    paths = OpenedPaths()
    paths.add(b"/bin/sh", OPEN)
    paths.add(b"/bin/sh", OPEN | OPEN_EXEC)
    paths.add(b"/srv", OPEN | ON_FOLDER)
    found = paths.observation()
    assert (found.opened, found.executed, found.listed, found.lost) == ({"bin/sh", "srv"}, {"bin/sh"}, {"srv"}, 0)


@pytest.mark.parametrize("raw", [b"a b", b"caf\xc3\xa9", b"\xff\xfe", b"esc\x1b[31m", b"new\nline", b"back\\slash", b"\\n"])
def test_odd_names_are_cleaned_as_entries_are(raw: bytes) -> None:
    paths = OpenedPaths()
    paths.add(b"/srv/" + raw, OPEN)
    assert paths.observation().opened == {TextCleaner().clean(b"srv/" + raw)}


def test_paths_below_the_merged_folder_are_named_from_there() -> None:
    paths = OpenedPaths((b"/var/lib/merged",))
    for raw in (b"/var/lib/merged/etc/passwd", b"/var/lib/merged", b"/var/lib/merged2/x"):
        paths.add(raw, OPEN)
    assert paths.observation().opened == {"etc/passwd", "", "var/lib/merged2/x"}


def test_a_deleted_file_has_the_name_it_had() -> None:
    paths = OpenedPaths()
    paths.add(b"/srv/model (deleted)", OPEN)
    assert "srv/model" in paths.observation().opened


def test_too_many_paths_are_counted_as_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opened_paths, "MOST_PATHS", 10)
    paths = OpenedPaths()
    for index in range(25):
        paths.add(b"/%d" % index, OPEN)
    paths.add(b"/3", OPEN_EXEC)
    found = paths.observation()
    assert (len(found.opened), found.lost, found.executed) == (10, 15, {"3"})


def test_too_long_paths_are_counted_as_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opened_paths, "MOST_BYTES", 1000)
    paths = OpenedPaths()
    for index in range(10):
        paths.add(b"/%d" % index + b"x" * 300, OPEN)
    assert (paths.count, paths.observation().lost) == (3, 7)


def test_a_process_belongs_to_the_container_whose_id_its_control_group_has() -> None:
    group = max(Path("/proc/self/cgroup").read_text().replace("\n", "/").split("/"), key=len)
    assert group
    assert ContainerProcesses(group).whose(os.getpid()) == "container"
    assert ContainerProcesses("f" * 64).whose(os.getpid()) == "other"


def test_a_process_that_has_ended_is_nobodys_unless_it_was_seen() -> None:
    processes = ContainerProcesses("f" * 64)
    child = os.posix_spawn("/bin/sleep", ["sleep", "60"], {})
    assert processes.whose(child) == "other"
    os.kill(child, 9)
    os.waitpid(child, 0)
    assert processes.whose(child) == "other"
    assert ContainerProcesses("f" * 64).whose(child) == "gone"
    assert processes.whose(0) == "gone"


def test_one_that_ended_and_is_not_waited_for_is_gone() -> None:
    child = os.posix_spawn("/bin/true", ["true"], {})
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    try:
        assert ContainerProcesses("f" * 64).whose(child) == "gone"
    finally:
        os.waitpid(child, 0)


def test_mounts_are_found_by_folder_and_by_name() -> None:
    assert mounted_in_sight("/proc", 0) == "/proc"
    assert not mounted_in_sight("/proc/self", 0)
    assert not mounted_in_sight("/no/such/folder", os.getpid())
    assert mounted_in_sight("/proc", os.getpid()) == "/proc"
    assert "/proc" in mounts_named("proc", 0)
    assert not mounts_named("no such mount", os.getpid())
    assert device("/no/such/folder") is None
    assert own_mounts("self", "no such process")
