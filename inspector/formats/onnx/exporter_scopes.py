"""The name scopes that PyTorch's exporter writes beside a node instead of into its name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from google.protobuf.message import DecodeError

from inspector.formats.onnx.schema import PairMessage

_KEY: Final = b"pkg.torch.onnx.name_scopes"
_QUOTED: Final = re.compile(rb"'([^']*)'|\"([^\"]*)\"")


def exporter_scope(pairs: Sequence[bytes]) -> bytes:
    """Return the innermost module of a node's metadata_props, such as blocks.0.attention; empty where none is written.

    The value is a list in Python's notation, from the outermost module (an empty name) to the operation itself.
    """
    for raw in pairs:
        if _KEY not in raw:
            continue
        try:
            pair = PairMessage.FromString(raw)
        except DecodeError:
            continue
        if pair.key == _KEY:
            levels = [single or double for single, double in _QUOTED.findall(pair.value)]
            return levels[-2] if len(levels) > 1 else b""
    return b""
