"""Made pictures and signals with what real ones have in them: writing, edges and shades; voices, tones and near silence."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Random = np.random.Generator

_GLYPHS: Final = tuple(
    np.array([[int(dot) for dot in row] for row in glyph.split()], bool)
    for glyph in (
        "01110 10001 10001 11111 10001 10001 10001",
        "11110 10001 11110 10001 10001 10001 11110",
        "01111 10000 10000 10000 10000 10000 01111",
        "11111 10000 11110 10000 10000 10000 11111",
        "10001 10001 11111 10001 10001 10001 10001",
        "11111 00100 00100 00100 00100 00100 11111",
        "10001 11011 10101 10101 10001 10001 10001",
        "01110 10001 10001 10001 10001 10001 01110",
        "11110 10001 10001 11110 10100 10010 10001",
        "11111 00100 00100 00100 00100 00100 00100",
        "00100 01100 00100 00100 00100 00100 01110",
        "01110 10001 00001 00110 01000 10000 11111",
        "11111 00010 00100 00010 00001 10001 01110",
        "00010 00110 01010 10010 11111 00010 00010",
    )
)
"""Letters and digits, five dots by seven."""

_CELL: Final = (9, 6)
_FORMANTS: Final = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410))
"""First three resonances in Hz of vowels, of men (Peterson and Barney 1952, https://doi.org/10.1121/1.1906875)."""

_RATE: Final = 16_000


def picture(shape: tuple[int, ...], random: Random, index: int) -> NDArray[Any]:
    """Return a picture of about unit spread: of each four samples one of writing, two smooth ones, one of noise."""
    if index % 4 != 1 or len(shape) < 3:
        return content(shape, random, index)
    color_last = shape[-1] in (1, 3, 4) and shape[1] not in (1, 3, 4)
    height, width = shape[-3:-1] if color_last else shape[-2:]
    page = _writing(height, width, random)
    ink, paper = random.uniform(-2, -0.8), random.uniform(0.8, 2)
    if random.random() < 0.25:
        ink, paper = paper, ink
    made = np.where(page, ink, paper)[..., None] if color_last else np.where(page, ink, paper)
    channels = [1] * len(shape)
    channels[-1 if color_last else 1] = shape[-1 if color_last else 1]
    tinted = made * random.uniform(0.8, 1.1, size=channels)
    return np.broadcast_to(tinted, shape) + 0.05 * random.normal(size=shape)


def _writing(height: int, width: int, random: Random) -> NDArray[np.bool_]:
    """Return where ink is: lines of glyphs that fill a page, words apart."""
    page = np.zeros((height, width), bool)
    rows = height // _CELL[0]
    if rows < 8:
        dot = max(1, rows - int(random.integers(0, 2)))  # one line, as recognizers get it
    else:
        dot = int(random.integers(2, 5)) if rows >= 20 else int(random.integers(1, 4))
    line, pitch = _CELL[0] * dot, _CELL[1] * dot
    for top in range(dot, max(dot + 1, height - 7 * dot), line):
        for left in range(dot, width - 5 * dot, pitch):
            if random.random() < 0.15:
                continue
            glyph = np.kron(_GLYPHS[int(random.integers(len(_GLYPHS)))], np.ones((dot, dot), bool))
            place = page[top : top + glyph.shape[0], left : left + glyph.shape[1]]
            place |= glyph[: place.shape[0], : place.shape[1]]
    return page


def waveform(shape: tuple[int, ...], random: Random, index: int) -> NDArray[Any]:
    """Return signals along the longest axis: voices and tones in turn, one sample in eight nearly silent."""
    if not shape:
        return np.zeros(())
    axis = int(np.argmax(shape))
    sound = _voice(shape[axis], random) if index % 2 == 0 else _tones(shape[axis], random)
    loudness = 0.003 if index % 8 == 7 else 10 ** random.uniform(-1.0, -0.1)
    sound = sound * (loudness / max(float(np.abs(sound).max(initial=0)), 1e-9))
    along = sound.reshape([-1 if at == axis else 1 for at in range(len(shape))])
    made: NDArray[Any] = along * random.uniform(0.5, 1, size=[1 if at == axis else size for at, size in enumerate(shape)])
    return made


def _voice(length: int, random: Random) -> NDArray[Any]:
    """Return a vowel: harmonics of a pitch that glides, the louder the nearer to a resonance of the mouth."""
    time = np.arange(length) / _RATE
    pitch = random.uniform(90, 260) * (1 + 0.05 * np.sin(2 * np.pi * 5 * time + random.uniform(0, 6)))
    phase = 2 * np.pi * np.cumsum(pitch) / _RATE
    formants = np.array(_FORMANTS[int(random.integers(len(_FORMANTS)))]) * random.uniform(0.9, 1.2)
    made = 0.01 * random.normal(size=length)
    for harmonic in range(1, 31):
        hertz = harmonic * float(pitch.mean()) if length else 0.0
        gain = sum(1 / (1 + ((hertz - formant) / (80 + 40 * at)) ** 2) for at, formant in enumerate(formants))
        made += (0.05 + gain) / harmonic**0.5 * np.sin(harmonic * phase)
    syllables = 0.55 + 0.45 * np.sin(2 * np.pi * random.uniform(2, 5) * time + random.uniform(0, 6))
    return made * syllables


def _tones(length: int, random: Random) -> NDArray[Any]:
    """Return tones that swell and fade, with noise."""
    time = np.arange(length) / _RATE
    made = random.uniform(0.01, 0.3) * random.normal(size=length)
    for _ in range(4):
        pitch = 2.0 ** random.uniform(6.5, 11.5)
        swell = 0.6 + 0.4 * np.sin(2 * np.pi * random.uniform(0.5, 6) * time + random.uniform(0, 6))
        made += random.uniform(0.2, 1) * swell * np.sin(2 * np.pi * pitch * time + random.uniform(0, 6))
    return made


def content(shape: tuple[int, ...], random: Random, index: int) -> NDArray[Any]:
    """Return numbers of about unit spread: every fourth sample noise, the others smooth with a little noise, of different
    contrast and brightness."""
    noise = random.normal(size=shape)
    if index % 4 == 3 or not shape:
        return noise
    smooth = _smooth(shape, random)
    if index % 4 == 2:
        smooth = np.sign(smooth) * np.sqrt(np.abs(smooth))  # edges
    contrast = (1.0, 0.4, 1.3)[index % 4]
    brightness = random.normal(size=[1 if at >= max(1, len(shape) - 2) else size for at, size in enumerate(shape)])
    return contrast * smooth + 0.1 * noise + 0.3 * brightness


def _smooth(shape: tuple[int, ...], random: Random) -> NDArray[Any]:
    """Return a sum of slow waves along the axes, in unit spread."""
    made = np.zeros(shape)
    for _ in range(5):
        phase = random.uniform(0, 2 * np.pi)
        angle: NDArray[Any] = np.full([1] * len(shape), phase)
        for axis, size in enumerate(shape):
            turns = random.uniform(0, 4) if size > 4 else random.uniform(0, 1)
            along = 2 * np.pi * turns * np.arange(size) / max(size, 1)
            angle = angle + along.reshape([-1 if at == axis else 1 for at in range(len(shape))])
        made += random.uniform(0.3, 1) * np.sin(angle)
    return made / max(float(made.std()) if made.size else 1.0, 1e-6)
