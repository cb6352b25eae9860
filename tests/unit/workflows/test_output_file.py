from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from inspector.errors import OperationFailed, UsageError
from inspector.workflows.output_file import check_target, write_file


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "out.md"
    write_file(target, b"data", [])
    assert target.read_bytes() == b"data"
    assert files_in(tmp_path) == ["out.md"]


def test_new_files_have_the_permissions_that_the_user_gives_files(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write_file(tmp_path / "out.md", b"data", [])
    assert (tmp_path / "out.md").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_file_that_was_there_is_replaced_and_keeps_its_permissions(tmp_path: Path) -> None:
    target = tmp_path / "out.md"
    target.write_text("before")
    target.chmod(0o640)
    write_file(target, b"after", [])
    assert target.read_bytes() == b"after"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real.md").write_text("before")
    (tmp_path / "link.md").symlink_to("real.md")
    write_file(tmp_path / "link.md", b"after", [])
    assert (tmp_path / "link.md").is_symlink()
    assert (tmp_path / "real.md").read_bytes() == b"after"


@pytest.mark.parametrize("how", ["itself", "symlink", "hard link", "detour"])
def test_the_artifact_is_never_overwritten(tmp_path: Path, how: str) -> None:
    artifact = tmp_path / "model.onnx"
    artifact.write_bytes(b"model")
    target = tmp_path / "out.md"
    if how == "itself":
        target = artifact
    elif how == "symlink":
        target.symlink_to(artifact)
    elif how == "hard link":
        target.hardlink_to(artifact)
    else:
        (tmp_path / "sub").mkdir()
        target = tmp_path / "sub" / ".." / "model.onnx"
    with pytest.raises(UsageError, match="would overwrite"):
        write_file(target, b"report", [artifact])
    assert artifact.read_bytes() == b"model"


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it is a folder"):
        check_target(tmp_path, [])


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no folder .*missing"):
        check_target(tmp_path / "missing" / "out.md", [])


def test_a_file_on_the_way_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OperationFailed, match="Not a directory"):
        check_target(tmp_path / "file" / "out.md", [])


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EDQUOT, errno.EIO])
def test_what_cannot_be_written_leaves_the_old_file_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    target = tmp_path / "out.md"
    target.write_text("before")

    def fail(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OperationFailed) as caught:
        write_file(target, b"after", [])
    assert str(caught.value) == f"cannot write the report to {target}: {os.strerror(code)}"
    assert target.read_text() == "before"
    assert files_in(tmp_path) == ["out.md"]


def test_an_interruption_leaves_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_file(tmp_path / "out.md", b"data", [])
    assert files_in(tmp_path) == []


def test_a_name_too_long_is_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(OperationFailed, match="File name too long"):
        write_file(tmp_path / ("x" * 300), b"data", [])
    assert files_in(tmp_path) == []


def test_a_write_protected_file_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "out.md"
    target.write_text("before")
    target.chmod(0o444)
    if os.access(target, os.W_OK):  # the superuser may write anything
        monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(OperationFailed, match="write-protected"):
        write_file(target, b"after", [])
    assert target.read_text() == "before"


def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()), daemon=True)
    reader.start()
    write_file(pipe, b"x" * 200_000, [])
    reader.join(10)
    assert received == [b"x" * 200_000]
    assert pipe.is_fifo()


def test_a_device_stays_a_device() -> None:
    write_file(Path(os.devnull), b"data", [])
    assert Path(os.devnull).is_char_device()


def test_a_full_device_is_an_error_of_one_line() -> None:
    with pytest.raises(OperationFailed, match="No space left on device"):
        write_file(Path("/dev/full"), b"data", [])
