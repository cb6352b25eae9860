"""What no exercise but the second asks for."""

import colorsys
from pathlib import Path


def answer():
    """Return a hue that a file names."""
    return {"hue": colorsys.rgb_to_hsv(*map(float, Path("/srv/data/color.txt").read_text().split()))[0]}
