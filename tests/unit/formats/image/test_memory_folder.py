"""The folder in memory that a model of an image is opened in."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from inspector.errors import OperationFailed
from inspector.formats.image import memory_folder
from inspector.formats.image.memory_folder import MemoryFolder, close_holding, room_in

HOLD = """\
import sys
from inspector.formats.image.memory_folder import MemoryFolder
folder = MemoryFolder(10, "x")
print(folder.path, flush=True)
sys.stdin.read()
"""


def put(folder: MemoryFolder, name: str, data: bytes) -> Path:
    descriptor = folder.create(name, len(data))
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    return folder.path / name


def held_elsewhere() -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_files_are_private_and_gone_with_it() -> None:
    folder = MemoryFolder(100, "x.onnx")
    path = put(folder, "variables/variables.index", b"data")
    assert path.read_bytes() == b"data"
    for one in (folder.path, path.parent):
        assert stat.S_IMODE(one.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert str(os.getpid()) in folder.path.name
    folder.close()
    folder.close()
    assert not folder.path.exists()


def test_it_lies_in_memory() -> None:
    folder = MemoryFolder(100, "x.onnx")
    done = subprocess.run(["stat", "-f", "-c", "%T", folder.path], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("tmpfs", "ramfs")
    folder.close()


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/x", "a//b", "", ".", "..", "a/./b", "x\0y", "n" * 300])
def test_no_name_leads_out_of_it(name: str) -> None:
    folder = MemoryFolder(100, "x.onnx")
    with pytest.raises(OperationFailed, match=r"x\.onnx"):
        folder.create(name, 1)
    folder.close()


def test_a_file_is_never_written_twice() -> None:
    folder = MemoryFolder(100, "x.onnx")
    put(folder, "a", b"first")
    with pytest.raises(OperationFailed, match="cannot be made"):
        folder.create("a", 1)
    folder.close()


def test_what_has_no_room_is_refused_at_once_with_both_figures() -> None:
    with pytest.raises(OperationFailed, match=r"huge\.onnx: 1,152,921,504,606,846,976 bytes, and memory has room for [\d,]+"):
        MemoryFolder(1 << 60, "huge.onnx")
    folder = MemoryFolder(1, "x.onnx")
    with pytest.raises(OperationFailed, match="memory has room for"):
        folder.create("more", 1 << 60)
    folder.close()


def test_room_is_less_than_what_the_file_system_has(tmp_path: Path) -> None:
    status = os.statvfs(tmp_path)
    assert 0 <= room_in(tmp_path) <= status.f_bavail * status.f_frsize


def test_a_machine_without_memory_file_system_gets_one_clear_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/sda1 / ext4 rw 0 0\n/dev/sda2 /dev ext4 rw 0 0\n")
    monkeypatch.setattr(memory_folder, "_MOUNTS", mounts)
    with pytest.raises(OperationFailed, match=r"x\.onnx: there is no file system in memory") as caught:
        MemoryFolder(1, "x.onnx")
    assert caught.value.hint


def test_the_one_that_holds_a_path_is_closed() -> None:
    one, other = MemoryFolder(1, "x"), MemoryFolder(1, "y")
    close_holding(one.path / "model.onnx")
    close_holding(Path("/elsewhere"))
    assert not one.path.exists()
    assert other.path.exists()
    other.close()


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_holds_is_not() -> None:
    killed, left = held_elsewhere()
    living, held = held_elsewhere()
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert left.exists()
    folder = MemoryFolder(1, "x")
    assert not left.exists()
    assert held.exists()
    folder.close()
    living.communicate("")
    assert living.returncode == 0
    assert not held.exists()
