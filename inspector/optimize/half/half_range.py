"""What fp16 can hold (IEEE 754 binary16), and how much room is left for inputs other than those measured."""

from __future__ import annotations

from typing import Final

LARGEST: Final = 65504.0
SMALLEST_NORMAL: Final = 2.0**-14
"""Below it precision is lost bit by bit; below 2**-25 nothing is left."""

HEADROOM: Final = 2.0
"""Calibration inputs are a sample: an activation must stay below LARGEST / HEADROOM on them, or its nodes stay in fp32."""

ACTIVATION_LIMIT: Final = LARGEST / HEADROOM
