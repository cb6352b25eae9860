"""Costs of published architectures, built in code and read from disk, against the figures their authors publish.

A multiply-accumulate is one in all published MAC figures below and two in our FLOPs. What is compared:

- multiply_accumulates with the published count (they leave out what is no product of a convolution or matrix);
- flops / 2 with the same count: all the rest (normalization, softmax, activations, residual sums) must stay below 1 %.

Sources:

- ResNet-50: 4.09 "GFLOPS" of which each is one multiply-accumulate, 25,557,032 parameters:
  https://pytorch.org/vision/stable/models/generated/torchvision.models.resnet50.html ("_ops": 4.089 in torchvision).
- MobileNetV2: 0.30 and 3,504,872 parameters:
  https://pytorch.org/vision/stable/models/generated/torchvision.models.mobilenet_v2.html ("_ops": 0.301), and 300 M
  multiply-adds in https://arxiv.org/abs/1801.04381.
- BERT-base at batch 1 and sequence 128: 11.17 GMACs, 22.36 GFLOPs, 109.48 M parameters, as the DeepSpeed-style profiler
  at https://github.com/cli99/flops-profiler (README, example BERT-base) reports for BertModel.
- 110 M parameters: https://arxiv.org/abs/1810.04805.
- The graphs that onnx ships for its own tests (exported by others, without weights): "_ops" in torchvision's
  models/resnet.py, vgg.py, densenet.py and squeezenet.py (SqueezeNet 1.1), in billions of multiply-accumulates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path

import onnx
import pytest

from inspector.analysis.cost import default_bindings, node_costs, summarize
from inspector.analysis.operators import count_operators
from inspector.formats.onnx.read import read
from inspector.records.cost import CostSummary
from tests.published_models.bert_base import save_bert_base
from tests.published_models.image_classifiers import save_mobilenet_v2, save_resnet50

SEQUENCE = 128
BACKEND_DATA = Path(onnx.__file__).parent / "backend" / "test" / "data"


@dataclass(frozen=True)
class Published:
    """A published architecture: what builds it, and multiply-accumulates and parameters as published."""

    save: Callable[[Path], Path]
    multiply_accumulates: float
    parameters: float


PUBLISHED = {
    "resnet50": Published(save_resnet50, 4.09e9, 25.56e6),
    "mobilenet_v2": Published(save_mobilenet_v2, 0.30e9, 3.50e6),
    "bert_base": Published(save_bert_base, 11.17e9, 109.48e6),
}


@pytest.fixture(params=PUBLISHED)
def published(request: pytest.FixtureRequest) -> Published:
    return PUBLISHED[request.param]


def cost_of(path: Path, batch: int = 1) -> CostSummary:
    computation = read(path)
    return summarize(computation, node_costs(computation), default_bindings(computation, batch, {"sequence": SEQUENCE}))


def test_flops_are_twice_the_published_multiply_accumulates(published: Published, tmp_path: Path) -> None:
    cost = cost_of(published.save(tmp_path))
    assert cost.multiply_accumulates == pytest.approx(published.multiply_accumulates, rel=0.005)
    assert cost.flops / 2 == pytest.approx(published.multiply_accumulates, rel=0.01)
    assert cost.covered == 1.0
    assert not cost.uncovered
    assert not cost.assumed


def test_parameters_are_the_published_ones(published: Published, tmp_path: Path) -> None:
    path = published.save(tmp_path)
    stored = onnx.load(path, load_external_data=False).graph.initializer
    cost = cost_of(path)
    assert cost.parameters == sum(prod(tensor.dims) for tensor in stored)
    assert cost.parameters == pytest.approx(published.parameters, rel=0.01)


def test_cost_grows_with_the_batch(published: Published, tmp_path: Path) -> None:
    path = published.save(tmp_path)
    assert cost_of(path, batch=8).flops == 8 * cost_of(path).flops


@pytest.mark.parametrize(
    ("name", "multiply_accumulates", "parameters"),
    [
        ("resnet50", 4_089_184_256, 25_557_032 + 53_120),
        ("mobilenet_v2", 300_774_272, 3_504_872 + 34_112),
    ],
)
def test_exact_counts_with_batch_normalization_kept(
    name: str, multiply_accumulates: int, parameters: int, tmp_path: Path
) -> None:
    """torchvision's num_params leaves out the running means and variances, which ONNX stores: two for each channel."""
    save = {"resnet50": save_resnet50, "mobilenet_v2": save_mobilenet_v2}[name]
    cost = cost_of(save(tmp_path, folded=False))
    assert cost.multiply_accumulates == multiply_accumulates
    limits = 2 if name == "mobilenet_v2" else 0  # the bounds of ReLU6, which PyTorch keeps as attributes
    assert cost.parameters == parameters + limits


def test_bert_flops_are_the_published_ones(tmp_path: Path) -> None:
    """The profiler counts normalization, softmax and GELU too, by rules of its own."""
    assert cost_of(save_bert_base(tmp_path)).flops == pytest.approx(22.36e9, rel=0.01)


def test_bert_is_a_formula_in_batch_and_sequence(tmp_path: Path) -> None:
    computation = read(save_bert_base(tmp_path))
    cost = summarize(computation, node_costs(computation), default_bindings(computation, 1, {}))
    assert cost.assumed == ("sequence",)
    assert cost.flops_formula == "170 M·batch·sequence + 1.18 M·batch + 37.7 K·batch·sequence²"
    # The quadratic part of the multiply-accumulates: two products of 12 layers, each 768 wide.
    at_two_lengths = [
        summarize(computation, node_costs(computation), {"batch": 1, "sequence": length}).multiply_accumulates
        for length in (0, 1, 2)
    ]
    assert at_two_lengths[2] - 2 * at_two_lengths[1] + at_two_lengths[0] == 2 * 2 * 12 * 768


def test_operators_add_up_to_the_whole(published: Published, tmp_path: Path) -> None:
    computation = read(published.save(tmp_path))
    costs = node_costs(computation)
    bindings = default_bindings(computation, 1, {"sequence": SEQUENCE})
    summary = summarize(computation, costs, bindings)
    counts = count_operators(computation, costs, bindings)
    assert sum(count.flops or 0 for count in counts) == summary.flops
    assert sum(count.parameters for count in counts) == summary.parameters
    assert sum(count.count for count in counts) == len(computation.graph.nodes)
    assert [count.count for count in counts] == sorted((count.count for count in counts), reverse=True)


@pytest.mark.parametrize(
    ("name", "billions"),
    [("resnet50", 4.089), ("vgg19", 19.632), ("densenet121", 2.834), ("squeezenet", 0.349)],
)
def test_graphs_made_by_others_have_the_published_counts(name: str, billions: float) -> None:
    cost = cost_of(BACKEND_DATA / "light" / f"light_{name}.onnx")
    assert round(cost.multiply_accumulates / 1e9, 3) == billions
    assert cost.covered == 1.0


def test_every_backend_model_is_costed_node_by_node() -> None:
    paths = sorted(BACKEND_DATA.rglob("*.onnx"))
    for path in paths:
        computation = read(path)
        costs = node_costs(computation)
        assert {graph.path: len(graph.nodes) for graph in computation.graphs()} == {
            graph_path: len(nodes) for graph_path, nodes in costs.items()
        }
        summary = summarize(computation, costs, default_bindings(computation))
        assert summary.parameters == sum(weight.element_count for weight in computation.weights), path
        assert sum(cost.parameters for cost in costs[""]) <= summary.parameters, path
        assert set(summary.uncovered) <= {"ai.onnx.preview.training:Gradient"}, path
    assert len(paths) > 100
