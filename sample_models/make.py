"""Train and write the sample models and their labelled data; everything is seeded.

Needs torch, onnxscript, tensorflow-cpu and scikit-learn (see sample_models/README.md); the committed files are the reference,
and remaking them keeps accuracy within 0.5 %.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sample_models import digits_cnn, digits_data, digits_image, digits_keras, digits_transformer, iterative_refinement


def main() -> None:
    """Write every sample into the folder given (default: beside this file)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent)
    folder = parser.parse_args().output
    folder.mkdir(parents=True, exist_ok=True)
    digits = digits_data.load()
    print(f"digits_cnn: accuracy {digits_cnn.write(folder, digits):.4f}")
    print(f"digits_keras: accuracy {digits_keras.write(folder, digits):.4f}")
    print(f"digits_transformer: accuracy {digits_transformer.write(folder, digits):.4f}")
    digits_image.write(folder)
    print("digits_image: written")
    iterative_refinement.write(folder)
    print("iterative_refinement: written")


if __name__ == "__main__":
    main()
