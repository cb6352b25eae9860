"""Which modules have no bytecode that the container's Python would take."""

from __future__ import annotations

from struct import pack

import pytest

from inspector.analysis.image.slim.keep import sources_without_bytecode
from tests.unit.analysis.image.content_making import Content
from tests.unit.analysis.image.layer_making import file
from tests.unit.analysis.image.slim.keep_making import inspected, observed

LIB = "usr/lib/python3.11"
PYTHON = "usr/bin/python3.11"
MTIME, SIZE = 1_700_000_000, 7
PYC = "app/__pycache__/m.cpython-311.pyc"


def header(flags: int = 0, mtime: int = MTIME, size: int = SIZE) -> bytes:
    return b"\xa7\r\r\n" + pack("<III", flags, mtime, size)


def uncompiled(
    files: dict[str, Content | str],
    opened: list[str],
    executed: list[str],
    contents: dict[str, bytes] | None = None,
    **config: object,
) -> tuple[str, tuple[str, ...]]:
    inspection = inspected(files, **config)
    observation = observed(opened, executed)
    assert inspection.file_system is not None
    return sources_without_bytecode(inspection, inspection.file_system.entries, observation, contents)


@pytest.mark.parametrize(
    ("first", "is_taken"),
    [
        (header(), True),
        (header(mtime=MTIME + 1), False),
        (header(size=SIZE + 1), False),
        (header(1), True),
        (header(3, 0, 0), True),
        (header(4), False),
        (b"", True),
    ],
)
def test_bytecode_that_python_would_take(first: bytes, is_taken: bool) -> None:
    files: dict[str, Content | str] = {PYTHON: b"1", "app/m.py": file("app/m.py", SIZE, mtime=MTIME), PYC: 100}
    found = uncompiled(files, ["app/m.py", PYC], [PYTHON], {PYC: first} if first else {})
    assert found == (PYTHON, () if is_taken else ("app/m.py",))


def test_bytecode_that_goes_or_is_of_another_python_is_none() -> None:
    files: dict[str, Content | str] = {
        PYTHON: b"1",
        "app/m.py": 1,
        "app/n.py": 1,
        "app/o.py": 1,
        "app/idle.py": 1,
        "app/__pycache__/m.cpython-312.pyc": 1,
        "app/__pycache__/n.cpython-311.opt-2.pyc": 1,
        "app/__pycache__/o.cpython-311.pyc": 1,
    }
    opened = ["app/m.py", "app/n.py", "app/o.py", "app/data.txt", "made/later.py"]
    assert uncompiled(files, opened, [PYTHON]) == (PYTHON, ("app/m.py", "app/n.py"))
    inspection = inspected(files)
    kept = [path for path in files if "pycache" not in path and path != "app/n.py"]
    assert sources_without_bytecode(inspection, kept, observed(opened, [PYTHON])) == (PYTHON, ("app/m.py", "app/o.py"))


def test_what_the_command_runs_needs_none() -> None:
    files: dict[str, Content | str] = {PYTHON: b"1", "app/main.py": 1, "app/m.py": 1}
    found = uncompiled(files, ["app/main.py", "app/m.py"], [PYTHON], entrypoint=("python", "main.py"), working_dir="/app")
    assert found == (PYTHON, ("app/m.py",))


def test_the_python_is_the_one_that_the_modules_are_for() -> None:
    files: dict[str, Content | str] = {
        PYTHON: b"1",
        "opt/conda/bin/python": b"1",
        "opt/conda/lib/python3.12/os.py": 1,
        "opt/conda/lib/python3.12/a.py": 1,
        "opt/conda/lib/python3.12/b.py": 1,
        f"{LIB}/c.py": 1,
        "app/m.py": 1,
    }
    executed = [PYTHON, "opt/conda/bin/python", "usr/bin/python3-config"]
    library = "opt/conda/lib/python3.12"
    opened = [f"{library}/a.py", f"{library}/b.py", f"{LIB}/c.py", "app/m.py"]
    assert uncompiled(files, opened, executed) == ("opt/conda/bin/python", ("app/m.py", f"{library}/a.py", f"{library}/b.py"))


def test_without_python_there_is_nothing_to_make() -> None:
    assert uncompiled({"app/m.py": 1, "usr/bin/python3": b"1"}, ["app/m.py"], []) == ("", ())
    assert uncompiled({"app/m.py": 1, "usr/bin/python3": b"1"}, ["app/m.py"], ["usr/bin/python3"]) == ("", ())
