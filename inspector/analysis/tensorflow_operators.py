"""Which operators a stock TensorFlow registers; any other needs a library loaded beside it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

DOMAIN: Final = "tensorflow"
"""The operator domain of nodes read from a SavedModel."""

_NAMES: Final = Path(__file__).with_name("tensorflow_operators.txt")

_FORMER: Final = frozenset(
    (
        *("GcsConfigureBlockCache", "GcsConfigureCredentials", "TensorForestCreateTreeVariable", "TensorForestTreeDeserialize"),
        *("TensorForestTreeIsInitializedOp", "TensorForestTreePredict", "TensorForestTreeResourceHandleOp"),
        *("TensorForestTreeSerialize", "TensorForestTreeSize", "ExperimentalNumaMapAndBatchDataset"),
    )
)
"""Operators that earlier releases registered themselves."""

KNOWN_ADD_ONS: Final[tuple[tuple[str, str], ...]] = (
    ("IO>", "tensorflow-io"),
    ("Addons>", "tensorflow-addons"),
    ("TFText>", "tensorflow-text"),
    ("TRTEngineOp", "TensorFlow built with TensorRT"),
    ("CreateTRTResourceHandle", "TensorFlow built with TensorRT"),
    ("InitializeTRTResource", "TensorFlow built with TensorRT"),
    ("Sentencepiece", "tensorflow-text"),
    ("WordpieceTokenize", "tensorflow-text"),
    ("WhitespaceTokenize", "tensorflow-text"),
    ("UnicodeScriptTokenize", "tensorflow-text"),
    ("CaseFoldUTF8", "tensorflow-text"),
    ("NormalizeUTF8", "tensorflow-text"),
    ("FastWordpiece", "tensorflow-text"),
    ("SimpleML", "tensorflow-decision-forests"),
    ("Horovod", "Horovod"),
)
"""Beginnings of names by which a well-known add-on registers operators, and the add-on."""


def is_registered(operator: str) -> bool:
    """Tell whether a stock TensorFlow, the release the names were taken from or an earlier one, registers the operator."""
    return operator in _registered() or operator in _FORMER


def names_function(operator: str) -> bool:
    """Tell whether no library could register an operator of that name, so that a node with it can only call a function.

    Names of operators begin with a capital, or with an underscore in what TensorFlow makes for itself (ValidateOpDef in
    tensorflow/core/framework/op_def_util.cc); two underscores begin the functions that tf.function traces.
    """
    first = operator[:1]
    return operator.startswith("__") or not ("A" <= first <= "Z" or first in ("_", ""))


def add_on_of(operator: str) -> str:
    """Return the well-known add-on that registers an operator of that name, "" where none is known."""
    return next((name for beginning, name in KNOWN_ADD_ONS if operator.startswith(beginning)), "")


@cache
def _registered() -> frozenset[str]:
    lines = _NAMES.read_text("ascii").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
