"""Per-node sensitivity as a child process measures it: fp32 and quantized runs side by side, of which only sums are kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession

from inspector.errors import OperationFailed
from inspector.optimize.quantization.sensitivity import MeasuredNode, SensitivityAnswer, SensitivityRequest
from inspector.optimize.quantization.sensitivity_sites_child import Site, SiteFinder
from inspector.optimize.quantization.sensitivity_sums_child import Sums
from inspector.runtimes.onnx_runtime.activations import Activation
from inspector.runtimes.onnx_runtime.activations_child import FLOATS, ActivationSource
from inspector.runtimes.onnx_runtime.sessions import run_session

Report = Callable[[int, int, str], None]
Run = Callable[[int], Iterator[Activation]]


def measure_in_child(request: SensitivityRequest, report: Report) -> SensitivityAnswer:
    """Measure every quantized node. Raises OperationFailed where a model does not run."""
    return _Measurement(request, report).answer()


@dataclass(slots=True)
class _Losses:
    local: Sums = field(default_factory=Sums)
    accumulated: Sums = field(default_factory=Sums)


class _Measurement:
    """Goes through the sites in groups whose tensors fit the memory budget together."""

    def __init__(self, request: SensitivityRequest, report: Report) -> None:
        self._request = request
        self._report = report
        self._end = time.monotonic() + request.seconds
        self._original = _source(request, request.original)
        self._quantized = _source(request, request.quantized)
        self._finder = SiteFinder(self._quantized.model.graph, self._original.tensors)
        self._sites = [site for site in map(self._of_floats, self._finder.find(self._original.model.graph)) if site.references]
        self._losses: dict[int, _Losses] = {}

    def answer(self) -> SensitivityAnswer:
        """Measure until everything is, or the time is up."""
        groups = list(self._groups())
        samples = self._affordable(len(groups))
        for done, group in enumerate(groups):
            if done and time.monotonic() > self._end:
                break
            self._measure(group, samples, done * samples, len(groups) * samples)
        nodes = tuple(self._measured(site) for site in self._sites)
        return SensitivityAnswer(nodes, samples, sum(1 for site in self._sites if site.node not in self._losses))

    def _of_floats(self, site: Site) -> Site:
        """Return the site with those of its outputs that can be compared."""
        pairs = [
            (reference, observed)
            for reference, observed in zip(site.references, site.observed, strict=True)
            if self._original.types.get(reference) in FLOATS and self._quantized.types.get(observed) in FLOATS
        ]
        references, observed = tuple(one for one, _ in pairs), tuple(other for _, other in pairs)
        return Site(site.node, site.name, site.operator, references, observed, site.nodes, site.inputs, site.computed)

    def _affordable(self, groups: int) -> int:
        """Return how many samples fit the time, going by the first runs of both models; the parts cost as much as one."""
        run = self._original.run_seconds + 2 * self._quantized.run_seconds
        return max(1, min(self._request.inputs.count, int(self._request.seconds / max(1e-6, run * groups))))

    def _groups(self) -> Iterator[list[Site]]:
        group: list[Site] = []
        total = 0
        for site in self._sites:
            size = self._bytes(site)
            if group and total + size > self._request.memory_budget:
                yield group
                group, total = [], 0
            group.append(site)
            total += size
        if group:
            yield group

    def _bytes(self, site: Site) -> int:
        sizes, quantized = self._original.sizes, self._quantized.sizes
        shown = sum(sizes.get(name, 0) for name in site.inputs.union(site.references))
        return shown + 2 * sum(quantized.get(name, 0) for name in site.observed)

    def _measure(self, group: Sequence[Site], samples: int, done: int, total: int) -> None:
        losses = {site.node: _Losses() for site in group}
        looked_at = _looked_at(group)
        exact, whole = self._runs(group, list(looked_at))
        parts = self._parts([site for site in group if site.inputs <= self._original.types.keys()])
        for sample in range(samples):
            fp32 = {one.name: one.array for one in exact(sample)}
            for _, name, array in whole(sample):
                for node, reference in looked_at[name]:
                    losses[node].accumulated.add(fp32[reference], array)
            for part in parts:
                for node, reference, array in part.run(fp32):
                    losses[node].local.add(fp32[reference], array)
            self._report(done + sample + 1, total, "runs")
        self._losses.update(losses)

    def _runs(self, group: Sequence[Site], observed: Sequence[str]) -> tuple[Run, Run]:
        """Return what runs a sample of the fp32 model for what the group is fed and held against, and of the quantized one."""
        fed = [name for site in group for name in site.inputs if name in self._original.types]
        references = [name for site in group for name in site.references]
        return self._original.opened(tuple(dict.fromkeys([*fed, *references]))), self._quantized.opened(observed)

    def _parts(self, group: Sequence[Site]) -> list[_Part]:
        """Return what runs the group's nodes by themselves: all in one session, or each in its own where that is refused."""
        try:
            return [self._part(group)] if group else []
        except OperationFailed:
            return list(self._parts_that_load(group))

    def _parts_that_load(self, group: Sequence[Site]) -> Iterator[_Part]:
        for site in group:
            with suppress(OperationFailed):
                yield self._part([site])

    def _part(self, group: Sequence[Site]) -> _Part:
        nodes = [node for site in group for node in self._finder.part(site, _prefix(site))]
        inputs = {name: self._original.types[name] for site in group for name in site.inputs}
        shown = {
            _prefix(site) + observed: (site.node, reference)
            for site in group
            for reference, observed in zip(site.references, site.observed, strict=True)
        }
        session = self._quantized.model.session_of_part(nodes, inputs, list(shown), self._request.threads)
        return _Part(session, tuple(inputs), shown)

    def _measured(self, site: Site) -> MeasuredNode:
        losses = self._losses.get(site.node, _Losses())
        return MeasuredNode(site.node, site.name, site.operator, losses.local.decibels, losses.accumulated.decibels)


@dataclass(frozen=True, slots=True)
class _Part:
    """Nodes cut out of the quantized model, each fed with what the fp32 model computes.

    shown: for each output, the node's index and the reference it is held against.
    """

    session: InferenceSession
    inputs: tuple[str, ...]
    shown: Mapping[str, tuple[int, str]]

    def run(self, fp32: Mapping[str, NDArray[Any]]) -> Iterator[tuple[int, str, NDArray[Any]]]:
        """Yield node, reference and what the quantized node gives for it."""
        found = run_session(self.session, {name: fp32[name] for name in self.inputs}, list(self.shown))
        for node, reference in self.shown.values():
            yield node, reference, np.asarray(found.pop(0))


def _prefix(site: Site) -> str:
    return f"{site.node}/"


def _looked_at(group: Sequence[Site]) -> dict[str, list[tuple[int, str]]]:
    """Return for each tensor of the quantized model the nodes, and their outputs, that it is held against."""
    found: dict[str, list[tuple[int, str]]] = {}
    for site in group:
        for reference, observed in zip(site.references, site.observed, strict=True):
            found.setdefault(observed, []).append((site.node, reference))
    return found


def _source(request: SensitivityRequest, path: str) -> ActivationSource:
    return ActivationSource(path, request.inputs, request.folder, None, request.memory_budget, request.threads, every_type=True)
