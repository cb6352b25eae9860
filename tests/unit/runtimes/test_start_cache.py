"""Whether a cold or a warm cache was achieved, on real files, and what is said where it was not."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector.isolation.page_cache import residency
from inspector.records.benchmark import PhaseSample
from inspector.runtimes.start_cache import CachedFiles

SIZE = 1 << 20


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Return a model, its weights and ten times as much of a runtime."""
    made = [tmp_path / name for name in ("model.onnx", "weights.bin", "runtime.so")]
    for path, size in zip(made, (SIZE, SIZE, 20 * SIZE), strict=True):
        path.write_bytes(os.urandom(size))
    if residency([str(made[0])]).files[0].why_stays:
        pytest.skip("temporary files are in memory")
    return made


@pytest.fixture
def in_memory() -> Iterator[Path]:
    path = Path("/dev/shm", f"modelpack-tui-test-{os.getpid()}.onnx")
    path.write_bytes(os.urandom(SIZE))
    yield path
    path.unlink()


def prepared(cache: str, artifact: list[Path], used: list[Path]) -> CachedFiles:
    found = CachedFiles(cache, [str(path) for path in artifact], [str(path) for path in used])  # type: ignore[arg-type]
    found.prepare()
    return found


def test_cold_and_warm(files: list[Path]) -> None:
    cold = prepared("cold", files[:2], files)
    assert (cold.resident_share, cold.note) == (0.0, "")
    warm = prepared("warm", files[:2], files)
    assert (warm.resident_share, warm.note) == (1.0, "")


def test_a_small_part_of_the_runtime_in_use_is_let_pass_and_a_larger_one_is_named(files: list[Path], tmp_path: Path) -> None:
    library = tmp_path / "libc.so"
    library.write_bytes(os.urandom(SIZE))
    with library.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        assert sum(mapped[::4096]) > 0
        found = prepared("cold", files[:1], [files[2], library])
        assert found.resident_share == pytest.approx(1 / 22, abs=0.01)
        assert found.note == ""
        found = prepared("cold", files[:1], [files[1], library])
        assert found.note == "cold cache not achieved: 33% of the files stays in it: libc.so (in use by running processes)"


def test_a_small_part_of_the_artifact_does_not_pass(files: list[Path]) -> None:
    with files[0].open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        assert sum(mapped[::4096]) > 0
        found = prepared("cold", files[:1], files)
    assert found.note == "cold cache not achieved: 5% of the files stays in it: model.onnx (in use by running processes)"


def test_an_artifact_in_memory_is_never_cold(in_memory: Path, files: list[Path]) -> None:
    found = prepared("cold", [in_memory], files)
    assert found.note.startswith("cold cache not achieved: 4% of the files stays in it: ")
    assert found.note.endswith("(on tmpfs, which is memory)")


def test_a_file_counts_once_however_it_is_named(files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(files[0])
    found = prepared("warm", files[:1], [tmp_path / "link", tmp_path / "." / "model.onnx"])
    assert found._found is not None
    assert found._found.total_bytes == SIZE


def test_nothing_is_known_of_no_files(tmp_path: Path) -> None:
    found = prepared("cold", [tmp_path / "not there"], [])
    assert (found.resident_share, found.note) == (None, "what is in the page cache is not known")


@pytest.mark.parametrize(
    ("read", "imported", "said"),
    [(SIZE, 4096, False), (0, 4096, True), (SIZE // 3, 4096, True), (0, 0, False), (None, 4096, False)],
)
def test_a_cold_cache_that_did_not_last(files: list[Path], read: int | None, imported: int, said: bool) -> None:
    found = prepared("cold", files[:1], files)
    phases = (PhaseSample("imports", 1.0, read_bytes=imported), PhaseSample("read", 1.0, read_bytes=read))
    why = "cold cache not achieved: another process read the artifact meanwhile"
    assert found.note_after(phases) == (why if said else "")
    assert prepared("warm", files[:1], files).note_after(phases) == ""
    with files[2].open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        assert sum(mapped[::4096]) > 0
        both = prepared("cold", files[:1], files).note_after(phases)
    assert "runtime.so (in use" in both
    assert ("meanwhile" in both) is said
