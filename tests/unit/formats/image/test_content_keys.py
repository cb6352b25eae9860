"""Which contents are the same: told by comparing them in plain layers, by digests where one of them lies in another."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.formats.image import content_comparison, content_keys
from inspector.formats.image.content_comparison import ComparisonRequest, Stored, compare_groups, unpacked
from inspector.isolation.child import ChildFailed
from inspector.isolation.limits import CancelToken
from inspector.records.event import Finished
from inspector.records.image import Compression, Entry, Image
from tests.images.build import File, build_layer
from tests.unit.formats.image.layer_images import image_of, indexed

SAMPLE = content_comparison._SAMPLE
CHUNK = content_comparison._CHUNK


def image_with(folder: Path, *layers: tuple[dict[str, bytes], Compression]) -> Image:
    built = [build_layer({path: File(content) for path, content in files.items()}, how) for files, how in layers]
    return indexed(image_of(folder, built))


def all_files(image: Image) -> dict[int, list[Entry]]:
    return {layer.index: [entry for entry in layer.entries or () if entry.kind == "file"] for layer in image.layers}


def keys_of(image: Image, wanted: dict[int, list[Entry]], cancel: CancelToken | None = None) -> dict[str, str]:
    by_size: dict[int, list[tuple[int, Entry]]] = {}
    for index, entries in wanted.items():
        for entry in entries:
            by_size.setdefault(entry.size, []).append((index, entry))
    *_, last = content_keys.content_keys(image, list(by_size.values()), cancel)
    assert isinstance(last, Finished)
    names = {(index, entry.offset): entry.path for index, entries in wanted.items() for entry in entries}
    return {names[place]: key for place, key in last.result.items()}


def grouped(keys: dict[str, str]) -> set[frozenset[str]]:
    return {frozenset(path for path in keys if keys[path] == key) for key in keys.values()}


@st.composite
def variants(draw: st.DrawFn) -> list[bytes]:
    """Contents of one length that differ nowhere, at an end, or in the middle only."""
    length = draw(st.sampled_from([1, 100, SAMPLE, SAMPLE + 1, 3 * SAMPLE, CHUNK + 5]))
    places = st.sampled_from([0, length // 2, length - 1])
    changes = draw(st.lists(st.tuples(places, st.integers(0, 2)), min_size=2, max_size=12))
    contents = []
    for place, value in changes:
        content = bytearray(length)
        content[place] = value
        contents.append(bytes(content))
    return contents


@given(variants())
@settings(max_examples=60, deadline=None)
def test_groups_are_those_of_equal_bytes(tmp_path_factory: pytest.TempPathFactory, contents: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("compared") / "file"
    path.write_bytes(b"".join(contents))
    length = len(contents[0])
    group = tuple(Stored(0, position * length, length) for position in range(len(contents)))
    firsts = compare_groups(ComparisonRequest.of((bytes(path),), (group,)), lambda *_: None)
    assert list(unpacked(firsts)) == [contents.index(content) for content in contents]


def test_a_child_tells_what_this_process_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = random.Random(7)
    some = [noise.randbytes(length) for length in (10, 5000, 5000, 300_000)]
    files = {f"{folder}/{at}": content for folder in "ab" for at, content in enumerate(some)}
    image = image_with(tmp_path, (files, "none"), ({f"c/{at}": content for at, content in enumerate(some)}, "none"))
    here = keys_of(image, all_files(image))
    assert grouped(here) == {frozenset(f"{folder}/{at}" for folder in "abc") for at in range(4)}
    monkeypatch.setattr(content_keys, "_AT_ONCE", 0)
    assert keys_of(image, all_files(image)) == here


def test_plain_and_compressed_layers_meet(tmp_path: Path) -> None:
    one, other, alone = b"1" * 6000, b"2" * 6000, b"3" * 7000
    image = image_with(tmp_path, ({"a": one, "b": other, "x": alone}, "none"), ({"c": one, "d": other}, "gzip"))
    keys = keys_of(image, all_files(image))
    assert grouped(keys) == {frozenset("ac"), frozenset("bd"), frozenset("x")}
    assert keys["a"] == hashlib.sha256(one).hexdigest()


def test_many_that_begin_and_end_alike_are_read_a_few_times_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count, length = 60, 3 * SAMPLE
    contents = {str(at): b"\0" * SAMPLE + at.to_bytes(2, "big") * (SAMPLE // 2) + b"\0" * SAMPLE for at in range(count)}
    image = image_with(tmp_path, (contents, "none"))
    bytes_read = 0
    pread = content_comparison.os.pread

    def counting(descriptor: int, length: int, offset: int) -> bytes:
        nonlocal bytes_read
        bytes_read += length
        return pread(descriptor, length, offset)

    monkeypatch.setattr(content_comparison.os, "pread", counting)
    assert len(grouped(keys_of(image, all_files(image)))) == count
    assert bytes_read < 6 * count * length


def test_what_lies_past_the_end_is_left_out(tmp_path: Path) -> None:
    image = image_with(tmp_path, ({"a": b"1" * 9000, "b": b"1" * 9000}, "none"))
    first, second = all_files(image)[0]
    far = replace(second, offset=1 << 40)
    assert keys_of(image, {0: [first, far]}) == {"a": f"0:{first.offset}"}
    shorter = replace(image.layers[0], place=replace(image.layers[0].place, length=second.offset + 10))  # type: ignore[type-var]
    assert set(keys_of(replace(image, layers=(shorter,)), {0: [first, second]})) == {"a"}


def test_cancelling_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = image_with(tmp_path, ({"a": b"1" * 9000, "b": b"1" * 9000}, "none"))
    token = CancelToken()
    token.cancel()
    for bound in (content_keys._AT_ONCE, 0):
        monkeypatch.setattr(content_keys, "_AT_ONCE", bound)
        with pytest.raises(ChildFailed) as caught:
            keys_of(image, all_files(image), token)
        assert caught.value.kind == "cancelled"


@pytest.mark.parametrize("length", [1, CHUNK, 2 * CHUNK + 1])
def test_two_of_which_one_is_cut_short_are_not_told_to_be_equal(tmp_path: Path, length: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(2 * length - 1))
    firsts = compare_groups(ComparisonRequest.of((bytes(path),), ((Stored(0, 0, length), Stored(0, length, length)),)), print)
    assert list(unpacked(firsts)) == [0, -1]
    firsts = compare_groups(ComparisonRequest.of((bytes(path),), ((Stored(0, length, length), Stored(0, 0, length)),)), print)
    assert list(unpacked(firsts)) == [-1, 1]
