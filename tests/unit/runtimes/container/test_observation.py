"""Containers on real engines, and what was seen of the files they used."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from inspector.engines.connection import Engine, connect
from inspector.engines.places import EnginePlace
from inspector.errors import OperationFailed
from inspector.records.serving import Observation
from inspector.runtimes.container import held_mount
from inspector.runtimes.container.engine_sight import engine_pid
from inspector.runtimes.container.observation import Watch, can_observe, watching
from tests.images.build import File, Folder, ImageSpec, Symlink, build_layer, docker_archive
from tests.images.engine import EngineUnderTest, running_engine
from tests.images.programs import shell_tools
from tests.images.starting import eventually, forwarded

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser may watch file systems")

_NAME = "observed:1"
_ODD = "data/odd\x1bname"
_SCRIPT = """
cat /data/read /data/link > /dev/null
cat /data/odd* > /dev/null
[ -e /data/looked_at ] || exit 3
/data/helper.sh
ls /data/folder
cat /data/removed; rm /data/removed
echo new > /tmp/new
cat /proc/self/status /etc/hosts > /dev/null
ls -a /dev
"""
_UNUSED = ("data/never", "data/looked_at", "usr/bin/sleep", "data/folder/file", "data/late")


def _image(folder: Path) -> Path:
    files: dict[str, Any] = {
        **shell_tools("cat", "ls", "rm", "sleep", "truncate"),
        **{f"data/{name}": File(b"content") for name in ("read", "target", "never", "looked_at", "removed", "late")},
        "data/link": Symlink("/data/target"),
        "data/helper.sh": File(b"#!/bin/sh\ncat /data/helped > /dev/null\n", mode=0o755),
        "data/helped": File(b"content"),
        "data/folder": Folder(),
        "data/folder/file": File(b"content"),
        _ODD: File(b"content"),
    }
    return docker_archive(folder / "observed.tar", [ImageSpec([build_layer(files)], {"Cmd": ["/bin/sh"]}, (_NAME,))])


@contextlib.contextmanager
def _engine(host: str) -> Iterator[Engine]:
    found = connect(EnginePlace(host, "the test"))
    assert isinstance(found, Engine)
    with contextlib.closing(found):
        yield found


@contextlib.contextmanager
def _container(engine: Engine, *command: str) -> Iterator[str]:
    from docker.types import Ulimit

    client: Any = engine.client
    limits = [Ulimit(name="nofile", soft=1024, hard=1024), Ulimit(name="nproc", soft=1024, hard=1024)]
    settings = client.create_host_config(network_mode="none", ulimits=limits)
    made = client.create_container(_NAME, entrypoint=list(command), host_config=settings)["Id"]
    try:
        yield made
    finally:
        with contextlib.suppress(OSError):
            client.remove_container(made, force=True, v=True)


@dataclass(frozen=True)
class _Seen:
    """What a container printed and what was seen of it."""

    printed: str
    observation: Observation
    problem: str


def _run(engine: Engine, *command: str) -> _Seen:
    with _container(engine, *command) as container, watching(engine, container) as watch:
        engine.client.start(container)
        watch.started()
        engine.client.wait(container)
        printed = engine.client.logs(container).decode()
        return _Seen(printed, watch.observation(), watch.problem)


def _is_up(watch: Watch) -> bool:
    """Whether a program has been loaded, of which the C library is the last part."""
    return any("libc" in path for path in watch.observation().opened)


def _of_image(paths: frozenset[str]) -> set[str]:
    """Return paths but for those that engines make mount points of."""
    return {path for path in paths if path not in ("etc/hosts", "etc/hostname", "etc/resolv.conf", "run/.containerenv")}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _image(tmp_path_factory.mktemp("observed"))


@pytest.fixture(scope="module")
def engine(docker_engine: EngineUnderTest, archive: Path) -> Iterator[Engine]:
    docker_engine.load(archive)
    with _engine(docker_engine.host) as found:
        yield found


@pytest.fixture(scope="module")
def seen(engine: Engine) -> _Seen:
    """One container that does everything at once."""
    return _run(engine, "/bin/sh", "-c", _SCRIPT)


def test_everything_is_seen_from_the_first_program_on(seen: _Seen) -> None:
    loader = next(path for path in seen.observation.executed if "ld-linux" in path or "ld-musl" in path)
    assert "bin/sh" in seen.observation.executed
    assert loader in seen.observation.opened
    assert any("libc" in path for path in seen.observation.opened)
    assert not seen.problem
    assert seen.observation.lost == 0


def test_reading_is_not_executing(seen: _Seen) -> None:
    assert "data/read" in seen.observation.opened - seen.observation.executed - seen.observation.listed
    assert {"usr/bin/cat", "data/helper.sh"} <= seen.observation.executed <= seen.observation.opened


def test_what_a_program_that_was_started_reads_is_seen(seen: _Seen) -> None:
    assert "data/helped" in seen.observation.opened


def test_behind_an_absolute_link_lies_what_is_seen(seen: _Seen) -> None:
    assert "data/target" in seen.observation.opened
    assert "data/link" not in seen.observation.opened


def test_listing_a_folder_is_told_and_opens_nothing_in_it(seen: _Seen) -> None:
    assert "data/folder" in seen.observation.listed
    assert "data/folder/file" not in seen.observation.opened


def test_a_file_that_was_deleted_since_has_its_name(seen: _Seen) -> None:
    assert "data/removed" in seen.observation.opened


def test_an_odd_name_is_the_one_that_the_entry_has(seen: _Seen) -> None:
    assert "data/odd\\x1bname" in seen.observation.opened


def test_to_look_whether_a_file_is_there_is_not_seen(seen: _Seen) -> None:
    """stat(2) opens nothing: what is only looked at must be kept by other rules, and the proof shows where they fail."""
    assert "data/looked_at" not in seen.observation.opened


def test_what_is_not_of_the_image_is_left_out(seen: _Seen) -> None:
    assert not [path for path in seen.observation.opened if path.startswith(("proc/", "dev/", "sys/"))]
    assert "etc/hosts" not in seen.observation.opened
    assert "tmp/new" in seen.observation.opened  # what the container itself makes is no harm


def test_nothing_else_is_seen(seen: _Seen) -> None:
    assert not seen.observation.opened & set(_UNUSED)
    expected = ("bin/", "usr/bin/", "lib", "usr/lib", "data", "tmp/new", "etc/ld.so")
    assert not [path for path in seen.observation.opened if not path.startswith(expected)]


def test_the_container_does_not_see_that_it_is_watched(seen: _Seen, engine: Engine) -> None:
    assert "padding" not in seen.printed
    assert "null" in seen.printed
    with _container(engine, "/bin/sh", "-c", "ls -a / /data /dev") as container:
        engine.client.start(container)
        engine.client.wait(container)
        unwatched = engine.client.logs(container)
    assert _run(engine, "/bin/sh", "-c", "ls -a / /data /dev").printed == unwatched.decode()


def test_what_is_opened_late_and_by_commands_in_it_is_seen(engine: Engine) -> None:
    with _container(engine, "/bin/sleep", "60") as container, watching(engine, container) as watch:
        engine.client.start(container)
        watch.started()
        assert eventually(lambda: _is_up(watch))
        before = watch.observation()
        count = watch.count
        command = engine.client.exec_create(container, ["/bin/cat", "/data/late"])["Id"]
        assert engine.client.exec_start(command) == b"content"
        assert eventually(lambda: {"data/late", "bin/cat"} <= watch.observation().opened)
    assert "data/late" not in before.opened
    assert len(before.opened) == count < watch.count


def test_what_the_engine_itself_reads_is_not_seen(engine: Engine) -> None:
    with _container(engine, "/bin/sleep", "60") as container, watching(engine, container) as watch:
        engine.client.start(container)
        watch.started()
        assert eventually(lambda: _is_up(watch))
        before = watch.observation()
        stream, _ = engine.client.get_archive(container, "/data")
        assert b"content" in b"".join(stream)
        assert b"content" in b"".join(engine.client.export(container))
        assert watch.observation() == before


def test_a_large_file_is_seen(engine: Engine) -> None:
    found = _run(engine, "/bin/sh", "-c", "truncate -s 5G /tmp/large; : < /tmp/large")
    assert "tmp/large" in found.observation.opened
    assert found.observation.lost == 0


def test_a_large_image_needs_no_padding(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_mount, "_FILLS_ALL_BUFFERS", 1 << 20)  # the image is larger, and blocks an export by itself
    assert "data/read" in _run(engine, "/bin/cat", "/data/read").observation.opened


def test_a_command_that_is_not_there_is_no_observation(engine: Engine) -> None:
    import docker

    with _container(engine, "/no/such/command") as container, watching(engine, container) as watch:
        with pytest.raises(docker.errors.APIError):
            engine.client.start(container)
        watch.started()
        assert not watch.observation().executed
        assert "nothing was seen" in watch.problem


def _left(engine: Engine, container: str) -> list[str]:
    """Return what of watching a container is there."""
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    data = engine.client.inspect_container(container)["GraphDriver"]["Data"] or {"MergedDir": "-"}
    found = [line for line in mounts if data["MergedDir"] in line]
    links = [os.readlink(link) for link in Path("/proc/self/fd").iterdir() if link.is_symlink() and link.exists()]  # noqa: PTH115
    found += [link for link in links if "fanotify" in link]
    found += [thread.name for thread in threading.enumerate() if thread.name == "fanotify"]
    return found


@pytest.mark.parametrize("was_started", [False, True])
def test_everything_is_let_go_after_a_failure(engine: Engine, was_started: bool) -> None:
    with _container(engine, "/bin/sh", "-c", "exit") as container:
        with contextlib.suppress(KeyboardInterrupt), watching(engine, container):
            assert _left(engine, container)
            if was_started:
                engine.client.start(container)
                engine.client.wait(container)
            raise KeyboardInterrupt
        assert eventually(lambda: not _left(engine, container)), _left(engine, container)


def test_a_container_that_is_not_there_is_one_clear_error(engine: Engine) -> None:
    with pytest.raises(OperationFailed, match="be watched: No such container"), watching(engine, "f" * 64):
        pytest.fail("there is nothing to watch")
    assert not any(thread.name == "fanotify" for thread in threading.enumerate())


def test_an_engine_that_dies_midway_is_one_clear_error(tmp_path: Path, archive: Path) -> None:
    with running_engine("docker", tmp_path) as dying:
        dying.load(archive)
        with _engine(dying.host) as engine, _container(engine, "/bin/sleep", "60") as container:
            with watching(engine, container) as watch:
                os.kill(engine_pid(engine.place.socket_path), signal.SIGKILL)
                with pytest.raises(OperationFailed, match="stopped answering"):
                    watch.started()
            assert not any(thread.name == "fanotify" for thread in threading.enumerate())


def test_files_of_a_store_without_mounts_are_seen(docker_vfs_engine: EngineUnderTest, archive: Path) -> None:
    docker_vfs_engine.load(archive)
    with _engine(docker_vfs_engine.host) as engine:
        assert not can_observe(engine)
        found = _run(engine, "/bin/sh", "-c", _SCRIPT)
    assert {"bin/sh", "data/read", "data/helped", "data/target"} <= found.observation.opened
    assert not found.observation.opened & set(_UNUSED)
    assert not found.problem


def test_files_of_podmans_containers_are_seen(podman_engine: EngineUnderTest, archive: Path) -> None:
    podman_engine.load(archive)
    with _engine(podman_engine.host) as engine:
        assert not can_observe(engine)
        found = _run(engine, "/bin/sh", "-c", _SCRIPT)
        assert not engine.client.containers(all=True)
    assert {"bin/sh", "data/read", "data/helped", "data/target"} <= found.observation.opened
    assert not _of_image(found.observation.opened) & {*_UNUSED, ""}
    assert not found.problem


def test_containers_of_another_machine_cannot_be_observed(engine: Engine) -> None:
    assert not can_observe(engine)
    with forwarded(engine.place.socket_path) as port, _engine(f"tcp://127.0.0.1:{port}") as remote:
        assert "engine of this machine" in can_observe(remote)


def test_somebody_who_is_not_root_is_told_so(engine: Engine) -> None:
    os.seteuid(65534)
    try:
        assert "takes root" in can_observe(engine)
    finally:
        os.seteuid(0)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"Driver": "zfs", "DockerRootDir": "/"}, "driver zfs, whose files cannot"),
        ({"DockerRootDir": "/"}, "of no name"),
        ({"Driver": "overlay2", "DockerRootDir": "/no/such/folder"}, "out of sight"),
        ({"Driver": "overlay2"}, "out of sight"),
    ],
)
def test_an_engine_that_keeps_files_elsewhere_is_told_apart(engine: Engine, said: dict[str, str], why: str) -> None:
    class Client:
        def info(self) -> dict[str, str]:
            return said

    client: Any = Client()
    assert why in can_observe(replace(engine, client=client))


def test_other_systems_cannot(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert "Linux only" in can_observe(engine)
