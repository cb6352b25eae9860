"""Made inputs: what each kind of model is fed, that it runs on it, and what is said where none can be made."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper

from inspector.errors import OperationFailed
from inspector.isolation.child import ChildFailed
from inspector.records.contract import ValueRange
from inspector.records.optimization import InputSet
from inspector.runtimes.onnx_runtime.feeds import read_feed, sample_path
from inspector.verify.inputs import make_inputs
from tests.builders import INT64, chain, model_of, save, small_cnn, value, weight
from tests.unit.verify.input_models import (
    POSITIONS,
    ROWS,
    SEGMENTS,
    decoder,
    encoder,
    everything,
    pooled_picture,
    two_rates,
)
from tests.unit.verify.stepping import SETTINGS, inspected, recorded, returned

Feed = dict[str, NDArray[Any]]


def made(path: Path, count: int = 8, seed: int = 0, **lengths: int) -> InputSet:
    folder = str(path.parent / f"inputs-{seed}-{count}")
    return returned(make_inputs(inspected(path), folder, count, seed, SETTINGS, None, lengths))


def feeds_for(model: ModelProto, tmp_path: Path, count: int = 8, **lengths: int) -> tuple[InputSet, list[Feed]]:
    """Return inputs for a model, after it has run on all of them."""
    path = save(model, tmp_path / "m.onnx")
    inputs = made(path, count, **lengths)
    recorded(path, inputs, tmp_path / "out")
    return inputs, [read_feed(inputs, index) for index in range(inputs.count)]


def test_samples_differ_in_content_and_scale(tmp_path: Path) -> None:
    inputs, feeds = feeds_for(small_cnn(), tmp_path, 16)
    assert (inputs.names, inputs.count, inputs.source, inputs.lengths) == (("image",), 16, "synthetic", {"batch": 1})
    images = [feed["image"] for feed in feeds]
    assert {image.shape for image in images} == {(1, 3, 8, 8)}
    assert len({image.tobytes() for image in images}) == 16
    spreads = [float(image.std()) for image in images]
    assert max(spreads) > 1.5 * min(spreads)
    assert all(np.isfinite(image).all() and np.abs(image).max() < 10 for image in images)


def test_ranges_of_a_contract_are_kept(tmp_path: Path) -> None:
    path = save(small_cnn(), tmp_path / "m.onnx")
    ranges = {"image": ValueRange(0.0, 1.0)}
    inputs = returned(make_inputs(inspected(path), str(tmp_path / "in"), 8, 0, SETTINGS, None, {}, ranges))
    images = np.stack([read_feed(inputs, index)["image"] for index in range(8)])
    assert images.min() >= 0
    assert images.max() <= 1
    assert images.std() > 0.1
    assert inputs.notes[0].endswith("; within 0..1 (the contract)")
    tokens = save(encoder(), tmp_path / "e.onnx")
    inputs = returned(
        make_inputs(inspected(tokens), str(tmp_path / "t"), 8, 0, SETTINGS, None, {}, {"input_ids": ValueRange(3)})
    )
    assert min(int(read_feed(inputs, index)["input_ids"].min()) for index in range(8)) >= 3


def test_some_samples_are_smooth_and_some_are_noise(tmp_path: Path) -> None:
    _, feeds = feeds_for(pooled_picture(1, 3, 64, 64), tmp_path)
    roughness = [float(np.abs(np.diff(feed["image"], axis=-1)).mean() / feed["image"].std()) for feed in feeds]
    assert min(roughness) < 0.3
    assert max(roughness) > 1.0


def test_a_seed_gives_the_same_again_and_another_one_others(tmp_path: Path) -> None:
    path = save(small_cnn(), tmp_path / "m.onnx")
    digests = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        inputs = returned(make_inputs(inspected(path), str(tmp_path / name), 8, seed, SETTINGS, None))
        images = b"".join(read_feed(inputs, index)["image"].tobytes() for index in range(8))
        digests.append(hashlib.sha256(images).hexdigest())
    assert digests[0] == digests[1] != digests[2]


def test_tokens_lie_in_their_tables_and_masks_keep_something(tmp_path: Path) -> None:
    inputs, feeds = feeds_for(encoder(), tmp_path)
    sequence = inputs.lengths["sequence_length"]
    assert 1 < sequence <= POSITIONS
    for feed in feeds:
        assert {array.shape for array in feed.values()} == {(1, sequence)}
        assert {array.dtype for array in feed.values()} == {np.dtype(np.int64)}
        assert 0 <= feed["input_ids"].min() <= feed["input_ids"].max() < ROWS
        assert 0 <= feed["token_type_ids"].min() <= feed["token_type_ids"].max() < SEGMENTS
        assert set(feed["attention_mask"].ravel().tolist()) <= {0, 1}
        assert feed["attention_mask"][:, 0].all()
    assert any(not feed["attention_mask"].all() for feed in feeds)
    assert any(feed["token_type_ids"].any() for feed in feeds)
    assert f"input_ids: 0 to {ROWS - 1} (rows of its table)" in inputs.notes
    assert "attention_mask: 0 and 1, at least one 1" in inputs.notes


def test_given_lengths_are_kept(tmp_path: Path) -> None:
    inputs, feeds = feeds_for(encoder(), tmp_path, 8, sequence_length=11, batch_size=3)
    assert feeds[0]["input_ids"].shape == (3, 11)
    assert inputs.lengths == {"batch_size": 3, "sequence_length": 11}
    with pytest.raises(OperationFailed, match=r"no inputs could be made that m\.onnx accepts: .* --data inputs\.npz"):
        made(tmp_path / "m.onnx", 4, sequence_length=POSITIONS + 1)


@pytest.mark.parametrize("past", [None, 0])
def test_caches_fit_masks_and_positions(tmp_path: Path, past: int | None) -> None:
    inputs, feeds = feeds_for(decoder(), tmp_path, 8, **({} if past is None else {"past_sequence_length": past}))
    length, before = inputs.lengths["sequence_length"], inputs.lengths["past_sequence_length"]
    assert before == (past if past is not None else before)
    for feed in feeds:
        assert feed["past_key_values.0.key"].shape == (1, before, 8)
        assert feed["attention_mask"].shape == (1, before + length)
        assert feed["position_ids"][0].tolist() == list(range(length))


@pytest.mark.parametrize(
    ("dims", "side"), [(("batch", 3, "height", "width"), 32), ((None, 3, None, None), 32), (("n", 3, "?", "?"), 64)]
)
def test_pictures_get_sides_that_the_model_takes(tmp_path: Path, dims: tuple[int | str | None, ...], side: int) -> None:
    _, feeds = feeds_for(pooled_picture(*dims, sides=side), tmp_path)
    shape = feeds[0]["image"].shape
    assert shape[:2] == (1, 3)
    assert shape[2] % side == shape[3] % side == 0


def test_bytes_are_pixels(tmp_path: Path) -> None:
    inputs, feeds = feeds_for(pooled_picture("n", 3, 32, 32, dtype=TensorProto.UINT8), tmp_path)
    pixels = np.stack([feed["image"] for feed in feeds])
    assert (pixels.dtype, int(pixels.min()), int(pixels.max())) == (np.uint8, 0, 255)
    assert inputs.notes[0] == "image: 0 to 255"


def test_a_graph_that_divides_by_255_gets_pixels(tmp_path: Path) -> None:
    nodes = [helper.make_node("Div", ["image", "most"], ["y"])]
    model = model_of(nodes, [value("image", [1, 3, 16, 16])], [value("y", None)], [weight("most", np.array(255, np.float32))])
    inputs, feeds = feeds_for(model, tmp_path)
    assert max(float(feed["image"].max()) for feed in feeds) > 200
    assert min(float(feed["image"].min()) for feed in feeds) >= 0
    assert "0 to 255" in inputs.notes[0]


def test_rates_are_those_the_graph_knows(tmp_path: Path) -> None:
    inputs, feeds = feeds_for(two_rates(), tmp_path)
    assert {int(feed["sr"]) for feed in feeds} == {8000, 16000}
    assert {feed["input"].shape for feed in feeds} == {(1, 576)}
    assert all(0 < np.abs(feed["input"]).max() <= 1 for feed in feeds)
    assert "8,000, 16,000 (what the graph compares it with)" in " ".join(inputs.notes)


def test_inputs_of_every_kind(tmp_path: Path) -> None:
    _, feeds = feeds_for(everything(), tmp_path)
    for feed in feeds:
        assert all(isinstance(word, str) for word in feed["text"])
        assert (feed["flags"].dtype, feed["wide"].dtype, feed["narrow"].dtype) == (np.bool_, np.float64, np.float16)
        assert 0 < feed["threshold"] <= 1
        assert feed["threshold"].shape == feed["count"].shape == ()
        assert 1 <= feed["count"] <= 8
        assert 0 <= feed["classes"].min() <= feed["classes"].max() < 9
        assert (feed["cells"].dtype, feed["cells"].min() >= 0, feed["cells"].max() < 3) == (np.int32, True, True)


def test_square_roots_get_no_negative_numbers_where_all_would_be_nan(tmp_path: Path) -> None:
    nodes = [helper.make_node("Sqrt", ["x"], ["root"]), helper.make_node("ReduceSum", ["root"], ["y"], keepdims=0)]
    inputs, feeds = feeds_for(model_of(nodes, [value("x", ["n", 4])], [value("y", [])]), tmp_path)
    assert min(float(feed["x"].min()) for feed in feeds) >= 0
    assert "no number is negative: the model gives NaN for some" in inputs.notes


def test_a_model_without_inputs_has_one_sample(tmp_path: Path) -> None:
    node = helper.make_node("Constant", [], ["y"], value_floats=[1.0, 2.0])
    inputs, feeds = feeds_for(model_of([node], [], [value("y", [2])]), tmp_path)
    assert (inputs.names, inputs.count, feeds) == ((), 1, [{}])


def test_inputs_that_weights_give_a_default_are_left_alone(tmp_path: Path) -> None:
    nodes = [helper.make_node("Add", ["x", "w"], ["y"])]
    model = model_of(nodes, [value("x", [2]), value("w", [2])], [value("y", [2])], [weight("w", [1.0, 2.0])])
    inputs, _ = feeds_for(model, tmp_path)
    assert inputs.names == ("x",)


def test_no_rank_and_no_length_are_guessed(tmp_path: Path) -> None:
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"])]
    model = model_of(nodes, [value("x", None)], [value("y", None)], [weight("w", np.ones((4, 3, 3, 3), np.float32))])
    _, feeds = feeds_for(model, tmp_path)
    assert feeds[0]["x"].shape == (1, 3, 224, 224)
    chained, _ = feeds_for(chain(), tmp_path)
    assert chained.lengths == {"batch": 1}


def test_outputs_that_never_change_are_noted(tmp_path: Path) -> None:
    nodes = [helper.make_node("Mul", ["x", "nothing"], ["y"])]
    model = model_of(nodes, [value("x", [4])], [value("y", [4])], [weight("nothing", np.zeros(4, np.float32))])
    model.graph.node[0].op_type = "Greater"
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.BOOL
    model.graph.initializer[0].CopyFrom(weight("nothing", np.full(4, 1e6, np.float32)))
    inputs, _ = feeds_for(model, tmp_path)
    assert "the model gave the same outputs for every input: comparing them proves little" in inputs.notes


def test_odd_names_are_fed_as_they_are_and_shown_cleaned(tmp_path: Path) -> None:
    name = "bell\x07 and \u202e turn"
    nodes = [helper.make_node("Neg", [name], ["y"])]
    inputs, _ = feeds_for(model_of(nodes, [value(name, [2])], [value("y", [2])]), tmp_path)
    assert inputs.names == (name,)
    assert all(note.isprintable() for note in inputs.notes)
    assert {path.name for path in Path(inputs.folder).iterdir()} == {sample_path("", index).name for index in range(8)}


def test_what_no_inputs_are_made_for_is_refused_with_its_reason(tmp_path: Path) -> None:
    sequence = helper.make_tensor_sequence_value_info("parts", TensorProto.FLOAT, None)
    nodes = [helper.make_node("ConcatFromSequence", ["parts"], ["y"], axis=0)]
    path = save(model_of(nodes, [sequence], [value("y", None)]), tmp_path / "m.onnx")
    with pytest.raises(OperationFailed, match=r'input "parts" of m\.onnx is a sequence: no such inputs are made'):
        made(path)


def test_inputs_too_large_to_make_are_refused_at_once(tmp_path: Path) -> None:
    nodes = [helper.make_node("ReduceMax", ["x"], ["y"], keepdims=0)]
    path = save(model_of(nodes, [value("x", [1, 3, 200_000, 200_000])], [value("y", None)]), tmp_path / "m.onnx")
    with pytest.raises(OperationFailed, match=r'input "x" of m\.onnx is too large to make: float32 1 x 3 x 200,000 x 200,000'):
        made(path)


def test_a_model_that_takes_nothing_is_said_to_in_one_line(tmp_path: Path) -> None:
    nodes = [helper.make_node("Reshape", ["x", "shape"], ["y"], "fold")]
    shape = weight("shape", np.array([7, 7], np.int64))
    path = save(model_of(nodes, [value("x", ["n", 5])], [value("y", None)], [shape]), tmp_path / "m.onnx")
    with pytest.raises(OperationFailed, match="no inputs could be made") as caught:
        made(path)
    assert "Reshape node 'fold'" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.hint == "give real ones with --data inputs.npz"


def test_a_model_that_does_not_load_is_no_matter_of_inputs(tmp_path: Path) -> None:
    path = save(
        model_of([helper.make_node("Nope", ["x"], ["y"])], [value("x", [2], INT64)], [value("y", None)]), tmp_path / "m.onnx"
    )
    with pytest.raises(OperationFailed, match="the runtime cannot load it") as caught:
        made(path)
    assert not isinstance(caught.value, ChildFailed)
