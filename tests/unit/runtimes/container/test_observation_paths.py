"""Paths as the kernel tells them become those of entries; there are never more of them than memory bears."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from inspector.formats.clean_text import TextCleaner
from inspector.runtimes.container import opened_paths
from inspector.runtimes.container.container_processes import ContainerProcesses, own_mounts
from inspector.runtimes.container.engine_sight import device, engine_pid, in_sight, mounted_in_sight, mounts_named
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


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser may mount")
def test_what_an_engine_mounts_for_itself_alone_is_reached_through_its_process(tmp_path: Path) -> None:
    mount = f"mount -t tmpfs none {tmp_path} && echo mounted && exec sleep 60"
    with subprocess.Popen(["unshare", "-m", "--propagation", "private", "sh", "-c", mount], stdout=subprocess.PIPE) as alone:
        try:
            assert alone.stdout is not None
            assert alone.stdout.readline() == b"mounted\n"
            assert not mounted_in_sight(str(tmp_path), 0)
            assert mounted_in_sight(str(tmp_path), alone.pid) == f"/proc/{alone.pid}/root{tmp_path}"
            assert mounts_named(tmp_path.name, alone.pid) == (str(tmp_path),)
            assert in_sight(str(tmp_path), alone.pid) == str(tmp_path)
            assert own_mounts(str(alone.pid)) != own_mounts("self")
        finally:
            alone.kill()


def test_who_listens_on_a_socket_is_known_unless_nobody_does(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        assert engine_pid(path) == os.getpid()
    assert engine_pid(str(tmp_path / "none")) == 0
