"""What is said before converting: what it takes, what it saves, and what LiteRT cannot do, from the inspection alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.optimize.catalogue import SAVED_MODEL_OPTIMIZERS
from inspector.records.optimization import OptimizerName, OptimizeSettings, Preflight
from inspector.runtimes.tensorflow import availability
from tests.saved_models.published import SAMPLE
from tests.saved_models.session import SavedModels
from tests.unit.optimize.simplifying import subject_at

STEPS: tuple[OptimizerName, ...] = ("to-litert", "fp16", "int8", "int8-dynamic")


def said(path: Path, name: OptimizerName, *allow: str) -> Preflight:
    settings = OptimizeSettings(allow=frozenset(allow))  # type: ignore[arg-type]
    return SAVED_MODEL_OPTIMIZERS[name].requires(subject_at(path), settings)


@pytest.mark.parametrize("name", STEPS)
def test_what_would_shrink_is_said(name: OptimizerName) -> None:
    found = said(SAMPLE, name)
    assert found.runnable
    assert found.choice.startswith("LiteRT")
    assert '1 signature in one file: "serving_default"' in found.notes
    assert any("127.9 KB of 606.1 KB" in note for note in found.notes)
    assert found.warnings == ()


@pytest.mark.parametrize("name", STEPS)
def test_without_tensorflow_it_stays_visible_and_says_what_to_install(
    name: OptimizerName, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(availability, "find_spec", lambda _: None)
    found = said(SAMPLE, name)
    assert not found.runnable
    assert found.reason.startswith("TensorFlow is not installed")
    assert 'pip install "modelpack-tui[tensorflow]"' in found.reason


def test_what_cannot_be_converted_is_refused_in_one_line(saved_models: SavedModels) -> None:
    custom = said(saved_models.path("planted_custom_operator"), "to-litert")
    assert not custom.runnable
    assert 'signature "serving_default" needs the custom operator AcmeFusedAttention' in custom.reason
    words = saved_models.path("tables_and_assets")
    assert said(words, "fp16").runnable
    text = said(words, "int8")
    assert text.reason == (
        'input "words" of signature "serving_default" is text, which LiteRT cannot be calibrated on: use int8-dynamic'
    )


def test_operators_without_a_builtin_and_lost_defaults_are_warned_of(saved_models: SavedModels) -> None:
    path = saved_models.path("default_values")
    warned = said(path, "to-litert").warnings
    assert any("ReduceJoin" in one and "LiteRT has no builtin operator" in one for one in warned)
    assert any("default values for scale, separator" in one for one in warned)
