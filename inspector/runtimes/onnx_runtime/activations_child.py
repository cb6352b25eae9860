"""Streaming tensors out of a running model: measured first, then in groups whose outputs fit a memory budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from math import prod
from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from inspector.isolation.plain_line import plain_line
from inspector.records.optimization import InputSet
from inspector.runtimes.onnx_runtime.activations import Activation, SkippedTensors
from inspector.runtimes.onnx_runtime.activations_model_child import ObservableModel, shape_name
from inspector.runtimes.onnx_runtime.feeds import read_feed
from inspector.runtimes.onnx_runtime.sessions import RuntimeRefused, run_session

FLOATS: Final = {"tensor(float16)": 2, "tensor(float)": 4, "tensor(double)": 8}
"""What the runtime calls the float types that numpy has, and the bytes of an element."""

_MOST_IN_A_GROUP: Final = 2000

_OTHERS: Final = {
    **{f"tensor({name})": 1 for name in ("int8", "uint8", "bool")},
    **{f"tensor({name})": 2 for name in ("int16", "uint16")},
    **{f"tensor({name})": 4 for name in ("int32", "uint32")},
    **{f"tensor({name})": 8 for name in ("int64", "uint64")},
}

Feed = dict[str, NDArray[Any]]


class ActivationSource:
    """The chosen tensors of one model over one set of inputs; iterating runs the model once per group and sample.

    tensors: what is streamed, in file order, inputs first. missing: names asked for that are no float tensor of the main graph.
    types: what the runtime calls the type of each, such as "tensor(float)".
    groups: tensors of one run each, sizes: the bytes of each tensor, the most that any sample needs.
    run_seconds: how long one run took, without any tensor shown.
    """

    def __init__(
        self,
        model: str,
        inputs: InputSet,
        folder: str,
        tensors: Collection[str] | None,
        memory_budget: int,
        threads: int,
        every_type: bool = False,
    ) -> None:
        """every_type: whether integers and booleans are streamed as floats are."""
        self._model = ObservableModel(model, folder)
        self._inputs = inputs
        self._threads = threads
        self._label = plain_line(model.rpartition("/")[2])
        types, self._fed = self._types()
        self.skipped = self._count_skipped(types)
        known = {**FLOATS, **_OTHERS} if every_type else FLOATS
        wanted = None if tensors is None else set(tensors)
        self.tensors = tuple(name for name, one in types.items() if one in known and (wanted is None or name in wanted))
        self.types = {name: types[name] for name in self.tensors}
        self.missing = frozenset() if wanted is None else frozenset(wanted.difference(self.tensors))
        widths = {name: known[types[name]] for name in self.tensors}
        self.run_seconds = 0.0
        self.sizes = self._measure(widths)
        self.groups = tuple(pack(self.sizes, memory_budget))

    @property
    def model(self) -> ObservableModel:
        """The model that is run."""
        return self._model

    def __iter__(self) -> Iterator[Activation]:
        """Yield every tensor of every sample, group by group."""
        for group in self.groups:
            yield from self.stream(group)

    def stream(self, names: Sequence[str]) -> Iterator[Activation]:
        """Yield these tensors for one sample after the other; nothing is kept."""
        run = self.opened(names)
        for sample in range(self._inputs.count):
            yield from run(sample)

    def opened(self, names: Sequence[str]) -> Callable[[int], Iterator[Activation]]:
        """Return what runs one sample and yields these tensors of it, for whoever runs two models side by side."""
        computed = [name for name in names if name not in self._fed]
        session = self._model.session(computed, self._threads) if computed else None

        def run(sample: int) -> Iterator[Activation]:
            feed = read_feed(self._inputs, sample)
            arrays = [] if session is None else self._run(session, computed, feed, sample)
            for name in names:
                if name in self._fed and name in feed:
                    yield Activation(sample, name, feed[name])
            for name in computed:
                yield Activation(sample, name, arrays.pop(0))

        return run

    def _types(self) -> tuple[dict[str, str], set[str]]:
        """Return the type of every tensor that is fed or computed, as the runtime finds it, and the names of those fed."""
        candidates = self._model.candidates()
        session = self._model.session(candidates, self._threads)
        fed = {one.name: one.type for one in session.get_inputs()}
        computed = {one.name: one.type for one in session.get_outputs()}
        return {**fed, **{name: computed[name] for name in candidates if name in computed}}, set(fed)

    def _count_skipped(self, types: dict[str, str]) -> SkippedTensors:
        tensors = [one for one in types.values() if one.startswith("tensor(")]
        return SkippedTensors(
            in_subgraphs=self._model.tensors_in_subgraphs(),
            not_tensors=len(types) - len(tensors),
            other_types=sum(1 for one in tensors if one not in FLOATS),
            constants=self._model.constants(),
        )

    def _measure(self, widths: dict[str, int]) -> dict[str, int]:
        """Return the bytes of each tensor: from its shape in a run of each kind of feed, for which no value is kept."""
        sizes = dict.fromkeys(widths, 0)
        computed = [name for name in widths if name not in self._fed]
        session = self._model.session(computed, self._threads, "shapes") if computed else None
        seen = set()
        for sample in range(self._inputs.count):
            feed = read_feed(self._inputs, sample)
            kind = tuple(array.shape for array in feed.values())
            if kind in seen or session is None:
                continue
            seen.add(kind)
            begun = time.monotonic()
            shapes = self._run(session, [shape_name(index) for index in range(len(computed))], feed, sample)
            self.run_seconds = max(self.run_seconds, time.monotonic() - begun)
            for name, shape in zip(computed, shapes, strict=True):
                sizes[name] = max(sizes[name], prod(map(int, shape)) * widths[name])
        return sizes

    def _run(self, session: onnxruntime.InferenceSession, names: Sequence[str], feed: Feed, sample: int) -> list[NDArray[Any]]:
        wanted = {one.name for one in session.get_inputs()}
        try:
            found = run_session(session, {name: array for name, array in feed.items() if name in wanted}, names)
        except RuntimeRefused as error:
            raise RuntimeRefused(f"{self._label}: sample {sample}: {error.message}") from None
        return [np.asarray(one) for one in found]


def pack(sizes: dict[str, int], budget: int) -> Iterator[tuple[str, ...]]:
    """Yield names in order, as many at a time as fit the budget in bytes together, one at least."""
    group: list[str] = []
    total = 0
    for name, size in sizes.items():
        if group and (total + size > budget or len(group) >= _MOST_IN_A_GROUP):
            yield tuple(group)
            group, total = [], 0
        group.append(name)
        total += size
    if group:
        yield tuple(group)
