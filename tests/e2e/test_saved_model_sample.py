"""The committed Keras sample does what its README says, and stays small."""

from __future__ import annotations

import importlib.util

import pytest

from tests.saved_models.published import SAMPLE
from tests.saved_models.session import run_tensorflow


def test_the_sample_is_right_on_the_labelled_digits() -> None:
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("TensorFlow has no wheel for this Python or platform")
    printed = run_tensorflow("tests.saved_models.sample_accuracy").split()
    assert printed[-2] == "accuracy"
    assert float(printed[-1]) >= 0.986


def test_the_sample_is_small_and_names_no_machine() -> None:
    files = [path for path in SAMPLE.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 1_000_000
    for path in files:
        content = path.read_bytes()
        assert not any(folder in content for folder in (b"/home/", b"/root/", b"/tmp/"))
