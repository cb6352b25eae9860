"""How layers are shared out among passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.formats.image import layer_passes
from inspector.formats.image.layer_answer import Allowance, LayerPlace, Stretch
from inspector.formats.image.layer_index import index_layers
from inspector.formats.image.layer_passes import PassRunner, plan, stand_by
from inspector.formats.image.layer_places import place_of
from inspector.isolation.child import ChildFailed
from inspector.isolation.limits import CancelToken
from inspector.records.event import Finished, Partial
from inspector.records.image import Compression
from tests.images.build import build_layer
from tests.unit.formats.image.layer_images import image_of, indexed


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


def test_a_child_walks_up_to_two_thirds_of_large_plain_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_passes, "_LARGE", 1000)
    sizes = {0: 300, 1: 600, 2: 100, 3: 30}
    places = {index: LayerPlace(b"/one", "none", Stretch(1000 * index, size, "none")) for index, size in sizes.items()}
    [one] = plan(places)
    assert (one.indices, [place.stretch.length for place in one.places]) == ([1, 3], [600, 30])
    assert plan({**places, 3: LayerPlace(b"/one", "none", Stretch(9000, 100_000, "none"))})[0].indices == [0, 1, 2]
    elsewhere = plan({**places, 3: LayerPlace(b"/other", "none", Stretch(0, 30, "none"))})
    assert elsewhere[0].indices == [1]
    assert plan({1: places[1]}) == plan({2: places[2], 3: places[3]}) == []


@pytest.mark.parametrize("damage", ["", "cut short"])
def test_what_a_child_walks_is_what_would_be_walked_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    files = [{f"{at}/f{n}": bytes([n % 250]) * 700 for n in range(60 + 10 * at)} | {"etc/passwd": b"root"} for at in range(3)]
    image = image_of(tmp_path, [build_layer(one) for one in files])
    if damage:
        Path(image.artifact.path).write_bytes(Path(image.artifact.path).read_bytes()[:-20_000])
    here = indexed(image)
    assert bool(here.layers[-1].problem) == bool(damage)
    monkeypatch.setattr(layer_passes, "_LARGE", 1000)
    places = {layer.index: place for layer in image.layers if (place := place_of(layer)) is not None}
    assert [one.indices for one in plan(places)] == [[2]]
    *_, last = index_layers(image, standby=stand_by(Path(image.artifact.path)))
    assert last == Finished(here)
    partial = [event.result for event in index_layers(image) if isinstance(event, Partial)]
    assert [[layer.entries is not None for layer in one.layers] for one in partial][-2:] == [[True, True, False], [True] * 3]


def test_no_process_waits_for_what_is_small_or_no_file(tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(b"")
    for path in (tmp_path, tmp_path / "small", tmp_path / "missing", Path("nul\0")):
        assert stand_by(path) is None
