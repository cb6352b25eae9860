"""Whether Python takes a .pyc file, held against what Python itself does."""

from __future__ import annotations

import importlib.util
import os
import py_compile
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from inspector.analysis.image.slim.bytecode_validity import HEAD_BYTES, takes_bytecode

_TIMES = py_compile.PycInvalidationMode.TIMESTAMP
_CHECKED = py_compile.PycInvalidationMode.CHECKED_HASH
_UNCHECKED = py_compile.PycInvalidationMode.UNCHECKED_HASH


def _stale(folder: Path, mode: py_compile.PycInvalidationMode, mtime: int) -> tuple[Path, bytes]:
    """Return a module whose bytecode says something else than its source, which is as long and has a time of its own."""
    source = folder / "subject.py"
    source.write_text("print('old')\n")
    os.utime(source, (1_000_000, 1_000_000))
    made = py_compile.compile(str(source), invalidation_mode=mode, doraise=True)
    source.write_text("print('new')\n")
    os.utime(source, (mtime, mtime))
    return source, Path(str(made)).read_bytes()[:HEAD_BYTES]


def _runs_bytecode(folder: Path) -> bool:
    program = f"import sys; sys.path[:0] = [{str(folder)!r}]; import subject"
    done = subprocess.run([sys.executable, "-I", "-S", "-B", "-c", program], capture_output=True, text=True, check=True)
    return done.stdout == "old\n"


@pytest.mark.parametrize(
    ("mode", "mtime"),
    [(_TIMES, 1_000_000), (_TIMES, 1_000_001), (_TIMES, 1_000_000 + (1 << 32)), (_UNCHECKED, 5)],
    ids=["same time", "another time", "same time in 32 bits", "hash, unchecked"],
)
def test_what_is_told_is_what_python_does(tmp_path: Path, mode: py_compile.PycInvalidationMode, mtime: int) -> None:
    source, head = _stale(tmp_path, mode, mtime)
    assert takes_bytecode(head, mtime, source.stat().st_size) is _runs_bytecode(tmp_path)


def test_another_size_is_another_source(tmp_path: Path) -> None:
    source, head = _stale(tmp_path, _TIMES, 1_000_000)
    source.write_text("print('new')  # longer\n")
    os.utime(source, (1_000_000, 1_000_000))
    assert not _runs_bytecode(tmp_path)
    assert not takes_bytecode(head, 1_000_000, source.stat().st_size)


def test_one_that_is_checked_is_taken_if_it_is_of_its_source(tmp_path: Path) -> None:
    source = tmp_path / "subject.py"
    source.write_text("print('old')\n")
    made = py_compile.compile(str(source), invalidation_mode=_CHECKED, doraise=True)
    os.utime(source, (5, 5))
    assert takes_bytecode(Path(str(made)).read_bytes()[:HEAD_BYTES], 5, source.stat().st_size)


@pytest.mark.parametrize(
    "head",
    [b"", importlib.util.MAGIC_NUMBER, bytes(15), *(struct.pack("<IIII", 0, flags, 5, 7) for flags in (2, 4, 1 << 31))],
)
def test_nonsense_is_not_taken(head: bytes) -> None:
    assert not takes_bytecode(head, 5, 7)
