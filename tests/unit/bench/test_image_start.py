"""What is said of an image's cold start where there is no engine."""

from __future__ import annotations

import pytest

from inspector.bench.image_start import modelled_only
from inspector.bench.summary import RunOf
from inspector.records.loadable_image import LayerBlob, LoadableImage
from inspector.records.measurement import Conditions


def test_the_transfer_is_modelled_and_the_rest_is_not_measured() -> None:
    image = LoadableImage(
        "sample", b"{}", (LayerBlob("a", 0, 7, 100_000_000), LayerBlob("a", 7, 9, 25_000_000)), notes=("packed",)
    )
    run = modelled_only(RunOf("before", "sample", "cpu", Conditions(cache="cold")), image, 125_000_000, "no engine")
    assert (run.status, run.samples, run.note) == ("not measured", 0, "not measured: no engine")
    assert list(run.phases) == ["transfer"]
    assert run.phases["transfer"].median_ms == pytest.approx(1000)
    assert run.phases["transfer"].modelled
    assert "125.0 MB, which takes 1.00 s at 1 Gbit/s" in run.notes[0]
    assert "packed" in run.notes
