"""Making inputs for a SavedModel as a child process does it: lengths are tried on the signature until it runs."""

from __future__ import annotations

from collections.abc import Callable

from inspector.errors import OperationFailed
from inspector.formats.clean_text import TextCleaner
from inspector.runtimes.loaded_signature import LoadedSignature
from inspector.runtimes.onnx_runtime.feeds import write_feed
from inspector.runtimes.onnx_runtime.sessions import RuntimeRefused
from inspector.runtimes.tensorflow.loaders import Loader
from inspector.runtimes.tensorflow.loading_child import import_tensorflow, load_signature
from inspector.verify.inputs import InputsAnswer
from inspector.verify.inputs_child import SampleMaker
from inspector.verify.inputs_rules import InputRule, rule_for
from inspector.verify.signature_inputs import SignatureInputsRequest

Report = Callable[[int, int, str], None]


def make_in_child(request: SignatureInputsRequest, report: Report) -> InputsAnswer:
    """Find lengths the signature accepts and write the samples. Raises OperationFailed."""
    report(0, 0, "TensorFlow")
    import_tensorflow(request.inputs.threads)
    loaded = loaded_signature(request.inputs.path, request.inputs.label, request.signature, request.tags, request.loader)
    if not loaded.inputs:
        write_feed(request.inputs.folder, 0, ())
        return InputsAnswer((), 1, {}, ("the signature has no inputs",))
    names = tuple(spec.name for spec in loaded.inputs)
    maker = SampleMaker(request.inputs, loaded.run, names, _matched(request, loaded))
    maker.search(report)
    return maker.write(report)


def loaded_signature(path: str, label: str, signature: str, tags: tuple[str, ...], loader: Loader) -> LoadedSignature:
    """Return a signature that is loaded; raises OperationFailed that names the SavedModel where TensorFlow refuses it."""
    try:
        return load_signature(path, signature, tags, loader)
    except RuntimeRefused as error:
        raise OperationFailed(f"{label}: {error.message}", error.hint) from None


def _matched(request: SignatureInputsRequest, loaded: LoadedSignature) -> tuple[InputRule, ...]:
    """Return a rule for each input of the signature as TensorFlow names it: names in rules are cleaned."""
    cleaner = TextCleaner()
    rules = {rule.name: rule for rule in request.inputs.rules}
    return tuple(rules.get(cleaner.clean(spec.name)) or rule_for(spec) for spec in loaded.inputs)
