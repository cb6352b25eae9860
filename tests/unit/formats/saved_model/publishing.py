"""What tests of publishing share: small SavedModels written by hand, warm-up samples, and running a publishing to its end."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from inspector.formats.saved_model.publish import publish
from inspector.formats.saved_model.publish_child import VersionOrder, WrittenVersion, publish_in_child
from inspector.isolation.limits import CancelToken, Limits
from inspector.records.event import Warned
from inspector.records.optimization import InputSet
from inspector.records.publishing import PublishedVersion, WarmUpInputs, WarmUpPlan
from tests.e2e.hostile_saved_models import protos
from tests.e2e.hostile_saved_models.table import VALUES, bundle_entry, header, table

Value = TypeVar("Value")

Dims = list[int] | None


def named_signature(inputs: dict[bytes, Dims], outputs: dict[bytes, Dims], dtype: int = protos.FLOAT) -> bytes:
    """Return a SignatureDef whose tensors lie on the nodes x and y."""
    return protos.signature(
        {name: protos.tensor_info(b"x:0", dims, dtype) for name, dims in inputs.items()},
        {name: protos.tensor_info(b"y:0", dims, dtype) for name, dims in outputs.items()},
    )


PREDICT = named_signature({b"x": [-1, 4]}, {b"y": [-1, 3]})


def saved_model(folder: Path, **signatures: bytes) -> Path:
    """Write y = x @ w with its variable, an asset and something beside it; serving_default as PREDICT unless told otherwise."""
    named = {name.encode(): one for name, one in (signatures or {"serving_default": PREDICT}).items()}
    meta = protos.meta_graph(protos.graph(protos.NODES), protos.asset(b"words.txt"), signatures=named)
    (folder / "variables").mkdir(parents=True)
    (folder / "assets").mkdir()
    (folder / "assets" / "words.txt").write_text("one\ntwo\n")
    (folder / "saved_model.pb").write_bytes(protos.saved_model(meta))
    (folder / "variables" / "variables.index").write_bytes(table([header(), (b"w", bundle_entry([4, 3], 0, len(VALUES)))]))
    (folder / "variables" / "variables.data-00000-of-00001").write_bytes(VALUES)
    return folder


def samples(folder: Path, feeds: list[dict[str, NDArray[Any]]]) -> InputSet:
    """Write feeds of the same inputs as work folders hold them."""
    folder.mkdir(parents=True)
    names = tuple(feeds[0])
    for index, feed in enumerate(feeds):
        np.savez(folder / f"{index:05d}.npz", **{str(place): feed[name] for place, name in enumerate(names)})  # type: ignore[arg-type]
    return InputSet(str(folder), names, len(feeds), "synthetic")


def warm_up(folder: Path, count: int = 3) -> WarmUpPlan:
    """Return requests of serving_default."""
    feeds = [{"x": np.full((1, 4), index, np.float32)} for index in range(count)]
    return WarmUpPlan("model", (WarmUpInputs("serving_default", samples(folder, feeds), {"x": "float32"}),))


def contents(folder: Path) -> dict[str, str]:
    """Return what lies below a folder: the digest of each file, "" for a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in sorted(folder.rglob("*"))
    }


def outcome(steps: Generator[Any, None, Value], warnings: list[str] | None = None) -> Value:
    """Run part of a workflow to its end and return its value; what it warned of is added to warnings."""
    try:
        while True:
            event = next(steps)
            if isinstance(event, Warned) and warnings is not None:
                warnings.append(event.message)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]


def written(source: Path, serving: Path, version: int, **more: Any) -> WrittenVersion:
    """Write a version as the child process does it, in this one."""
    return publish_in_child(VersionOrder(os.fsencode(source), os.fsencode(serving), version, **more), lambda *_: None)


def published(
    source: Path, serving: Path, version: int | None, warnings: list[str] | None = None, **more: Any
) -> PublishedVersion:
    """Publish as users get it."""
    settings = {"warm_up": None, "contract": None, "allow_drift": False, **more}
    return outcome(publish(source, serving, version, cancel=CancelToken(), limits=Limits(1 << 30, 60), **settings), warnings)
