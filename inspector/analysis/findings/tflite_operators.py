"""Findings about operators that a TensorFlow Lite interpreter does not have by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from inspector.analysis.findings.evidence import Evidence
from inspector.analysis.findings.wording import Place, agreeing, amount, at_nodes, listed
from inspector.records.finding import Finding
from inspector.records.tflite import CUSTOM_DOMAIN, FLEX_DOMAIN

REGISTERED: Final = frozenset(("AudioSpectrogram", "Mfcc", "NumericVerify", "TFLite_Detection_PostProcess"))
"""Custom operators that the stock interpreter registers (BuiltinOpResolver in tensorflow/lite/core/kernels/register.cc)."""

_CUSTOM_HINT: Final = "ship the code that registers them: without it no interpreter prepares the model"


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Yield operators of TensorFlow, and custom ones, apart from those that the stock interpreter registers."""
    custom = _places(evidence, CUSTOM_DOMAIN)
    stock = {name: places for name, places in custom.items() if name in REGISTERED}
    foreign = {name: places for name, places in custom.items() if name not in REGISTERED}
    if foreign:
        message = f"{_users(foreign)}, which no stock interpreter registers"
        yield at_nodes("custom-operator", message, _all(foreign), hint=_CUSTOM_HINT)
    flex = _places(evidence, FLEX_DOMAIN)
    if flex:
        message = f"{_users(flex)}, which TensorFlow itself runs, through the Flex delegate"
        yield at_nodes("select-tf-operator", message, _all(flex))
    if stock:
        message = f"{_users(stock)}, which the stock interpreter registers"
        yield at_nodes("interpreter-extension", message, _all(stock))


def _places(evidence: Evidence, domain: str) -> dict[str, list[Place]]:
    return {name: list(places) for (of, name), places in evidence.uses.items() if of == domain}


def _users(uses: dict[str, list[Place]]) -> str:
    count = len(_all(uses))
    return f"{amount(count, 'node')} {agreeing(count, 'uses', 'use')} {listed(uses, len(uses))}"


def _all(uses: dict[str, list[Place]]) -> list[Place]:
    return [place for found in uses.values() for place in found]
