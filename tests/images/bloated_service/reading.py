"""The recognizer: from a picture of one line to letters, by greedy decoding of its scores."""

from __future__ import annotations

import io

import numpy
import onnxruntime
from PIL import Image

HEIGHT = 48


class Recognizer:
    """A session of the model, and the letters that its metadata lists."""

    def __init__(self, path: str, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        listed = self._session.get_modelmeta().custom_metadata_map["character"].splitlines()
        self.letters = ["", *listed, " "]

    def scores(self, data: bytes) -> numpy.ndarray:
        """Return the scores, steps by letters."""
        picture = Image.open(io.BytesIO(data)).convert("RGB")
        picture = picture.resize((max(HEIGHT, picture.width * HEIGHT // picture.height), HEIGHT), Image.Resampling.BILINEAR)
        values = (numpy.asarray(picture, numpy.float32) / 127.5 - 1).transpose(2, 0, 1)[None]
        return self._session.run(None, {self._session.get_inputs()[0].name: values})[0][0]

    def read(self, data: bytes) -> dict[str, object]:
        """Return the text, the mean score of its letters, and the score of the best letter at every step."""
        scores = self.scores(data)
        best, sure = scores.argmax(1), scores.max(1)
        steps = [step for step, letter in enumerate(best) if letter and (step == 0 or best[step - 1] != letter)]
        text = "".join(self.letters[best[step]] for step in steps)
        mean = float(numpy.mean(sure[steps])) if steps else 0.0
        return {"text": text, "confidence": mean, "scores": [float(value) for value in sure]}
