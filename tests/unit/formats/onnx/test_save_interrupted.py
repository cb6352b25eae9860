"""Saving that is cut short: killed at any file operation, or refused by the system, it leaves the old file or the new one."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from inspector.errors import OperationFailed
from tests import builders
from tests.unit.formats.onnx import killed_savings
from tests.unit.formats.onnx.saving import meaning, names, save, with_large_weights, write_external


def plain_before(folder: Path) -> None:
    builders.save(builders.chain(), folder / "out.onnx")


def nothing_before(_folder: Path) -> None:
    pass


def external_before(folder: Path) -> None:
    older = with_large_weights()
    older.graph.initializer[0].raw_data = bytes(40_000)
    external = write_external(older, folder.parent / "older.onnx", "older.bin")
    save(external, folder / "out.onnx")
    assert (folder / "out.onnx.data").exists()


@pytest.mark.parametrize("before", [nothing_before, plain_before, external_before])
@pytest.mark.parametrize("is_external", [True, False])
def test_killed_at_any_operation_the_target_is_old_or_new(
    before: Callable[[Path], None], is_external: bool, tmp_path: Path
) -> None:
    template, folder = tmp_path / "template", tmp_path / "folder"
    template.mkdir()
    before(template)
    model = with_large_weights()
    write = write_external if is_external else builders.save
    source = write(model, tmp_path / "in.onnx")
    old = meaning(template / "out.onnx").hex() if (template / "out.onnx").exists() else ""
    new = meaning(source).hex()
    command = [sys.executable, killed_savings.__file__, source, template, folder]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[4])}
    ran = subprocess.run(command, capture_output=True, text=True, timeout=200, env=environment)
    assert ran.returncode == 0, ran.stderr
    savings = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(savings) > 10
    assert [saving["killed"] for saving in savings] == [True] * (len(savings) - 1) + [False]
    assert {saving["left"]["held"] for saving in savings} == {old, new}
    for saving in savings:
        assert saving["then"]["held"] == new
        left = saving["then"]["names"]
        assert left[0] == "out.onnx"
        assert len(left) == 1 + is_external
        assert all(name.startswith("out.onnx") for name in left)


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("may not mount a small disk here")
    try:
        source = write_external(with_large_weights(), tmp_path / "in.onnx")
        (disk / "filler").write_bytes(bytes(32 << 10))
        with pytest.raises(OperationFailed, match=r"cannot write .*out\.onnx: it takes [\d,]+ bytes and [\d,]+ are free"):
            save(source, disk / "out.onnx")
        assert names(disk) == ["filler"]
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize("room", [2_000, 30_000])
def test_a_limit_on_the_size_of_files_is_said(room: int, tmp_path: Path) -> None:
    source = write_external(with_large_weights(), tmp_path / "in.onnx")
    (tmp_path / "target").mkdir()
    plain = builders.save(builders.chain(), tmp_path / "target" / "out.onnx")
    before = plain.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        with pytest.raises(OperationFailed, match=r"cannot write .*out\.onnx: file too large") as raised:
            save(source, plain)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "ulimit" in raised.value.hint
    assert plain.read_bytes() == before
    assert names(tmp_path / "target") == ["out.onnx"]


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    source = builders.save(builders.small_cnn(), tmp_path / "in.onnx")
    with pytest.raises(OperationFailed, match=r"cannot write /proc/out\.onnx") as raised:
        save(source, Path("/proc/out.onnx"))
    assert "\n" not in str(raised.value)


def test_read_only_places_are_said(tmp_path: Path) -> None:
    source = builders.save(builders.small_cnn(), tmp_path / "in.onnx")
    folder = tmp_path / "folder"
    folder.mkdir()
    builders.save(builders.chain(), folder / "protected.onnx").chmod(0o400)
    said = _saved_under_permissions(source, folder / "protected.onnx")
    assert "it is write-protected" in said
    folder.chmod(0o500)
    try:
        assert "permission denied" in _saved_under_permissions(source, folder / "out.onnx")
    finally:
        folder.chmod(0o700)


SAVE = """
import sys
from pathlib import Path
from inspector.errors import OperationFailed
from inspector.formats.onnx.save import save_model
from inspector.isolation.limits import CancelToken, Limits
try:
    list(save_model(sys.argv[1], Path(sys.argv[2]), {}, CancelToken(), Limits()))
except OperationFailed as error:
    print(error)
"""


def _saved_under_permissions(source: Path, target: Path) -> str:
    """Return what saving says in a process that permissions hold for: even root's, without the right to override them."""
    without_override = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"] if os.geteuid() == 0 else []
    command = [*without_override, sys.executable, "-c", SAVE, str(source), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout
