"""How layers are shared out among passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.formats.image.layer_answer import Allowance, LayerPlace, Stretch
from inspector.formats.image.layer_passes import PassRunner, plan
from inspector.isolation.child import ChildFailed
from inspector.isolation.limits import CancelToken
from inspector.records.image import Compression
from tests.images.build import build_layer


def place(offset: int, length: int, wrapping: Compression = "none", path: bytes = b"/a.tar") -> LayerPlace:
    return LayerPlace(path, wrapping, Stretch(offset, length, "gzip"))


def test_each_layer_of_a_file_has_a_pass_of_its_own() -> None:
    passes = plan({3: place(0, 5), 1: place(9, 5), 2: place(5, 4)})
    assert [one.indices for one in passes] == [[1], [2], [3]]


def test_layers_of_a_wrapped_file_share_one_from_first_to_last() -> None:
    passes = plan({0: place(20, 5, "gzip"), 1: place(0, 5, "gzip"), 2: place(10, 5, "gzip"), 3: place(0, 5)})
    assert [one.indices for one in passes] == [[1, 2, 0], [3]]


def test_layers_that_overlap_are_read_apart() -> None:
    same = place(0, 5, "gzip")
    assert [one.indices for one in plan({0: same, 1: same, 2: place(4, 9, "gzip")})] == [[0], [1], [2]]


def test_a_pass_that_fails_says_why_and_the_others_go_on(tmp_path: Path) -> None:
    blob = build_layer({"a": b"x"}, "gzip").blob
    (tmp_path / "good").write_bytes(blob)
    good = LayerPlace(bytes(tmp_path / "good"), "none", Stretch(0, len(blob), "gzip"))
    bad = LayerPlace(bytes(tmp_path / "bad"), "none", Stretch(0, 5, "gzip"))
    first, second = plan({0: bad, 1: good})
    with PassRunner([first, second], Allowance(), None) as runner:
        for one in (first, second):
            list(runner.wait(one))
    assert first.answer is None
    assert "no such file" in first.problem
    assert second.answer is not None
    assert [entry.path for entry in second.answer[0].entries] == [b"a"]


def test_layers_after_those_that_took_everything_are_not_read(tmp_path: Path) -> None:
    blob = build_layer({"a": b"x" * 50_000}, "gzip").blob
    (tmp_path / "a").write_bytes(blob)
    one = LayerPlace(bytes(tmp_path / "a"), "none", Stretch(0, len(blob), "gzip"))
    passes = plan(dict.fromkeys(range(5), one))
    with PassRunner(passes, Allowance(uncompressed_bytes=30_000), None) as runner:
        for each in passes:
            list(runner.wait(each))
    assert passes[0].answer is not None
    assert "decompression bomb" in passes[0].answer[0].problem
    assert passes[4].answer is None
    assert passes[4].problem == "was not read: the layers before it became more than 30,000 bytes"


def test_cancelling_while_waiting(tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    passes = plan({0: place(0, 5)})
    with PassRunner(passes, Allowance(), token) as runner, pytest.raises(ChildFailed):
        list(runner.wait(passes[0]))


def test_entries_of_all_passes_count_together(tmp_path: Path) -> None:
    blob = build_layer({f"f{at}": b"" for at in range(50)}, "zstd").blob
    (tmp_path / "a").write_bytes(blob)
    one = LayerPlace(bytes(tmp_path / "a"), "none", Stretch(0, len(blob), "zstd"))
    passes = plan(dict.fromkeys(range(6), one))
    with PassRunner(passes, Allowance(entries=75), None) as runner:
        for each in passes:
            list(runner.wait(each))
    assert sum(len(each.answer[0].entries) for each in passes if each.answer) <= 150
    assert passes[5].answer is None
    assert passes[5].problem == "was not read: the layers before it have all of the 75 entries that are read"
