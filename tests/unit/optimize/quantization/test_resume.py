"""What an interrupted search leaves behind: enough to go on from, never trusted."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from math import inf
from pathlib import Path

import msgspec
import numpy as np
import pytest

from inspector.optimize.quantization.resume import EARLIER, Memory, Rejected, SearchMemory, cache_folder, digest_of
from inspector.optimize.quantize import Int8
from inspector.records.optimization import NodeSensitivity, Outcome
from tests.unit.optimize.quantization.models import (
    SqnrJudge,
    cancel,
    inputs_of,
    mlp,
    result,
    subject_of,
    vectors,
    work_of,
)

IDENTITY = ("int8", "some digest", "onnxruntime 1")
REJECTED = Rejected("key", "static int8, MinMax", "rejected", "SQNR 3.0 dB", "parity", 3.0)
LOSSLESS = NodeSensitivity("relu", "Relu", 3, inf, None)


def test_what_is_noted_is_remembered(cache: Path) -> None:
    memory = SearchMemory.of(IDENTITY)
    memory.note(rejected=(REJECTED,), sensitivity=(LOSSLESS,), terms="terms")
    again = SearchMemory.of(IDENTITY)
    assert again.rejected("key") == REJECTED
    assert again.memory.sensitivity == (LOSSLESS,)
    assert SearchMemory.of(("other", *IDENTITY)).rejected("key") is None
    assert [entry.parent for entry in cache.iterdir()] == [cache]
    assert not list(cache.rglob("*.draft"))


def test_the_cache_lies_where_the_user_wants_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "modelpack-tui" / "int8"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own" / "modelpack-tui" / "int8"


def state_of(cache: Path) -> Path:
    SearchMemory.of(IDENTITY).note(rejected=(REJECTED,))
    return next(cache.rglob("state.msgpack"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"not msgpack at all",
        msgspec.msgpack.encode({"rejected": "no list"}),
        msgspec.msgpack.encode({"format": 99, "rejected": []}),
        msgspec.msgpack.encode({"sensitivity": [{"name": 3}]}),
        b"\x91" * 100_000,
        msgspec.msgpack.encode(Memory(rejected=(REJECTED,)))[:-3],
        bytes(5 << 20),
    ],
)
def test_damaged_memories_are_ignored_and_replaced(cache: Path, data: bytes) -> None:
    state = state_of(cache)
    state.write_bytes(data)
    memory = SearchMemory.of(IDENTITY)
    assert memory.memory == Memory()
    memory.note(rejected=(REJECTED,))
    assert SearchMemory.of(IDENTITY).rejected("key") == REJECTED


def test_memories_of_others_are_ignored(cache: Path, tmp_path: Path) -> None:
    state = state_of(cache)
    state.chmod(0o666)
    assert SearchMemory.of(IDENTITY).memory == Memory()
    target = tmp_path / "elsewhere"
    target.write_bytes(state.read_bytes())
    state.unlink()
    state.symlink_to(target)
    assert SearchMemory.of(IDENTITY).memory == Memory()
    state.unlink()
    os.mkfifo(state)
    assert SearchMemory.of(IDENTITY).memory == Memory()  # and does not wait


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    memory = SearchMemory.of(IDENTITY)
    memory.note(rejected=(REJECTED,))
    memory.keep_ranges("minmax", str(blocked))
    assert memory.rejected("key") == REJECTED
    assert memory.ranges("minmax") is None


def test_the_cache_does_not_grow_without_bound(cache: Path) -> None:
    for at in range(40):
        SearchMemory.of((str(at),)).note(rejected=(REJECTED,))
    assert len(list(cache.iterdir())) <= 32
    assert SearchMemory.of(("39",)).rejected("key") == REJECTED


def test_ranges_in_use_outlive_verdicts_that_are_forgotten(cache: Path, tmp_path: Path) -> None:
    memory = SearchMemory.of(["a search"])
    collected = tmp_path / "ranges"
    collected.write_bytes(b"ranges")
    memory.keep_ranges("minmax", str(collected))
    memory.note(terms="one", passed=("key",))
    memory.forget()
    kept = memory.ranges("minmax")
    assert kept is not None
    assert kept.read_bytes() == b"ranges"
    assert SearchMemory.of(["a search"]).memory == Memory()


def test_inputs_are_told_apart_by_their_values(tmp_path: Path) -> None:
    one = inputs_of(tmp_path / "one", vectors())
    same = inputs_of(tmp_path / "same", vectors())
    other = inputs_of(tmp_path / "other", [{"x": feed["x"] + np.float32(1e-3)} for feed in vectors()])
    assert digest_of(one) == digest_of(same)
    assert digest_of(one) != digest_of(other)
    assert digest_of(one) != digest_of(replace(one, names=("y",)))


def search(folder: Path, least_db: float = 500) -> tuple[Outcome, SqnrJudge]:
    folder.mkdir(exist_ok=True)
    subject = subject_of(mlp(4), folder / "model.onnx")
    judge = SqnrJudge(subject, vectors(), least_db)
    return result(Int8().apply(subject, work_of(folder, vectors()), judge, cancel())), judge


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.unit.optimize.quantization import test_resume
from tests.unit.optimize.quantization.models import SqnrJudge

class Killing(SqnrJudge):
    def __call__(self, candidate):
        if len(self.judged) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return (yield from super().__call__(candidate))

test_resume.SqnrJudge = Killing
test_resume.search(Path(sys.argv[1]))
"""


def test_a_killed_search_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(__file__).parents[4]
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "first")], cwd=root, capture_output=True, check=False)
    assert killed.returncode == -9, killed.stderr.decode()
    outcome, judge = search(tmp_path / "second")
    names = [attempt.name for attempt in outcome.attempts]
    assert names[:2] == [f"dynamic int8 ({EARLIER})", f"dynamic int8, 1 node in fp32 ({EARLIER})"]
    assert judge.judged == ["dynamic int8, 2 nodes in fp32", "dynamic int8, 3 nodes in fp32"]  # none of them twice
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "fresh"))
    whole, _ = search(tmp_path / "whole")
    assert outcome.reason == whole.reason
    assert [attempt.worst_sqnr_db for attempt in outcome.attempts] == [attempt.worst_sqnr_db for attempt in whole.attempts]


def test_verdicts_under_other_terms_do_not_count(tmp_path: Path) -> None:
    strict, _ = search(tmp_path / "strict", 500)
    assert strict.best is None
    lenient, judge = search(tmp_path / "lenient", 20)
    assert lenient.best is not None
    assert not lenient.best.kept_fp32
    assert judge.judged[-1] == "dynamic int8"


def test_what_passed_is_made_again(tmp_path: Path) -> None:
    first, _ = search(tmp_path / "first", 20)
    second, judge = search(tmp_path / "second", 20)
    assert first.best is not None
    assert second.best is not None
    assert Path(second.best.path).read_bytes() == Path(first.best.path).read_bytes()
    assert judge.judged == ["dynamic int8"]
