"""Making inputs as a child process does it: lengths are tried in a session until the model runs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from inspector.errors import OperationFailed
from inspector.isolation.plain_line import plain_line
from inspector.records.dtype import BITS
from inspector.records.tensor import TensorSpec
from inspector.runtimes.onnx_runtime.feeds import write_feed
from inspector.runtimes.onnx_runtime.output_values import as_array
from inspector.runtimes.onnx_runtime.sessions import RuntimeRefused, make_session, run_session, session_inputs
from inspector.verify.inputs import InputsAnswer, InputsRequest
from inspector.verify.inputs_lengths import GUESSED_RANKS, attempts, shape_at
from inspector.verify.inputs_rules import FLOATS, INTEGERS, InputRule, rule_for
from inspector.verify.inputs_values_child import values_for

MOST_BYTES: Final = 1 << 30
"""One sample takes at most so much, or an eighth of the memory limit."""

SEARCH_SECONDS: Final = 60.0
"""No other lengths are tried after that."""

PROVING_SECONDS: Final = 20.0
"""Samples are run on the model before they count until that is used up; the first always is."""

_REDRAWS: Final = 6
_LAST_RESORTS: Final = (1, 0)
_OPEN: Final = frozenset({"sizes", "whole numbers", "lengths"})
_HINT: Final = "give real ones with --data inputs.npz"

Report = Callable[[int, int, str], None]


def make_in_child(request: InputsRequest, report: Report) -> InputsAnswer:
    """Find lengths the model accepts and write the samples. Raises OperationFailed."""
    session = make_session(request.path, request.threads, optimization="none")
    specs = session_inputs(session)
    rules = _matched(request, specs)
    if not specs:
        write_feed(request.folder, 0, ())
        return InputsAnswer((), 1, {}, ("the model has no inputs: its one result is compared",))
    maker = SampleMaker(request, lambda feed: run_session(session, feed), tuple(spec.name for spec in specs), rules)
    maker.search(report)
    return maker.write(report)


def _matched(request: InputsRequest, specs: Sequence[TensorSpec]) -> tuple[InputRule, ...]:
    """Return a rule for each input of the session; names in rules are cleaned, so places tell which is which."""
    for spec in specs:
        if spec.dtype not in INTEGERS | FLOATS | {"bool", "string"}:
            raise OperationFailed(
                f'input "{plain_line(spec.name, 80)}" of {request.label} is {_kind_of(spec.dtype)}: no such inputs are made',
                "its outputs cannot be compared",
            )
    if len(specs) == len(request.rules):
        return request.rules
    return tuple(rule_for(spec) for spec in specs)


def _kind_of(dtype: str) -> str:
    for start, words in (("seq(", "a sequence"), ("optional(", "optional"), ("map(", "a map"), ("sparse", "a sparse tensor")):
        if dtype.startswith(start):
            return words
    return f"of element type {dtype}"


@dataclass(slots=True)
class SampleMaker:
    """Makes samples for one model; search() settles lengths and values, write() makes the files.

    run gives the outputs for a feed by raw input name, and raises RuntimeRefused.
    """

    request: InputsRequest
    run: Callable[[dict[str, NDArray[Any]]], list[Any]]
    names: tuple[str, ...]
    rules: tuple[InputRule, ...]
    lengths: Mapping[str, int] | None = None
    turn: int = 0
    positive: bool = False
    notes: tuple[str, ...] = ()

    def search(self, report: Report) -> None:
        """Try lengths until the model runs on them, with every choice of an input that has several; raise OperationFailed."""
        refusal, start = "", time.monotonic()
        for turn, (rules, lengths) in enumerate(self._attempts()):
            report(turn, 0, "lengths")
            self.rules = rules
            try:
                self._try(turn, lengths)
            except RuntimeRefused as error:
                refusal = refusal or error.message
            except MemoryError:
                refusal = refusal or "the runtime ran out of memory"
            else:
                return
            if time.monotonic() - start > SEARCH_SECONDS:
                break
        raise OperationFailed(f"no inputs could be made that {self.request.label} accepts: {refusal}", _HINT)

    def _attempts(self) -> Iterator[tuple[tuple[InputRule, ...], dict[str, int]]]:
        """Yield what to try: lengths first, then, where whole numbers are sizes or axes, the same one for all of them."""
        found = list(attempts(self.rules, self.request.lengths))
        if len(found) == 1 and any(rule.shape is None for rule in self.rules):
            found *= GUESSED_RANKS
        yield from ((self.rules, lengths) for lengths in found)
        for number in _LAST_RESORTS if any(rule.kind in _OPEN for rule in self.rules) else ():
            yield tuple(_all_the_same(rule, number) for rule in self.rules), found[0]

    def _try(self, turn: int, lengths: Mapping[str, int]) -> None:
        """Run the model at the lengths; keep them, and what of the choices it accepts. Raises RuntimeRefused."""
        self.turn = turn
        most = max([len(rule.choices) for rule in self.rules] + [1])
        accepted, refusal = [], None
        for index in range(most):
            try:
                outputs = self._run(self._feed(index, 0, lengths))
            except RuntimeRefused as error:
                refusal = error
            else:
                accepted.append(index)
                if _all_nan(outputs) and not self.positive:
                    self._try_positive(index, lengths)
        if not accepted:
            raise refusal or RuntimeRefused("it was not tried")
        if refusal is not None:
            self._keep_choices(accepted)
        self.lengths = lengths

    def _keep_choices(self, accepted: list[int]) -> None:
        """Restrict inputs of several choices to those that were accepted."""
        self.rules = tuple(
            replace(
                rule, choices=tuple(dict.fromkeys(rule.choices[index % len(rule.choices)] for index in accepted))
            )
            if rule.choices
            else rule
            for rule in self.rules
        )  # fmt: skip

    def _try_positive(self, index: int, lengths: Mapping[str, int]) -> None:
        self.positive = True
        if _all_nan(self._run(self._feed(index, 0, lengths))):
            self.positive = False

    def _feed(self, index: int, redraw: int, lengths: Mapping[str, int]) -> list[NDArray[Any]]:
        random = np.random.default_rng([self.request.seed, index, redraw])
        shapes = [shape_at(rule, lengths, self.turn) for rule in self.rules]
        self._check_size(shapes)
        return [
            values_for(rule, shape, random, index, lengths, self.positive)
            for rule, shape in zip(self.rules, shapes, strict=True)
        ]

    def _check_size(self, shapes: Sequence[tuple[int, ...]]) -> None:
        bound = min(MOST_BYTES, self.request.memory_bytes // 8)
        for rule, shape in zip(self.rules, shapes, strict=True):
            taken = math.prod(shape) * max(8, BITS.get(rule.dtype, 64) // 8)
            if taken > bound:
                shown = " x ".join(f"{size:,}" for size in shape)
                raise OperationFailed(
                    f'input "{rule.name}" of {self.request.label} is too large to make: {rule.dtype} {shown}', _HINT
                )

    def _run(self, feed: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        outputs = self.run(dict(zip(self.names, feed, strict=True)))
        return [as_array(output) for output in outputs]

    def write(self, report: Report) -> InputsAnswer:
        """Write all samples, each one proven on the model as long as that takes little time."""
        count, start = max(1, self.request.count), time.monotonic()
        first: list[NDArray[Any]] | None = None
        differ, nan = False, False
        for index in range(count):
            report(index, count, "inputs")
            feed, outputs = self._proven(index, proving=index == 0 or time.monotonic() - start < PROVING_SECONDS)
            write_feed(self.request.folder, index, feed)
            if outputs is not None:
                differ = differ or (first is not None and not _equal(first, outputs))
                nan = nan or any(_holds_nan(output) for output in outputs)
                first = first or outputs
        return InputsAnswer(self.names, count, dict(self.lengths or {}), self._all_notes(count > 1 and not differ, nan))

    def _proven(self, index: int, proving: bool) -> tuple[list[NDArray[Any]], list[NDArray[Any]] | None]:
        """Return a sample, drawn again where the model refuses it, and its outputs where it was run."""
        lengths = self.lengths or {}
        for redraw in range(_REDRAWS):
            feed = self._feed(index, redraw, lengths)
            if not proving:
                return feed, None
            try:
                return feed, self._run(feed)
            except RuntimeRefused as error:
                refusal = error.message
        raise OperationFailed(f"no inputs could be made that {self.request.label} accepts: {refusal}", _HINT)

    def _all_notes(self, constant: bool, nan: bool) -> tuple[str, ...]:
        notes = [rule.note for rule in self.rules]
        if self.lengths:
            notes.append("lengths tried out: " + ", ".join(f"{name} = {size:,}" for name, size in self.lengths.items()))
        if self.positive:
            notes.append("no number is negative: the model gives NaN for some")
        if constant:
            notes.append("the model gave the same outputs for every input: comparing them proves little")
        if nan:
            notes.append("some outputs of the original are NaN")
        return tuple(notes)


def _all_the_same(rule: InputRule, number: int) -> InputRule:
    """Return a rule that gives nothing but one whole number, where nothing in the graph says which ones are right."""
    if rule.kind not in _OPEN:
        return rule
    return replace(rule, kind="sizes", low=number, high=number, note=f"{rule.name}: {number} (the model refused others)")


def _holds_nan(array: NDArray[Any]) -> bool:
    return array.dtype.kind == "f" and bool(np.isnan(array).any())


def _all_nan(outputs: Sequence[NDArray[Any]]) -> bool:
    floats = [output for output in outputs if output.dtype.kind == "f" and output.size]
    return bool(floats) and all(bool(np.isnan(output).all()) for output in floats)


def _equal(one: Sequence[NDArray[Any]], other: Sequence[NDArray[Any]]) -> bool:
    return all(
        left.shape == right.shape and np.array_equal(left, right, equal_nan=left.dtype.kind == "f")
        for left, right in zip(one, other, strict=True)
    )
