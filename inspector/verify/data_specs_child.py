"""Inputs of a signature as a runtime has them, with the names that the inspection gave their open dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from inspector.formats.clean_text import TextCleaner
from inspector.records.tensor import TensorSpec
from inspector.verify.inputs_rules import InputRule


def named_as_known(inputs: Sequence[TensorSpec], rules: Sequence[InputRule]) -> list[TensorSpec]:
    """Return inputs by raw name as the runtime has them, open dimensions under the names that inputs are made with."""
    cleaner = TextCleaner()
    known = {rule.name: rule for rule in rules}
    return [_named(spec, known.get(cleaner.clean(spec.name))) for spec in inputs]


def _named(spec: TensorSpec, rule: InputRule | None) -> TensorSpec:
    if rule is None or spec.shape is None or rule.shape is None or len(rule.shape) != len(spec.shape):
        return spec
    return replace(spec, shape=rule.shape)
