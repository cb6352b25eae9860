"""Feeds for signatures of the made artifacts: artifact, signature ("": the default one), arrays by input."""

from __future__ import annotations

from typing import Any

import numpy as np

RNG = np.random.default_rng(5)

FEEDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "keras": ("keras_export", "", {"image": RNG.random((3, 8, 8, 1), np.float32)}),
    "nested": ("nested", "", {"values": np.arange(8, dtype=np.float32).reshape(2, 4)}),
    "words": ("tables_and_assets", "", {"words": np.array(["one", "nobody"], object)}),
    "asset": ("asset_table", "serving_default", {"words": np.array(["a", "b"], object)}),
    "powers": ("warm_up", "powers", {"power": np.array(2, np.int64), "values": np.ones((1, 4), np.float32)}),
    "many types": ("many_types", "", {"of_any_rank": np.ones((2, 2), np.float32), "text": np.array("x", object)}),
}
