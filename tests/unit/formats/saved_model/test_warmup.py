"""Warm-up files: requests are counted by kind, and whatever keeps a server from replaying them is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.containment import Locator
from inspector.formats.saved_model.masked_checksum import crc32c, masked_checksum
from inspector.formats.saved_model.warmup import MOST_REQUESTS, WARM_UP, read_warm_up
from inspector.records.saved_model import WarmUp
from tests.builders import field

CLASSIFY, PREDICT = 2, 6


def record(data: bytes) -> bytes:
    head = len(data).to_bytes(8, "little")
    return head + masked_checksum(head).to_bytes(4, "little") + data + masked_checksum(data).to_bytes(4, "little")


def predict_request(signature: bytes = b"", input_name: bytes = b"x") -> bytes:
    spec = field(1, b"digits") + (field(3, signature) if signature else b"")
    tensor = b"\x08\x01" + field(4, bytes(8))
    return field(1, spec) + field(2, field(1, input_name) + field(2, tensor))


def log(request: bytes, kind: int = PREDICT) -> bytes:
    return field(kind, field(1, request))


def read(folder: Path, content: bytes) -> WarmUp:
    file = folder / WARM_UP
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)
    found = read_warm_up(Locator(folder / "saved_model.pb"), folder, TextCleaner())
    assert found is not None
    return found


def test_crc32c_is_that_of_rfc_3720() -> None:
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(bytes(range(32))) == 0x46DD794E


def test_requests_are_counted_by_kind_with_the_signatures_they_name(tmp_path: Path) -> None:
    logs = [log(predict_request()), log(predict_request(b"embed")), log(b"", CLASSIFY), log(predict_request(b"embed"))]
    found = read(tmp_path, b"".join(map(record, logs)))
    assert found.problem == ""
    assert (found.request_count, found.kinds) == (4, {"predict": 3, "classify": 1})
    assert found.signatures == ("", "embed")


def test_a_file_that_tensorflow_wrote_is_well_formed(tmp_path: Path) -> None:
    tensorflow = pytest.importorskip("tensorflow")
    (tmp_path / WARM_UP).parent.mkdir()
    request = predict_request(b"serving_default")
    with tensorflow.io.TFRecordWriter(str(tmp_path / WARM_UP)) as writer:
        writer.write(log(request))
        writer.write(log(predict_request(input_name=bytes(range(97, 123)) * 100)))
    found = read(tmp_path, (tmp_path / WARM_UP).read_bytes())
    assert (found.problem, found.request_count) == ("", 2)


def test_no_file_is_no_warm_up(tmp_path: Path) -> None:
    assert read_warm_up(Locator(tmp_path / "saved_model.pb"), tmp_path, TextCleaner()) is None


GOOD = record(log(predict_request()))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "it holds no requests"),
        (GOOD[:5], "request 1: the file ends inside a record's head"),
        (GOOD + GOOD[:-1], "request 2: the file ends inside a record"),
        (b"\xff" + GOOD[1:], "request 1: the checksum of its length does not match"),
        (GOOD[:12] + b"\0" + GOOD[13:], "request 1: the checksum of its data does not match"),
        (GOOD[:-1] + bytes([GOOD[-1] ^ 1]), "request 1: the checksum of its data does not match"),
        (GOOD + record(b""), "request 2: it is no PredictionLog with a request in it"),
        (record(field(1, b"")), "request 1: it is no PredictionLog with a request in it"),
        (record(field(PREDICT, field(2, b""))), "request 1: its predict log holds no request"),
        (b"PK\x03\x04" + bytes(60), "request 1: the checksum of its length does not match"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, content: bytes, problem: str) -> None:
    assert read(tmp_path, content).problem == problem


def test_a_record_that_is_no_message_is_said(tmp_path: Path) -> None:
    found = read(tmp_path, record(b"\x32\x7f\x01"))
    assert found.problem.startswith("request 1: ")
    assert found.request_count == 0


def test_a_length_beyond_the_file_is_not_read(tmp_path: Path) -> None:
    head = (2**63).to_bytes(8, "little")
    found = read(tmp_path, head + masked_checksum(head).to_bytes(4, "little") + bytes(64))
    assert found.problem == "request 1: the file ends inside a record"


def test_more_requests_than_a_server_takes_are_said(tmp_path: Path) -> None:
    found = read(tmp_path, GOOD * (MOST_REQUESTS + 1))
    assert found.problem == "request 1001: servers refuse files of more than 1,000"
    assert found.request_count == MOST_REQUESTS


def test_a_link_out_of_the_folder_is_not_opened(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    (folder / "assets.extra").mkdir(parents=True)
    (tmp_path / "elsewhere").write_bytes(GOOD)
    (folder / WARM_UP).symlink_to(tmp_path / "elsewhere")
    found = read_warm_up(Locator(folder / "saved_model.pb"), folder, TextCleaner())
    assert found is not None
    assert (found.request_count, found.size_bytes) == (0, 0)
    assert "leaves" in found.problem


def test_signature_names_are_cleaned(tmp_path: Path) -> None:
    found = read(tmp_path, record(log(predict_request(b"\x1b[2J"))))
    assert found.signatures == ("\\x1b[2J",)
