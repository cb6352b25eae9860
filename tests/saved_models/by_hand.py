"""A checkpoint index written by our own writer of tables, snappy and shared prefixes included, which TensorFlow then reads."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.e2e.hostile_saved_models import protos
from tests.e2e.hostile_saved_models.table import SNAPPY, STORED, VALUES, Settings, bundle_entry, header, masked_crc, table

LAYERS = 400


def _write(target: Path, settings: Settings) -> None:
    (target / "variables").mkdir(parents=True)
    (target / "saved_model.pb").write_bytes(protos.small())
    pairs, data = [header()], b""
    for layer in range(LAYERS):
        values = struct.pack(f"<{layer % 7}f", *range(layer % 7))
        entry = bundle_entry([layer % 7], len(data), len(values), crc=masked_crc(values))
        pairs.append((b"layer/%04d/kernel" % layer, entry))
        data += values
    pairs.append((b"w", bundle_entry([4, 3], len(data), len(VALUES), crc=masked_crc(VALUES))))
    (target / "variables" / "variables.index").write_bytes(table(pairs, settings))
    (target / "variables" / "variables.data-00000-of-00001").write_bytes(data + VALUES)


def snappy_index(target: Path) -> None:
    """Write blocks that are compressed, their keys sharing prefixes."""
    _write(target, Settings(SNAPPY, restart_every=16, per_block=37))


def plain_index(target: Path) -> None:
    """Write blocks that are not compressed, with one restart each."""
    _write(target, Settings(STORED, restart_every=1000, per_block=100))


MAKERS = {"snappy_index": snappy_index, "plain_index": plain_index}
