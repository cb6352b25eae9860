"""What is said of the machine."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy
import psutil
import pytest

from inspector.isolation.control_groups import Granted
from inspector.workflows import environment as module
from inspector.workflows.environment import environment

X86 = """processor\t: 0
model name\t: Example CPU @ 2.00GHz
flags\t\t: fpu avx2 avx512f avx512_vnni amx_int8

model name\t: Other
"""
ARM = "processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd asimddp i8mm\nCPU implementer\t: 0x41\n"


def test_it_describes_this_machine() -> None:
    here = environment()
    assert here.cpu
    assert 1 <= here.cores <= (os.cpu_count() or 1)
    assert 0 < here.memory_bytes <= psutil.virtual_memory().total
    assert here.versions["python"] == sys.version.split()[0].rstrip("+")
    assert here.versions["numpy"] == numpy.__version__
    assert here.platform


def test_x86_processors_are_read_from_their_first_description() -> None:
    assert module._processor_name(X86) == "Example CPU @ 2.00GHz"
    assert module._instruction_sets(X86) == ("avx2", "avx512f", "avx512_vnni", "amx_int8")


def test_arm_processors_have_features_and_often_no_name() -> None:
    assert module._processor_name(ARM) == ""
    assert module._instruction_sets(ARM) == ("asimd", "asimddp", "i8mm")


def test_without_proc_it_still_says_something(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_read", lambda path: "")
    here = environment()
    assert here.cpu
    assert here.isa == ()


def test_a_container_limit_below_the_memory_is_what_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "granted", lambda: Granted(memory_bytes=1048576))
    assert environment().memory_bytes == 1048576
    monkeypatch.setattr(module, "granted", lambda: Granted(memory_bytes=1 << 60))
    assert environment().memory_bytes <= psutil.virtual_memory().total


def test_nothing_is_imported_to_tell_versions() -> None:
    code = (
        "import sys; from inspector.workflows.environment import environment; environment();"
        "print([name for name in ('onnxruntime', 'onnx', 'numpy', 'textual', 'psutil') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
