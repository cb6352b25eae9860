"""Making inputs for a .tflite file as a child process does it: lengths are tried on the signature until it runs."""

from __future__ import annotations

from collections.abc import Callable

from inspector.errors import OperationFailed
from inspector.formats.clean_text import TextCleaner
from inspector.runtimes.litert.loading_child import load_signature
from inspector.runtimes.loaded_signature import LoadedSignature
from inspector.runtimes.onnx_runtime.feeds import write_feed
from inspector.runtimes.onnx_runtime.sessions import RuntimeRefused
from inspector.verify.inputs import InputsAnswer
from inspector.verify.inputs_child import SampleMaker
from inspector.verify.inputs_rules import InputRule, rule_for
from inspector.verify.tflite_inputs import TFLiteInputsRequest

Report = Callable[[int, int, str], None]


def make_in_child(request: TFLiteInputsRequest, report: Report) -> InputsAnswer:
    """Find lengths the signature accepts and write the samples. Raises OperationFailed."""
    report(0, 0, "LiteRT")
    inputs = request.inputs
    loaded = loaded_tflite(inputs.path, inputs.label, request.signature, inputs.threads)
    if not loaded.inputs:
        write_feed(inputs.folder, 0, ())
        return InputsAnswer((), 1, {}, ("the signature has no inputs",))
    names = tuple(spec.name for spec in loaded.inputs)
    maker = SampleMaker(inputs, loaded.run, names, _matched(request, loaded))
    maker.search(report)
    return maker.write(report)


def loaded_tflite(path: str, label: str, signature: str, threads: int) -> LoadedSignature:
    """Return a signature that is loaded; raises OperationFailed that names the file where LiteRT refuses it."""
    try:
        return load_signature(path, signature, threads)
    except RuntimeRefused as error:
        raise OperationFailed(f"{label}: {error.message}", error.hint) from None


def _matched(request: TFLiteInputsRequest, loaded: LoadedSignature) -> tuple[InputRule, ...]:
    """Return a rule for each input of the signature as LiteRT names it: names in rules are cleaned."""
    cleaner = TextCleaner()
    rules = {rule.name: rule for rule in request.inputs.rules}
    return tuple(rules.get(cleaner.clean(spec.name)) or rule_for(spec) for spec in loaded.inputs)
