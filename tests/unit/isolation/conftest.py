"""Lets child processes of these tests import child_entries by name, as they import the program's own entries."""

import gc
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """Every test must leave the descriptors and child processes of this process as they were."""
    gc.collect()
    before = len(list(Path("/proc/self/fd").iterdir()))
    children = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text()
    yield
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text() == children
