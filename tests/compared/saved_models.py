"""Small SavedModels written without TensorFlow."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.e2e.hostile_saved_models import protos
from tests.e2e.hostile_saved_models.table import STORED, Settings, bundle_entry, header, masked_crc, table

VALUES = [float(number) for number in range(12)]


def write(folder: Path, values: list[float] = VALUES, signatures: int = 1, number: int = 1) -> Path:
    """Write y = x @ w behind a function whose name holds a number, as exporters make up; return the folder."""
    names = [b"serving_default", b"classify"][:signatures]
    name = b"__inference_serve_%d" % number
    body = protos.function(
        name, [protos.node(b"twice", b"Relu", [b"x"], T=protos.of_type(protos.FLOAT))], [b"x"], {b"r": b"twice:activations:0"}
    )
    call = protos.call(b"call", name, [b"y"])
    graph = protos.graph([*protos.NODES, call], [body])
    meta = protos.meta_graph(graph, signatures=dict.fromkeys(names, protos.SIGNATURE))
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(protos.saved_model(meta))
    data = struct.pack("<12f", *values)
    pairs = [header(), (b"w", bundle_entry([4, 3], 0, len(data), crc=masked_crc(data)))]
    settings = Settings(STORED, restart_every=16, per_block=100)
    (folder / "variables" / "variables.index").write_bytes(table(pairs, settings))
    (folder / "variables" / "variables.data-00000-of-00001").write_bytes(data)
    return folder
