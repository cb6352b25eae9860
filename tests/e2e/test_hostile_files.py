"""Every hostile file against the real command: refused in one line, or read with a finding; never a crash.

Each command runs under limits of address space and processor time, and its peak memory is checked.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from inspector.errors import UnreadableArtifact
from inspector.records.event import Finished
from inspector.workflows.inspect import inspect
from tests.e2e.hostile import containers, encodings, meanings, texts
from tests.e2e.hostile.cases import Case
from tests.e2e.hostile.running import check, rules_of, run
from tests.e2e.hostile.wire import graph, model, node, relu, small_model

CASES = [*containers.CASES, *encodings.CASES, *meanings.CASES]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_hostile_file(case: Case, tmp_path: Path) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    path = case.make(folder)
    outcome = run(tmp_path, path, "--report", "-", "--format", "json")
    check(outcome, path.name)
    assert not list(tmp_path.rglob("pickle-was-executed"))
    if case.refused:
        assert outcome.code == 3, outcome.stdout[:1000]
        assert case.says in outcome.stderr
    elif case.finds:
        assert outcome.code == 0, outcome.stderr
        assert not set(case.finds) - set(rules_of(outcome))
    else:
        assert case.either


@pytest.mark.parametrize("case", texts.CASES, ids=[case.name for case in texts.CASES])
def test_hostile_text(case: Case, tmp_path: Path) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    path = case.make(folder)
    report_format = "text" if len(case.name) % 2 else "md"
    outcome = run(tmp_path, path, "--report", "-", "--format", report_format)
    check(outcome, "gnp.exe" if "gnp.exe" in path.name else path.name)


def test_the_sample_cut_at_every_structural_boundary(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    for at in encodings.CUTS:
        path.write_bytes(encodings.SAMPLE[:at])
        if encodings.is_refused_when_cut(at):
            with pytest.raises(UnreadableArtifact, match=r"model\.onnx"):
                list(inspect(path))
        else:
            assert isinstance(list(inspect(path))[-1], Finished)


def test_there_are_enough_of_them() -> None:
    names = [case.name for case in (*CASES, *texts.CASES)]
    assert len(set(names)) == len(names) >= 60


@contextmanager
def _meddling(meddle: object, pause: float) -> Iterator[None]:
    """Call meddle over and over in a thread while the block runs."""
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            meddle()  # type: ignore[operator]
            time.sleep(pause)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _chain(length: int) -> bytes:
    nodes = [node(b"Relu", [b"x" if i == 0 else b"t%d" % i], [b"t%d" % (i + 1)]) for i in range(length)]
    return model(graph([*nodes, node(b"Neg", [b"t%d" % length], [b"y"])]))


_WHOLE = _chain(5_000)


@pytest.mark.parametrize("change", ["truncated", "grown", "rewritten", "replaced"])
def test_a_file_that_changes_while_it_is_open(change: str, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(_WHOLE)
    turn = [0]

    def meddle() -> None:
        turn[0] += 1
        if change == "truncated":
            os.truncate(path, len(_WHOLE) // (1 + turn[0] % 7))
        elif change == "grown":
            with path.open("ab") as file:
                file.write(relu())
        elif change == "rewritten":
            path.write_bytes(_WHOLE if turn[0] % 2 else small_model())
        else:
            fresh = tmp_path / f"fresh-{turn[0] % 2}"
            fresh.write_bytes(_WHOLE if turn[0] % 2 else small_model())
            fresh.rename(path)

    with _meddling(meddle, 0.01):
        for _ in range(2):
            check(run(tmp_path, path, "--report", "-", "--format", "json"), "model.onnx")
