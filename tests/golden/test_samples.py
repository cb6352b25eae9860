"""The reports of the sample models, from the file to the last byte; only the machine and our version are fixed beforehand.

UPDATE_GOLDEN=1 rewrites the files, which are then to be read.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from inspector.__main__ import run
from inspector.records.review import Tool
from inspector.report.json import from_json, to_json
from tests.golden.reviews import ENVIRONMENT
from tests.golden.test_reports import FILES, WRITERS

PROJECT = Path(__file__).parents[2]
SAMPLES = ["digits_cnn.onnx", "digits_transformer.onnx", "iterative_refinement.onnx", "digits_keras", "digits_image.tar"]


@pytest.mark.parametrize("name", SAMPLES)
def test_the_reports_of_a_sample_are_what_they_were(
    name: str, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(PROJECT)
    monkeypatch.setattr("inspector.workflows.review.environment", lambda: ENVIRONMENT)
    assert run([f"sample_models/{name}", "--format", "json"]) == 0
    printed = capfdbinary.readouterr().out
    review = from_json(printed)
    assert to_json(review) == printed
    review = replace(review, tool=Tool("1.2.3"))
    for suffix in ("txt", "md", "json"):
        golden = FILES / f"{Path(name).stem}.{suffix}"
        written = WRITERS[suffix](review)
        if os.environ.get("UPDATE_GOLDEN"):
            golden.write_bytes(written)
        assert written.decode() == golden.read_text(encoding="utf-8"), suffix
