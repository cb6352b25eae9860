"""Writes the names of the operators that a stock TensorFlow registers: run it with an interpreter that has TensorFlow.

`python tests/unit/analysis/tensorflow_registry.py > inspector/analysis/tensorflow_operators.txt`
"""

from __future__ import annotations

import sys


def registered_operators() -> tuple[str, tuple[str, ...]]:
    """Return the version of the TensorFlow installed and the sorted names of every operator that importing it registers."""
    import tensorflow
    from tensorflow.core.framework import op_def_pb2
    from tensorflow.python.client import pywrap_tf_session

    operators = op_def_pb2.OpList()
    operators.ParseFromString(pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList()))
    return tensorflow.__version__, tuple(sorted(operator.name for operator in operators.op))


def data_file() -> str:
    """Return the text of the data file: where the names come from, then one a line."""
    version, names = registered_operators()
    return f"# Operators that tensorflow-cpu {version} registers when imported; written by tensorflow_registry.py.\n" + "".join(
        f"{name}\n" for name in names
    )


if __name__ == "__main__":
    sys.stdout.write(data_file())
