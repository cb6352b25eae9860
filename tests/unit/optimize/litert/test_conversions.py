"""What becomes of real SavedModels: the same names, types and open dimensions, about the same numbers, or one line why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from inspector.errors import OperationFailed
from inspector.optimize.litert.metadata import embed_contract
from inspector.optimize.litert.schema_child import contents_of, read_model
from inspector.records.contract import CONTRACT_KEY
from inspector.records.optimization import OptimizeSettings
from tests.saved_models.session import SavedModels, run_tensorflow
from tests.unit.optimize.simplifying import outcome

Json = dict[str, Any]


@pytest.fixture(scope="module")
def found(saved_models: SavedModels, tmp_path_factory: pytest.TempPathFactory) -> Json:
    scratch = tmp_path_factory.mktemp("litert")
    made = scratch / "made"
    made.mkdir()
    for one in saved_models.path("keras_export").parent.iterdir():
        if one.is_dir():
            (made / one.name).symlink_to(one)
    printed = run_tensorflow("tests.unit.optimize.litert.conversions", str(made), str(scratch / "work"))
    return dict(json.loads(printed.strip().splitlines()[-1]))


@pytest.mark.parametrize("case", ["two fp32", "loop", "words", "keras", "digits fp32", "two tag sets"])
def test_what_stays_in_fp32_gives_what_tensorflow_gives(found: Json, case: str) -> None:
    for compared in found[case]["compared"].values():
        assert compared["errors"]
        assert all(error < 1e-5 for error in compared["errors"].values())


def test_fewer_bits_give_about_what_tensorflow_gives(found: Json) -> None:
    for case, most in (("two fp16", 2e-3), ("two int8", 0.05), ("two dynamic", 0.02), ("pitch", 0.1), ("digits int8", 0.05)):
        for compared in found[case]["compared"].values():
            assert all(0 < error < most for error in compared["errors"].values()), case


def test_names_types_and_open_dimensions_are_the_signatures_own(found: Json) -> None:
    for case in ("two fp32", "two fp16", "two int8", "two dynamic"):
        assert found[case]["signatures"] == {
            "serving_default": [["a", "x"], ["aa", "zz"]],
            "second": [["x"], ["out"]],
        }
        compared = found[case]["compared"]
        assert compared["serving_default"]["inputs"] == {"a": [[-1, 32], "float32"], "x": [[-1, 32], "float32"]}
        types = [each for one in compared.values() for each in one["types"].values()]
        assert types == [["float32", "float32"]] * 3
    assert found["words"]["compared"]["serving_default"]["types"]["answer"] == ["object", "object"]
    assert found["digits int8"]["compared"]["serving_default"]["inputs"] == {"image": [[-1, 8, 8, 1], "float32"]}


def test_weights_are_in_as_many_bits_as_asked_for(found: Json) -> None:
    whole = found["two fp32"]["constants"]["float32"]
    assert found["two fp16"]["constants"] == {"float16": whole // 2}
    assert found["two int8"]["constants"] == {"int8": whole // 4}
    assert found["two dynamic"]["constants"]["int8"] >= 2048
    assert found["two int8"]["calibrated"] == 12
    assert found["two int8"]["floats"] == {}


def test_small_constants_can_stay_in_fp32_beside_weights_in_fp16(found: Json) -> None:
    constants = found["pitch"]["constants"]
    assert 0 < constants["float32"] < 0.1 * constants["float16"] * 2
    assert constants["float16"] > 65_000
    assert found["pitch"]["operators"]["DEQUANTIZE"] > 4


def test_digits_in_int8_are_as_right_as_in_fp32_and_a_third_as_large(found: Json) -> None:
    accuracy = found["accuracy"]
    assert accuracy["fp32"] > 0.98
    assert accuracy["int8"] >= accuracy["fp32"] - 0.005
    assert found["digits int8"]["size"] < 0.35 * found["digits fp32"]["size"]
    assert found["digits int8"]["rung"] == "frozen"
    assert found["digits int8"]["failures"] == [["as saved", "the converter left the values of its variables out", []]]


def test_a_save_with_slots_is_mended_and_says_so(found: Json) -> None:
    assert found["pitch"]["repairs"] == ["the slot variables of its optimizer are left out, which TensorFlow refuses to load"]
    assert found["pitch"]["rung"] == "as saved"
    assert found["two fp32"]["repairs"] == []


def test_loops_and_tables_are_operators_of_litert(found: Json) -> None:
    assert found["loop"]["operators"]["WHILE"] == 1
    assert found["words"]["operators"]["HASHTABLE_FIND"] == 2


def test_what_cannot_be_converted_is_one_line_that_names_operator_and_signature(found: Json) -> None:
    reasons = {case: [reason for _, reason, _ in found[case]["failures"]] for case in found if "failures" in found[case]}
    assert all(found[case]["rung"] is None for case in ("lstm", "custom", "train", "no such signature"))
    assert reasons["lstm"][0].startswith('signature "serving_default" needs TensorListReserve of a list whose length')
    assert reasons["lstm"][0].endswith("LiteRT has no builtin operator for it")
    assert found["lstm"]["failures"][0][2] == ["TensorListReserve"]
    assert reasons["custom"][0].endswith("needs the custom operator AcmeFusedAttention, which TensorFlow does not know")
    assert reasons["train"][0].startswith('signature "train" needs SparseSoftmaxCrossEntropyWithLogits: LiteRT has no builtin')
    assert 'signature "nowhere"' in reasons["no such signature"][0]
    for reason in (one for each in reasons.values() for one in each):
        assert "\n" not in reason
        assert "loc(" not in reason
        assert len(reason) <= 300


def test_nothing_of_this_machine_is_in_a_file(found: Json) -> None:
    paths = [Path(one["path"]) for one in found.values() if isinstance(one, dict) and "path" in one]
    assert len(paths) > 8
    assert not any(str(path.parents[1]).encode() in path.read_bytes() for path in paths)


def test_a_contract_goes_into_the_file_and_changes_nothing_else(found: Json, tmp_path: Path) -> None:
    source = Path(found["two int8"]["path"])
    target = tmp_path / "with contract.tflite"
    for text in ('{"name": "first, and longer than the other"}', '{"name": "two – \u00e9"}'):
        outcome(embed_contract(str(target if target.exists() else source), str(target), text, OptimizeSettings(), None))
    held = read_model(target.read_bytes())
    entries = [entry for entry in held.metadata if entry.name == CONTRACT_KEY.encode()]
    assert len(entries) == 1
    assert bytes(held.buffers[entries[0].buffer].data).decode() == '{"name": "two – \u00e9"}'
    assert len(held.metadata) == 1 + len(read_model(source.read_bytes()).metadata)
    assert contents_of(target.read_bytes()).constant_bytes == contents_of(source.read_bytes()).constant_bytes
    assert outputs_of(target) == outputs_of(source)
    assert all(offset % 16 == 0 for offset in weight_offsets(target.read_bytes()))
    assert list(tmp_path.iterdir()) == [target]


def test_what_is_no_tflite_takes_no_contract(tmp_path: Path) -> None:
    other = tmp_path / "model.tflite"
    other.write_bytes(b"not one of those at all")
    with pytest.raises(OperationFailed, match=r"\.tflite"):
        outcome(embed_contract(str(other), str(tmp_path / "out"), "{}", OptimizeSettings(), None))
    assert not (tmp_path / "out").exists()


def outputs_of(path: Path) -> list[Any]:
    """Return what every signature gives for one feed, run by LiteRT."""
    interpreter = Interpreter(str(path))
    found = []
    for name in sorted(interpreter.get_signature_list()):
        runner = interpreter.get_signature_runner(name)
        feed = {key: np.linspace(-1, 1, 64, dtype=np.float32).reshape(2, 32) for key in runner.get_input_details()}
        found.append({key: value.tolist() for key, value in sorted(runner(**feed).items())})
    return found


def weight_offsets(content: bytes) -> list[int]:
    """Return where the constants of a file begin."""
    held = [bytes(buffer.data) for buffer in read_model(content).buffers if buffer.data is not None and len(buffer.data) >= 256]
    return [content.index(data) for data in held]
