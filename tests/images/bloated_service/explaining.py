"""What a letter could also be: loaded by the first request that asks, with a library and a table of its own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy
from reading import Recognizer
from scipy.special import entr

NAMES = json.loads(Path("/srv/data/letter_names.json").read_text())


def explain(recognizer: Recognizer, data: bytes) -> dict[str, object]:
    """Return for every step that reads a letter the three likeliest with their names, and the entropy of its scores."""
    scores = recognizer.scores(data)
    steps = [step for step, letter in enumerate(scores.argmax(1)) if letter]
    likeliest = [[recognizer.letters[index] for index in numpy.argsort(-scores[step])[:3]] for step in steps]
    named = [[NAMES.get(letter, letter) for letter in letters] for letters in likeliest]
    return {"likeliest": named, "entropy": [float(entr(scores[step]).sum()) for step in steps]}
