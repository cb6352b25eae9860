"""Print the accuracy of the Keras sample on the labelled digits: `python -m tests.saved_models.sample_accuracy`."""

from __future__ import annotations

import numpy as np

from sample_models.digits_keras import accuracy
from tests.saved_models.published import SAMPLE


def main() -> None:
    """Print the share of labels that the sample gets right."""
    with np.load(SAMPLE.with_name("digits_cnn.npz")) as data:
        print(f"accuracy {accuracy(SAMPLE, data['image'], data['label']):.4f}")


if __name__ == "__main__":
    main()
