"""Digests are read when asked for, and stand on the overview afterwards."""

from __future__ import annotations

import hashlib
from typing import cast

from inspector.tui.screens.workbench import WorkbenchScreen
from tests.tui.driving import SAMPLES, opened, press, screen_text, settle

CNN = SAMPLES / "digits_cnn.onnx"


async def test_every_byte_is_read_when_asked() -> None:
    digest = hashlib.sha256(CNN.read_bytes()).hexdigest()
    async with opened(CNN, (200, 60)) as (app, pilot):
        assert digest[:16] not in screen_text(app)
        assert "reads every byte" in screen_text(app)
        await press(pilot, "d")
        await settle(pilot)
        assert digest[:16] in screen_text(app)
        inspection = cast("WorkbenchScreen", app.screen).inspection
        assert inspection is not None
        assert inspection.computation.artifact.sha256 == digest
        assert all(group.confirmed for group in inspection.equal_weights)
