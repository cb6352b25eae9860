"""Findings about a model that was rewritten for one runtime, or one kind of processor, and runs on no other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from inspector.analysis.binding import LAYOUT_DOMAINS, binding_in
from inspector.analysis.findings.evidence import Evidence
from inspector.analysis.findings.wording import Place, agreeing, amount, at_nodes, overall
from inspector.records.contract import Binding
from inspector.records.finding import Finding
from inspector.records.runtime_support import RuntimeSupport


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Yield what a model is bound to, from what it says of itself and from its operators, and where this machine is another."""
    binding = binding_in(evidence.computation.artifact.metadata)
    places = _laid_out(evidence)
    if binding is None and not places:
        return
    different = _differences(binding, evidence.runtime) if binding is not None else ""
    if binding is not None and different:
        message = f"bound to {_words(binding)}; {different}"
        yield at_nodes("bound-elsewhere", message, places) if places else overall("bound-elsewhere", message)
    elif places or (binding is not None and binding.processor):
        message = _processor_message(binding, len(places))
        yield at_nodes("processor-bound", message, places) if places else overall("processor-bound", message)
    elif binding is not None:
        yield overall("runtime-bound", f"bound to {_words(binding)}, which is what is installed here")


def _laid_out(evidence: Evidence) -> Sequence[Place]:
    """Return the nodes whose operators take tensors in a layout of the processor's."""
    return [place for (domain, _), uses in evidence.uses.items() if domain in LAYOUT_DOMAINS for place in uses]


def _processor_message(binding: Binding | None, count: int) -> str:
    who = f"{amount(count, 'node')} {agreeing(count, 'takes', 'take')} tensors in a processor's own layout"
    if binding is None or not binding.processor:
        return f"{who}; nothing in the file says which processor's"
    return f"bound to {_words(binding)}, which this machine is" + (f": {who}" if count else "")


def _differences(binding: Binding, here: RuntimeSupport) -> str:
    """Return how this machine differs from what a model is bound to; empty where it does not, or that cannot be told."""
    found = []
    version = binding.runtime.partition(" ")[2]
    if here.version and version != here.version:
        found.append(f"{here.name} {here.version} is installed")
    if binding.processor and here.processor and binding.processor != here.processor:
        found.append(f"this processor is {_processor_words(here.processor)}")
    return " and ".join(found)


def _words(binding: Binding) -> str:
    """Return what a model is bound to in words: "onnxruntime 1.32.0 on x86_64 with avx, avx2 and fma"."""
    return f"{binding.runtime} on {_processor_words(binding.processor)}" if binding.processor else binding.runtime


def _processor_words(processor: Sequence[str]) -> str:
    architecture, *flags = processor
    return f"{architecture} with {', '.join(flags)}" if flags else architecture
