"""The page cache as the kernel keeps it: real files brought in, evicted and looked at."""

from __future__ import annotations

import mmap
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector.isolation.page_cache import bring_in, evict, mapped_files, residency

SIZE = 3 * (1 << 20) + 123


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """Return a file with content that was just written."""
    path = tmp_path / "weights.bin"
    path.write_bytes(os.urandom(SIZE))
    if residency([str(path)]).files[0].why_stays:
        pytest.skip("temporary files are in memory")
    return path


@pytest.fixture
def in_memory() -> Iterator[Path]:
    """Return a file that is nowhere but in memory."""
    path = Path("/dev/shm", f"modelpack-tui-test-{os.getpid()}")
    path.write_bytes(os.urandom(SIZE))
    yield path
    path.unlink()


def test_out_and_in_again(stored: Path) -> None:
    assert residency([str(stored)]).resident_bytes == SIZE
    evict([str(stored)])
    assert residency([str(stored)]).resident_bytes == 0
    bring_in([str(stored)])
    found = residency([str(stored)])
    assert (found.resident_bytes, found.total_bytes, found.share) == (SIZE, SIZE, 1.0)


def test_a_part_that_is_in_it(stored: Path) -> None:
    evict([str(stored)])
    with stored.open("rb", buffering=0) as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
        os.pread(file.fileno(), 4096, 1 << 20)
    share = residency([str(stored)]).share
    assert share is not None
    assert 0 < share < 0.5


def test_what_a_process_has_mapped_stays(stored: Path) -> None:
    with stored.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        assert sum(mapped[::4096]) > 0
        assert str(stored) in mapped_files()
        evict([str(stored)])
        assert residency([str(stored)]).resident_bytes > SIZE // 2
    evict([str(stored)])
    assert residency([str(stored)]).resident_bytes == 0


def test_files_in_memory_stay_and_it_is_said(in_memory: Path) -> None:
    evict([str(in_memory)])
    found = residency([str(in_memory)])
    assert found.share == 1.0
    assert found.files[0].why_stays == "on tmpfs, which is memory"


def test_what_is_no_regular_file_is_left_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").touch()
    (tmp_path / "loop").symlink_to("loop")
    odd = [str(tmp_path / name) for name in ("pipe", "loop", "not there")] + ["/dev/zero", str(tmp_path)]
    evict(odd)
    bring_in(odd)
    assert residency(odd).files == ()
    found = residency([*odd, str(tmp_path / "empty")])
    assert (found.total_bytes, found.share) == (0, None)


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser can become somebody else")
def test_what_the_kernel_does_not_tell_others_is_not_made_up() -> None:
    """mincore calls every page of another user's file resident."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder, "weights.bin")
        path.write_bytes(os.urandom(SIZE))
        path.chmod(0o444)
        os.seteuid(65534)
        try:
            found = residency([str(path)])
        finally:
            os.seteuid(0)
    assert len(found.files) == 1
    assert (found.total_bytes, found.share) == (0, None)
    assert found.note == "the kernel does not say how much of 1 files is cached"


def test_the_interpreter_is_mapped() -> None:
    mapped = mapped_files(os.getpid())
    assert any("libc" in path for path in mapped)
    assert str(Path(sys.executable).resolve()) in mapped
    assert mapped_files(2**22 + 1) == ()
