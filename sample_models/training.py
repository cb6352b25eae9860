"""The training loop and the ONNX export that both learned samples share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray


def train(network: torch.nn.Module, inputs: torch.Tensor, labels: torch.Tensor, epochs: int, rate: float) -> None:
    """Fit the network by AdamW with a one-cycle schedule and leave it in evaluation mode."""
    torch.manual_seed(0)
    batch = 128
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.01)
    steps = epochs * (len(inputs) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=rate, total_steps=steps)
    network.train()
    for _ in range(epochs):
        order = torch.randperm(len(inputs))
        for start in range(0, len(order) - batch + 1, batch):
            rows = order[start : start + batch]
            loss = torch.nn.functional.cross_entropy(network(inputs[rows]), labels[rows], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    network.eval()


def accuracy(path: Path, input_name: str, inputs: NDArray[np.generic], labels: NDArray[np.int64]) -> float:
    """Return the share of labels that the written file gets right in ONNX Runtime."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (logits,) = session.run(["logits"], {input_name: inputs})
    return float(np.mean(np.argmax(logits, axis=1) == labels))


def export(
    network: torch.nn.Module, example: torch.Tensor, path: Path, input_name: str, metadata: Mapping[str, str], doc: str
) -> None:
    """Write the network as one ONNX file with a dynamic batch and the metadata a reviewer needs."""
    program = torch.onnx.export(
        network,
        (example,),
        input_names=[input_name],
        output_names=["logits"],
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    assert program is not None
    program.save(str(path), external_data=False)
    exported = onnx.load(path)
    _forget_where_it_was_exported(exported)
    exported.graph.name = path.stem
    exported.doc_string = doc
    exported.producer_name = "modelpack-tui sample_models"
    exported.model_version = 1
    onnx.helper.set_model_props(exported, dict(metadata))
    onnx.checker.check_model(exported, full_check=True)
    onnx.save(exported, path)


def _forget_where_it_was_exported(exported: onnx.ModelProto) -> None:
    """Keep the module each node comes from, and drop the rest: stack traces with paths of the machine."""
    for node in exported.graph.node:
        kept = [entry for entry in node.metadata_props if entry.key == "pkg.torch.onnx.name_scopes"]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)
    for value in (*exported.graph.value_info, *exported.graph.input, *exported.graph.output, *exported.graph.initializer):
        del value.metadata_props[:]
    del exported.graph.metadata_props[:]
