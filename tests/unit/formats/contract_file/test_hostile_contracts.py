"""A contract that is broken, contradicts itself or attacks its reader is refused in one line that names the place."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.errors import UsageError
from inspector.formats.clean_text import escape
from inspector.formats.contract_file import contract_text, from_json, read_contract, to_json
from inspector.formats.contract_file.bounds import LARGEST, BadText
from inspector.formats.contract_file.read import parse_contract
from inspector.records.contract import Contract

IMAGE = "{name: image, dtype: float32}"


def refusal(folder: Path, content: str | bytes) -> str:
    """Return the one line with which a contract of that content is refused."""
    path = folder / "contract.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    with pytest.raises(UsageError) as raised:
        read_contract(path)
    line = str(raised.value)
    assert line.isprintable()
    assert len(line) < 700
    assert raised.value.exit_code == 2
    assert line.startswith(f"{path}: ")
    return line.removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("input: []", "input: there is no such field (did you mean inputs?)"),
        ("zzz: 1", "zzz: there is no such field (there are name, inputs, outputs"),
        ("inputs: [{name: a, dtyp: float32}]", "inputs[0].dtyp: there is no such field (did you mean dtype?)"),
        ("limits: {size: 1}", "limits.size: there is no such field (did you mean size_bytes?)"),
        ("inputs: {a: 1}", "inputs: expected a list, found a mapping"),
        ("inputs: [{name: a, dtype: float32, shape: batch}]", "inputs[0].shape: expected a list or nothing, found text"),
        ("inputs: [{name: a, dtype: float32, shape: [1.5]}]", "inputs[0].shape[0]: expected"),
        ("outputs: [{name: a, dtype: float32}, 3]", "outputs[1]: expected a mapping, found a whole number"),
        ("inputs: [{name: a}]", "inputs[0]: lacks dtype"),
        ("name: 1.10", "name: expected text, found a number (put it in quotes)"),
        ("provenance: {version: 2}", "provenance.version: expected text, found a whole number (put it in quotes)"),
        ("provenance: {source_sha256: abc}", "provenance.source_sha256: is no sha256"),
        ("conformance: {metric: f1}", "conformance.metric: there is no 'f1' (there are accuracy, top_k, mae, cosine)"),
        ("runtime: {opsets: {ai.onnx: x}}", "runtime.opsets: expected a whole number, found text"),
        ("runtime: {opsets: {ai.onnx: 0}}", "runtime.opsets.ai.onnx: 0 is no version of an operator set"),
        ("runtime: {ir_version: -1}", "runtime.ir_version: -1 is no version"),
        ("runtime: {minimum_version: new}", "runtime.minimum_version: new is no version"),
        ("preprocessing: [{operation: x, parameters: {a: {b: c}}}]", "preprocessing[0].parameters: expected"),
        ("preprocessing: [{operation: ''}]", "preprocessing[0].operation: is empty"),
        (f"inputs: [{IMAGE}]\npreprocessing: [{{operation: x, input: y}}]", "preprocessing[0].input: no input y is promised"),
    ],
)  # fmt: skip
def test_what_is_no_contract_is_refused_by_its_path(tmp_path: Path, body: str, message: str) -> None:
    assert refusal(tmp_path, f"contract: 1\n{body}\n").startswith(message)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("inputs: [{name: a, dtype: float32, range: {low: 2, high: 1}}]", "inputs[0].range: low 2 is above high 1"),
        ("inputs: [{name: a, dtype: float33}]", "inputs[0].dtype: there is no element type float33"),
        ("inputs: [{name: a, dtype: int8, shape: [-1]}]", "inputs[0].shape[0]: -1 is no length"),
        ("inputs: [{name: a, dtype: int8, shape: ['']}]", "inputs[0].shape[0]: a symbol needs a name"),
        (f"inputs: [{IMAGE}, {IMAGE}]", "inputs: image is promised 2 times"),
        (f"outputs: [{IMAGE}, {IMAGE}]", "outputs: image is promised 2 times"),
        ("conformance: {margin: 0}", "conformance.margin: 0 is not between 0 and 1"),
        ("conformance: {margin: 1}", "conformance.margin: 1 is not between 0 and 1"),
        ("conformance: {margin: -0.1}", "conformance.margin: -0.1 is not between 0 and 1"),
        ("conformance: {confidence: 0.5}", "conformance.confidence: 0.5 is not between 0.5 and 1"),
        ("conformance: {confidence: 1}", "conformance.confidence: 1 is not between 0.5 and 1"),
        ("conformance: {k: 0}", "conformance.k: 0 is below 1"),
        ("conformance: {minimum_samples: -1}", "conformance.minimum_samples: -1 is below 0"),
        ("conformance: {labels: ''}", "conformance.labels: accuracy needs labels"),
        (f"outputs: [{IMAGE}]\nconformance: {{output: y}}", "conformance.output: no output y is promised"),
        ("tolerances: {min_cosine: 1.5}", "tolerances.min_cosine: 1.5 is not between -1 and 1"),
        ("tolerances: {min_top1_agreement: -1}", "tolerances.min_top1_agreement: -1 is not between 0 and 1"),
        ("tolerances: {max_absolute: -1}", "tolerances.max_absolute: -1 is below 0"),
        ("limits: {size_bytes: -5}", "limits.size_bytes: -5 is not above 0"),
        ("limits: {latency_ms: 0}", "limits.latency_ms: 0 is not above 0"),
        ("limits: {latency_ms: .inf}", "limits.latency_ms: is no finite number"),
        ("limits: {latency_ms: 1e999}", "limits.latency_ms: is no finite number"),
        ("conformance: {margin: .nan}", "conformance.margin: is no finite number"),
        ("limits: {size_bytes: 99999999999999999999}", "limits.size_bytes: is a number beyond 64 bits"),
    ],
)
def test_a_contradiction_is_refused_by_its_path(tmp_path: Path, body: str, message: str) -> None:
    assert refusal(tmp_path, f"contract: 1\n{body}\n").startswith(message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("# nothing\n", "is empty"),
        ("[1, 2]", "the contract: expected a mapping, found a list"),
        ("name: x", "contract: is missing"),
        ("contract: 2\nnew_field: x", "contract: version 2 of the format is not known"),
        ("contract: true", "contract: expected a whole number, found true or false"),
        ("contract: '1'", "contract: expected a whole number, found text"),
        ("a: &a [x, x]\nb: [*a, *a]", "line 1: anchors (&) and aliases (*) are not allowed"),
        ("contract: 1\nname: *x", "line 2: anchors (&) and aliases (*) are not allowed"),
        ("contract: 1\nname: !!python/object/apply:os.system [x]", "line 2: tags (!) are not allowed"),
        ("contract: 1\nname: a\nname: b", "line 3: name is given twice"),
        ("contract: 1\nruntime:\n  opsets: {a: 1, a: 2}", "line 3: a is given twice"),
        ('{"contract": 1, "name": "x", "name": "y"}', "name is given twice"),
        ('{"contract": 1, "limits": {"latency_ms": NaN}}', "NaN is no number of JSON"),
        ("--- {contract: 1}\n--- {}", "line 2: a second document begins"),
        ("? [a]\n: b", "line 1: a list or mapping cannot be a key"),
        ("contract: 1\n  name: x", "line 2: mapping values are not allowed"),
        ("contract: [1", "line 1:"),
        ("contract: 1\nna\x1bme: x", "holds a character that YAML forbids: U+001B"),
        ("contract: 1\nname: a\x00b", "holds a character that YAML forbids: U+0000"),
        (b"\xff\xfe\x00", "is not UTF-8 at byte 0"),
        ("contract: 1\nname: [" + "[" * 20 + "]" * 21, "line 2: lists and mappings are nested more than 12 deep"),
    ],
)
def test_broken_text_is_refused_by_its_line(tmp_path: Path, content: str | bytes, message: str) -> None:
    assert refusal(tmp_path, content).startswith(message)


@pytest.mark.parametrize(
    "content",
    [
        "[" * LARGEST,
        "{" * LARGEST,
        '{"a":' * (LARGEST // 6),
        "- " * (LARGEST // 2),
        "a: " * (LARGEST // 3),
        "[" + "x," * (LARGEST // 3) + "]",
        '{"contract": 1, "name": ' + "9" * 100_000 + "}",
        "contract: 1\nname: " + "9" * 100_000,
        "? " * (LARGEST // 2),
        "!<" * (LARGEST // 2),
        "%" * LARGEST,
        "'" * (LARGEST - 1),
    ],
    ids=lambda text: text[:8],
)
def test_text_made_to_exhaust_its_reader_is_refused_in_bounded_memory(tmp_path: Path, content: str) -> None:
    tracemalloc.start()
    assert refusal(tmp_path, content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 * LARGEST


def test_a_file_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "contract.yaml"
    with path.open("wb") as file:
        file.truncate(10 * 1024**4)
    with pytest.raises(UsageError, match="is larger than"):
        read_contract(path)


@pytest.mark.parametrize("make", ["missing", "folder", "pipe"])
def test_what_is_no_file_is_refused(tmp_path: Path, make: str) -> None:
    path = tmp_path / "contract.yaml"
    if make == "folder":
        path.mkdir()
    elif make == "pipe":
        os.mkfifo(path)
    with pytest.raises(UsageError) as raised:
        read_contract(path)
    assert "model" not in raised.value.message


def test_hostile_text_is_cleaned_as_names_of_models_are_and_only_once(tmp_path: Path) -> None:
    path = tmp_path / "contract.yaml"
    path.write_text(
        'contract: 1\nname: "a\\e]52;c;x\\a\\u202e"\nruntime: {opsets: {"d\\e": 1}}\nprovenance: {producer: \'b\\x1b\'}\n'
    )
    contract = read_contract(path)
    assert contract.name == "a\\x1b]52;c;x\\x07\\u202e"
    assert dict(contract.runtime.opsets) == {"d\\x1b": 1}
    assert contract.provenance.producer == "b\\x1b"


def test_descriptions_may_stand_on_several_lines(tmp_path: Path) -> None:
    path = tmp_path / "contract.yaml"
    path.write_text("contract: 1\ninputs:\n- name: a\n  dtype: int8\n  description: |\n    one\n    two\n")
    assert read_contract(path).inputs[0].description == "one two"


def test_parts_left_empty_are_as_if_left_out(tmp_path: Path) -> None:
    path = tmp_path / "contract.yaml"
    path.write_text("contract: 1\nlimits:\ninputs:\nname: ~\n")
    assert read_contract(path).inputs == ()


def test_an_embedded_contract_is_held_to_the_same() -> None:
    with pytest.raises(UsageError, match="embedded contract: lines: there is no such field"):
        from_json('{"contract": 1, "lines": []}')
    with pytest.raises(UsageError, match="is longer than"):
        from_json(" " * (LARGEST + 1))


PIECES = (
    *("contract: 1\n", "inputs:\n", "outputs: ", "- ", "  ", "name: ", "dtype: float32\n", "shape: [", "batch", ", ", "]"),
    *("{", "}", "range: ", "low: ", "1", "-1", "1e5", ".inf", ".nan", "~", "null", "true", "'", '"', "\\", "\n", "#", "|"),
    *(">", "&a ", "*a", "!!str ", "? ", ": ", "%YAML 1.1\n", "---\n", "...\n", "\t", "\x00", "\x1b", "\u202e", "\ud800"),
    *("\x85", "\ufeff", "limits: {size_bytes: 5}\n", "runtime: {opsets: {ai.onnx: 17}}\n", "conformance: {margin: 0.1}\n"),
    "preprocessing:\n- operation: x\n  parameters: {a: [1, b]}\n",
)


def contract_or_refusal(text: str) -> Contract | BadText:
    try:
        return parse_contract(text)
    except BadText as refusal:
        return refusal


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=14).map("".join))
def test_whatever_the_text_is_it_is_a_contract_that_comes_back_or_refused_in_one_safe_line(text: str) -> None:
    for whole in (text, f"contract: 1\n{text}"):
        found = contract_or_refusal(whole)
        if isinstance(found, Contract):
            assert parse_contract(contract_text(found)) == found
            assert from_json(to_json(found)) == found
        else:
            said = f"{found.message} {found.hint}".replace("\\", "")
            assert escape(said) == said
