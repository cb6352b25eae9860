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
        yield _finding("custom-operator", foreign, "which no stock interpreter registers", _CUSTOM_HINT)
    flex = _places(evidence, FLEX_DOMAIN)
    if flex:
        yield _finding("select-tf-operator", flex, "which TensorFlow itself runs, through the Flex delegate")
    if stock:
        yield _finding("interpreter-extension", stock, "which the stock interpreter registers")


def _places(evidence: Evidence, domain: str) -> dict[str, list[Place]]:
    return {name: list(places) for (of, name), places in evidence.uses.items() if of == domain}


def _finding(rule: str, uses: dict[str, list[Place]], what: str, hint: str = "") -> Finding:
    places = [place for found in uses.values() for place in found]
    verb = agreeing(len(places), "uses", "use")
    message = f"{amount(len(places), 'node')} {verb} {listed(uses, len(uses))}, {what}"
    return at_nodes(rule, message, places, hint=hint)
